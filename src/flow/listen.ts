/**
 * Where a flow hears from a browser: a bound listener, or none where only a paste can finish.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { type BindError, isPortTaken } from "../core/oauth/BindError.ts"
import type * as RedirectUri from "../core/oauth/RedirectUri.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import type { Bound, CallbackRoute } from "../services/CallbackServer.ts"
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

type Address = Either.Either<FlowAddress.FlowAddress, string>

/** The address of a flow, and the route that is served there, until its port or its redirect URI is another one. */
const addressed = <R>(options: OpenOptions<R>, callback: RedirectUri.Callback, inbox: Inbox) => {
  let address: Address = Either.left("the server did not ask for a route")
  let route: CallbackRoute
  let redirectUri: Effect.Effect<void, BindError, R> = Effect.void
  const set = (now: Address) => {
    address = now
    route = inbox.route(FlowAddress.served(options, now))
  }
  return {
    serve: (bound: Bound): CallbackRoute => {
      const written = FlowAddress.redirectUri(options, callback, bound)
      set(FlowAddress.make(options, callback, bound, written))
      if (Either.isLeft(written) || !Effect.isEffect(written.right)) return route
      redirectUri = Effect.map(
        written.right,
        (text) => set(FlowAddress.make(options, callback, bound, Either.right(text)))
      )
      return { ...route, handle: (head, body) => route.handle(head, body) }
    },
    /** Runs the effect that gives the redirect URI, where there is one. */
    address: Effect.suspend(() => redirectUri).pipe(
      Effect.flatMap(() => Either.mapLeft(address, (detail) => invalid(options, detail)))
    )
  }
}

/**
 * Binds the first port that is free and serves the flow's route on it, until the scope closes. With
 * `onPortBusy: "paste"` ports that are all taken leave the paste as the only way; the person is told.
 */
export const listen = <R>(
  options: OpenOptions<R>,
  callback: RedirectUri.Callback,
  inbox: Inbox
): Effect.Effect<Listener, BindError, CallbackServer | Presenter | R | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* CallbackServer
    const { address, serve } = addressed(options, callback, inbox)
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
    const { forwarded, redirectUri } = yield* address
    if (busy !== undefined) yield* tellNow(yield* Presenter, { _tag: "PasteOnly", error: busy, redirectUri })
    return { redirectUri, forwarded, listening: busy === undefined }
  })
