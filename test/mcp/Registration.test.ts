/** A registration that is refused for what it says: the server's own words are told, and nothing is tried without end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const refused = (error: string, description: string, status = 400): Fault => ({
  status,
  body: { error, error_description: description }
})

/** What servers refuse, and how often they are asked: once more where less may do. */
const refusals: ReadonlyArray<[string, Fault, string, number]> = [
  [
    "the grant type",
    refused("invalid_client_metadata", "grant type refresh_token is not supported"),
    "refresh_token",
    2
  ],
  ["the method", refused("invalid_client_metadata", "auth method none is not allowed"), "auth method none", 2],
  ["the application type", refused("invalid_client_metadata", "application_type native"), "application_type native", 2],
  ["whoever has no initial token", refused("invalid_token", "an initial access token", 401), "initial access token", 1],
  ["whoever has no statement", refused("unapproved_software_statement", "who are you?", 401), "who are you?", 1],
  ["everybody", refused("access_denied", "ask the administrator", 403), "ask the administrator", 1],
  ["in no words", { status: 409, body: {} }, "HTTP 409", 1]
]

describe("a registration at a server that refuses", () => {
  for (const [what, fault, words, times] of refusals) {
    it.scopedLive(`${what}: the error has its words and names the option, and no window is opened`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, stored, windows } = yield* McpHarness.world()
        authorizationServer.fail("register", fault, { times: Number.POSITIVE_INFINITY })
        const { oauth } = yield* open()
        const error = yield* Effect.flip(oauth.ensure)
        assert.deepInclude(error, { _tag: "RegistrationError", reason: "Rejected" })
        assert.include(error.message, words)
        assert.include(error.message, "client.clientId")
        assert.deepStrictEqual([authorizationServer.count("register"), windows()], [times, 0])
        assert.isUndefined(stored())
      }))
  }

  it.scopedLive("127.0.0.1 and localhost: both are tried, then the error names callback.host", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, windows } = yield* McpHarness.world()
      authorizationServer.fail("register", refused("invalid_redirect_uri", "https only"), {
        times: Number.POSITIVE_INFINITY
      })
      const { oauth } = yield* open()
      const error = yield* Effect.flip(oauth.ensure)
      assert.include(error.message, "callback.host")
      const tried = authorizationServer.requests.filter(({ endpoint }) => endpoint === "register").map(({ text }) =>
        new URL((JSON.parse(text) as { redirect_uris: ReadonlyArray<string> }).redirect_uris[0] ?? "").hostname
      )
      assert.deepStrictEqual(tried, ["127.0.0.1", "localhost"])
      assert.strictEqual(windows(), 0)
    }))
})

describe("a registration that is answered oddly is used", () => {
  const answers: Readonly<Record<string, Fault>> = {
    "without its redirect URIs": { edit: ({ redirect_uris: _, ...rest }) => rest },
    "with another spelling of them": { edit: (document) => ({ ...document, redirect_uris: ["http://127.0.0.1"] }) },
    "with a secret that is null": { edit: (document) => ({ ...document, client_secret: null }) },
    "with much beside": { edit: (document) => ({ ...document, client_secret_expires_at: 0, client_uri: "", jwks: {} }) }
  }
  for (const [how, fault] of Object.entries(answers)) {
    it.scopedLive(`${how}, also by the next run`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        authorizationServer.fail("register", fault)
        const { close, oauth } = yield* open()
        assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
        yield* close
        const { oauth: later } = yield* open()
        yield* later.login
        assert.deepStrictEqual([authorizationServer.count("register"), windows()], [1, 2])
      }))
  }
})
