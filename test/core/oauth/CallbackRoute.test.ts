import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { text } from "../../../src/core/oauth/Answer.ts"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../../../src/core/oauth/CallbackRoute.ts"
import * as RedirectUri from "../../../src/core/oauth/RedirectUri.ts"
import type { HttpRefusalReason } from "../../../src/core/oauth/Refusal.ts"
import type { RequestHead } from "../../../src/core/oauth/RequestHead.ts"

const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const query = `code=abc&state=${state}`
const done = "Zk3_v9-QpL0aXcT7yHn4Wg"

const config = (options: {
  readonly port?: number
  readonly redirectUri?: string
  readonly formPost?: boolean
  readonly paths?: ReadonlyArray<string>
  readonly origins?: ReadonlyArray<string>
} = {}): CallbackRoute.RouteConfig => {
  const { formPost = false, origins = [], paths = ["/callback"], port = 4321 } = options
  const redirectUri = options.redirectUri ?? `http://127.0.0.1:${port}/callback`
  return {
    state: Redacted.make(state),
    paths: new Set(paths),
    hosts: RedirectUri.hostsOf(new URL(redirectUri)),
    loopback: true,
    origins: new Set(origins),
    formPost,
    done
  }
}

interface Request {
  readonly method?: string
  readonly target?: string
  readonly hosts?: ReadonlyArray<string>
  readonly headers?: Readonly<Record<string, string>>
}

const head = (
  { headers = {}, hosts = ["127.0.0.1:4321"], method = "GET", target = `/callback?${query}` }: Request
) => ({
  method,
  target,
  hosts,
  header: (name: string) => Object.hasOwn(headers, name) ? headers[name] : undefined
})

const form = { "content-type": "application/x-www-form-urlencoded" }
const preflight = { origin: "https://as.example", "access-control-request-method": "GET" }

type Expected =
  | "Matched"
  | "Done"
  | "ReadBody"
  | "Preflight"
  | readonly [status: number, reason: HttpRefusalReason, allow?: string]

const outcome = (decision: CallbackRoute.Decision): Expected => {
  if (decision._tag !== "Refused") return decision._tag
  const { headers, status } = decision.answer
  return headers["allow"] === undefined ? [status, decision.reason] : [status, decision.reason, headers["allow"]]
}

const misdirected = [421, "WrongHost"] as const
const notFound = [404, "WrongPath"] as const
const malformed = [400, "Malformed"] as const
const prefetched = [403, "Prefetch"] as const
const background = [403, "NotANavigation"] as const

describe("a page for who comes back to another path", () => {
  const pageFor = (target: string, more: Request = {}) => {
    const decision = CallbackRoute.decide(config(), head({ ...more, target }))
    return decision._tag === "Refused" ? decision.page : decision._tag
  }

  it("is shown for the right answer at any path, and for any answer where there is only a slash more", () => {
    for (
      const target of [`/callback/?${query}`, `/other?${query}`, "/callback/?code=c", "/callback/?error=access_denied"]
    ) {
      assert.strictEqual(pageFor(target), "WrongPath", target)
    }
  })

  it("is shown for nothing else, and to no page in the background", () => {
    for (
      const target of [
        "/callback/",
        "/callback/?x=1",
        "/other?code=c",
        "/callback//?code=c",
        "/callback2?code=c",
        "/favicon.ico",
        "/"
      ]
    ) {
      assert.isUndefined(pageFor(target), target)
    }
    assert.isUndefined(pageFor("/callback/?code=c", { headers: { "sec-fetch-mode": "no-cors" } }))
    assert.isUndefined(pageFor("/callback/?code=c", { method: "POST" }))
  })
})

