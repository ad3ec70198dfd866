/**
 * Opens the callback flow of a sign-in.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { BindError } from "../core/oauth/BindError.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
import { tellNow } from "../flow/Notices.ts"
import type { Environment, Services } from "./Environment.ts"

/** Opens the callback flow where the client is registered, and tells the person where it may not be. */
export const openFlow = (
  env: Environment,
  choice: ClientChoice.ClientChoice
): Effect.Effect<CallbackFlow, BindError, Scope.Scope | Services> => {
  const { timeout: _, ...options } = env.callback
  const { maybeUnregistered, ...where } = ClientChoice.listen(choice, options)
  return Effect.tap(
    CallbackFlow.open({ ...options, ...where }),
    ({ redirectUri }) =>
      maybeUnregistered
        ? tellNow(env.presenter, { _tag: "MaybeUnregistered", serverName: env.serverName, redirectUri })
        : Effect.void
  )
}
