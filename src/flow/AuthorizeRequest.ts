/**
 * What a flow's `authorize` takes and gives.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Checked } from "../core/oauth/AuthorizationResponse.ts"
import type { FlowError } from "../core/oauth/FlowError.ts"

/**
 * An authorization response that passed every check.
 *
 * @since 0.1.0
 * @category models
 */
export interface Granted extends Checked {
  /** Which way the answer came. */
  readonly via: "http" | "paste"
}

/**
 * What `authorize` is asked for.
 *
 * @typeParam R What `present` needs.
 * @typeParam R2 What `turn` needs beside its scope.
 *
 * @since 0.1.0
 * @category options
 */
export interface AuthorizeRequest<out R = never, out R2 = never> {
  /**
   * Where the person signs in; it is never rewritten. Its `state` and `redirect_uri` must be the flow's, each exactly
   * once; they may be absent only beside `request` (RFC 9101) or `request_uri` (RFC 9126).
   */
  readonly url: URL | string
  /** What the person signs in to, as the Presenter names it. @default the host of `url` */
  readonly serverName?: string | undefined
  /** The issuer that `iss` must equal (RFC 9207 section 2.4). Without it a present `iss` is accepted and returned. */
  readonly issuer?: string | undefined
  /** Whether the server advertised `iss`; then it must be there. @default false */
  readonly issuerRequired?: boolean | undefined
  /** Time from showing the URL to the accepted response. @default "5 minutes" */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * Shows the URL, once both arms wait; it is interrupted when the answer comes first. What it forks lives until the
   * sign-in has its answer. `false`: you show the URL yourself.
   *
   * @default the Presenter
   */
  readonly present?: false | ((url: URL) => Effect.Effect<unknown, never, R>) | undefined
  /**
   * Waits until this sign-in may be put before the person, for programs with several. Before that the Presenter only
   * tells of it (`SignInQueued`): the URL works already, and its time does not run yet. What it acquires is released
   * when the sign-in ends.
   *
   * @default at once
   */
  readonly turn?: Effect.Effect<void, never, Scope.Scope | R2> | undefined
}

/**
 * What `authorize` is asked for, with the exchange of the code inside.
 *
 * @typeParam R What `exchange` needs.
 * @typeParam R2 What `present` needs.
 * @typeParam R3 What `turn` needs beside its scope.
 *
 * @since 0.1.0
 * @category options
 */
export interface ExchangeRequest<A, E, R, out R2 = never, out R3 = never> extends AuthorizeRequest<R2, R3> {
  /** Exchanges the code. The page waits for it, 10 seconds at most before it turns neutral, and tells the truth. */
  readonly exchange: (granted: Granted) => Effect.Effect<A, E, R>
  /** Time for the exchange. @default "30 seconds" */
  readonly exchangeTimeout?: Duration.DurationInput | undefined
  /** What the page says when the exchange fails. @default a fixed sentence, never the error's own message */
  readonly describe?: ((error: E) => string) | undefined
}

/**
 * Signature of `flow.authorize`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Authorize {
  <A, E, R, R2 = never, R3 = never>(
    request: ExchangeRequest<A, E, R, R2, R3>
  ): Effect.Effect<A, E | FlowError, R | R2 | Exclude<R3, Scope.Scope>>
  <R = never, R2 = never>(
    request: AuthorizeRequest<R, R2> & { readonly exchange?: undefined }
  ): Effect.Effect<Granted, FlowError, R | Exclude<R2, Scope.Scope>>
}
