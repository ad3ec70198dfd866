/**
 * Asking a server, before anything else is sent, whether it wants a sign-in, and what for.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { bearer, type BearerChallenge } from "../core/mcp/Challenge.ts"
import { DiscoveryError } from "../core/mcp/SignInError.ts"
import type { Environment } from "./Environment.ts"
import { send } from "./OriginFetch.ts"

const protocolVersion = "2026-07-28"

/**
 * A question that opens no session anywhere (MCP of 2026-07-28, `server/discover`). A server of an older protocol does not
 * know it, but whoever wants a token says so first.
 */
const question = ({ clientName = "effect-oauth-callback" }: Environment): RequestInit => ({
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

// The older transport (HTTP with SSE) has no POST at this address, and some servers look at the question before the token.
const stream: RequestInit = { method: "GET", headers: { accept: "text/event-stream" } }

/** What the server said. */
export interface Probed {
  /** It wants a token, or another one. */
  readonly isRefused: boolean
  readonly challenge: BearerChallenge
}

/** The answer's status and challenge; its body is left unread. */
const ask = (env: Environment, request: RequestInit, token: string | undefined) =>
  Effect.timeoutFail(
    Effect.tryPromise({
      try: async (signal) => {
        const { own, response } = await send(env.fetch, env.server.origin, env.server, { ...request, signal }, token)
        await response.body?.cancel()
        // What another server thinks of it is not of interest.
        return { status: own ? response.status : 200, wwwAuthenticate: response.headers.get("www-authenticate") }
      },
      catch: () => new DiscoveryError({ reason: "Unreachable", server: env.label, url: env.label })
    }),
    {
      duration: env.requestTimeout,
      onTimeout: () => new DiscoveryError({ reason: "TimedOut", server: env.label, url: env.label })
    }
  )

/** Asks without a token, or how it likes this one. */
export const probe = (env: Environment, token?: string): Effect.Effect<Probed, DiscoveryError> =>
  Effect.gen(function* () {
    const posted = yield* ask(env, question(env), token)
    const { status, wwwAuthenticate } = [400, 404, 405, 406, 415].includes(posted.status)
      ? yield* ask(env, stream, token)
      : posted
    if (status >= 500) {
      return yield* new DiscoveryError({ reason: "ServerError", server: env.label, url: env.label, status })
    }
    return {
      isRefused: status === 401,
      challenge: Option.getOrElse(bearer(wwwAuthenticate), (): BearerChallenge => ({}))
    }
  })
