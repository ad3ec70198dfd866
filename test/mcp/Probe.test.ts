/** What a server says of a request without a token, and what it means where it says nothing that is understood. */
import { assert, describe, it } from "@effect/vitest"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect } from "effect"
import { McpOAuth } from "../../src/mcp.ts"
import type { FetchLike } from "../../src/mcp/FetchLike.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

/** A `fetch` whose answers to a part of the requests are others. */
const answering =
  (isMeant: (method: string, body: string) => boolean, answer: (signal: AbortSignal) => Promise<Response>): FetchLike =>
  async (url, init = {}) =>
    isMeant(init.method ?? "GET", String(init.body)) && new URL(url).pathname === "/mcp"
      ? await answer(init.signal ?? new AbortController().signal)
      : await fetch(url, init)

const never = (signal: AbortSignal) =>
  new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

const unknown = {
  "an internal error": () => Promise.resolve(new Response(null, { status: 500 })),
  "501": () => Promise.resolve(new Response(null, { status: 501 })),
  "nothing at all": never
}

describe("a server that answers a method that it does not know with", () => {
  for (const [what, answer] of Object.entries(unknown)) {
    it.scopedLive(`${what} is asked by GET`, () =>
      Effect.gen(function* () {
        const { open, server, windows } = yield* McpHarness.world()
        const { oauth } = yield* open({
          requestTimeout: "300 millis",
          fetch: answering((_, body) => body.includes("server/discover"), answer)
        })
        yield* oauth.ensure
        assert.strictEqual(windows(), 1)
        assert.strictEqual(yield* call(oauth, server.url, { method: "POST", body: "{}" }), 200)
      }))

    it.scopedLive(`${what}, and GET too, is connected to: initialize tells that it wants a token`, () =>
      Effect.gen(function* () {
        const { layer, server, windows } = yield* McpHarness.world()
        yield* Effect.either(Effect.scoped(Effect.provide(
          McpOAuth.connect(new Client({ name: "test", version: "1.0.0" }), {
            serverUrl: server.url,
            requestTimeout: "300 millis",
            fetch: answering((method, body) => method === "GET" || body.includes("server/discover"), answer)
          }),
          layer
        )))
        assert.strictEqual(windows(), 1)
        assert.isAtLeast(
          server.requests.filter(({ text, status }) => text.includes("initialize") && status === 200)
            .length,
          1
        )
      }))
  }
})

describe("a server that refuses a request without a token with", () => {
  for (const status of [400, 403]) {
    const refusing = (challenge: boolean): FetchLike => async (url, init) => {
      const response = await fetch(url, init)
      if (response.status !== 401) return response
      const headers = challenge ? { "www-authenticate": response.headers.get("www-authenticate") ?? "" } : {}
      return new Response(await response.text(), { status, headers })
    }

    it.scopedLive(`${status} and a challenge is signed in to, by ensure and by a request`, () =>
      Effect.gen(function* () {
        const { open, server, windows } = yield* McpHarness.world()
        const { oauth } = yield* open({ fetch: refusing(true) })
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.strictEqual(windows(), 1)
        const other = yield* McpHarness.world()
        const { oauth: ensured } = yield* other.open({ fetch: refusing(true) })
        yield* ensured.ensure
        assert.strictEqual(other.windows(), 1)
      }))

    it.scopedLive(`${status} and no challenge has said no`, () =>
      Effect.gen(function* () {
        const { open, server, windows } = yield* McpHarness.world()
        const { oauth } = yield* open({ fetch: refusing(false) })
        assert.strictEqual(yield* call(oauth, server.url), status)
        yield* oauth.ensure
        assert.strictEqual(windows(), 0)
      }))
  }
})
