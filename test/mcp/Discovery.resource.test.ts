/** `unsafe.allowResourceMismatch`: an MCP server that calls itself by another name, and whose tokens are for that. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call } = McpHarness

const waiver = { unsafe: { allowResourceMismatch: true } }

/** A world whose server calls itself so, and takes tokens for that alone. */
const calling = (resource: string) =>
  Effect.tap(McpHarness.world(), ({ authorizationServer, server }) =>
    Effect.sync(() => {
      server.knobs.metadata = (document) => ({ ...document, resource })
      server.knobs.verify = (token) => authorizationServer.verify(token, resource)
    }))

const others = {
  "another host": "https://internal.example/mcp",
  "http, as a server behind a proxy does": "http://mcp.example:8080/",
  "a name that is no place": "api://7d0e2c",
  "this machine by its other name": "http://localhost:1/mcp"
}

describe("a server that calls itself", () => {
  for (const [what, resource] of Object.entries(others)) {
    it.scopedLive(`${what}: is refused, by the name of the waiver, and nothing is asked of the other`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, windows } = yield* calling(resource)
        const { oauth } = yield* open()
        const error = yield* Effect.flip(oauth.ensure)
        assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "ResourceMismatch", found: resource })
        assert.include(error.message, "unsafe.allowResourceMismatch")
        assert.deepStrictEqual([authorizationServer.requests.length, windows()], [0, 0])
      }))

    it.scopedLive(`${what}: is signed in to with the waiver, for that name, and the token goes to the server alone`, () =>
      Effect.gen(function* () {
        const { authorizationServer, notices, open, server, windows } = yield* calling(resource)
        const sent: Array<string> = []
        const { oauth } = yield* open({
          ...waiver,
          fetch: (url, init) => {
            sent.push(new URL(url).origin)
            return fetch(url, init)
          }
        })
        assert.strictEqual(yield* call(oauth, server.url), 200)
        authorizationServer.expireAll()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        const asked = authorizationServer.requests.filter(({ endpoint }) => /authorize|token/.test(endpoint))
        assert.deepStrictEqual(asked.map(({ params }) => params.getAll("resource")), Array(3).fill([resource]))
        assert.deepStrictEqual([...new Set(sent)].sort(), [server.origin, authorizationServer.issuer].sort())
        assert.deepStrictEqual(McpHarness.warnings({ notices }).map((each) => "option" in each && each.option), [
          "allowResourceMismatch"
        ])
        assert.strictEqual(windows(), 1)
      }))
  }

  for (const [what, resource] of [["nothing", undefined], ["by a text that is no URL", "the files"]] as const) {
    it.scopedLive(`${what}: is refused with the waiver too, which is not named then`, () =>
      Effect.gen(function* () {
        const { open, server, windows } = yield* McpHarness.world()
        server.knobs.metadata = (document) => ({ ...document, resource })
        const { oauth } = yield* open(waiver)
        const error = yield* Effect.flip(oauth.ensure)
        assert.deepInclude(error, { _tag: "UntrustedMetadata", reason: "ResourceMismatch" })
        assert.notInclude(error.message, "unsafe")
        assert.include(error.message, "operator")
        assert.strictEqual(windows(), 0)
      }))
  }
})
