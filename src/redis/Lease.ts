/**
 * Turns among processes on several machines: a lease in Redis, which its holder renews, and which runs out when it dies.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { atMost } from "../effect/atMost.ts"
import { machineSleep } from "../effect/machineClock.ts"
import type { Turn, TurnOptions } from "../services/CredentialStore.ts"
import type { CredentialStoreError } from "../services/CredentialStoreError.ts"
import { type Ask, strange } from "./RedisClient.ts"
import { type Keys, release, renew, take } from "./scripts.ts"

/** Milliseconds between two looks at a turn that somebody else has: random, so that not all who wait ask at once. */
const [soonest, latest] = [25, 100]

/** Milliseconds that giving a turn up may take of the second in which a session promises to be gone. */
const releaseMillis = 250

type Attempt =
  | { readonly _tag: "Taken"; readonly fence: string }
  | { readonly _tag: "Held"; readonly fence: string; readonly told: string | undefined }

/** What Redis answers to `take`; `undefined`: nothing that the script gives. */
export const attemptOf = (reply: unknown): Attempt | undefined => {
  if (!Array.isArray(reply)) return undefined
  const [answer, fence, told] = reply as ReadonlyArray<unknown>
  if (typeof fence !== "string") return undefined
  if (answer === "taken") return { _tag: "Taken", fence }
  return answer === "held" ? { _tag: "Held", fence, told: typeof told === "string" ? told : undefined } : undefined
}

/** What turns need. */
export interface LeaseOptions {
  readonly ask: Ask
  readonly keys: Keys
  /** How long a turn lasts that nobody renews. */
  readonly leaseMillis: number
  /** The fence of the turn that this process has last, by name; a write shows it. */
  readonly fences: Map<string, string>
}

/** One turn of a name, or the wait for it. */
const makeTurn = ({ ask, fences, keys, leaseMillis }: LeaseOptions, name: string) => {
  const lease = keys.lease(name)
  const owner = crypto.randomUUID()
  let asked: Fiber.Fiber<Exit.Exit<Attempt, CredentialStoreError>> | undefined
  let told: string | undefined

  const taking = Effect.flatMap(
    ask("Unwritable", take, [lease, keys.holders, keys.counter], [name, owner, String(leaseMillis)]),
    (reply) => {
      const attempt = attemptOf(reply)
      return attempt === undefined ? strange("Unwritable") : Effect.succeed(attempt)
    }
  )
  return {
    /** Asks once. Whoever is interrupted then has a turn to give up all the same, which only the answer names. */
    attempt: Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        asked = yield* Effect.forkDaemon(Effect.exit(taking))
        return yield* yield* restore(Fiber.join(asked))
      })
    ),
    /** Lets others have it: those who wait find out at their next look. */
    giveUp: Effect.gen(function* () {
      if (asked === undefined) return
      const exit = yield* Fiber.join(asked)
      if (Exit.isFailure(exit) || exit.value._tag === "Held") return
      const { fence } = exit.value
      if (fences.get(name) === fence) fences.delete(name)
      yield* ask("Unwritable", release, [lease, keys.holders], [name, fence])
    }).pipe(Effect.ignore, (releasing) => atMost(releaseMillis, releasing)),
    /** Whether it is kept. A Redis that did not answer in time is asked again at the next one. */
    renew: (fence: string) => {
      const args = [name, fence, String(leaseMillis), ...(told === undefined ? [] : [told])]
      return ask("Unwritable", renew, [lease, keys.holders], args).pipe(
        Effect.map((reply) => reply !== "lost"),
        Effect.orElseSucceed(() => true)
      )
    },
    tell: (text: string) => Effect.sync(() => void (told = text))
  }
}

/**
 * Waits for the turn of a name, and keeps it until the scope closes. A holder that was cut off for longer than the lease
 * takes has its turn back, unless somebody took it meanwhile; then what it writes is refused.
 */
export const exclusively = (options: LeaseOptions) =>
(
  name: string,
  { onHolder }: TurnOptions = {}
): Effect.Effect<Turn, CredentialStoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const turn = makeTurn(options, name)
    // Before it is taken: an interrupt may arrive between any two steps.
    yield* Effect.addFinalizer(() => turn.giveUp)
    let seen: string | undefined
    let attempt = yield* turn.attempt
    while (attempt._tag === "Held") {
      const { fence, told } = attempt
      const now = JSON.stringify([fence, told])
      if (now !== seen) onHolder?.({ pid: undefined, told })
      seen = now
      // By the machine's clock: a test's clock that stands still must neither let a lease run out nor hold a wait for one.
      yield* machineSleep(yield* Random.nextIntBetween(soonest, latest))
      attempt = yield* turn.attempt
    }
    const { fence } = attempt
    options.fences.set(name, fence)
    const renewMillis = Math.floor(options.leaseMillis / 3)
    const keeping = Effect.gen(function* () {
      let isKept = true
      while (isKept) {
        yield* machineSleep(renewMillis)
        yield* atMost(renewMillis, Effect.map(turn.renew(fence), (kept) => void (isKept = kept)))
      }
    })
    // Where the caller cannot be interrupted, this can be.
    yield* Effect.forkScoped(Effect.interruptible(keeping))
    return { tell: (text) => Effect.asVoid(Effect.zipRight(turn.tell(text), turn.renew(fence))) }
  })
