/** Clients of `@effect/platform` over the `fetch` of a sign-in. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { InteractionRequired, McpOAuth } from "../../src/mcp.ts"
import { layerFetch, layerHttpClient, makeHttpClient } from "../../src/platform.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const post = (url: string) => HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ jsonrpc: "2.0" }))

describe("a client over a sign-in", () => {
  it.scopedLive("signs in when that is needed, and sends the token with each request", () =>
    Effect.gen(function* () {
      const { layer, server, windows } = yield* McpHarness.world()
      const oauth = McpOAuth.layer({ serverUrl: server.url }).pipe(Layer.provide(layer))
      const asked = Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const first = yield* client.execute(post(`${server.url}/echo`))
        yield* first.text
        return [first.status, (yield* client.get(server.url)).status]
      })
      assert.deepStrictEqual(yield* Effect.provide(asked, Layer.provide(layerHttpClient, oauth)), [200, 200])
      assert.strictEqual(windows(), 1)
      const byFetch = FetchHttpClient.layer.pipe(Layer.provide(layerFetch), Layer.provide(oauth))
      assert.deepStrictEqual(yield* Effect.provide(asked, byFetch), [200, 200])
      assert.strictEqual(windows(), 1)
    }))

  it.scopedLive("is that of its own sign-in, whatever else there is, and says why it cannot", () =>
    Effect.gen(function* () {
      const { open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open({ interactive: false })
      const client = yield* makeHttpClient(oauth)
      const error = yield* client.get(server.url).pipe(
        Effect.provideService(FetchHttpClient.Fetch, () => Promise.resolve(new Response("another"))),
        Effect.flip
      )
      assert.strictEqual(error._tag, "RequestError")
      assert.instanceOf(error.cause, InteractionRequired)
      assert.strictEqual(error.message, `Transport: ${(error.cause as Error).message} (GET ${server.url})`)
      assert.strictEqual(windows(), 0)
    }))

  it.effect("leaves the length of a body to fetch, which refuses one that it has not counted", () =>
    Effect.gen(function* () {
      const sent: Array<[string | null, string | null]> = []
      const fetch = (_input: string | URL | Request, init?: RequestInit) => {
        const headers = new Headers(init?.headers)
        sent.push([headers.get("content-length"), headers.get("x-own")])
        return Promise.resolve(new Response("sent"))
      }
      yield* (yield* makeHttpClient({ fetch })).execute(post("https://mcp.example/"))
      const service = Layer.succeed(McpOAuth, { fetch } as McpOAuth)
      const own = yield* Effect.provide(FetchHttpClient.Fetch, Layer.provide(layerFetch, service))
      yield* Effect.promise(() => own("https://mcp.example/", { headers: { "Content-Length": "7", "x-own": "kept" } }))
      yield* Effect.promise(() => own("https://mcp.example/"))
      assert.deepStrictEqual(sent, [[null, null], [null, "kept"], [null, null]])
    }))

  it.effect("does not say what a fetch of the program threw, which may quote the request", () =>
    Effect.gen(function* () {
      const cause = new TypeError("authorization: Bearer hunter2")
      const client = yield* makeHttpClient({ fetch: () => Promise.reject(cause) })
      const error = yield* Effect.flip(client.get("https://mcp.example/"))
      assert.strictEqual(error.cause, cause)
      assert.notInclude(error.message, "hunter2")
    }))
})
