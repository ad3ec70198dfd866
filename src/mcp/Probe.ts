/**
 * Asks an MCP server whether it wants a token, before anything else is sent.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { defaultClientName } from "../core/mcp/ClientMetadata.ts"
import { bearer, type BearerChallenge } from "../core/mcp/Challenge.ts"
import * as NetworkFault from "../core/mcp/NetworkFault.ts"
import * as Recovery from "../core/mcp/Recovery.ts"
import { DiscoveryError } from "../core/mcp/SignInError.ts"
import type { Probed } from "../core/mcp/TokenPlan.ts"
import { endAfter } from "../effect/endAfter.ts"
import type { ServerEnvironment } from "./Environment.ts"
import { RedirectError, send } from "./OriginFetch.ts"

const protocolVersion = "2026-07-28"

/**
 * A request that opens no session (MCP of 2026-07-28, `server/discover`). A server of an older protocol does not know it,
 * but refuses it for its missing token first.
 */
const discoverRequest = ({ clientName = defaultClientName }: ServerEnvironment): RequestInit => ({
  method: "POST",
  headers: {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": protocolVersion,
    "mcp-method": "server/discover"
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: "sign-in",
    method: "server/discover",
    params: {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": protocolVersion,
        "io.modelcontextprotocol/clientInfo": { name: clientName, version: "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {}
      }
    }
  })
})

// The older transport (HTTP with SSE) takes no POST at this URL, and some servers check the request before the token.
const streamRequest: RequestInit = { method: "GET", headers: { accept: "text/event-stream" } }

/** What a server answered. */
interface Answer {
  readonly status: number
  readonly wwwAuthenticate: string | null
}

/** Sends a request. @returns the status and the challenge of the response; its body is not read. */
const ask = (env: ServerEnvironment, request: RequestInit, token: string | undefined) => {
  const failed = (reason: "InvalidResponse" | "TimedOut" | "Unreachable", why: NetworkFault.NetworkFault = {}) =>
    new DiscoveryError({ reason, server: env.label, url: env.label, ...why })
  const asked = Effect.tryPromise({
    try: async (signal) => {
      const { isOwn, response } = await send(env.fetch, env.server.origin, env.server, { ...request, signal }, token)
      await response.body?.cancel()
      // The response of a server that was redirected to says nothing about this one.
      return { status: isOwn ? response.status : 200, wwwAuthenticate: response.headers.get("www-authenticate") }
    },
    catch: (error) =>
      failed(error instanceof RedirectError ? "InvalidResponse" : "Unreachable", NetworkFault.of(error, [token]))
  })
  return endAfter(asked, env.requestTimeout, Effect.suspend(() => failed("TimedOut")))
}

const told = ({ status, wwwAuthenticate }: Answer, token: string | undefined): Probed => {
  const challenge = bearer(wwwAuthenticate)
  return {
    isRefused: Recovery.wantsToken(status, Option.isSome(challenge), token !== undefined),
    challenge: Option.getOrElse(challenge, (): BearerChallenge => ({}))
  }
}

/** Statuses by which servers say that they take no such request: they may take the other one. */
const notTaken: ReadonlyArray<number> = [400, 404, 405, 406, 415]

/** The answer; fails where it is an internal error, which says nothing of the token. */
const askKnown = (env: ServerEnvironment, request: RequestInit, token: string | undefined) =>
  Effect.filterOrFail(
    ask(env, request, token),
    // 407 is a proxy's own answer: the server was not reached.
    ({ status }) => status < 500 && status !== 407,
    ({ status }) =>
      new DiscoveryError({
        reason: status === 407 ? "Unreachable" : "ServerError",
        server: env.label,
        url: env.label,
        status
      })
  )

/**
 * Whether a probe failed in a way that says nothing: some servers have an internal error where they do not know a method,
 * or never answer that. A request that they know may still succeed.
 */
export const isUnknown = ({ label }: Pick<ServerEnvironment, "label">, error: { readonly _tag: string }): boolean =>
  error instanceof DiscoveryError && error.url === label && ["ServerError", "TimedOut"].includes(error.reason)

/** Asks whether the server accepts a request without a token, or with this one. */
export const probe = (env: ServerEnvironment, token?: string): Effect.Effect<Probed, DiscoveryError> => {
  const streamed = Effect.map(askKnown(env, streamRequest, token), (answer) => told(answer, token))
  const posted = Effect.flatMap(askKnown(env, discoverRequest(env), token), (answer) => {
    const probed = told(answer, token)
    return probed.isRefused || !notTaken.includes(answer.status) ? Effect.succeed(probed) : streamed
  })
  return token === undefined ? Effect.catchIf(posted, (error) => isUnknown(env, error), () => streamed) : posted
}
