/**
 * Requests and responses of the web platform, as the pure route takes and gives them.
 */
import * as Effect from "effect/Effect"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { parseUrl } from "../core/mcp/SecureUrl.ts"
import type { Answer } from "../core/oauth/Answer.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import { endAfter } from "../effect/endAfter.ts"
import { readText } from "../mcp/readText.ts"

const noRequest = (): InvalidOptions =>
  new InvalidOptions({
    option: "request",
    detail:
      "it is no Request of the web platform. Where your server has requests of its own, as node:http and Express have, " +
      "convert each one first: copy scripts/examples/nodeRequest.ts, which .github/WEB_SERVICE.md names"
  })

/**
 * The head of a request. Where the server that made it left `Host` out, its URL names the host.
 *
 * @throws InvalidOptions When it is a request of another kind. The error holds nothing of it: its URL has code and `state`.
 */
export const headOf = (request: Request): RequestHead => {
  const { headers, method, url } = Object(request) as Partial<Request>
  const parsed = typeof url === "string" ? parseUrl(url) : undefined
  if (parsed === undefined || typeof method !== "string" || typeof headers?.get !== "function") throw noRequest()
  const { host, pathname, search } = parsed
  return {
    method,
    target: pathname + search,
    hosts: [headers.get("host") ?? host],
    header: (name) => headers.get(name) ?? undefined
  }
}

/** The body of a posted form; a reason where it is too large, or does not come. */
export type Body = { readonly text: string } | { readonly refused: "BodyTooLarge" | "Malformed" }

const read = async (request: Request, limit: number): Promise<Body> => {
  if (request.bodyUsed) return { refused: "Malformed" }
  const text = await readText(request.body, limit)
  return text === undefined ? { refused: "BodyTooLarge" } : { text }
}

/** Reads at most so many bytes of the body, for ten seconds at most. */
export const bodyOf = (request: Request, limit: number): Effect.Effect<Body> => {
  const malformed: Body = { refused: "Malformed" }
  const body = Effect.orElseSucceed(Effect.tryPromise(() => read(request, limit)), () => malformed)
  return endAfter(body, "10 seconds", Effect.succeed(malformed))
}

/** The response of an answer. */
export const responseOf = ({ body, headers, status }: Answer): Response => new Response(body, { status, headers })
