/**
 * The turn of a sign-in among all processes that share a store: one browser window in all. The other
 * processes wait, and find the tokens; the turn of a process that dies or gives up ends.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { keyText } from "../core/mcp/Credentials.ts"
import type { InVain } from "../core/mcp/PersonGuard.ts"
import * as SignInElsewhere from "../core/mcp/SignInElsewhere.ts"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import { firstOf } from "../effect/firstOf.ts"
import { machineSleep } from "../effect/machineClock.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import { tellNow } from "../flow/Notices.ts"
import type { Turn, TurnHolder } from "../services/CredentialStore.ts"
import type { CredentialStoreError } from "../services/CredentialStoreError.ts"
import type { Environment } from "./Environment.ts"
import * as Stored from "./Stored.ts"

/** The turn of a sign-in. */
export interface SignInTurn {
  /** Whether another process had it before. */
  readonly waited: boolean
  /** How the person answered that process in vain; `undefined`: it succeeded, gave up, or died. */
  readonly inVain: InVain | undefined
  /** Tells the processes that wait for it. */
  readonly tell: (said: SignInElsewhere.Said) => Effect.Effect<void>
}

/** The turn where no other process can be in the way. */
const alone: SignInTurn = { waited: false, inVain: undefined, tell: () => Effect.void }

/** How long a process may take to say what it does, before the person is told that it does something. */
const untilTold = Duration.millis(200)

/** Tells the person who is signing in, and where: each thing once. Processes wait for each other by the machine's clock. */
const tellOf = (env: Environment, holders: Queue.Dequeue<TurnHolder>): Effect.Effect<never> => {
  let told: string | undefined
  return Effect.gen(function* () {
    const first = yield* Queue.take(holders)
    yield* machineSleep(untilTold)
    const later = Array.from(yield* Queue.takeAll(holders))
    const holder = later.at(-1) ?? first
    const said = holder.told === undefined ? undefined : SignInElsewhere.decode(holder.told)
    const url = said?._tag === "Shown" ? said.url : undefined
    const text = `${holder.pid} ${url?.href}`
    if (text === told || said?._tag === "InVain") return
    told = text
    const { pid } = holder
    const about = { serverName: env.serverName, ...(pid !== undefined && { pid }), ...(url !== undefined && { url }) }
    yield* tellNow(env.presenter, { _tag: "SignInElsewhere", ...about })
  }).pipe(Effect.forever)
}

/** Beside the time-limit of a sign-in: what comes before and after it, such as a registration, and the token request. */
const grace = Duration.seconds(90)

/**
 * For how long a process that has the turn may say nothing. As long as it runs it says something each minute, also while its
 * sign-in waits for others of that process. So one that is stopped (SIGSTOP), whose turn does not end, is noticed.
 */
const silence = ({ callback }: Environment): Duration.Duration =>
  Duration.sum(Duration.decode(callback.timeout ?? "5 minutes"), grace)

/** Tells others something, and again each minute. */
const repeating = (tell: Turn["tell"]): Effect.Effect<SignInTurn["tell"], never, Scope.Scope> =>
  Effect.gen(function* () {
    let last: SignInElsewhere.Said | undefined
    let beat = 0
    const repeat = Effect.suspend(() => tell(SignInElsewhere.encode(last, ++beat)))
    yield* Effect.forkScoped(
      Effect.forever(Effect.zipRight(machineSleep("1 minute"), repeat))
    )
    return (said) =>
      Effect.suspend(() => {
        last = said
        return tell(SignInElsewhere.encode(said, beat))
      })
  })

/**
 * Waits for the turn until the scope closes. While another process has it the person is told so.
 *
 * Fails with `AuthorizationTimeout` when that process neither ends its sign-in nor itself, and says nothing more.
 */
export const acquire = (
  env: Environment
): Effect.Effect<SignInTurn, AuthorizationTimeout | CredentialStoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const holders = yield* Queue.unbounded<TurnHolder>()
    let last: TurnHolder | undefined
    let signs = 0
    let inVain: InVain | undefined
    const onHolder = (holder: TurnHolder) => {
      const said = holder.told === undefined ? undefined : SignInElsewhere.decode(holder.told)
      // Several may have had the turn: what the last one said of a person counts.
      if (said !== undefined) inVain = said._tag === "InVain" ? said.reason : undefined
      last = holder
      signs++
      Queue.unsafeOffer(holders, holder)
    }
    const limit = silence(env)
    const late: Effect.Effect<never, AuthorizationTimeout> = Effect.suspend(() => {
      const before = signs
      return Effect.flatMap(timeLimit(limit), () =>
        signs > before ? late : new AuthorizationTimeout({
          millis: Duration.toMillis(limit),
          phase: "response",
          refusals: {},
          ...(last !== undefined && {
            hint: `Another process${
              last.pid === undefined ? "" : ` (pid ${last.pid})`
            } did not end its sign-in; end it first`
          })
        }))
    })
    const turn = yield* firstOf<Turn | undefined, AuthorizationTimeout | CredentialStoreError, Scope.Scope>([
      Stored.turn(env, `sign-in ${keyText(env.key)}`, { onHolder }),
      late,
      tellOf(env, holders)
    ])
    return turn === undefined ? alone : { waited: last !== undefined, inVain, tell: yield* repeating(turn.tell) }
  })
