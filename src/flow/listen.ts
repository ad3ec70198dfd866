/**
 * Where a flow hears from a browser: a bound listener, or none where only a paste can finish.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { type BindError, isPortTaken } from "../core/oauth/BindError.ts"
import type * as RedirectUri from "../core/oauth/RedirectUri.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import type { Bound } from "../services/CallbackServer.ts"
import { Presenter } from "../services/Presenter.ts"
import * as FlowAddress from "./FlowAddress.ts"
import type { Inbox } from "./Inbox.ts"
import { tellNow } from "./Notices.ts"
import { invalid, type OpenOptions } from "./OpenOptions.ts"

/** The address of an open flow. */
export interface Listener {
  readonly redirectUri: string
  /** False where every port was taken, so that only a paste can finish. */
  readonly listening: boolean
  /** Whether the redirect URI is the caller's or the server's own, so that something else brings the browser here. */
  readonly forwarded: boolean
}

/**
 * Binds the first port that is free and serves the flow's route on it, until the scope closes. With
 * `onPortBusy: "paste"` ports that are all taken leave the paste as the only way; the person is told.
 */
export const listen = (
  options: OpenOptions,
  callback: RedirectUri.Callback,
  inbox: Inbox
): Effect.Effect<Listener, BindError, CallbackServer | Presenter | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* CallbackServer
    let address: Either.Either<FlowAddress.FlowAddress, string> = Either.left("the server did not ask for a route")
    const serve = (bound: Bound) => {
      address = FlowAddress.make(options, callback, bound)
      return inbox.route(FlowAddress.served(options, address))
    }
    // Without a listener only a port that was asked for by number can stand in the redirect URI.
    const port = options.onPortBusy === "paste" ? callback.ports.find((port) => port !== 0) : undefined
    const busy = yield* Effect.matchEffect(server.bind(callback, serve), {
      onSuccess: () => Effect.succeed(undefined),
      onFailure: (error) =>
        port === undefined || !isPortTaken(error.reason) ? Effect.fail(error) : Effect.sync(() => {
          serve({ port })
          return error
        })
    })
    const { forwarded, redirectUri } = yield* Either.mapLeft(address, (detail) => invalid(options, detail))
    if (busy !== undefined) yield* tellNow(yield* Presenter, { _tag: "PasteOnly", error: busy, redirectUri })
    return { redirectUri, forwarded, listening: busy === undefined }
  })
