/**
 * Opens the callback flow of a sign-in.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import { type BindError, isPortTaken } from "../core/oauth/BindError.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
import { tellNow } from "../flow/Notices.ts"
import type { Environment, Services } from "./Environment.ts"

/** Opens the callback flow, on the first ports that are free. */
export const openFlow = (
  env: Environment,
  choice: ClientChoice.ClientChoice
): Effect.Effect<CallbackFlow, BindError, Scope.Scope | Services> => {
  const { timeout: _, ...options } = env.callback
  const attempt = (
    [first, ...rest]: ReadonlyArray<ClientChoice.ListenAttempt>
  ): ReturnType<typeof CallbackFlow.open> => {
    const { maybeUnregistered, ...each } = first ?? { maybeUnregistered: false }
    const opened = Effect.tap(
      CallbackFlow.open({ ...options, ...each }),
      ({ redirectUri }) =>
        maybeUnregistered
          ? tellNow(env.presenter, { _tag: "MaybeUnregistered", serverName: env.serverName, redirectUri })
          : Effect.void
    )
    return rest.length === 0 ? opened : Effect.catchIf(opened, ({ reason }) => isPortTaken(reason), () => attempt(rest))
  }
  return attempt(ClientChoice.listen(choice, options))
}
