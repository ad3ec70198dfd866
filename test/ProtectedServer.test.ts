/** The plain protected resource does what it says: a test of what other tests rely on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fixture from "./fixtures/ProtectedServer.ts"
import { get, signIn } from "./fixtures/scripted/PlainClient.ts"
import * as ScriptedAuthorizationServer from "./fixtures/ScriptedAuthorizationServer.ts"

const promise = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

/** A resource, its authorization server, and a token for it. */
const make = Effect.gen(function* () {
  const authorizationServer = yield* ScriptedAuthorizationServer.make()
  const server = yield* Fixture.make({ authorizationServer })
  const { access } = yield* promise(() => signIn(authorizationServer, { resource: server.url, scope: "mcp" }))
  const call = (url: string, init: RequestInit = {}) =>
    promise(() =>
      fetch(url, { redirect: "manual", ...init, headers: { authorization: `Bearer ${access}`, ...init.headers } })
    )
  return { authorizationServer, server, call }
})

const ping: RequestInit = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" })
}

const text = (response: Response): Effect.Effect<string> => promise(() => response.text())

describe("ProtectedServer", () => {
  it.scopedLive("lets a good token pass, refuses others and writes all down", () =>
    Effect.gen(function* () {
      const { authorizationServer, call, server } = yield* make
      const refused = yield* promise(() => fetch(server.url, ping))
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(refused.headers.get("www-authenticate"), `Bearer resource_metadata="${server.metadataUrl}"`)
      yield* text(refused)
      const pong = yield* call(server.url, ping)
      assert.deepStrictEqual(JSON.parse(yield* text(pong)), { jsonrpc: "2.0", id: 7, result: {} })
      authorizationServer.expireAll()
      const expired = yield* call(server.url)
      assert.include(expired.headers.get("www-authenticate") ?? "", 'error="invalid_token"')
      yield* text(expired)
      assert.deepStrictEqual(server.requests.map(({ method, path, status }) => `${method} ${path} ${status}`), [
        "POST /mcp 401",
        "POST /mcp 200",
        "GET /mcp 401"
      ])
      assert.strictEqual(server.requests[1]?.text, ping.body)
      assert.isUndefined(Fixture.bearerOf(server.requests[0] ?? { headers: {} }))
      assert.match(Fixture.bearerOf(server.requests[1] ?? { headers: {} }) ?? "", /^access\./)
      assert.strictEqual(server.count("resource", 401), 2)
    }))

  it.scopedLive("the challenge can have several schemes, several lines, or none", () =>
    Effect.gen(function* () {
      const { server } = yield* make
      const challenge = () =>
        promise(() => fetch(server.url)).pipe(
          Effect.tap((response) => text(response)),
          Effect.map((response) => response.headers.get("www-authenticate"))
        )
      server.knobs.challenge = ({ metadataUrl }) => [`Basic realm="a, b", Bearer resource_metadata="${metadataUrl}"`]
      assert.strictEqual(yield* challenge(), `Basic realm="a, b", Bearer resource_metadata="${server.metadataUrl}"`)
      server.knobs.challenge = (refused) => ["Basic", ...Fixture.defaultChallenge(refused)]
      assert.strictEqual(yield* challenge(), `Basic, Bearer resource_metadata="${server.metadataUrl}"`)
      server.knobs.challenge = () => []
      assert.isNull(yield* challenge())
    }))

  it.scopedLive("metadata is where and what a test wants", () =>
    Effect.gen(function* () {
      const { authorizationServer, server } = yield* make
      const found = yield* promise(() => get(server.metadataUrl))
      assert.deepInclude(found.body, { resource: server.url, authorization_servers: [authorizationServer.issuer] })
      assert.strictEqual((yield* promise(() => get(server.rootMetadataUrl))).status, 404)
      server.knobs.metadataAt = ["root-metadata"]
      assert.strictEqual((yield* promise(() => get(server.metadataUrl))).status, 404)
      server.knobs.metadata = (document) => ({ ...document, resource: "https://other.example/" })
      const other = yield* promise(() => get(server.rootMetadataUrl))
      assert.strictEqual(other.body.resource, "https://other.example/")
      server.fail("root-metadata", { status: 503 })
      assert.strictEqual((yield* promise(() => get(server.rootMetadataUrl))).status, 503)
      assert.strictEqual((yield* promise(() => get(server.rootMetadataUrl))).status, 200)
    }))

  it.scopedLive("a request can need more scopes, and every request can be refused", () =>
    Effect.gen(function* () {
      const { call, server } = yield* make
      server.knobs.requiredScopes = ({ method }) => method === "POST" ? ["mcp", "write"] : []
      const refused = yield* call(server.url, ping)
      assert.strictEqual(refused.status, 403)
      assert.strictEqual(
        refused.headers.get("www-authenticate"),
        `Bearer error="insufficient_scope", scope="mcp write", resource_metadata="${server.metadataUrl}"`
      )
      yield* text(refused)
      const read = yield* call(server.url)
      assert.strictEqual(read.status, 200)
      yield* text(read)
      server.knobs.refuseAll = true
      const never = yield* call(server.url)
      assert.strictEqual(never.status, 401)
      yield* text(never)
    }))

  it.scopedLive("redirects, echoes, streams and answers late", () =>
    Effect.gen(function* () {
      const { call, server } = yield* make
      const same = yield* call(`${server.origin}/redirect-same`, ping)
      assert.deepStrictEqual([same.status, same.headers.get("location")], [307, server.url])
      yield* text(same)
      server.knobs.redirectTo = "https://other.example/mcp"
      const other = yield* call(`${server.origin}/redirect-other?status=302`)
      assert.deepStrictEqual([other.status, other.headers.get("location")], [302, "https://other.example/mcp"])
      yield* text(other)
      const echoed = yield* call(`${server.origin}/echo`, { method: "POST", body: "grüße" })
      assert.strictEqual(yield* text(echoed), "grüße")
      const streamed = yield* call(`${server.origin}/stream?pieces=2&every=50`)
      assert.strictEqual(yield* text(streamed), "data: 1\n\ndata: 2\n\n")
      server.knobs.latency = ({ path }) => path === "/mcp" ? 100 : 0
      const started = Date.now()
      yield* text(yield* call(server.url))
      assert.isAtLeast(Date.now() - started, 95)
      server.knobs.answer = (_request, { subject }) => ({ status: 418, body: { subject } })
      const answered = yield* call(server.url)
      assert.deepStrictEqual([answered.status, yield* text(answered)], [418, '{"subject":"person"}'])
    }))

  it.scopedLive("a stream without an end ends with the client, and a reset is a failure", () =>
    Effect.gen(function* () {
      const { call, server } = yield* make
      const aborter = new AbortController()
      const streamed = yield* call(`${server.origin}/stream?pieces=Infinity&every=5`, { signal: aborter.signal })
      const reader = streamed.body?.getReader()
      const first = yield* promise(async () => await reader?.read())
      assert.include(new TextDecoder().decode(first?.value), "data: 1\n\n")
      aborter.abort()
      server.fail("resource", "reset")
      const failed = yield* promise(() => fetch(server.url).then(() => false, () => true))
      assert.isTrue(failed)
    }))
})
