/**
 * Sending a request with a token that must reach one origin and no other, whatever redirects say.
 */
import { display } from "../core/mcp/ServerUrl.ts"
import type { FetchLike } from "./FetchLike.ts"

/** As many as `fetch` itself follows. */
const maxRedirects = 20

/** The request that a redirect makes of another (Fetch Standard, HTTP-redirect fetch). */
const redirected = (init: RequestInit, status: number): RequestInit => {
  const method = (init.method ?? "GET").toUpperCase()
  const becomesGet = status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST"
  if (!becomesGet) return init
  const { body: _, ...rest } = init
  const headers = new Headers(rest.headers)
  for (const name of ["content-encoding", "content-language", "content-location", "content-type", "content-length"]) {
    headers.delete(name)
  }
  return { ...rest, method: "GET", headers }
}

const isRecord = (headers: RequestInit["headers"]): headers is Record<string, string> =>
  typeof headers === "object" && !(Symbol.iterator in headers)

/** The headers with the token, in the caller's own form: Deno takes ten times as long for `Headers` as for a record. */
const withToken = (headers: RequestInit["headers"], token: string): NonNullable<RequestInit["headers"]> => {
  const authorization = `Bearer ${token}`
  if (headers === undefined || headers === null) return { authorization }
  if (isRecord(headers)) {
    const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization")
    return { ...Object.fromEntries(others), authorization }
  }
  const all = new Headers(headers)
  all.set("authorization", authorization)
  return all
}

/** The request with the token. */
const authorized = (init: RequestInit, token: string | undefined): RequestInit =>
  token === undefined ? init : { ...init, headers: withToken(init.headers, token) }

/** What the caller adds by itself goes where the caller sends it, and not where a server sends it on to. */
const withoutCredentials = (init: RequestInit): RequestInit => {
  const headers = new Headers(init.headers)
  for (const name of ["authorization", "cookie", "proxy-authorization"]) headers.delete(name)
  return { ...init, headers }
}

/** An answer, and whether it is the origin's own or that of wherever it redirected to. */
export interface Sent {
  readonly response: Response
  readonly own: boolean
}

/**
 * Sends a request, with the token as long as it stays within the origin. Redirects are followed here, as the caller
 * asked for: not every runtime leaves the header behind.
 *
 * Rejects as `fetch` does, also for a redirect to what is not http, and after twenty of them.
 */
export const send = async (
  base: FetchLike,
  origin: string,
  target: URL,
  init: RequestInit,
  token: string | undefined
): Promise<Sent> => {
  let own = target.origin === origin
  if (init.redirect === "manual" || init.redirect === "error") {
    return { response: await base(target, own ? authorized(init, token) : init), own }
  }
  let url = target
  let request = init
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await base(url, { ...(own ? authorized(request, token) : request), redirect: "manual" })
    const location = response.headers.get("location")
    const redirects = [301, 302, 303, 307, 308].includes(response.status) && location !== null
    if (!redirects) return { response, own }
    await response.body?.cancel()
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
    if (next === undefined || !/^https?:$/.test(next.protocol)) {
      throw new TypeError(`Cannot fetch ${display(target)}: it redirects to what is no http: or https: URL`)
    }
    request = redirected(request, response.status)
    if (next.origin !== url.origin) request = withoutCredentials(request)
    // Once it went astray, a server elsewhere chooses what is asked for: it does not choose it in the person's name.
    own &&= next.origin === origin
    url = next
  }
  throw new TypeError(`Cannot fetch ${display(target)}: more than ${maxRedirects} redirects`)
}
