/** The traps of the MCP SDK's own sign-in, one by one: leaks. */
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js"
import { Effect } from "effect"
import { inspect } from "node:util"
import type { FetchLike } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

it.scopedLive("trap 14: the headers of a transport go to the MCP server alone", () =>
  Effect.gen(function* () {
    const authorizationServer = yield* ScriptedAuthorizationServer.make()
    const server = yield* McpServer.make({ name: "calendar", authorizationServer })
    const harness = yield* McpHarness.make
    const withKey: Array<string> = []
    const recording: FetchLike = (url, init) => {
      const { pathname } = new URL(url)
      if (new Headers(init?.headers).has("x-api-key")) withKey.push(pathname)
      return fetch(url, init)
    }
    const { oauth } = yield* McpHarness.open(harness, { serverUrl: server.url, fetch: recording })
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      fetch: oauth.fetch,
      requestInit: { headers: { "x-api-key": "a key of this program" } }
    })
    const client = new Client({ name: "test", version: "1.0.0" })
    yield* Effect.acquireRelease(
      Effect.promise(() => client.connect(transport as Transport)),
      () => Effect.promise(() => client.close())
    )
    const { content } = yield* Effect.promise(() => client.callTool({ name: "whoami" }))
    assert.deepStrictEqual(content, [{ type: "text", text: "person at calendar" }])
    assert.deepStrictEqual([...new Set(withKey)], ["/mcp"])
    assert.isAbove(withKey.length, 1)
    assert.deepStrictEqual(authorizationServer.requests.map(({ endpoint }) => endpoint), [
      "metadata",
      "register",
      "authorize",
      "token"
    ])
    for (const { headers } of authorizationServer.requests) assert.notProperty(headers, "x-api-key")
  }))

describe("trap 15: what a server answers is in no error, and nothing is printed", () => {
  const methods = ["log", "info", "warn", "error", "debug"] as const
  let printed: ReadonlyArray<ReturnType<typeof vi.spyOn>> = []
  beforeEach(() => {
    printed = methods.map((method) => vi.spyOn(console, method))
  })
  afterEach(() => {
    for (const spy of printed) spy.mockRestore()
  })

  const echo = "<p>words of the server</p>"
  const faults: Readonly<Record<string, Fault>> = {
    "repeats the request in its error": { error: "invalid_request" },
    "repeats the request in a 200": { error: "invalid_request", status: 200 },
    "fails": { status: 500, body: echo },
    "refuses with a page": { status: 403, body: echo },
    "answers with a page": { status: 200, body: echo },
    "answers with something else": { status: 200, body: { access_token: [echo], client_id: [echo] } }
  }
  for (const [what, fault] of Object.entries(faults)) {
    for (const endpoint of ["register", "token", "refresh", "revoke"] as const) {
      it.scopedLive(`when ${endpoint} ${what}`, () =>
        Effect.gen(function* () {
          const world = yield* McpHarness.world({ authorizationServer: { authMethods: ["client_secret_post"] } })
          const { authorizationServer, server } = world
          if (endpoint === "refresh" || endpoint === "revoke") yield* world.signedIn
          const before = McpHarness.secretsOf(world.stored())
          authorizationServer.fail(endpoint === "refresh" ? "token" : endpoint, fault, { times: Infinity })
          authorizationServer.expireAll()
          const { oauth } = yield* world.open()
          const failing = endpoint === "revoke" ? Effect.merge(oauth.logout) : McpHarness.call(oauth, server.url)
          const error = yield* failing
          // RFC 7009 section 2.2: the body of a success says nothing.
          const succeeds = endpoint === "revoke" && (fault as { readonly status?: number }).status === 200
          if (!succeeds) assert.instanceOf(error, Error)
          const text = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join(
            "\n"
          )
          const sent = authorizationServer.requests.flatMap(({ params }) =>
            ["code", "code_verifier", "refresh_token", "client_secret", "token"].flatMap((name) => params.getAll(name))
          )
          for (const secret of [...before, ...sent, "words of the server"]) assert.notInclude(text, secret)
          for (const spy of printed) assert.deepStrictEqual(spy.mock.calls, [])
        }))
    }
  }
})

it.scopedLive("trap 16: a token endpoint that anybody on the way can read gets neither code nor client", () =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const recording: FetchLike = (url, init) => {
      asked.push(new URL(url).host)
      return fetch(url, init)
    }
    const world = yield* McpHarness.world()
    yield* world.signedIn
    world.authorizationServer.knobs.metadata = (document) => ({
      ...document,
      token_endpoint: "http://as.example/token"
    })
    world.authorizationServer.expireAll()
    const { oauth } = yield* world.open({ fetch: recording })
    const outcome = yield* McpHarness.call(oauth, world.server.url)
    const expected = { _tag: "UntrustedMetadata", reason: "InsecureUrl", field: "token_endpoint" }
    assert.deepInclude(outcome as object, expected)
    assert.deepInclude((yield* Effect.flip(oauth.login)) as object, expected)
    assert.notInclude(asked, "as.example")
    assert.strictEqual(world.windows(), 1)
  }))
