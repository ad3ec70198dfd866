/**
 * The cookie by which only the browser that began a sign-in can bring its answer.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import * as Sealed from "./Sealed.ts"
import type { Settings } from "./Settings.ts"

/** The name of the cookie of one sign-in, so that several tabs do not take each other's. */
const nameOf = (state: Sealed.Secret, { redirectUri }: Pick<Settings, "redirectUri">): Effect.Effect<string> =>
  Effect.map(
    Sealed.nameOf("cookie", state),
    // A page of another host of the site cannot set a cookie of this prefix (RFC 6265bis section 4.1.3.2).
    (name) => `${redirectUri.protocol === "https:" ? "__Host-" : ""}signin-${name.slice(0, 22)}`
  )

/** The value of `Set-Cookie`: for this host alone, unreadable by scripts, and gone when the sign-in has run out. */
export const setCookie = (
  settings: Pick<Settings, "redirectUri" | "responseMode">,
  state: Sealed.Secret,
  value: string,
  seconds: number
): Effect.Effect<string> =>
  Effect.map(nameOf(state, settings), (name) => {
    // A form that another site posts brings no `Lax` cookie; browsers take `None` by https, and on this machine, alone.
    const isPosted = settings.responseMode === "form_post"
    const isSecure = settings.redirectUri.protocol === "https:" || isPosted
    return [
      `${name}=${value}`,
      "Path=/",
      `Max-Age=${Math.ceil(seconds)}`,
      "HttpOnly",
      `SameSite=${isPosted ? "None" : "Lax"}`,
      ...(isSecure ? ["Secure"] : [])
    ].join("; ")
  })

/** The value that a request brings for this sign-in; empty where it brings none. */
const valueOf = (
  head: RequestHead,
  state: Sealed.Secret,
  settings: Pick<Settings, "redirectUri">
): Effect.Effect<string> =>
  Effect.map(nameOf(state, settings), (name) => {
    const pairs = (head.header("cookie") ?? "").split(/;\s*|,\s*/)
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""
  })

/** What `state` and the cookie make together; the cookie is empty where the sign-in is bound to no browser. */
export const together = (state: Sealed.Secret, cookie: string): Sealed.Secret =>
  Redacted.make(`${Redacted.value(state)}.${cookie}`)

/**
 * The secret of the sign-in that a request answers. What waits is found by a digest of it: a browser without the right cookie
 * finds nothing, as with a wrong `state`, and a comparison that could be timed is never made.
 */
export const secretOf = (
  head: RequestHead,
  state: Sealed.Secret,
  settings: Pick<Settings, "redirectUri">
): Effect.Effect<Sealed.Secret> => Effect.map(valueOf(head, state, settings), (value) => together(state, value))
