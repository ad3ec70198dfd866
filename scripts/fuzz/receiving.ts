/** Targets: what reads a request, a response's parameters, or a pasted text. */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import * as AuthorizationUrl from "../../src/core/oauth/AuthorizationUrl.ts"
import * as CallbackRoute from "../../src/core/oauth/CallbackRoute.ts"
import * as RedirectUri from "../../src/core/oauth/RedirectUri.ts"
import type { RequestHead } from "../../src/core/oauth/RequestHead.ts"
import * as PastedText from "../../src/core/paste/PastedText.ts"
import { match } from "../../src/paste/PasteRouter.ts"
import { mustBePrintable, mustHold, mustNotContain } from "./promises.ts"
import { make, type Target } from "./Target.ts"
import { nearly, text } from "./texts.ts"

const stateText = "7f3c9a1e5b2d8046f1a7c3e90b6d4f2835ac17e4d9b0f6283c5e7a1d4b9f0c6e"
const state = Redacted.make(stateText)
const code = "SplxlOBeZQQYbYS6WxSbIA"
const port = 49152
const redirectUri = `http://127.0.0.1:${port}/callback`
const answer = `${redirectUri}?code=${code}&state=${stateText}`

const pieces = [
  stateText,
  stateText.toUpperCase(),
  stateText.slice(1),
  stateText.slice(0, 32),
  code,
  "code=",
  "state=",
  "&state=",
  "&amp;state=",
  "error=access_denied",
  "error_description=",
  "iss=https://as.example",
  "http://",
  "https://",
  redirectUri,
  "/callback?",
  "127.0.0.1",
  "localhost:8080",
  "%20",
  "%26state%3D",
  "%00",
  "\u001b[200~",
  "\u001b]0;",
  "curl ",
  "= ",
  "\r\n",
  "#",
  `"state": "`
]

const answers = [
  answer,
  `/callback?state=${stateText}&code=${code}`,
  `code=${code}&state=${stateText}`,
  `curl -L '${answer}'`,
  encodeURIComponent(answer),
  `${redirectUri}?error=access_denied&error_description=No+thanks&state=${stateText}&iss=https%3A%2F%2Fas.example`
]

/** Whether the text names the state, once what wraps, quotes and escapes it is taken away. */
const namesState = (input: string): boolean => {
  let plain = input
  for (let times = 0; times < 4; times++) {
    if (plain.replace(/[^0-9a-f]/g, "").includes(stateText)) return true
    plain = plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  return false
}

const paste = make("pasted text", (fc) => fc.oneof(text(fc, pieces), nearly(fc, answers)), (input) => {
  let taken = false
  match(input, (parameters) => {
    const matched = AuthorizationResponse.matchState(parameters, state)
    if (Either.isLeft(matched)) return matched.left
    taken = true
    const checked = AuthorizationResponse.check(matched.right, { issuer: "https://as.example" })
    if (Either.isLeft(checked)) {
      mustNotContain(checked.left, [stateText, code])
      mustBePrintable(checked.left)
    }
    return undefined
  })
  mustHold(!taken || namesState(input), "a text without the state was taken")
  PastedText.holdsAnswer(input)
  return taken
})

const request = make(
  "request",
  (fc) => {
    const query = answer.split("?")[1] ?? ""
    const part = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(`/callback?${query}`, "/callback", query) },
      { weight: 2, arbitrary: fc.oneof(text(fc, pieces), nearly(fc, ["/callback", answer, `/callback?${query}`])) }
    )
    const host = fc.oneof(fc.constantFrom(`127.0.0.1:${port}`, "evil.example", ""), nearly(fc, [`127.0.0.1:${port}`]))
    return fc.record({
      method: fc.oneof(fc.constantFrom("GET", "POST", "OPTIONS", "HEAD"), fc.string({ maxLength: 5 })),
      target: part,
      hosts: fc.oneof(fc.constant([`127.0.0.1:${port}`]), fc.array(host, { minLength: 1, maxLength: 2 })),
      headers: fc.oneof(
        fc.constant<Record<string, string>>({}),
        fc.dictionary(
          fc.constantFrom("content-type", "origin", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "purpose"),
          fc.oneof(
            fc.constantFrom("navigate", "document", "null", "application/x-www-form-urlencoded", "https://as.example"),
            fc.string({ maxLength: 8 })
          ),
          { noNullPrototype: true }
        )
      ),
      body: fc.option(part, { nil: undefined }),
      formPost: fc.boolean()
    })
  },
  ({ body, formPost, headers, hosts, method, target }) => {
    const config: CallbackRoute.RouteConfig = {
      state,
      done: "0123456789abcdef",
      formPost,
      hosts: RedirectUri.hostsOf(new URL(redirectUri)),
      loopback: true,
      origins: new Set(),
      paths: new Set(["/callback"])
    }
    const head: RequestHead = { method, target, hosts, header: (name) => headers[name] }
    const decision = CallbackRoute.decide(config, head, body)
    CallbackRoute.claimedState(head, body)
    CallbackRoute.claimedDone(head)
    const taken = decision._tag === "Matched"
    mustHold(!taken || namesState(`${target} ${body ?? ""}`), "a request without the state was taken")
    // An absolute target names the host itself (RFC 9112 section 3.2.2).
    mustHold(!taken || hosts.length === 1 || !target.startsWith("/"), "a request with two hosts was taken")
    return taken
  }
)

const right = `https://as.example/authorize?client_id=c&state=${stateText}&redirect_uri=${
  encodeURIComponent(redirectUri)
}`

const authorizationUrl = make("authorization URL", (fc) => fc.oneof(text(fc, pieces), nearly(fc, [right])), (input) => {
  const checked = AuthorizationUrl.check(input, { state, redirectUri })
  if (Either.isLeft(checked)) mustNotContain(checked.left, [stateText])
  return Either.isRight(checked)
})

const redirect = make("redirect URI", (fc) => fc.oneof(text(fc, pieces), nearly(fc, [redirectUri])), (input) => {
  RedirectUri.callback({ path: input })
  const parsed = RedirectUri.parse(input)
  if (Either.isLeft(parsed)) mustBePrintable(parsed.left)
  return Either.isRight(parsed)
})

/** What reads what a browser or a person sends. */
export const receiving: ReadonlyArray<Target> = [paste, request, authorizationUrl, redirect]
