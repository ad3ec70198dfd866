import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import * as CallbackRoute from "../../../src/core/oauth/CallbackRoute.ts"
import * as CrossOrigin from "../../../src/core/oauth/CrossOrigin.ts"

const state = "0123456789abcdef"
const origin = "https://accounts.x.ai"
const good = `/callback?code=abc&state=${state}`

const config: CallbackRoute.RouteConfig = {
  state: Redacted.make(state),
  paths: new Set(["/callback"]),
  hosts: new Set(),
  loopback: true,
  origins: new Set([origin, "http://localhost:3000"]),
  formPost: false,
  done: "d0ne"
}

type Headers = Readonly<Record<string, string>>

const head = (
  headers: Headers,
  options: { readonly method?: string; readonly target?: string; readonly host?: string } = {}
) => ({
  method: options.method ?? "GET",
  target: options.target ?? good,
  hosts: [options.host ?? "127.0.0.1:4321"],
  header: (name: string) => Object.hasOwn(headers, name) ? headers[name] : undefined
})

const preflight: Headers = { origin, "access-control-request-method": "GET", "sec-fetch-mode": "cors" }
const delivery: Headers = {
  origin,
  "sec-fetch-mode": "cors",
  "sec-fetch-dest": "empty",
  "sec-fetch-site": "cross-site"
}

describe("origins", () => {
  it.each([undefined, [], [origin], [
    "https://a.example:8443",
    "http://127.0.0.1:3000",
    "http://[::1]",
    "http://localhost"
  ]])(
    "takes %j",
    (allowed) => {
      assert.deepStrictEqual(CrossOrigin.origins(allowed), Either.right(new Set(allowed ?? [])))
    }
  )

  it.each<[unknown, RegExp]>([
    [origin, /no list/],
    ["*", /no list/],
    [null, /no list/],
    [["*"], /wildcard/],
    [["https://*.x.ai"], /wildcard/],
    [["null"], /without an origin/],
    [[null], /no text/],
    [[undefined], /allowOrigins: undefined .*no text/],
    [[new URL(origin)], /no text/],
    [[""], /no origin/],
    [["accounts.x.ai"], /no origin/],
    [[`${origin}/`], /Write "https:\/\/accounts\.x\.ai"$/],
    [[`${origin}/callback`], /Write "https:\/\/accounts\.x\.ai"$/],
    [[`${origin}?x`], /Write/],
    [[`${origin}#x`], /Write/],
    [["https://me@accounts.x.ai"], /Write/],
    [["https://accounts.x.ai:443"], /Write "https:\/\/accounts\.x\.ai"$/],
    [["https://Accounts.X.ai"], /Write/],
    [[` ${origin}`], /Write/],
    [["http://accounts.x.ai"], /not https/],
    [["http://127.0.0.2"], /not https/],
    [["http://localhost.evil.example"], /not https/],
    [["ws://127.0.0.1"], /not https/],
    [["file:///x"], /not https/],
    [["chrome-extension://abc"], /not https/],
    [[origin, "http://elsewhere.example"], /elsewhere/]
  ])("refuses %j", (allowed, message) => {
    const result = CrossOrigin.origins(allowed)
    assert.match(Either.isLeft(result) ? result.left : "taken", message)
  })
})

