/**
 * The `fetch` for transports: it adds the access token. When the server refuses that, it gets another and repeats the
 * request.
 */
import * as Recovery from "../core/mcp/Recovery.ts"
import type { TokenNeed } from "../core/mcp/TokenPlan.ts"
import type { FetchLike, SignedInFetch } from "./FetchLike.ts"
import { send } from "./OriginFetch.ts"
import { readInput } from "./readInput.ts"
import type { Session, TokenResult } from "./Session.ts"

/** The parts of a session that the fetch uses, as promises. A signal ends only the caller's waiting. */
export interface Tokens extends Pick<Session, "scopesSufficed" | "tokenAccepted" | "usableToken"> {
  readonly token: (signal: AbortSignal | undefined) => Promise<string | undefined>
  readonly obtain: (need: TokenNeed, signal: AbortSignal | undefined) => Promise<TokenResult>
}

const isIterable = (body: unknown): boolean => typeof body === "object" && body !== null && Symbol.asyncIterator in body

/** The request with a body that can be sent more than once: a stream is read into memory. */
const repeatable = async (init: RequestInit): Promise<RequestInit> => {
  if (!(init.body instanceof ReadableStream)) {
    // Node takes every asynchronous iterable for a body, its own streams too.
    return isIterable(init.body) ? { ...init, body: await new Response(init.body as never).arrayBuffer() } : init
  }
  const signal = init.signal ?? undefined
  const body: ReadableStream = init.body.pipeThrough(new TransformStream(), signal === undefined ? {} : { signal })
  return { ...init, body: await new Response(body).arrayBuffer() }
}

const needOf = (
  step: Exclude<Recovery.Step, { _tag: "Return" }>,
  used: string | undefined,
  { renewals }: Recovery.Tries
): TokenNeed =>
  step._tag === "StepUp" && used !== undefined
    ? { _tag: "StepUp", used, challenge: step.challenge }
    : { _tag: "Renew", used, challenge: step.challenge, isRetry: renewals > 0 }

/** Cancels the body of a response that is not read. That its connection has ended already is no error. */
const discard = async ({ body }: Response): Promise<void> => {
  await body?.cancel().catch(() => {})
}

/** A `fetch` that signs in to one server. Requests to other origins are sent unchanged. */
export const make = (base: FetchLike, server: URL, tokens: Tokens): SignedInFetch => async (input, options) => {
  const { init, url } = readInput(input, options ?? {})
  if (url.origin !== server.origin) return await base(url, init)
  const signal = init.signal ?? undefined
  const request = await repeatable(init)
  let tries = Recovery.none
  for (;;) {
    const token = tokens.usableToken() ?? await tokens.token(signal)
    const { isOwn, response } = await send(base, server.origin, url, request, token)
    if (!isOwn) return response
    const { headers, status } = response
    if (token !== undefined && status !== 401) tokens.tokenAccepted(token)
    const step = Recovery.next({ status, wwwAuthenticate: headers.get("www-authenticate") }, token !== undefined, tries)
    if (step._tag === "Return") {
      if (tries.stepUps > 0 && status !== 401 && status !== 403) tokens.scopesSufficed()
      return response
    }
    const result = await tokens.obtain(needOf(step, token, tries), signal).catch(async (error) => {
      await discard(response)
      throw error
    })
    if (result === "unchanged") return response
    // Only a step-up for this very request counts as one of its tries: another caller's may not bring its scopes.
    if (step._tag === "Renew" || result === "obtained") tries = step.tries
    await discard(response)
  }
}
