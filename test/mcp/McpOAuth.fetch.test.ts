/** What `oauth.fetch` does with a request: the token goes to its server and nowhere else, and the rest is untouched. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { FetchLike } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"

const { accessTokenOf, call, open, word } = McpHarness

/** The base `fetch` of an `McpOAuth`, and what it was called with. */
const spy = () => {
  const calls: Array<{ readonly url: string; readonly init: RequestInit }> = []
  const recorded: FetchLike = (url, init = {}) => {
    calls.push({ url: String(url), init })
    return fetch(url, init)
  }
  return { calls, fetch: recorded }
}

const request = (oauth: { readonly fetch: FetchLike }, url: string | URL, init?: RequestInit) =>
  Effect.tryPromise({ try: () => oauth.fetch(url, init), catch: (error) => error as Error })

const text = (response: Response): Effect.Effect<string> => Effect.promise(() => response.text())

const bodies: ReadonlyArray<readonly [what: string, body: () => RequestInit]> = [
  ["a string", () => ({ body: "grüße" })],
  ["bytes", () => ({ body: new TextEncoder().encode("grüße") })],
  ["a form", () => ({ body: new URLSearchParams({ name: "grüße" }) })],
  ["a blob", () => ({ body: new Blob(["grüße"]) })],
  [
    "a stream",
    () => ({ body: new Blob(["grü", "ße"]).stream(), duplex: "half" }) as RequestInit
  ]
]

