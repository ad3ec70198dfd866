/**
 * The turn of a sign-in among all processes that share a store: one window for one person, whoever of them asks. The others
 * wait, and find the tokens; a process that dies, or gives up, has its turn no longer.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { keyText } from "../core/mcp/Credentials.ts"
import type { InVain } from "../core/mcp/PersonGuard.ts"
import * as SignInElsewhere from "../core/mcp/SignInElsewhere.ts"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import { abandonable } from "../effect/abandonable.ts"
import { firstOf } from "../effect/firstOf.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import { tellNow } from "../flow/Notices.ts"
import type { Turn, TurnHolder } from "../services/CredentialStore.ts"
import type { CredentialStoreError } from "../services/CredentialStoreError.ts"
import type { Environment } from "./Environment.ts"

/** The turn of a sign-in. */
export interface SignInTurn {
  /** Whether another process had it before. */
  readonly waited: boolean
  /** How the person answered that process in vain; `undefined`: it succeeded, gave up, or died. */
  readonly inVain: InVain | undefined
  /** Tells whoever waits for it. */
  readonly tell: (said: SignInElsewhere.Said) => Effect.Effect<void>
}

/** The turn where no other process can be in the way. */
const alone: SignInTurn = { waited: false, inVain: undefined, tell: () => Effect.void }

/** How long a process may take to say what it does, before the person is told that it does something. */
const untilTold = Duration.millis(200)

/** Tells the person who is signing in, and where: each thing once. */
const tellOf = (env: Environment, holders: Queue.Dequeue<TurnHolder>): Effect.Effect<never> => {
  let told: string | undefined
  return Effect.gen(function* () {
    const first = yield* Queue.take(holders)
    yield* Effect.withClock(Effect.sleep(untilTold), Clock.make())
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

/** A process that has stopped, but is not dead, holds up nobody for longer than its sign-in could have taken. */
const limitOf = ({ callback }: Environment): Duration.Duration =>
  Duration.sum(Duration.decode(callback.timeout ?? "5 minutes"), grace)

/**
 * Waits for the turn until the scope closes. While another process has it the person is told so.
 *
 * Fails with `AuthorizationTimeout` when that process neither ends its sign-in nor itself in time.
 */
export const acquire = (
  env: Environment
): Effect.Effect<SignInTurn, AuthorizationTimeout | CredentialStoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const { exclusively } = env.store
    if (exclusively === undefined) return alone
    const holders = yield* Queue.unbounded<TurnHolder>()
    let last: TurnHolder | undefined
    let inVain: InVain | undefined
    const onHolder = (holder: TurnHolder) => {
      const said = holder.told === undefined ? undefined : SignInElsewhere.decode(holder.told)
      // Another one may have had the turn since: what the last one said counts.
      if (said !== undefined) inVain = said._tag === "InVain" ? said.reason : undefined
      last = holder
      Queue.unsafeOffer(holders, holder)
    }
    const limit = limitOf(env)
    const late = Effect.flatMap(timeLimit(limit), () =>
      new AuthorizationTimeout({
        millis: Duration.toMillis(limit),
        phase: "response",
        refusals: {},
        hint: `Another process${
          last?.pid === undefined ? "" : ` (pid ${last.pid})`
        } did not end its sign-in; end it first`
      }))
    const turn = yield* firstOf<Turn, AuthorizationTimeout | CredentialStoreError, Scope.Scope>([
      abandonable(exclusively(`sign-in ${keyText(env.key)}`, { onHolder })),
      late,
      tellOf(env, holders)
    ])
    return {
      waited: last !== undefined,
      inVain,
      tell: (said) => turn.tell(SignInElsewhere.encode(said))
    }
  })
