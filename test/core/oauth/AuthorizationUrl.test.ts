import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { inspect } from "node:util"
import * as AuthorizationUrl from "../../../src/core/oauth/AuthorizationUrl.ts"

const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const redirectUri = "http://127.0.0.1:4321/callback"
const expected: AuthorizationUrl.ExpectedUrl = { state: Redacted.make(state), redirectUri }

const outcome = (input: URL | string): string =>
  Either.match(AuthorizationUrl.check(input, expected), { onLeft: ({ reason }) => reason, onRight: () => "accepted" })

const endpoint = "https://as.example/authorize?response_type=code"
const s = `&state=${state}`
const r = `&redirect_uri=${encodeURIComponent(redirectUri)}`

describe("check", () => {
  it.each<[string, string, string]>([
    ["accepts a URL with our state and redirect_uri", endpoint + s + r, "accepted"],
    ["accepts http, for servers on this machine", `http://127.0.0.1:9000/authorize?x${s}${r}`, "accepted"],
    ["accepts them in any order", endpoint + r + s, "accepted"],
    ["accepts a redirect_uri written without escapes", `${endpoint}${s}&redirect_uri=${redirectUri}`, "accepted"],
    ["accepts an escape in lower case", endpoint + s + r.replaceAll("%3A", "%3a"), "accepted"],
    ["refuses nothing", "", "NotAUrl"],
    ["refuses a relative address", `/authorize?${s}${r}`, "NotAUrl"],
    ["refuses an address without scheme", `as.example/authorize?${s}${r}`, "NotAUrl"],
    ["refuses words", "open the browser", "NotAUrl"],
    ["refuses script", `javascript:alert(1)?${s}${r}`, "Scheme"],
    ["refuses a file", `file:///etc/passwd?${s}${r}`, "Scheme"],
    ["refuses what a shell or a desktop would run", `ms-msdt:/id?${s}${r}`, "Scheme"],
    ["refuses data", `data:text/html,x?${s}${r}`, "Scheme"],
    ["refuses script in disguise", `\u0001java\tscript:alert(1)?${s}${r}`, "Scheme"],
    ["refuses a missing state", endpoint + r, "StateMismatch"],
    ["refuses an empty state", `${endpoint}&state=${r}`, "StateMismatch"],
    ["refuses another state", `${endpoint}&state=other${r}`, "StateMismatch"],
    ["refuses our state twice", endpoint + s + s + r, "StateMismatch"],
    ["refuses our state beside another", `${endpoint}${s}&state=other${r}`, "StateMismatch"],
    ["refuses our state in the fragment", `${endpoint}${r}#${s}`, "StateMismatch"],
    ["refuses a missing redirect_uri", endpoint + s, "RedirectUriMismatch"],
    ["refuses another redirect_uri", `${endpoint}${s}&redirect_uri=https://evil.example/`, "RedirectUriMismatch"],
    ["refuses a redirect_uri with a slash more", `${endpoint}${s}${r}/`, "RedirectUriMismatch"],
    [
      "refuses a redirect_uri in other words",
      `${endpoint}${s}${r.replace("127.0.0.1", "localhost")}`,
      "RedirectUriMismatch"
    ],
    ["refuses our redirect_uri twice", endpoint + s + r + r, "RedirectUriMismatch"],
    ["checks the scheme before the state", `file:///x?${r}`, "Scheme"],
    ["checks the state before the redirect_uri", endpoint, "StateMismatch"],
    ["accepts neither beside request_uri (RFC 9126)", `${endpoint}&request_uri=urn:x`, "accepted"],
    ["accepts neither beside request (RFC 9101)", `${endpoint}&request=eyJhbGciOi`, "accepted"],
    ["accepts both beside request_uri", `${endpoint}&request_uri=urn:x${s}${r}`, "accepted"],
    ["refuses another state beside request_uri", `${endpoint}&request_uri=urn:x&state=other`, "StateMismatch"],
    ["refuses our state twice beside request", `${endpoint}&request=x${s}${s}`, "StateMismatch"],
    [
      "refuses another redirect_uri beside request",
      `${endpoint}&request=x&redirect_uri=https://evil.example/`,
      "RedirectUriMismatch"
    ]
  ])("%s", (_name, url, reason) => {
    assert.strictEqual(outcome(url), reason)
    if (URL.canParse(url)) assert.strictEqual(outcome(new URL(url)), reason, "the same for a URL object")
  })

  const pair = FastCheck.tuple(
    FastCheck.oneof(
      FastCheck.constantFrom("state", "redirect_uri", "request", "request_uri", "State"),
      FastCheck.string({ minLength: 1 })
    ),
    FastCheck.oneof(FastCheck.constantFrom(state, redirectUri, ""), FastCheck.string())
  )

  /** Any parameters, or ours with a few more, which mostly spoil them. */
  const pairs = FastCheck.oneof(
    FastCheck.array(pair, { maxLength: 5 }),
    FastCheck.array(pair, { maxLength: 2 }).map((
      more
    ): Array<[string, string]> => [["state", state], ["redirect_uri", redirectUri], ...more])
  )

  it.prop("accepts only what brings its answer to this flow", [
    FastCheck.constantFrom("https", "http", "ftp", "myapp", "javascript", "wss"),
    pairs
  ], ([scheme, pairs]) => {
    const query = new URLSearchParams(pairs)
    const right = (name: string, value: string) => {
      const values = pairs.filter((pair) => pair[0] === name).map((pair) => pair[1])
      const elsewhere = pairs.some(([name]) => name === "request" || name === "request_uri")
      return values.length === 0 ? elsewhere : values.length === 1 && values[0] === value
    }
    const reason = !["https", "http"].includes(scheme)
      ? "Scheme"
      : !right("state", state)
      ? "StateMismatch"
      : !right("redirect_uri", redirectUri)
      ? "RedirectUriMismatch"
      : "accepted"
    assert.strictEqual(outcome(`${scheme}://as.example/authorize?${query}`), reason)
  }, { fastCheck: { numRuns: 300 } })

  it.prop("rewrites nothing, and gives a copy", [pairs], ([pairs]) => {
    const url = new URL(`https://as.example/a%20b/?x=%7E&y=+${s}${r}#fragment`)
    for (const [name, value] of pairs.filter(([name]) => !/state|redirect_uri/.test(name))) {
      url.searchParams.append(name, value)
    }
    const checked = Either.getOrThrow(AuthorizationUrl.check(url, expected))
    assert.strictEqual(checked.href, url.href)
    assert.notStrictEqual<URL>(checked, url)
    url.searchParams.set("state", "changed afterwards")
    assert.strictEqual(checked.searchParams.get("state"), state)
  })

  it.prop("never throws, and prints no state", [
    FastCheck.oneof(FastCheck.string({ unit: "binary" }), FastCheck.webUrl().map((url) => `${url}?${s}&state=${state}`))
  ], ([input]) => {
    const result = AuthorizationUrl.check(input, expected)
    if (Either.isLeft(result)) {
      const { left } = result
      const printed = [
        JSON.stringify(left),
        String(left),
        left.message,
        inspect(left, { depth: null, showHidden: true })
      ]
      assert.notInclude(printed.join("\n"), state)
    }
  })
})