describe("McpOAuth.fetch", () => {
  it.scopedLive("signs in where the server asks for it, and repeats the request with the token", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, stored, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      assert.strictEqual(windows(), 0)
      assert.strictEqual(yield* call(oauth, server.url, { method: "POST", body: "{}" }), 200)
      assert.strictEqual(yield* call(oauth, new URL(server.url)), 200)
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.windows(), 1)
      assert.deepStrictEqual(
        server.requests.filter(({ endpoint }) => endpoint === "resource").map((one) => one.status),
        [
          401,
          200,
          200
        ]
      )
      assert.strictEqual(ProtectedServer.bearerOf(server.requests.at(-1) ?? { headers: {} }), accessTokenOf(stored()))
    }))

  it.scopedLive("uses what an earlier run stored, without a window", () =>
    Effect.gen(function* () {
      const { open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const before = server.count("resource")
      const { oauth } = yield* open()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(server.count("resource"), before + 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("leaves requests to other origins as they are, also when they are refused", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      const other = yield* ProtectedServer.make({ authorizationServer })
      yield* signedIn
      const base = spy()
      const { oauth } = yield* open({ fetch: base.fetch })
      assert.strictEqual(yield* call(oauth, server.url), 200)
      const init: RequestInit = { method: "POST", body: "x", headers: { "x-api-key": "key" } }
      assert.strictEqual(yield* call(oauth, other.url, init), 401)
      // As the caller gave it, and nothing beside it.
      assert.strictEqual(base.calls.at(-1)?.init, init)
      assert.isUndefined(other.requests[0]?.headers.authorization)
      assert.strictEqual(other.requests[0]?.headers["x-api-key"], "key")
      assert.strictEqual(yield* call(oauth, `${authorizationServer.issuer}/token`, init), 401)
      assert.isUndefined(authorizationServer.requests.at(-1)?.headers.authorization)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("takes a host that only begins like its own, and another port, for another origin", () =>
    Effect.gen(function* () {
      const { open, server, signedIn } = yield* McpHarness.world()
      yield* signedIn
      const seen: Array<string | null> = []
      const { oauth } = yield* open({
        fetch: (_url, init) => {
          seen.push(new Headers(init?.headers).get("authorization"))
          return Promise.resolve(new Response("ok"))
        }
      })
      const { port } = new URL(server.url)
      const others = [`http://127.0.0.1:${port}.evil.example/`, `http://127.0.0.1@evil.example:${port}/`]
        .filter((url) => URL.canParse(url))
      for (
        const url of [...others, `https://127.0.0.1:${port}/mcp`, `http://localhost:${port}/mcp`, "http://127.0.0.1/"]
      ) {
        yield* call(oauth, url)
        assert.isNull(seen.at(-1), url)
      }
      yield* call(oauth, server.url)
      assert.match(seen.at(-1) ?? "", /^Bearer access\./)
    }))

  it.scopedLive("follows redirects: the token goes along within the origin, and never out of it", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      const other = yield* ProtectedServer.make({ authorizationServer })
      yield* signedIn
      const { oauth } = yield* open()
      const init: RequestInit = { method: "POST", body: "grüße", headers: { "x-api-key": "key", cookie: "a=b" } }
      assert.strictEqual(yield* call(oauth, `${server.origin}/redirect-same`, init), 200)
      const followed = server.requests.at(-1)
      assert.deepInclude({ ...followed }, { path: "/mcp", method: "POST", text: "grüße", status: 200 })
      for (const status of [301, 302, 303, 307, 308]) {
        server.knobs.redirectTo = `${other.origin}/away?${status}`
        // Refused there: that is an answer of the other server, and no reason to sign in to this one.
        assert.strictEqual(yield* call(oauth, `${server.origin}/redirect-other?status=${status}`, init), 401)
        const away = other.requests.at(-1)
        assert.strictEqual(away?.target, `/away?${status}`)
        assert.isUndefined(away?.headers.authorization)
        assert.isUndefined(away?.headers.cookie)
        assert.strictEqual(away?.method, status < 304 ? "GET" : "POST")
        assert.strictEqual(away?.text, status < 304 ? "" : "grüße")
      }
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.count("token"), 1)
    }))

  it.scopedLive("gives no token to whom another server redirects back", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      const other = yield* ProtectedServer.make({ authorizationServer })
      yield* signedIn
      const { oauth } = yield* open()
      server.knobs.redirectTo = other.url
      other.fail("resource", { redirect: `${server.origin}/echo`, status: 307 })
      // Refused without a token, and that is all: it was not the person who asked for it.
      assert.strictEqual(yield* call(oauth, `${server.origin}/redirect-other`), 401)
      assert.isUndefined(other.requests.at(-1)?.headers.authorization)
      assert.strictEqual(server.requests.at(-1)?.path, "/echo")
      assert.isUndefined(server.requests.at(-1)?.headers.authorization)
      assert.strictEqual(authorizationServer.count("token"), 1)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("leaves redirects to a caller who asked for that, and ends a circle of them", () =>
    Effect.gen(function* () {
      const { open, server, signedIn } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      const manual = yield* request(oauth, `${server.origin}/redirect-same`, { redirect: "manual" })
      assert.strictEqual(manual.status, 307)
      yield* text(manual)
      const error = yield* call(oauth, `${server.origin}/redirect-same`, { redirect: "error" })
      assert.strictEqual(word(error), "TypeError")
      server.knobs.redirectTo = `${server.origin}/redirect-other`
      const before = server.count("resource")
      const circle = yield* call(oauth, `${server.origin}/redirect-other`)
      assert.strictEqual(word(circle), "RedirectError")
      assert.instanceOf(circle, TypeError)
      assert.isAtMost(server.count("resource") - before, 21)
    }))

  it.scopedLive("hands on method, body, signal and headers as they are, and adds only the token", () =>
    Effect.gen(function* () {
      const { open, server, signedIn } = yield* McpHarness.world()
      yield* signedIn
      const base = spy()
      const { oauth } = yield* open({ fetch: base.fetch })
      const { signal } = new AbortController()
      const init: RequestInit = {
        method: "PUT",
        body: "a body",
        signal,
        keepalive: true,
        headers: [["X-Api-Key", "key"], ["accept", "text/event-stream"], ["content-type", "text/plain"]]
      }
      const kept = structuredClone({ ...init, signal: null })
      assert.strictEqual(yield* call(oauth, `${server.origin}/mcp?a=1`, init), 200)
      const sent = base.calls.at(-1)
      assert.strictEqual(sent?.url, `${server.origin}/mcp?a=1`)
      assert.strictEqual(sent?.init.signal, signal)
      assert.deepInclude({ ...sent?.init }, { method: "PUT", body: "a body", keepalive: true })
      assert.deepInclude(server.requests.at(-1)?.headers, {
        "x-api-key": "key",
        accept: "text/event-stream",
        "content-type": "text/plain"
      })
      assert.deepStrictEqual({ ...init, signal: null }, { ...kept, signal: null }, "the caller's own object")
    }))

  it.scopedLive("replaces an authorization header of the caller only where it has a token", () =>
    Effect.gen(function* () {
      const { open, server, stored } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const init = { headers: new Headers({ Authorization: "Bearer of-the-caller" }) }
      assert.strictEqual(yield* call(oauth, server.url, init), 200)
      const sent = server.requests.filter(({ endpoint }) => endpoint === "resource")
      assert.deepStrictEqual(sent.map(({ headers }) => headers.authorization), [
        "Bearer of-the-caller",
        `Bearer ${accessTokenOf(stored())}`
      ])
      assert.strictEqual(init.headers.get("authorization"), "Bearer of-the-caller")
    }))

  it.scopedLive("shows the authorization server neither API keys nor the token of the resource", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, stored } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const init = { headers: { "x-api-key": "k3y-secret", authorization: "Bearer k3y-secret" } }
      assert.strictEqual(yield* call(oauth, server.url, init), 200)
      const first = accessTokenOf(stored()) ?? "none"
      authorizationServer.expireAll()
      assert.strictEqual(yield* call(oauth, server.url, init), 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.isAbove(authorizationServer.requests.length, 3)
      for (const { headers, target, text } of authorizationServer.requests) {
        assert.notInclude(`${JSON.stringify(headers)} ${target} ${text}`, "k3y-secret")
        assert.notInclude(`${JSON.stringify(headers)} ${target} ${text}`, first)
      }
      // What is asked without being told to, the metadata, needs no key either.
      for (const one of server.requests.filter(({ endpoint }) => endpoint !== "resource")) {
        assert.isUndefined(one.headers["x-api-key"])
      }
    }))

  for (const [what, body] of bodies) {
    it.scopedLive(`repeats a request whose body is ${what}, whole`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        const { oauth } = yield* open()
        const init = { method: "POST", ...body() }
        const response = yield* request(oauth, `${server.origin}/echo`, init)
        const expected = what === "a form" ? "name=gr%C3%BC%C3%9Fe" : "grüße"
        assert.strictEqual(yield* text(response), expected)
        authorizationServer.expireAll()
        const again = yield* request(oauth, `${server.origin}/echo`, { method: "POST", ...body() })
        assert.strictEqual(yield* text(again), expected)
        const posts = server.requests.filter(({ path }) => path === "/echo")
        assert.deepStrictEqual(posts.map((one) => [one.status, one.text]), [
          [401, expected],
          [200, expected],
          [401, expected],
          [200, expected]
        ])
        assert.strictEqual(windows(), 1)
      }))
  }

  it.scopedLive("passes a stream without an end through, piece by piece, and its end to the server", () =>
    Effect.gen(function* () {
      const { open, server } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const response = yield* request(oauth, `${server.origin}/stream?pieces=Infinity&every=5`)
      const reader = response.body?.getReader()
      let seen = ""
      while (!seen.includes("data: 3")) {
        const piece = yield* Effect.promise(async () => await reader?.read())
        seen += new TextDecoder().decode(piece?.value)
      }
      yield* Effect.promise(async () => await reader?.cancel())
    }))

  it.scopedLive("rejects with what the network said when the server is gone, and opens no window", () =>
    Effect.gen(function* () {
      const { open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      // Every time: Deno asks once more by itself.
      server.fail("resource", "reset", { times: Number.POSITIVE_INFINITY })
      assert.strictEqual(word(yield* call(oauth, server.url)), "TypeError")
      server.heal()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("returns other refusals as they are", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, signedIn, windows } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      for (const status of [400, 403, 404, 429, 500, 503]) {
        server.fail("resource", { status, body: { error: "no" } })
        const response = yield* request(oauth, server.url)
        assert.strictEqual(response.status, status)
        assert.strictEqual(yield* text(response), '{"error":"no"}')
      }
      assert.strictEqual(windows(), 1)
      assert.strictEqual(authorizationServer.count("token"), 1)
    }))

  it.scopedLive("does not mind that the refusal's connection ended while the person signed in", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const { oauth } = yield* open(world, {
        serverUrl: world.server.url,
        // As a `fetch` with a time-limit of its own does.
        fetch: async (url, init) => {
          const response = await fetch(url, init)
          if (response.status !== 401) return response
          const ended = new ReadableStream({ start: (controller) => controller.error(new Error("the time is over")) })
          return new Response(ended, response)
        }
      })
      assert.strictEqual((yield* request(oauth, world.server.url)).status, 200)
      assert.strictEqual(world.windows(), 1)
    }))

  it.scopedLive("keeps two accounts of one server apart", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const work = yield* open(world, { serverUrl: world.server.url, account: "work" })
      const home = yield* open(world, { serverUrl: world.server.url, account: "home" })
      const who = (oauth: { readonly fetch: FetchLike }) =>
        Effect.flatMap(request(oauth, world.server.url), (response) =>
          Effect.map(text(response), (body) => JSON.parse(body).subject))
      world.authorizationServer.knobs.subject = "anna at work"
      assert.strictEqual(yield* who(work.oauth), "anna at work")
      world.authorizationServer.knobs.subject = "anna at home"
      assert.strictEqual(yield* who(home.oauth), "anna at home")
      assert.strictEqual(yield* who(work.oauth), "anna at work")
      assert.strictEqual(world.windows(), 2)
    }))
})