describe("a delivery by fetch", () => {
  it("counts from an allowed origin with the right state, and its page may read that it has arrived", () => {
    for (const headers of [delivery, { origin }, { origin: "http://localhost:3000", "sec-fetch-mode": "cors" }]) {
      const decision = CallbackRoute.decide(config, head(headers))
      assert.strictEqual(decision._tag, "Matched")
      assert.strictEqual(decision._tag === "Matched" && decision.origin, headers.origin)
    }
    const answer = CrossOrigin.delivered(origin)
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers["access-control-allow-origin"], origin)
    assert.strictEqual(answer.headers["vary"], "Origin")
    assert.isUndefined(answer.headers["access-control-allow-credentials"])
    assert.match(answer.body, /Go back to the program/)
  })

  it.each<[string, Headers, Parameters<typeof head>[1], string]>([
    ["another state", delivery, { target: "/callback?code=abc&state=other" }, "StateMismatch"],
    ["no state", delivery, { target: "/callback?code=abc" }, "StateMissing"],
    ["two states", delivery, { target: `${good}&state=x` }, "StateRepeated"],
    ["an error without state", delivery, { target: "/callback?error=x" }, "DenialWithoutState"],
    ["another method", delivery, { method: "PUT" }, "WrongMethod"],
    ["a form", { ...delivery, "content-type": "application/x-www-form-urlencoded" }, { method: "POST" }, "WrongMethod"],
    ["a prefetch", { ...delivery, "sec-purpose": "prefetch" }, {}, "Prefetch"]
  ])("is refused with %s, and its page may read why", (_name, headers, options, reason) => {
    const decision = CallbackRoute.decide(config, head(headers, options))
    assert(decision._tag === "Refused")
    assert.strictEqual(decision.reason, reason)
    assert.strictEqual(decision.answer.headers["access-control-allow-origin"], origin)
    assert.isUndefined(decision.page)
  })

  it.each<[string, Headers, Parameters<typeof head>[1], string]>([
    ["of another origin", { ...delivery, origin: "https://evil.example" }, {}, "NotANavigation"],
    ["of an origin that begins so", { ...delivery, origin: `${origin}.evil.example` }, {}, "NotANavigation"],
    ["of an origin in other letters", { ...delivery, origin: "https://ACCOUNTS.x.ai" }, {}, "NotANavigation"],
    ["by http", { ...delivery, origin: "http://accounts.x.ai" }, {}, "NotANavigation"],
    ["of no origin", { ...delivery, origin: "null" }, {}, "NotANavigation"],
    ["of two origins", { ...delivery, origin: `${origin}, https://evil.example` }, {}, "NotANavigation"],
    ["without Origin", { "sec-fetch-mode": "cors" }, {}, "NotANavigation"],
    ["of an image", { ...delivery, "sec-fetch-dest": "image" }, {}, "NotANavigation"],
    ["of a script", { ...delivery, "sec-fetch-dest": "script" }, {}, "NotANavigation"],
    ["that may read nothing of it", { ...delivery, "sec-fetch-mode": "no-cors" }, {}, "NotANavigation"],
    ["of a frame", { ...delivery, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, {}, "NotANavigation"],
    ["of a WebSocket", { ...delivery, "sec-websocket-key": "x" }, {}, "NotANavigation"],
    ["to another host", delivery, { host: "evil.example" }, "WrongHost"],
    ["to another path", delivery, { target: `/x?state=${state}` }, "WrongPath"],
    ["to the last page", delivery, { target: "/done/d0ne" }, "NotANavigation"]
  ])("is refused, and not readable: %s", (_name, headers, options, reason) => {
    const decision = CallbackRoute.decide(config, head(headers, options))
    assert(decision._tag === "Refused")
    assert.strictEqual(decision.reason, reason)
    assert.notMatch(JSON.stringify(decision.answer), /access-control/i)
  })

  it("leaves a navigation as it is", () => {
    const decision = CallbackRoute.decide(config, head({ "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }))
    assert(decision._tag === "Matched")
    assert.isUndefined(decision.origin)
  })

  it("counts as a form where forms are taken", () => {
    const request = head({ ...delivery, "content-type": "application/x-www-form-urlencoded" }, { method: "POST" })
    const decision = CallbackRoute.decide({ ...config, formPost: true }, request, `code=a&state=${state}`)
    assert.strictEqual(decision._tag === "Matched" && decision.origin, origin)
  })
})

describe("a preflight", () => {
  const answerTo = (headers: Headers, options = {}) => {
    const decision = CallbackRoute.decide(config, head(headers, { method: "OPTIONS", ...options }))
    return decision._tag === "Preflight" || decision._tag === "Refused" ? decision : assert.fail(decision._tag)
  }

  it("is answered for an allowed origin: for this one, for GET, without credentials", () => {
    const { _tag, answer } = answerTo(preflight)
    assert.strictEqual(_tag, "Preflight")
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers["access-control-allow-origin"], origin)
    assert.strictEqual(answer.headers["access-control-allow-methods"], "GET")
    assert.strictEqual(answer.headers["vary"], "Origin")
    const others = ["credentials", "headers", "private-network", "local-network"]
    for (const name of others) assert.isUndefined(answer.headers[`access-control-allow-${name}`])
  })

  it.each<[string, Headers, string, string]>([
    ["another method", preflight, "GET", "Matched"],
    ["no origin", { "access-control-request-method": "GET" }, "OPTIONS", "WrongMethod"],
    ["no question", { origin }, "OPTIONS", "WrongMethod"]
  ])("is none with %s", (_name, headers, method, result) => {
    const decision = CallbackRoute.decide(config, head(headers, { method }))
    assert.strictEqual(decision._tag === "Refused" ? decision.reason : decision._tag, result)
  })

  it.each(["private", "local"])("lets a public page into the %s network where it asks", (network) => {
    const { answer } = answerTo({ ...preflight, [`access-control-request-${network}-network`]: "true" })
    assert.strictEqual(answer.headers[`access-control-allow-${network}-network`], "true")
  })

  it("allows the headers that are asked for, and repeats nothing else", () => {
    const allowed = (asked: string) =>
      answerTo({ ...preflight, "access-control-request-headers": asked }).answer.headers["access-control-allow-headers"]
    for (const asked of ["x-requested-with", "content-type,x-a", "content-type, x-a", "x".repeat(1024)]) {
      assert.strictEqual(allowed(asked), asked)
    }
    for (const asked of ["", "*", "a\r\nset-cookie: x", "a;b", "a b", ",", "x".repeat(1025)]) {
      assert.isUndefined(allowed(asked))
    }
  })

  it.prop("is answered for no other origin, host or path, and never with a wildcard", [
    FastCheck.oneof(FastCheck.constantFrom("null", "*", `${origin}/`, "http://accounts.x.ai"), FastCheck.webUrl()),
    FastCheck.boolean()
  ], ([other, isOther]) => {
    const { _tag, answer } = isOther
      ? answerTo({ ...preflight, origin: other })
      : answerTo(preflight, { host: "evil.example" })
    assert.strictEqual(_tag, "Refused")
    assert.notMatch(JSON.stringify(answer), /access-control/i)
  })
})
