/**
 * One sign-in on this machine: a listener that is bound before its address can be read, a paste as the other way in,
 * and a scope that gives everything back.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { BindError } from "../core/oauth/BindError.ts"
import type { Refusal } from "../core/oauth/Refusal.ts"
import type { CallbackServer, Restore } from "../services/CallbackServer.ts"
import { onFirstUse } from "../services/onFirstUse.ts"
import type { PasteInput } from "../services/PasteInput.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { OpenFlow } from "./openFlow.ts"
import type { OpenOptions } from "./OpenOptions.ts"

export type { OpenOptions } from "./OpenOptions.ts"

/** An open flow: already listening, for one sign-in. */
export interface CallbackFlow extends Omit<OpenFlow, "refusals"> {
  /**
   * What was refused. Hot: it begins with the last 64, drops the oldest for a reader that is slower, and ends with the
   * flow.
   */
  readonly refusals: Stream.Stream<Refusal>
}

// Whoever only might sign in loads the names, and nothing of what is behind them.
const opening = onFirstUse(
  Effect.map(
    Effect.promise(() => Promise.all([import("./openFlow.ts"), import("./refusalStream.ts"), import("./within.ts")])),
    ([{ acquireFlow, openFlowAs }, { refusalStream }, { within }]) => {
      const withStream = ({ refusals, ...flow }: OpenFlow): CallbackFlow => ({
        ...flow,
        // Made when somebody asks for it.
        get refusals() {
          return refusalStream(refusals)
        }
      })
      return {
        acquire: (options: OpenOptions, restore: Restore) => acquireFlow(options, withStream, restore),
        open: (options: OpenOptions) => openFlowAs(options, withStream),
        within
      }
    }
  )
)

const open = (
  options: OpenOptions = {}
): Effect.Effect<CallbackFlow, BindError, Scope.Scope | CallbackServer | PasteInput | Presenter> =>
  Effect.flatMap(opening, ({ open }) => open(options))

const run = <A, E, R>(
  options: OpenOptions,
  use: (flow: CallbackFlow) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | BindError, Exclude<R, Scope.Scope> | CallbackServer | PasteInput | Presenter> =>
  Effect.flatMap(
    opening,
    ({ acquire, within }) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(acquire(options, restore), ({ flow, release }) => within(() => restore(use(flow)), release))
      )
  )

/** Opens flows. */
export const CallbackFlow: {
  /**
   * Binds the listener and returns the flow; it lives until the scope closes, and then leaves no socket, timer, fiber or
   * hold on stdin, within one second.
   *
   * Fails with {@link BindError}: no port could be had, or the options cannot work.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { CallbackFlow } from "effect-oauth-callback"
   *
   * const address = Effect.gen(function* () {
   *   const flow = yield* CallbackFlow.open({ port: [8976, 8977, 0] })
   *   return flow.redirectUri
   * })
   * ```
   */
  readonly open: typeof open
  /**
   * Opens a flow, runs your effect with it (register, make a proof key, `authorize` …) and releases it.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { CallbackFlow } from "effect-oauth-callback"
   *
   * const signIn = (authorizationEndpoint: string, clientId: string) =>
   *   CallbackFlow.run({}, (flow) => flow.authorize({ url: `${authorizationEndpoint}?client_id=${clientId}` }))
   * ```
   */
  readonly run: typeof run
} = { open, run }
