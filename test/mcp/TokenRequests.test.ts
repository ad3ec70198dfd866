/** Answers of token endpoints as real servers write them, for a code and for a refresh token. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Document, Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const { call } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }

const edits: Readonly<Record<string, (document: Document) => Document>> = {
  'error: null and error_description: ""': (document) => ({ ...document, error: null, error_description: "" }),
  'error: ""': (document) => ({ ...document, error: "" }),
  'token_type: "user"': (document) => ({ ...document, token_type: "user" }),
  'token_type: "urn:ietf:params:oauth:token-type:jwt"': (document) => ({
    ...document,
    token_type: "urn:ietf:params:oauth:token-type:jwt"
  }),
  'token_type: "", and ok: true': (document) => ({ ...document, token_type: "", ok: true }),
  "expires_in as text, and ext_expires_in": (document) => ({ ...document, expires_in: "3600", ext_expires_in: "x" })
}

describe("tokens with", () => {
  for (const [what, edit] of Object.entries(edits)) {
    it.scopedLive(`${what} are taken, from a sign-in and from a refresh`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        authorizationServer.fail("token", { edit }, always)
        const { oauth } = yield* open()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        authorizationServer.expireAll()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
      }))
  }
})

describe("a token endpoint that writes forms whatever it is asked for", () => {
  /** A `fetch` for which JSON of the token endpoint comes as a form, under this name. */
  const asForm = (type: string) => async (url: string | URL, init?: RequestInit) => {
    const response = await fetch(url, init)
    if (!String(url).endsWith("/token")) return response
    const fields = Object.entries(await response.json() as Document)
    const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)])).toString()
    return new Response(body, { status: response.status, headers: { "content-type": type } })
  }

  for (const type of ["application/x-www-form-urlencoded", "text/plain; charset=utf-8", "text/html"]) {
    it.scopedLive(`as ${type}: its tokens are taken, and its errors understood`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        const { close, oauth } = yield* open({ fetch: asForm(type) })
        assert.strictEqual(yield* call(oauth, server.url), 200)
        authorizationServer.expireAll()
        assert.strictEqual(yield* call(oauth, server.url), 200)
        assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
        yield* close
        authorizationServer.revokeAll()
        const { oauth: later } = yield* open({ fetch: asForm(type), interactive: false })
        assert.deepInclude((yield* call(later, server.url)) as object, { _tag: "InteractionRequired" })
      }))
  }
})

describe("a client that was registered by hand", () => {
  const secret = "a+b/c=:%é x"

  const world = Effect.tap(
    McpHarness.world(),
    ({ authorizationServer }) =>
      Effect.sync(() =>
        authorizationServer.addClient({
          client_id: "by hand/1",
          client_secret: secret,
          redirect_uris: ["http://127.0.0.1/callback"],
          token_endpoint_auth_method: "client_secret_basic"
        })
      )
  )
  const client = { clientId: "by hand/1", clientSecret: Redacted.make(secret) }

  it.scopedLive("has its id and secret form-encoded, sign for sign, also in a refresh", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* world
      const { oauth } = yield* open({ client })
      assert.strictEqual(yield* call(oauth, server.url), 200)
      authorizationServer.expireAll()
      assert.strictEqual(yield* call(oauth, server.url), 200)
      assert.deepStrictEqual([windows(), authorizationServer.refreshes()], [1, 1])
    }))

  it.scopedLive("and whose server wants its secret in another way: the error names client.authMethod", () =>
    Effect.gen(function* () {
      const { authorizationServer, open } = yield* world
      authorizationServer.fail("token", { error: "invalid_client" }, always)
      const { oauth } = yield* open({ client })
      const error = yield* Effect.flip(oauth.ensure)
      assert.deepInclude(error, { _tag: "TokenError", error: "invalid_client" })
      for (const option of ["client.clientId", "client.clientSecret", "client.authMethod"]) {
        assert.include(error.message, option)
      }
      assert.notInclude(error.message, secret)
    }))

  const refusals: Readonly<Record<string, Fault>> = {
    "unauthorized_client with 403": { error: "unauthorized_client", status: 403 },
    "invalid_request": { error: "invalid_request" },
    "a name of its own in a success": { status: 200, body: { error: "token_expired" } },
    "404 and a page": { status: 404, body: "<p>gone" }
  }
  for (const [what, fault] of Object.entries(refusals)) {
    it.scopedLive(`and whose refresh is refused with ${what}: a person is asked once, and unattended nobody`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* world
        const { close, oauth } = yield* open({ client })
        yield* oauth.ensure
        yield* close
        authorizationServer.expireAll()
        authorizationServer.fail("token", fault, { ...always, grantType: "refresh_token" })
        const { oauth: unattended } = yield* open({ client, interactive: false })
        assert.deepInclude((yield* call(unattended, server.url)) as object, { _tag: "InteractionRequired" })
        assert.strictEqual(windows(), 1)
        const { oauth: attended } = yield* open({ client })
        const all = yield* Effect.all(Array.from({ length: 4 }, () => call(attended, server.url)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(all, Array(4).fill(200))
        assert.deepStrictEqual([windows(), authorizationServer.count("token", "refresh_token")], [2, 1])
      }))
  }
})
