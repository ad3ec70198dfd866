/**
 * The types of `openCallback`, which name neither Effect nor an SDK.
 */
import type { PageOptions } from "../core/page/PageOptions.ts"
import type { SomeTexts } from "../core/terminal/Texts.ts"
import type { ScreenOptions } from "./Screen.ts"

/**
 * Options of `openCallback`.
 *
 * @since 0.1.0
 * @category options
 */
export interface OpenCallbackOptions extends ScreenOptions {
  /** Path of the redirect URI, percent-encoded. @default "/callback" */
  readonly path?: string | undefined
  /** The loopback address as the redirect URI writes it. @default "127.0.0.1" */
  readonly host?: "127.0.0.1" | "localhost" | "[::1]" | undefined
  /** TCP port, or ports to try in order; `0` is any free one. @default 0 */
  readonly port?: number | ReadonlyArray<number> | undefined
  /**
   * When every port is taken by programs of others: reject with `BindError`, or let a paste finish the sign-in. A port that
   * another sign-in of this user holds is not taken: it is shared.
   *
   * @default "fail"
   */
  readonly onPortBusy?: "fail" | "paste" | undefined
  /** Makes the redirect URI from the bound port. @default http://{host}:{port}{path} */
  readonly redirectUri?: ((port: number) => string) | undefined
  /** How the server returns its answer. @default "query" */
  readonly responseMode?: "query" | "form_post" | undefined
  /** Origins of pages that may deliver the answer by `fetch`, such as `"https://accounts.x.ai"`. @default none */
  readonly allowOrigins?: ReadonlyArray<string> | undefined
  /** What the browser shows in the end: other languages, another style, or a page of your own. @default English pages */
  readonly page?: PageOptions | undefined
  /** Whether pasted text is read. @default true */
  readonly paste?: boolean | undefined
  /**
   * Where pasted text comes from, one element a paste; `false` reads none. Each sign-in asks for an iterator and ends it.
   *
   * @default stdin
   */
  readonly prompt?: AsyncIterable<string> | false | undefined
  /** How the browser is opened; `false` only prints the address on stderr. @default the system's, none with `present` */
  readonly openBrowser?: boolean | ((url: URL) => unknown) | undefined
  /** What the terminal says, in other words or another language. @default English */
  readonly texts?: SomeTexts | undefined
  /** Closes the callback when it aborts. @default none */
  readonly signal?: AbortSignal | undefined
  /** Told of each refused request and paste. What it throws is ignored. @default none */
  readonly onRefusal?: ((refusal: RefusedInput) => void) | undefined
}

/**
 * Something that arrived and was not the answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefusedInput {
  /** Which way it came. */
  readonly via: "http" | "paste"
  /** Why it was refused: a name such as `StateMismatch`, never what was sent. */
  readonly reason: string
}

/**
 * A good answer, checked whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface GrantedCode {
  /** Authorization code: single use, usually valid for at most 600 seconds. */
  readonly code: string
  /** The issuer the response names, where it names one. */
  readonly iss?: string
  /** Which way the answer came. */
  readonly via: "http" | "paste"
}

/**
 * What {@link Callback.authorize} is asked for.
 *
 * @since 0.1.0
 * @category options
 */
export interface AuthorizeOptions {
  /** Where the person signs in. Its `state` and `redirect_uri` must be the callback's. */
  readonly url: URL | string
  /** What the person signs in to, as the terminal names it. @default the host of `url` */
  readonly serverName?: string | undefined
  /** The issuer that `iss` must equal (RFC 9207). @default any `iss` is accepted, and returned */
  readonly issuer?: string | undefined
  /** Whether the server advertised `iss`. @default false */
  readonly issuerRequired?: boolean | undefined
  /** Milliseconds from showing the URL to the accepted response. @default 300000 */
  readonly timeout?: number | undefined
  /** Gives up when it aborts: rejects with its reason. @default none */
  readonly signal?: AbortSignal | undefined
  /** Shows the URL; `false`: you show it yourself. @default the `present` of `openCallback`, else stderr and the browser */
  readonly present?: false | ((url: URL) => unknown) | undefined
}

/**
 * What {@link Callback.authorize} is asked for, with the exchange of the code inside.
 *
 * @since 0.1.0
 * @category options
 */
export interface ExchangeOptions<A> extends AuthorizeOptions {
  /** Exchanges the code. The page waits for it and tells the truth. */
  readonly exchange: (granted: GrantedCode, options: { readonly signal: AbortSignal }) => Promise<A> | A
  /** Milliseconds for the exchange. @default 30000 */
  readonly exchangeTimeout?: number | undefined
  /** What the page says when the exchange fails. @default a fixed sentence, never the error's own message */
  readonly describe?: ((error: unknown) => string) | undefined
}

/**
 * An open callback: already listening, for one sign-in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Callback {
  /** Goes into the authorization request and the registration, to the letter. */
  readonly redirectUri: string
  /** Goes into the authorization request. It is a secret until then. */
  readonly state: string
  /** False when every port was taken and `onPortBusy` is `"paste"`. */
  readonly listening: boolean
  /**
   * Sends the person to `url` and waits for the answer. Works once. Rejects with {@link CallbackError}, with what `exchange`
   * threw, or with the reason of an aborted signal.
   */
  authorize<A>(options: ExchangeOptions<A>): Promise<A>
  /** The same without `exchange`: gives the code. */
  authorize(options: AuthorizeOptions & { readonly exchange?: undefined }): Promise<GrantedCode>
  /** Takes text from your own input box; rejects with `PasteRefused`, whose message tells the person what to paste. */
  submit(text: string): Promise<void>
  /** Releases everything, within a second; a waiting `authorize` rejects with `_tag: "Closed"`. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The rejections of this module, told apart by `_tag`.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallbackError =
  & Error
  & (
    | {
      readonly _tag: "BindError"
      readonly reason: string
      readonly host: string
      readonly ports: ReadonlyArray<number>
      readonly detail?: string
      readonly cause?: unknown
    }
    | {
      readonly _tag: "AuthorizationDenied"
      readonly error: string
      readonly description?: string
      readonly uri?: string
    }
    | { readonly _tag: "InvalidResponse"; readonly reason: string; readonly parameter: string }
    | {
      readonly _tag: "AuthorizationTimeout"
      readonly phase: "response" | "exchange"
      readonly millis: number
      readonly refusals: Readonly<Record<string, number>>
      readonly hint?: string
    }
    | { readonly _tag: "InvalidAuthorizationUrl"; readonly reason: string; readonly redirectUri: string }
    | { readonly _tag: "PasteRefused"; readonly reason: string }
    | { readonly _tag: "Closed"; readonly server?: string }
    | { readonly _tag: "AlreadyUsed" }
    | { readonly _tag: "InvalidOptions"; readonly option: string; readonly detail: string }
    | { readonly _tag: "UnexpectedError"; readonly cause: unknown }
  )
