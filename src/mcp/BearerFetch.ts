/**
 * The `fetch` for transports: it adds the token, and when the server refuses it, it gets another and repeats the request.
 */
import * as Recovery from "../core/mcp/Recovery.ts"
import type { FetchLike } from "./FetchLike.ts"
import { send } from "./OriginFetch.ts"
import type { Attained, Need } from "./Session.ts"

/** What the fetch needs of a session, as promises. A signal ends only the waiting. */
export interface Tokens {
  /** The token that is known and good, at no cost. */
  readonly known: () => string | undefined
  readonly token: (signal: AbortSignal | undefined) => Promise<string | undefined>
  readonly attain: (need: Need, signal: AbortSignal | undefined) => Promise<Attained>
  readonly accepted: (token: string) => void
  readonly helped: () => void
}

/** The request with a body that can be sent more than once. */
const repeatable = async (init: RequestInit): Promise<RequestInit> => {
  if (!(init.body instanceof ReadableStream)) return init
  const signal = init.signal ?? undefined
  const body: ReadableStream = init.body.pipeThrough(new TransformStream(), signal === undefined ? {} : { signal })
  return { ...init, body: await new Response(body).arrayBuffer() }
}

const needOf = (step: Exclude<Recovery.Step, { _tag: "Return" }>, used: string | undefined): Need =>
  step._tag === "StepUp" && used !== undefined
    ? { _tag: "StepUp", used, challenge: step.challenge }
    : { _tag: "Renew", used, challenge: step.challenge }

/** A `fetch` that signs in to one server. Requests to other origins pass through as they are. */
export const make = (base: FetchLike, server: URL, tokens: Tokens): FetchLike => async (input, init = {}) => {
  const url = new URL(input)
  if (url.origin !== server.origin) return await base(input, init)
  const signal = init.signal ?? undefined
  const request = await repeatable(init)
  let tries = Recovery.none
  for (;;) {
    const token = tokens.known() ?? await tokens.token(signal)
    const { own, response } = await send(base, server.origin, url, request, token)
    if (!own) return response
    const { headers, status } = response
    if (token !== undefined && status !== 401) tokens.accepted(token)
    const step = Recovery.next({ status, wwwAuthenticate: headers.get("www-authenticate") }, token !== undefined, tries)
    if (step._tag === "Return") {
      if (tries.stepUps > 0 && status !== 401 && status !== 403) tokens.helped()
      return response
    }
    const attained = await tokens.attain(needOf(step, token), signal).catch(async (error) => {
      await response.body?.cancel()
      throw error
    })
    if (attained === "nothing") return response
    // Waiting for what somebody else asked for is no try of this request to get more scopes.
    if (step._tag === "Renew" || attained === "got") tries = step.tries
    await response.body?.cancel()
  }
}
