/** A server that says no to `initialize`, and says nothing of a sign-in: the error has its status. */
import { assert, describe, it } from "@effect/vitest"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect } from "effect"
import { McpOAuth } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const challenges: Readonly<Record<string, string | undefined>> = {
  "no challenge": undefined,
  "a challenge of another scheme": 'Basic realm="staff"'
}

describe("a server that answers everything with", () => {
  for (const status of [400, 403]) {
    for (const [what, challenge] of Object.entries(challenges)) {
      it.scopedLive(`${status} and ${what} is a McpConnectError with the status, and opens nothing`, () =>
        Effect.gen(function* () {
          const { layer, server, windows } = yield* McpHarness.world()
          const error = yield* Effect.flip(Effect.scoped(Effect.provide(
            McpOAuth.connect(new Client({ name: "test", version: "1.0.0" }), {
              serverUrl: server.url,
              fetch: () =>
                Promise.resolve(
                  new Response("{}", {
                    status,
                    headers: challenge === undefined ? {} : { "www-authenticate": challenge }
                  })
                )
            }),
            layer
          )))
          assert.deepInclude(error, { _tag: "McpConnectError", code: String(status) })
          assert.include(error.message, String(status))
          assert.strictEqual(windows(), 0)
        }))
    }

    for (const challenge of ["Bearer", 'Bearer realm="files"', 'Basic realm="a", bearer error="invalid_request"']) {
      it.scopedLive(`${status} and ${challenge} without a token is signed in to, though it names no metadata`, () =>
        Effect.gen(function* () {
          const { open, server, windows } = yield* McpHarness.world()
          const { oauth } = yield* open({
            fetch: async (url, init) => {
              const response = await fetch(url, init)
              return response.status === 401
                ? new Response(null, { status, headers: { "www-authenticate": challenge } })
                : response
            }
          })
          assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
          assert.strictEqual(windows(), 1)
        }))
    }
  }
})
