/**
 * Clients of `@effect/platform` that send the requests of a sign-in's `fetch`.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { type HttpClientError, RequestError } from "@effect/platform/HttpClientError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SignedInFetch } from "../mcp/FetchLike.ts"
import type { McpOAuth as Service } from "../mcp/McpOAuth.ts"
import { McpOAuth } from "../mcp/McpOAuthTag.ts"

/** Without the length of a body in a header: before 0.97, `FetchHttpClient` passes it on, and Node's `fetch` refuses it. */
const withoutLength = (fetch: SignedInFetch): typeof globalThis.fetch => (input, init) => {
  if (init?.headers === undefined) return fetch(input, init)
  const headers = new Headers(init.headers)
  headers.delete("content-length")
  return fetch(input, { ...init, headers })
}

/**
 * The `fetch` of `McpOAuth` as that of `FetchHttpClient`: requests to the server carry the access token, and a person signs in
 * when that is needed. Build a client over it by `Layer.provide(FetchHttpClient.layer, layerFetch)`, or use
 * {@link layerHttpClient}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFetch: Layer.Layer<FetchHttpClient.Fetch, never, Service> = Layer.effect(
  FetchHttpClient.Fetch,
  Effect.map(McpOAuth, ({ fetch }) => withoutLength(fetch))
)

/**
 * With the sentence of the error of the sign-in, so that the message has it. What a `fetch` threw stays in the cause alone: it
 * may say anything.
 */
const described = (error: HttpClientError): HttpClientError =>
  error._tag === "RequestError" && error.cause instanceof Error && "_tag" in error.cause
    ? new RequestError({
      request: error.request,
      reason: error.reason,
      cause: error.cause,
      description: error.cause.message
    })
    : error

/**
 * An `HttpClient` that sends requests by the `fetch` of a sign-in. What that rejects with is the `cause` of a
 * `RequestError` of reason `Transport`. Of an error of this package, such as `InteractionRequired`, the message, which is for
 * people, is its `description` too. A `FetchHttpClient.RequestInit` is heeded.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { Effect } from "effect"
 * import { InteractionRequired, McpOAuth } from "effect-oauth-callback/mcp"
 * import { makeHttpClient } from "effect-oauth-callback/platform"
 *
 * const status = Effect.gen(function* () {
 *   const oauth = yield* McpOAuth.make({ serverUrl: "https://example.com/mcp" })
 *   const client = HttpClient.filterStatusOk(yield* makeHttpClient(oauth))
 *   return (yield* client.get("https://example.com/mcp")).status
 * }).pipe(
 *   // What the sign-in failed with is the cause
 *   Effect.catchIf(
 *     (error) => "cause" in error && error.cause instanceof InteractionRequired,
 *     () => Effect.succeed("sign in first")
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeHttpClient = ({ fetch }: Pick<Service, "fetch">): Effect.Effect<HttpClient.HttpClient> =>
  Effect.map(
    HttpClient.HttpClient,
    // Whatever `Fetch` the requests' own context has: this client is the one of this sign-in.
    HttpClient.transformResponse((response) =>
      Effect.mapError(Effect.provideService(response, FetchHttpClient.Fetch, withoutLength(fetch)), described)
    )
  ).pipe(Effect.provide(FetchHttpClient.layer))

/**
 * The same as a layer, of the `McpOAuth` of this program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, Service> = Layer.effect(
  HttpClient.HttpClient,
  Effect.flatMap(McpOAuth, makeHttpClient)
)
