/**
 * What a flow is opened with, and whether it can work.
 */
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { BindError } from "../core/oauth/BindError.ts"
import * as CrossOrigin from "../core/oauth/CrossOrigin.ts"
import type { PageOptions } from "../core/page/PageOptions.ts"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"

/**
 * Options of `CallbackFlow.open`.
 *
 * @typeParam R What `redirectUri` needs, where it is an effect.
 *
 * @since 0.1.0
 * @category options
 */
export interface OpenOptions<out R = never> {
  /**
   * Path of the redirect URI, percent-encoded.
   *
   * @default "/callback"
   */
  readonly path?: string | undefined
  /**
   * The loopback address as the redirect URI writes it. With `"localhost"` both families are bound on one port, so that
   * no stranger on the other one gets the code.
   *
   * @default "127.0.0.1"
   */
  readonly host?: RedirectUri.LoopbackHost | undefined
  /**
   * TCP port, or ports to try in order; `0` asks the system for a free one (RFC 8252 section 7.3). Ports that no browser
   * opens, such as 6667, are left out of a list; one alone cannot work.
   *
   * @default 0
   */
  readonly port?: number | ReadonlyArray<number> | undefined
  /**
   * When every port is taken by programs of others: fail with `BindError`, or go on without a server, so that only a
   * paste can finish. A port that another flow of this user holds is not taken: it is shared.
   *
   * @default "fail"
   */
  readonly onPortBusy?: "fail" | "paste" | undefined
  /**
   * Makes the redirect URI from the bound port, for forwarded ports and https proxies. Requests may then name its host,
   * beside the loopback names, and ask for its path. An effect is run once, when the port is bound; it may fail with
   * `BindError`, as opening the flow then does.
   *
   * @default http://{host}:{port}{path}
   */
  readonly redirectUri?: ((port: number) => string | Effect.Effect<string, BindError, R>) | undefined
  /**
   * How the server returns its answer; `"form_post"` takes a posted form as well as the query.
   *
   * @default "query"
   */
  readonly responseMode?: "query" | "form_post" | undefined
  /**
   * Origins of pages that may deliver the answer by `fetch` (CORS), such as `"https://accounts.x.ai"`, for servers whose
   * consent page does not send the browser here: `https`, or `http` on a loopback name. `state` is checked first, as ever.
   *
   * @default none
   */
  readonly allowOrigins?: ReadonlyArray<string> | undefined
  /**
   * Whether pasted text is read while the flow waits. What is given to the flow's own `submit` is taken either way.
   *
   * @default true
   */
  readonly paste?: boolean | undefined
  /**
   * What the browser shows in the end: sentences in other languages, another style, or a page of your own.
   *
   * @default the pages of this package, in English
   */
  readonly page?: PageOptions | undefined
}

/** Options that cannot work, and why. */
export const invalid = (options: Pick<OpenOptions, "host">, detail: string): BindError =>
  new BindError({ reason: "InvalidOptions", host: options.host ?? "127.0.0.1", ports: [], detail })

/** Where the flow is to listen. */
export const settings = (options: OpenOptions<unknown>): Either.Either<RedirectUri.Callback, BindError> => {
  if (options.onPortBusy === "paste" && options.paste === false) {
    return Either.left(invalid(options, 'onPortBusy: "paste" cannot be combined with paste: false. Remove one of them'))
  }
  const { onPortBusy = "fail", responseMode = "query" } = options
  if (!["fail", "paste"].includes(onPortBusy)) {
    return Either.left(invalid(options, 'onPortBusy is neither "fail" nor "paste"'))
  }
  if (!["query", "form_post"].includes(responseMode)) {
    return Either.left(invalid(options, 'responseMode is neither "query" nor "form_post"'))
  }
  return Either.mapLeft(
    Either.flatMap(CrossOrigin.origins(options.allowOrigins), () => RedirectUri.callback(options)),
    (detail) => invalid(options, detail)
  )
}