describe("decide", () => {
  it.each<[string, Request, Expected]>([
    ["a GET with our state", {}, "Matched"],
    ["an error with our state", { target: `/callback?error=access_denied&state=${state}` }, "Matched"],
    ["our state alone", { target: `/callback?state=${state}` }, "Matched"],
    ["our state, escaped", { target: `/callback?st%61te=%51${state.slice(1)}` }, "Matched"],
    ["our state before a fragment", { target: `/callback?${query}#top` }, "Matched"],
    ["a code of 8 kB", { target: `/callback?state=${state}&code=${"c".repeat(8192)}` }, "Matched"],
    ["a broken percent-escape", { target: `/callback?${query}&x=%zz%` }, "Matched"],
    ["a NUL", { target: `/callback?${query}%00\u0000` }, [400, "StateMismatch"]],

    ["a HEAD", { method: "HEAD" }, [405, "WrongMethod", "GET"]],
    ["a POST", { method: "POST" }, [405, "WrongMethod", "GET"]],
    ["a form that was not asked for", { method: "POST", headers: form }, [405, "UninvitedForm", "GET"]],
    [
      "one of another type",
      { method: "POST", headers: { "content-type": "multipart/form-data; boundary=x" } },
      [405, "UninvitedForm", "GET"]
    ],
    ["a form of a page in the background", { method: "POST", headers: { ...form, "sec-fetch-mode": "no-cors" } }, [
      405,
      "WrongMethod",
      "GET"
    ]],
    ["a preflight of a page", { method: "OPTIONS", headers: preflight }, [405, "NotANavigation", "GET"]],
    ["a separator that was escaped for HTML", { target: `/callback?code=abc&amp;state=${state}` }, "Matched"],
    ["one that was escaped twice", { target: `/callback?code=abc&amp;amp;state=${state}` }, "Matched"],
    ["another state behind one", { target: `/callback?${query}&amp;state=x` }, [400, "StateRepeated"]],
    ["a preflight", { method: "OPTIONS", headers: { "sec-fetch-mode": "cors" } }, [405, "WrongMethod", "GET"]],
    ["a PUT", { method: "PUT" }, [405, "WrongMethod", "GET"]],
    ["a get in small letters", { method: "get" }, [405, "WrongMethod", "GET"]],
    ["a method nobody knows", { method: "BREW" }, [405, "WrongMethod", "GET"]],
    ["no method", { method: "" }, [405, "WrongMethod", "GET"]],

    ["localhost", { hosts: ["localhost:4321"] }, "Matched"],
    ["IPv6", { hosts: ["[::1]:4321"] }, "Matched"],
    ["a host in capitals", { hosts: ["LocalHost:4321"] }, "Matched"],
    ["a host with blanks around", { hosts: [" 127.0.0.1:4321\t"] }, "Matched"],
    ["a host without port, as of a forwarded port 80", { hosts: ["127.0.0.1"] }, "Matched"],
    ["a host with another port, as of a forwarded one", { hosts: ["127.0.0.1:4322"] }, "Matched"],
    ["a host with what is no port", { hosts: ["127.0.0.1:65536"] }, misdirected],
    ["a host whose name points here", { hosts: ["evil.example:4321"] }, misdirected],
    ["a host that begins like ours", { hosts: ["127.0.0.1:4321.evil.example"] }, misdirected],
    ["a host that ends like ours", { hosts: ["evil.example@127.0.0.1:4321"] }, misdirected],
    ["a host with a dot behind", { hosts: ["localhost.:4321"] }, misdirected],
    ["every interface", { hosts: ["0.0.0.0:4321"] }, misdirected],
    ["IPv6 mapped from IPv4", { hosts: ["[::ffff:127.0.0.1]:4321"] }, misdirected],
    ["another loopback address", { hosts: ["127.0.0.2:4321"] }, misdirected],
    ["the same address in one number", { hosts: ["2130706433:4321"] }, misdirected],
    ["an international host", { hosts: ["bücher.example:4321"] }, misdirected],
    ["an empty host", { hosts: [""] }, misdirected],
    ["no host", { hosts: [] }, malformed],
    ["two hosts", { hosts: ["127.0.0.1:4321", "evil.example"] }, malformed],
    ["our host twice", { hosts: ["127.0.0.1:4321", "127.0.0.1:4321"] }, malformed],
    ["two hosts in one line", { hosts: ["127.0.0.1:4321, evil.example"] }, misdirected],

    ["the root", { target: `/?${query}` }, notFound],
    ["the favicon", { target: "/favicon.ico" }, notFound],
    ["a slash more", { target: `/callback/?${query}` }, notFound],
    ["other letters", { target: `/CALLBACK?${query}` }, notFound],
    ["more of a path", { target: `/callback/x?${query}` }, notFound],
    ["a path that begins like ours", { target: `/callback2?${query}` }, notFound],
    ["a path that ends like ours", { target: `/x/callback?${query}` }, notFound],
    ["a host in the path", { target: `//evil/callback?${query}` }, notFound],
    ["a host in the path, ours", { target: `//127.0.0.1:4321/callback?${query}` }, notFound],
    ["slashes before the path", { target: `///callback?${query}` }, notFound],
    ["a backslash", { target: `/\\callback?${query}` }, notFound],
    ["dots that come out right", { target: `/x/../callback?${query}` }, notFound],
    ["an escaped path", { target: `/%63allback?${query}` }, notFound],
    ["an escaped question mark", { target: `/callback%3F${query}` }, notFound],
    ["a path parameter", { target: `/callback;x?${query}` }, notFound],
    ["a question mark in the query", { target: `/callback?code=a?b&state=${state}` }, "Matched"],
    ["our state in the fragment", { target: `/callback#?${query}` }, [400, "StateMissing"]],

    ["no slash", { target: `callback?${query}` }, malformed],
    ["an empty target", { target: "" }, malformed],
    ["a target for all", { target: "*", method: "OPTIONS" }, malformed],
    ["a tunnel", { target: "127.0.0.1:4321", method: "CONNECT" }, [405, "WrongMethod", "GET"]],
    ["a query alone", { target: `?${query}` }, malformed],
    ["a fragment alone", { target: `#${query}` }, malformed],

    ["an absolute target", { target: `http://127.0.0.1:4321/callback?${query}` }, "Matched"],
    ["an absolute target in capitals", { target: `HTTP://LOCALHOST:4321/callback?${query}` }, "Matched"],
    ["an absolute target, whose host counts", {
      target: `http://127.0.0.1:4321/callback?${query}`,
      hosts: ["evil.example"]
    }, "Matched"],
    ["an absolute target elsewhere", { target: `http://evil.example/callback?${query}` }, misdirected],
    [
      "an absolute target elsewhere, with our Host",
      { target: `http://evil.example:4321/callback?${query}` },
      misdirected
    ],
    [
      "an absolute target with a name before ours",
      { target: `http://me@127.0.0.1:4321/callback?${query}` },
      misdirected
    ],
    ["an absolute target with nothing behind the host", { target: "http://127.0.0.1:4321" }, notFound],
    ["an absolute target of the root", { target: "http://127.0.0.1:4321/" }, notFound],
    ["an absolute target with only a fragment", { target: "http://127.0.0.1:4321#/callback" }, malformed],
    ["an absolute target behind other letters", {
      target: `${"x".repeat(21)}/callback?${query}&u=http://127.0.0.1:4321`
    }, malformed],
    ["an absolute target with only a query", { target: `http://127.0.0.1:4321?${query}` }, notFound],
    [
      "an absolute target with a host in the path",
      { target: `http://127.0.0.1:4321//evil/callback?${query}` },
      notFound
    ],
    ["an absolute target with another scheme", { target: `ftp://127.0.0.1:4321/callback?${query}` }, malformed],
    ["an absolute target without host", { target: `http:///callback?${query}` }, malformed],
    ["an absolute target with our state in the host", { target: `http://evil.example?${query}/callback` }, misdirected],

    ["a navigation", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" } }, "Matched"],
    ["a navigation in capitals", { headers: { "sec-fetch-mode": " Navigate" } }, "Matched"],
    ["an image", { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" } }, background],
    ["a fetch", { headers: { "sec-fetch-mode": "cors" } }, background],
    ["a fetch from the same origin", { headers: { "sec-fetch-mode": "same-origin" } }, background],
    ["a WebSocket", { headers: { "sec-fetch-mode": "websocket" } }, background],
    ["a WebSocket that says nothing of a mode", { headers: { "sec-websocket-key": "eA==" } }, background],
    ["a WebSocket as a navigation", {
      headers: { "sec-websocket-key": "", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }
    }, background],
    ["a mode nobody knows", { headers: { "sec-fetch-mode": "navigate-nested" } }, background],
    ["an empty mode", { headers: { "sec-fetch-mode": "" } }, background],
    ["two modes", { headers: { "sec-fetch-mode": "navigate, no-cors" } }, background],
    ["a prefetch", { headers: { "sec-purpose": "prefetch", "sec-fetch-mode": "navigate" } }, prefetched],
    ["a prerender", { headers: { "sec-purpose": "prefetch;prerender" } }, prefetched],
    ["an anonymous prefetch", { headers: { "sec-purpose": "prefetch;anonymous-client-ip" } }, prefetched],
    ["an old prefetch", { headers: { "purpose": "prefetch" } }, prefetched],
    ["Safari's preview", { headers: { "x-purpose": "preview" } }, prefetched],
    ["Firefox's prefetch", { headers: { "x-moz": "Prefetch" } }, prefetched],
    ["a prefetched image", { headers: { "purpose": "prefetch", "sec-fetch-mode": "no-cors" } }, prefetched],
    ["another purpose", { headers: { "sec-purpose": "none" } }, "Matched"],
    ["a document without a mode", { headers: { "sec-fetch-dest": "document" } }, "Matched"],
    ["a document in capitals", { headers: { "sec-fetch-dest": " Document" } }, "Matched"],
    ["a frame", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" } }, background],
    ["an old frame", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "frame" } }, background],
    ["a fenced frame", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "fencedframe" } }, background],
    ["an object", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "object" } }, background],
    ["an embedded page", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "embed" } }, background],
    ["a destination nobody knows", { headers: { "sec-fetch-dest": "documents" } }, background],
    ["an empty destination", { headers: { "sec-fetch-dest": "" } }, background],
    ["two destinations", { headers: { "sec-fetch-dest": "document, iframe" } }, background],
    ["a prefetch of a frame", { headers: { "sec-purpose": "prefetch", "sec-fetch-dest": "iframe" } }, prefetched],
    ["a frame with another state", {
      target: "/callback?state=other",
      headers: { "sec-fetch-dest": "iframe" }
    }, background],

    ["no query", { target: "/callback" }, [400, "StateMissing"]],
    ["an empty query", { target: "/callback?" }, [400, "StateMissing"]],
    ["a code without state", { target: "/callback?code=abc" }, [400, "StateMissing"]],
    ["an error without state", { target: "/callback?error=access_denied" }, [400, "DenialWithoutState"]],
    ["an error with an empty state", { target: "/callback?error=x&state=" }, [400, "DenialWithoutState"]],
    ["an empty error without state", { target: "/callback?error=" }, [400, "StateMissing"]],
    ["an error and a code without state", { target: "/callback?error=x&code=y" }, [400, "StateMissing"]],
    ["an empty state", { target: "/callback?code=abc&state=" }, [400, "StateMissing"]],
    ["another state", { target: "/callback?code=abc&state=other" }, [400, "StateMismatch"]],
    ["an error with another state", { target: "/callback?error=x&state=other" }, [400, "StateMismatch"]],
    ["our state in other letters", { target: `/callback?state=${state.toLowerCase()}` }, [400, "StateMismatch"]],
    ["our state twice", { target: `/callback?${query}&state=${state}` }, [400, "StateRepeated"]],
    ["our state and another", { target: `/callback?${query}&state=other` }, [400, "StateRepeated"]],
    ["our state in an array", { target: `/callback?code=abc&state[]=${state}` }, [400, "StateMissing"]]
  ])("answers %s", (_name, request, expected) => {
    assert.deepStrictEqual(outcome(CallbackRoute.decide(config(), head(request))), expected)
  })

  it.each<[string, Request, string | undefined, Expected]>([
    ["a GET", {}, undefined, "Matched"],
    ["a form not yet read", { method: "POST", headers: form }, undefined, "ReadBody"],
    ["a form with our state", { method: "POST", headers: form }, query, "Matched"],
    [
      "a form with a charset",
      {
        method: "POST",
        headers: { "content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8" }
      },
      query,
      "Matched"
    ],
    [
      "a form from another site",
      {
        method: "POST",
        headers: { ...form, "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }
      },
      query,
      "Matched"
    ],
    [
      "a form sent in the background",
      { method: "POST", headers: { ...form, "sec-fetch-mode": "cors" } },
      query,
      background
    ],
    ["an empty form", { method: "POST", headers: form, target: "/callback" }, "", [400, "StateMissing"]],
    ["an empty form with our state in the query", { method: "POST", headers: form }, "", [400, "StateMissing"]],
    ["a form with another state", { method: "POST", headers: form }, "code=abc&state=other", [400, "StateMismatch"]],
    ["a form with our state twice", { method: "POST", headers: form }, `${query}&${query}`, [400, "StateRepeated"]],
    ["a form elsewhere", { method: "POST", headers: form, target: "/x" }, query, notFound],
    ["a form for another host", { method: "POST", headers: form, hosts: ["evil.example"] }, query, misdirected],
    ["no content type", { method: "POST" }, undefined, [415, "WrongContentType"]],
    ["an upload", { method: "POST", headers: { "content-type": "multipart/form-data" } }, query, [
      415,
      "WrongContentType"
    ]],
    ["plain text", { method: "POST", headers: { "content-type": "text/plain" } }, query, [415, "WrongContentType"]],
    ["JSON", { method: "POST", headers: { "content-type": "application/json" } }, "{}", [415, "WrongContentType"]],
    ["a type that begins right", { method: "POST", headers: { "content-type": `${form["content-type"]}x` } }, query, [
      415,
      "WrongContentType"
    ]],
    ["a form of 64 KiB", { method: "POST", headers: { ...form, "content-length": "65536" } }, undefined, "ReadBody"],
    ["a form of a byte more", { method: "POST", headers: { ...form, "content-length": "65537" } }, undefined, [
      413,
      "BodyTooLarge"
    ]],
    ["a form of a gigabyte", { method: "POST", headers: { ...form, "content-length": "1e9" } }, undefined, [
      413,
      "BodyTooLarge"
    ]],
    [
      "a length that is none",
      { method: "POST", headers: { ...form, "content-length": "many" } },
      undefined,
      "ReadBody"
    ],
    ["a HEAD", { method: "HEAD" }, undefined, [405, "WrongMethod", "GET, POST"]],
    ["a preflight", { method: "OPTIONS" }, undefined, [405, "WrongMethod", "GET, POST"]],
    ["a preflight of a page", { method: "OPTIONS", headers: preflight }, undefined, [
      405,
      "NotANavigation",
      "GET, POST"
    ]]
  ])("answers, where forms are expected, %s", (_name, request, body, expected) => {
    assert.deepStrictEqual(outcome(CallbackRoute.decide(config({ formPost: true }), head(request), body)), expected)
  })

  it.each<[string, Parameters<typeof config>[0], Request, Expected]>([
    ["port 80 left out", { port: 80 }, { hosts: ["127.0.0.1"] }, "Matched"],
    ["port 80 written", { port: 80 }, { hosts: ["localhost:80"] }, "Matched"],
    ["port 80 left out of IPv6", { port: 80 }, { hosts: ["[::1]"] }, "Matched"],
    [
      "port 80 left out of an absolute target",
      { port: 80 },
      { target: `http://localhost/callback?${query}` },
      "Matched"
    ],
    ["another name on port 80", { port: 80 }, { hosts: ["evil.example"] }, misdirected],
    ["a proxy", { redirectUri: "https://proxy.example/callback" }, { hosts: ["proxy.example"] }, "Matched"],
    ["a proxy that writes its port", { redirectUri: "https://proxy.example/callback" }, {
      hosts: ["Proxy.Example:443"]
    }, "Matched"],
    ["a proxy on another port", { redirectUri: "https://proxy.example/callback" }, {
      hosts: ["proxy.example:80"]
    }, misdirected],
    ["a proxy with an international name", { redirectUri: "https://bücher.example/callback" }, {
      hosts: ["xn--bcher-kva.example"]
    }, "Matched"],
    ["a proxy with an international name in its own letters", { redirectUri: "https://bücher.example/callback" }, {
      hosts: ["bücher.example"]
    }, misdirected],
    ["the path of a proxy", { redirectUri: "https://proxy.example/oauth/cb", paths: ["/callback", "/oauth/cb"] }, {
      hosts: ["proxy.example"],
      target: `/oauth/cb?${query}`
    }, "Matched"],
    ["the root, where it is the path", { paths: ["/"] }, { target: `/?${query}` }, "Matched"]
  ])("knows %s", (_name, options, request, expected) => {
    assert.deepStrictEqual(outcome(CallbackRoute.decide(config(options), head(request))), expected)
  })

  const navigation = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }

  describe.each<[string, string]>([
    ["by its path", `/done/${done}`],
    ["by the query of the callback", `/callback?done=${done}`]
  ])("the last page, %s", (_name, target) => {
    it.each<[string, Request, Expected]>([
      ["a GET", {}, "Done"],
      ["a navigation", { headers: navigation }, "Done"],
      ["a navigation from another site", { headers: { ...navigation, "sec-fetch-site": "cross-site" } }, "Done"],
      ["an absolute target", { target: `http://localhost:4321${target}` }, "Done"],
      ["a fragment", { target: `${target}#top` }, "Done"],
      ["localhost", { hosts: ["localhost:4321"] }, "Done"],
      ["IPv6", { hosts: ["[::1]:4321"] }, "Done"],

      ["a HEAD", { method: "HEAD" }, [405, "WrongMethod", "GET"]],
      ["a POST", { method: "POST" }, [405, "WrongMethod", "GET"]],
      ["a form", { method: "POST", headers: form }, [405, "WrongMethod", "GET"]],
      ["a preflight", { method: "OPTIONS" }, [405, "WrongMethod", "GET"]],
      ["a preflight of a page", { method: "OPTIONS", headers: preflight }, [405, "NotANavigation", "GET"]],
      ["a DELETE", { method: "DELETE" }, [405, "WrongMethod", "GET"]],

      ["another host", { hosts: ["evil.example:4321"] }, misdirected],
      ["another port", { hosts: ["127.0.0.1:4322"] }, "Done"],
      ["an absolute target elsewhere", { target: `http://evil.example${target}` }, misdirected],
      ["no host", { hosts: [] }, malformed],
      ["two hosts", { hosts: ["127.0.0.1:4321", "127.0.0.1:4321"] }, malformed],

      ["a prefetch", { headers: { ...navigation, "sec-purpose": "prefetch" } }, prefetched],
      ["a prerender", { headers: { ...navigation, "sec-purpose": "prefetch;prerender" } }, prefetched],
      ["Safari's preview", { headers: { "x-purpose": "preview" } }, prefetched],
      ["an image", { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" } }, background],
      ["a script", { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" } }, background],
      ["a fetch", { headers: { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" } }, background],
      ["a fetch without cors", { headers: { "sec-fetch-mode": "no-cors" } }, background],
      ["a frame", { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" } }, background],
      ["a WebSocket", { headers: { "sec-websocket-key": "eA==", upgrade: "websocket" } }, background]
    ])("answers %s, whether forms are expected or not", (_name, request, expected) => {
      for (const formPost of [false, true]) {
        const decision = CallbackRoute.decide(config({ formPost }), head({ target, ...request }))
        assert.deepStrictEqual(outcome(decision), expected)
      }
    })

    it("never ends the flow, whatever is posted to it", () => {
      const request = head({ target, method: "POST", headers: form })
      const decision = CallbackRoute.decide(config({ formPost: true }), request, query)
      assert.deepStrictEqual(outcome(decision), [405, "WrongMethod", "GET"])
    })
  })

  it.each<[string, string, Expected]>([
    ["with a query, which says nothing", `/done/${done}?x=1`, "Done"],
    ["with our state, which ends nothing there", `/done/${done}?${query}`, "Done"],
    ["of another nonce", "/done/AAAAAAAAAAAAAAAAAAAAAA", notFound],
    ["of the nonce in other letters", `/done/${done.toLowerCase()}`, notFound],
    ["of less than the nonce", `/done/${done.slice(1)}`, notFound],
    ["of more than the nonce", `/done/${done}x`, notFound],
    ["of our state", `/done/${state}`, notFound],
    ["of no nonce", "/done/", notFound],
    ["of nothing", "/done", notFound],
    ["with a slash more", `/done/${done}/`, notFound],
    ["with a slash before", `//done/${done}`, notFound],
    ["below the callback", `/callback/done/${done}`, notFound],
    ["in capitals", `/DONE/${done}`, notFound],
    ["escaped", `/%64one/${done}`, notFound],
    ["with dots", `/x/../done/${done}`, notFound],
    ["of the nonce in the query", `/done?done=${done}`, notFound],
    ["of the nonce at the root", `/?done=${done}`, notFound],
    ["of another nonce in the query", "/callback?done=AAAAAAAAAAAAAAAAAAAAAA", [400, "StateMissing"]],
    ["of less than the nonce in the query", `/callback?done=${done.slice(1)}`, [400, "StateMissing"]],
    ["of more than the nonce in the query", `/callback?done=${done}x`, [400, "StateMissing"]],
    ["of an empty nonce in the query", "/callback?done=", [400, "StateMissing"]],
    ["of the nonce twice", `/callback?done=${done}&done=${done}`, [400, "StateMissing"]],
    ["of the nonce and more", `/callback?done=${done}&x=1`, [400, "StateMissing"]],
    ["of the nonce after more", `/callback?x=1&done=${done}`, [400, "StateMissing"]],
    ["of the nonce and our state, which counts", `/callback?done=${done}&${query}`, "Matched"],
    ["of the nonce and another state", `/callback?done=${done}&state=other`, [400, "StateMismatch"]],
    ["in the fragment", `/callback#?done=${done}`, [400, "StateMissing"]]
  ])("knows the last page: %s", (_name, target, expected) => {
    assert.deepStrictEqual(outcome(CallbackRoute.decide(config(), head({ target }))), expected)
  })

  it("gives the last page at every path of the callback, and by every host of it", () => {
    const proxied = config({ redirectUri: "https://proxy.example/oauth/cb", paths: ["/callback", "/oauth/cb"] })
    for (const target of [`/oauth/cb?done=${done}`, `/callback?done=${done}`, `/done/${done}`]) {
      assert.deepStrictEqual(outcome(CallbackRoute.decide(proxied, head({ target, hosts: ["proxy.example"] }))), "Done")
    }
  })

  it("tells who was refused why: a person by a page, and a page in the background by a text that it cannot read", () => {
    const refused = (request: Request) => {
      const decision = CallbackRoute.decide(config(), head(request))
      return decision._tag === "Refused" ? decision : assert.fail(decision._tag)
    }
    const { answer, page } = refused({ target: "/callback?state=other" })
    assert.strictEqual(page, "StateMismatch")
    assert.deepStrictEqual(answer, CallbackRoute.refusal("StateMismatch"))
    const toPreflight = refused({ method: "OPTIONS", headers: preflight })
    assert.isUndefined(toPreflight.page)
    assert.strictEqual(toPreflight.answer.body, CallbackRoute.refusal("NotANavigation").body)
  })

  it("hands on the parameters that passed, and no others", () => {
    const decision = CallbackRoute.decide(config(), head({}))
    if (decision._tag !== "Matched") return assert.fail(decision._tag)
    const checked = Either.getOrThrow(AuthorizationResponse.check(decision.response, {}))
    assert.strictEqual(Redacted.value(checked.code), "abc")
  })

  it("hands on the form's parameters, not those of the query", () => {
    const request = head({ method: "POST", headers: form, target: `/callback?code=query&state=${state}` })
    const decision = CallbackRoute.decide(config({ formPost: true }), request, `code=form&state=${state}`)
    if (decision._tag !== "Matched") return assert.fail(decision._tag)
    const checked = Either.getOrThrow(AuthorizationResponse.check(decision.response, {}))
    assert.strictEqual(Redacted.value(checked.code), "form")
  })

  it("may be a form by its method, type and length, before its flow is known", () => {
    const mayBe = (method: string, headers: Readonly<Record<string, string>>) =>
      CallbackRoute.mayBeForm(head({ method, headers }))
    assert.isTrue(mayBe("POST", form))
    assert.isTrue(mayBe("POST", { ...form, "content-length": "65536" }))
    assert.isFalse(mayBe("POST", { ...form, "content-length": "65537" }))
    assert.isFalse(mayBe("GET", form))
    assert.isFalse(mayBe("POST", {}))
  })

  it("is asked for its path, also where its target cannot be read", () => {
    assert.strictEqual(CallbackRoute.pathOf(head({ target: "/a?b#c" })), "/a")
    assert.isUndefined(CallbackRoute.pathOf(head({ target: "*" })))
  })

  it("asks for at most 64 KiB of a form", () => {
    assert.deepStrictEqual(CallbackRoute.decide(config({ formPost: true }), head({ method: "POST", headers: form })), {
      _tag: "ReadBody",
      limit: 65536
    })
  })
})

interface Parts {
  readonly formPost: boolean
  readonly method: string
  /** `undefined`: the target is a path, as browsers send it. */
  readonly authority: string | undefined
  readonly scheme: string
  readonly hosts: ReadonlyArray<string>
  readonly path: string
  readonly fragment: string
  readonly prefetch: readonly [name: string, value: string] | undefined
  readonly mode: string | undefined
  readonly destination: string | undefined
  readonly type: string | undefined
  readonly length: number | undefined
  readonly inQuery: ReadonlyArray<readonly [name: string, value: string]>
  /** `undefined`: not read yet. */
  readonly inForm: ReadonlyArray<readonly [name: string, value: string]> | undefined
}

/** What each part is in a right request, and in a wrong one: known here, without reading the request. */
const choices: {
  readonly [Name in keyof Parts]: {
    readonly right: ReadonlyArray<Parts[Name]>
    readonly wrong: ReadonlyArray<Parts[Name]>
  }
} = {
  formPost: { right: [true, false], wrong: [] },
  method: { right: ["GET", "POST"], wrong: ["HEAD", "OPTIONS", "PUT", "get", "Post", ""] },
  authority: {
    right: [undefined, undefined, undefined, "127.0.0.1:4321", "LOCALHOST:4321"],
    wrong: ["evil.example", "me@127.0.0.1:4321", "127.0.0.2", "127.0.0.1:432100"]
  },
  scheme: { right: ["http", "https", "HTTP"], wrong: [] },
  hosts: {
    right: [["127.0.0.1:4321"], ["localhost:4321"], ["[::1]:80"], ["LOCALHOST"]],
    wrong: [["evil.example"], ["evil.example:4321"], ["127.0.0.2"], [""], [], ["127.0.0.1:4321", "127.0.0.1:4321"]]
  },
  path: {
    right: ["/callback", "/callback", `/done/${done}`],
    wrong: [
      `/done/${done}/`,
      "/done/x",
      "/done/",
      "/",
      "/callback/",
      "/Callback",
      "//evil/callback",
      "/%63allback",
      "/x",
      "/x/../callback",
      "/callback;x"
    ]
  },
  fragment: { right: ["", "", "#", `#?state=${state}`], wrong: [] },
  prefetch: {
    right: [undefined],
    wrong: [["sec-purpose", "prefetch;prerender"], ["purpose", "Prefetch"], ["x-purpose", "preview"], [
      "x-moz",
      "prefetch"
    ]]
  },
  mode: {
    right: [undefined, "navigate", "Navigate"],
    wrong: ["cors", "no-cors", "", "navigate, navigate", "xnavigate"]
  },
  destination: {
    right: [undefined, "document", "Document"],
    wrong: ["iframe", "image", "empty", "", "document, document", "xdocument"]
  },
  type: {
    right: [form["content-type"], `${form["content-type"]};charset=utf-8`],
    wrong: [undefined, "multipart/form-data", "text/plain", "", `${form["content-type"]}x`]
  },
  length: { right: [undefined, 0, 65536], wrong: [65537, 1e12] },
  inQuery: {
    right: [[["state", state]], [["code", "abc"], ["state", state]], [["done", done]]],
    wrong: [
      [["done", "x"]],
      [["done", done], ["x", "1"]],
      [],
      [["code", "abc"]],
      [["state", "other"]],
      [["state", ""]],
      [["state", state], ["state", "other"]]
    ]
  },
  inForm: {
    right: [[["state", state]], [["error", "x"], ["state", state]]],
    wrong: [undefined, [], [["state", "other"]], [["state", state], ["state", state]]]
  }
}

const chosen = (weight: number): FastCheck.Arbitrary<Parts> => {
  const part = <A>({ right, wrong }: { readonly right: ReadonlyArray<A>; readonly wrong: ReadonlyArray<A> }) =>
    FastCheck.oneof(
      { weight: 8, arbitrary: FastCheck.constantFrom(...right) },
      { weight: wrong.length === 0 ? 0 : weight, arbitrary: FastCheck.constantFrom(...wrong, ...right) }
    )
  return FastCheck.record({
    formPost: part(choices.formPost),
    method: part(choices.method),
    authority: part(choices.authority),
    scheme: part(choices.scheme),
    hosts: part(choices.hosts),
    path: part(choices.path),
    fragment: part(choices.fragment),
    prefetch: part(choices.prefetch),
    mode: part(choices.mode),
    destination: part(choices.destination),
    type: part(choices.type),
    length: part(choices.length),
    inQuery: part(choices.inQuery),
    inForm: part(choices.inForm)
  })
}

/** One part of a request, wrong. */
const faults: ReadonlyArray<Partial<Parts>> = Object.entries(choices).flatMap(([name, { wrong }]) =>
  wrong.map((value: unknown) => ({ [name]: value }))
)

/** A request with any faults, or with one alone: what is wrong in two ways says little about either check. */
const parts: FastCheck.Arbitrary<Parts> = FastCheck.oneof(
  chosen(1),
  FastCheck.tuple(chosen(0), FastCheck.constantFrom(...faults)).map(([right, fault]) => ({ ...right, ...fault }))
)

const urlencoded = (pairs: ReadonlyArray<ReadonlyArray<string>>) =>
  pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&")

const compose = (parts: Parts) => ({
  head: head({
    method: parts.method,
    target: (parts.authority === undefined ? "" : `${parts.scheme}://${parts.authority}`) +
      `${parts.path}?${urlencoded(parts.inQuery)}${parts.fragment}`,
    hosts: parts.hosts,
    headers: Object.fromEntries([
      ...parts.prefetch === undefined ? [] : [parts.prefetch],
      ...parts.mode === undefined ? [] : [["sec-fetch-mode", parts.mode]],
      ...parts.destination === undefined ? [] : [["sec-fetch-dest", parts.destination]],
      ...parts.type === undefined ? [] : [["content-type", parts.type]],
      ...parts.length === undefined ? [] : [["content-length", String(parts.length)]]
    ])
  }),
  body: parts.inForm === undefined ? undefined : urlencoded(parts.inForm)
})

/** What the contract says of such a request, check by check. */
const oracle = (parts: Parts): Expected => {
  const loopback = ["127.0.0.1:4321", "localhost:4321", "[::1]:80", "localhost"]
  const hosts = parts.authority === undefined ? parts.hosts : [parts.authority]
  if (hosts.length !== 1) return malformed
  if (!loopback.includes(String(hosts[0]).toLowerCase())) return misdirected
  const isDone = parts.path === `/done/${done}` ||
    (parts.path === "/callback" && urlencoded(parts.inQuery) === `done=${done}`)
  if (parts.path !== "/callback" && !isDone) return notFound
  const allowed = parts.formPost && !isDone ? ["GET", "POST"] : ["GET"]
  const isNavigation = (parts.mode ?? "navigate").toLowerCase() === "navigate" &&
    (parts.destination ?? "document").toLowerCase() === "document"
  if (!allowed.includes(parts.method)) {
    const types = [form["content-type"], "multipart/form-data", "text/plain"]
    const isForm = parts.method === "POST" && !isDone && types.includes(parts.type?.split(";")[0] ?? "")
    return [405, isForm && isNavigation ? "UninvitedForm" : "WrongMethod", allowed.join(", ")]
  }
  if (parts.prefetch !== undefined) return prefetched
  if (parts.mode !== undefined && parts.mode.toLowerCase() !== "navigate") return background
  if (parts.destination !== undefined && parts.destination.toLowerCase() !== "document") return background
  if (isDone) return "Done"
  if (parts.method === "POST") {
    if (parts.type?.split(";")[0] !== form["content-type"]) return [415, "WrongContentType"]
    if (parts.length !== undefined && parts.length > 65536) return [413, "BodyTooLarge"]
    if (parts.inForm === undefined) return "ReadBody"
  }
  const pairs = parts.method === "POST" ? parts.inForm ?? [] : parts.inQuery
  const states = pairs.filter(([name]) => name === "state").map(([, value]) => value)
  if (states.length > 1) return [400, "StateRepeated"]
  const first = (name: string) => pairs.find((pair) => pair[0] === name)?.[1] ?? ""
  if (states.length === 0 || states[0] === "") {
    return [400, first("error") !== "" && first("code") === "" ? "DenialWithoutState" : "StateMissing"]
  }
  return states[0] === state ? "Matched" : [400, "StateMismatch"]
}

/** One percent-decoded name or value, read by hand. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return text
  }
}

const statesOf = (text: string): ReadonlyArray<string> =>
  text.split("&").map((pair) => pair.split("=")).filter(([name]) => decoded(name ?? "") === "state").map((
    [, ...value]
  ) => decoded(value.join("=")))

/** Whether method, host, path, metadata and state are all right: only then may a request end a flow, or see its end. */
const isRight = (
  tag: "Matched" | "Done",
  head: RequestHead,
  body: string | undefined,
  formPost: boolean
): boolean => {
  const absolute = /^https?:\/\/([^/?]*)([/?].*)$/is.exec(head.target)
  const [host, target] = absolute === null
    ? [head.hosts.join(","), head.target]
    : [absolute[1] ?? "", absolute[2] ?? ""]
  const [path, query = ""] = target.replace(/#[^]*$/, "").split(/\?([^]*)/)
  const is = (name: string, word: string) => [undefined, word].includes(head.header(name)?.trim().toLowerCase())
  const ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"].some((name) =>
    (head.header(name) ?? "").toLowerCase().split(/\W/).some((word) =>
      ["prefetch", "prerender", "preview"].includes(word)
    )
  )
  const [, port] = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host.trim()) ?? ["", "-1"]
  const navigates = Number(port ?? 80) > 0 && Number(port ?? 80) < 65536 &&
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") && !ahead
  if (tag === "Done") {
    return navigates && head.method === "GET" &&
      (path === `/done/${done}` || (path === "/callback" && query === `done=${done}`))
  }
  const posted = head.method === "POST"
  return navigates && path === "/callback" &&
    (posted ? formPost && body !== undefined : head.method === "GET") &&
    (!posted || /^application\/x-www-form-urlencoded\s*(;|$)/i.test((head.header("content-type") ?? "").trim())) &&
    statesOf(posted ? body ?? "" : query).join() === state
}

describe("decide, for any head and any body", () => {
  it.prop("checks target, host, path, method, metadata, form and state, in this order", [parts], ([parts]) => {
    const { body, head } = compose(parts)
    assert.deepStrictEqual(outcome(CallbackRoute.decide(config(parts), head, body)), oracle(parts))
  }, { fastCheck: { numRuns: 1000 } })

  const headerNames = [
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-purpose",
    "purpose",
    "x-purpose",
    "x-moz",
    "content-type"
  ]

  /** A head that is nearly right, with some text put into some place of some part. */
  const spoilt = FastCheck.tuple(
    parts,
    FastCheck.array(
      FastCheck.tuple(
        FastCheck.constantFrom(
          "method",
          "target",
          "host",
          "sec-fetch-mode",
          "sec-fetch-dest",
          "sec-purpose",
          "content-type",
          "body"
        ),
        FastCheck.nat({ max: 120 }),
        FastCheck.oneof(
          FastCheck.constantFrom(
            "/",
            "?",
            "#",
            "&",
            "=",
            "%",
            "@",
            ":",
            "\\",
            " ",
            "\t",
            "\r\n",
            "\u0000",
            "state",
            "done=",
            "/done/",
            "."
          ),
          FastCheck.string({ unit: "binary", maxLength: 4 })
        ),
        FastCheck.nat({ max: 3 })
      ),
      { maxLength: 3 }
    )
  ).map(([parts, changes]) => {
    const { body, head } = compose(parts)
    const texts: Record<string, string | undefined> = {
      body,
      method: head.method,
      target: head.target,
      host: head.hosts[0]
    }
    for (const name of headerNames) {
      texts[name] = head.header(name)
    }
    for (const [part, place, text, drop] of changes) {
      const old = texts[part]
      if (old !== undefined) texts[part] = old.slice(0, place) + text + old.slice(place + drop)
    }
    const { host, method = "", target = "" } = texts
    const request: RequestHead = {
      method,
      target,
      hosts: host === undefined ? [] : [host, ...head.hosts.slice(1)],
      header: (name) => texts[name] ?? head.header(name)
    }
    return { head: request, body: texts["body"], formPost: parts.formPost }
  })

  it.prop("lets through only what is right in method, host, path, metadata and state", [spoilt], ([request]) => {
    const { body, formPost, head } = request
    const decision = CallbackRoute.decide(config({ formPost }), head, body)
    if (decision._tag === "Matched" || decision._tag === "Done") {
      assert.isTrue(isRight(decision._tag, head, body, formPost))
    }
  }, { fastCheck: { numRuns: 1000 } })

  const anything = FastCheck.oneof(
    FastCheck.string({ unit: "binary" }),
    FastCheck.array(FastCheck.constantFrom("%", "%ff", "/", "?", "#", "@", ":", "[", "\\", "//", "..", "\u0000")).map((
      pieces
    ) => pieces.join(""))
  )

  it.prop("never throws, and each refusal has a complete answer", [
    FastCheck.record({
      method: anything,
      target: FastCheck.oneof(
        anything,
        anything.map((text) => `/${text}`),
        anything.map((text) => `/callback?${text}`),
        anything.map((text) => `/done/${text}`),
        anything.map((text) => `http://${text}`)
      ),
      hosts: FastCheck.oneof(FastCheck.constant(["127.0.0.1:4321"]), FastCheck.array(anything, { maxLength: 2 })),
      headers: FastCheck.dictionary(
        FastCheck.constantFrom("sec-fetch-mode", "sec-fetch-dest", "sec-purpose", "content-type", "content-length"),
        anything
      )
    }),
    FastCheck.option(anything, { nil: undefined }),
    FastCheck.boolean()
  ], ([request, body, formPost]) => {
    const decision = CallbackRoute.decide(config({ formPost }), head(request), body)
    if (decision._tag === "Refused") {
      const { answer, reason } = decision
      assert.include([400, 403, 404, 405, 413, 415, 421], answer.status)
      assert.strictEqual(answer.headers["allow"] === undefined, answer.status !== 405, reason)
      assert.strictEqual(answer.headers["cache-control"], "no-store")
      assert.isAtMost(answer.body.length, 4096)
    }
    CallbackRoute.claimedState(head(request), body)
    CallbackRoute.claimedDone(head(request))
  }, { fastCheck: { numRuns: 300 } })

  it.prop("repeats nothing of what was sent", [spoilt], ([{ body, formPost, head }]) => {
    const marked: RequestHead = { ...head, target: `${head.target}&marker-7f3a` }
    const decision = CallbackRoute.decide(
      config({ formPost }),
      marked,
      body === undefined ? body : `${body}marker-7f3a`
    )
    if (decision._tag === "Refused") {
      const said = JSON.stringify(decision)
      for (const text of ["marker-7f3a", state, done]) assert.notInclude(said, text)
    }
  })

  it("reads a megabyte of target in no time", () => {
    for (const piece of ["/", "?", "#", "%", "&", "a=b&", "http://", "state=x&", "+"]) {
      for (const start of ["/callback?", "http://127.0.0.1:4321", "http://", ""]) {
        const started = performance.now()
        CallbackRoute.decide(config(), head({ target: start + piece.repeat((1 << 20) / piece.length) }))
        assert.isBelow(performance.now() - started, 2000)
      }
    }
  })
})

const statuses: ReadonlyArray<readonly [HttpRefusalReason, number]> = [
  ["Malformed", 400],
  ["HttpsRequest", 400],
  ["HeadersTooLarge", 431],
  ["BodyTooLarge", 413],
  ["WrongHost", 421],
  ["WrongPath", 404],
  ["WrongMethod", 405],
  ["UninvitedForm", 405],
  ["WrongContentType", 415],
  ["NotANavigation", 403],
  ["Prefetch", 403],
  ["StateMissing", 400],
  ["DenialWithoutState", 400],
  ["StateRepeated", 400],
  ["StateMismatch", 400]
]

describe("refusal", () => {
  it.each(statuses)("answers %s with %d, a sentence, and Allow only where a method was wrong", (reason, status) => {
    for (const allow of [undefined, "GET, POST"]) {
      const answer = CallbackRoute.refusal(reason, allow)
      assert.strictEqual(answer.status, status)
      assert.strictEqual(answer.headers["allow"], status === 405 ? allow ?? "GET" : undefined)
      assert.match(answer.body, /^[A-Z][^<>]+\.\n$/)
      assert.match(answer.headers["content-type"] ?? "", /^text\/plain;/)
    }
  })
})

describe("redirectToDone", () => {
  const nonce = FastCheck.array(
    FastCheck.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    { minLength: 22, maxLength: 22 }
  ).map((letters) => letters.join(""))

  it("sends the browser to the root's last page, or to the callback's", () => {
    for (const [beside, location] of [[false, `/done/${done}`], [true, `?done=${done}`]] as const) {
      const answer = CallbackRoute.redirectToDone(done, beside)
      assert.strictEqual(answer.status, 303)
      assert.deepStrictEqual(answer.headers, { ...text(303, "").headers, location })
      assert.notMatch(answer.body, /[<>&]/)
    }
  })

  it.prop("leads a browser to the last page, at whatever path of the callback it is", [
    nonce,
    FastCheck.boolean(),
    FastCheck.constantFrom("/callback", "/", "/oauth/cb/", "/a/b%20c"),
    FastCheck.constantFrom(`?${query}`, "", `?tenant=1&${query}`)
  ], ([nonce, beside, path, search]) => {
    const here = `http://127.0.0.1:4321${path}${search}`
    const there = new URL(CallbackRoute.redirectToDone(nonce, beside).headers["location"] ?? "", here)
    assert.strictEqual(there.host, "127.0.0.1:4321")
    const request = head({ target: `${there.pathname}${there.search}` })
    const settings = { ...config({ paths: [path] }), done: nonce }
    assert.strictEqual(CallbackRoute.decide(settings, request)._tag, "Done")
    assert.strictEqual(CallbackRoute.claimedDone(request), nonce)
    for (const secret of ["abc", state, "code", "state"]) {
      if (!nonce.includes(secret)) assert.notInclude(there.href, secret)
    }
  })
})

describe("claimedState", () => {
  it.each<[string, string, string | undefined, string | undefined]>([
    ["of the query", `/callback?${query}`, undefined, state],
    ["of the form, where there is one", `/callback?${query}`, "state=other", "other"],
    ["of an absolute target", `http://127.0.0.1:4321/callback?${query}`, undefined, state],
    ["of an absolute target's query alone", `http://127.0.0.1:4321?${query}`, undefined, state],
    ["of none", "/callback", undefined, undefined],
    ["of none, in the path", `/callback&state=${state}`, undefined, undefined],
    ["of what is no target", "*", undefined, undefined]
  ])("is the first %s", (_name, target, body, expected) => {
    assert.strictEqual(CallbackRoute.claimedState(head({ target }), body), expected)
  })
})

describe("claimedDone", () => {
  it.each<[string, string, string | undefined]>([
    ["the path", `/done/${done}`, done],
    ["the path, with a query", `/done/${done}?x=1`, done],
    ["the query", `/callback?done=${done}`, done],
    ["the query, at any path", `/oauth/cb?done=${done}`, done],
    ["the query of the root", `/?done=${done}`, done],
    ["the path rather than the query", `/done/${done}?done=other`, done],
    ["an absolute target's path", `http://127.0.0.1:4321/done/${done}`, done],
    ["an absolute target's query", `http://127.0.0.1:4321?done=${done}`, done],
    ["before a fragment", `/done/${done}#?done=other`, done],
    ["a stranger's, which proves nothing", "/done/abc", "abc"],
    ["none, beside a code", `/callback?done=${done}&${query}`, undefined],
    ["none, after a code", `/callback?${query}&done=${done}`, undefined],
    ["none, in a path below", `/callback/done/${done}`, undefined],
    ["none, where it is empty", "/done/", undefined],
    ["none, where it is empty in the query", "/callback?done=", undefined],
    ["none, where it is no nonce", "/done/a%20b", undefined],
    ["none, where it is markup", "/callback?done=<b>", undefined],
    ["none, where it is a path", "/done/a/b", undefined],
    ["none, with a line behind", "/done/abc\n", undefined],
    ["none, of the callback", `/callback?${query}`, undefined],
    ["none, of what is no target", "*", undefined]
  ])("is read from the address alone: %s", (_name, target, expected) => {
    assert.strictEqual(CallbackRoute.claimedDone(head({ target })), expected)
  })
})
