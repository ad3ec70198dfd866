/**
 * Sends a request with a token to one origin. A redirect never takes the token to another.
 */
import { mayLeadTo } from "../core/mcp/SecureUrl.ts"
import { display } from "../core/mcp/ServerUrl.ts"
import type { FetchLike } from "./FetchLike.ts"

/** A redirect was not followed. */
export class RedirectError extends TypeError {
  readonly _tag = "RedirectError"
  override readonly name = "RedirectError"
}

/** How many redirects are followed: as many as by `fetch` itself. */
const maxRedirects = 20

/** Whether a redirect can be followed as it is written: printable ASCII of a length that a URL has. */
const isLocation = (text: string): boolean => /^[\x20-\x7e]{0,16384}$/.test(text)

/** The request that follows a redirect (Fetch Standard, HTTP-redirect fetch). */
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

/** The headers with the token. A record stays a record: Deno takes ten times as long for a `Headers` object. */
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

/** The request without the caller's own credentials, which are not meant for where a server redirects to. */
const withoutCredentials = (init: RequestInit): RequestInit => {
  const headers = new Headers(init.headers)
  for (const name of ["authorization", "cookie", "proxy-authorization"]) headers.delete(name)
  return { ...init, headers }
}

/** A response, and where it comes from. */
export interface Sent {
  readonly response: Response
  /** Whether it comes from the origin, and no other was redirected to on the way. */
  readonly isOwn: boolean
}

/**
 * Sends a request, with the token as long as all redirects stay within the origin. Redirects are followed here, because
 * not every runtime removes the header when they leave it; `redirect: "manual"` and `"error"` are left to `fetch`.
 *
 * Rejects as `fetch` does; also for a redirect to a URL that is neither http nor https, or that a server elsewhere may not
 * lead to, and after twenty redirects.
 */
export const send = async (
  base: FetchLike,
  origin: string,
  target: URL,
  init: RequestInit,
  token: string | undefined
): Promise<Sent> => {
  let isOwn = target.origin === origin
  if (init.redirect === "manual" || init.redirect === "error") {
    return { response: await base(target, isOwn ? authorized(init, token) : init), isOwn }
  }
  let url = target
  let request = init
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await base(url, { ...(isOwn ? authorized(request, token) : request), redirect: "manual" })
    const location = response.headers.get("location")
    const redirects = [301, 302, 303, 307, 308].includes(response.status) && location !== null
    if (!redirects) return { response, isOwn }
    await response.body?.cancel()
    const next = isLocation(location) && URL.canParse(location, url.href) ? new URL(location, url) : undefined
    if (next === undefined || !/^https?:$/.test(next.protocol)) {
      throw new RedirectError(`Cannot fetch ${display(target)}: it redirects to what is no http: or https: URL`)
    }
    if (!mayLeadTo(url, next)) {
      throw new RedirectError(
        `Cannot fetch ${display(target)}: it redirects to ${
          next.protocol === "https:" ? "a program on this machine or a device beside it" : "an http: URL"
        }. Its operator has to correct it`
      )
    }
    request = redirected(request, response.status)
    if (next.origin !== url.origin) request = withoutCredentials(request)
    // After a redirect to another origin, that origin chooses what is requested: not with the person's token.
    isOwn &&= next.origin === origin
    url = next
  }
  throw new RedirectError(`Cannot fetch ${display(target)}: more than ${maxRedirects} redirects`)
}
