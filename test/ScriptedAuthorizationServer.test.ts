/** The scripted authorization server does what it says: a test of what other tests rely on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  authorize,
  authorizeUrl,
  exchange,
  type Fields,
  get,
  post,
  redirectUri,
  refresh,
  register,
  signIn
} from "./fixtures/scripted/PlainClient.ts"
import * as Fixture from "./fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "./fixtures/StandInBrowser.ts"

const resource = "http://127.0.0.1:9/mcp"

const promise = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

const failure = (run: () => Promise<unknown>): Promise<boolean> => run().then(() => false, () => true)

describe("ScriptedAuthorizationServer", () => {
  it.scopedLive("registers, authorizes, gives tokens for the resource and writes all down", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { access, body, clientId } = yield* promise(() => signIn(server))
      assert.deepStrictEqual(yield* promise(() => server.verify(access, resource)), {
        subject: "person",
        clientId,
        scopes: ["mcp", "files"]
      })
      assert.isUndefined(yield* promise(() => server.verify(access, `${resource}/other`)))
      assert.strictEqual(body.scope, "mcp files")
      assert.strictEqual(body.expires_in, 3600)
      assert.deepStrictEqual(server.requests.map(({ endpoint, status }) => `${endpoint} ${status}`), [
        "register 201",
        "authorize 302",
        "token 200"
      ])
      assert.strictEqual(server.count("token", "authorization_code"), 1)
      assert.strictEqual(server.count("token", "refresh_token"), 0)
      assert.strictEqual(server.windows(), 1)
      assert.strictEqual(server.requests[1]?.params.get("resource"), resource)
      assert.deepInclude(server.requests[0]?.body as object, { redirect_uris: [redirectUri] })
    }))

  it.scopedLive("a browser gets to the redirect URI in one step", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { client_id: clientId } = yield* promise(() => register(server))
      const visit = yield* StandInBrowser.make().visit(authorizeUrl(server, clientId), { follow: false })
      const { searchParams } = new URL(visit.callbackUrl)
      assert.deepStrictEqual([...searchParams.keys()], ["code", "state", "iss"])
      assert.strictEqual(searchParams.get("iss"), server.issuer)
    }))

  it.scopedLive("rotates refresh tokens, and a used one takes the family with it", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const first = yield* promise(() => signIn(server))
      const second = yield* promise(() => refresh(server, first.clientId, first.refresh))
      assert.notStrictEqual(second.body.refresh_token, first.refresh)
      assert.strictEqual(server.refreshes(), 1)
      const reused = yield* promise(() => refresh(server, first.clientId, first.refresh))
      assert.strictEqual(reused.body.error, "invalid_grant")
      assert.strictEqual(server.reuses(), 1)
      const third = yield* promise(() => refresh(server, first.clientId, second.body.refresh_token))
      assert.strictEqual(third.body.error, "invalid_grant")
      assert.isUndefined(yield* promise(() => server.verify(String(second.body.access_token), resource)))
    }))

  it.scopedLive("a code is good once, with its verifier and redirect URI", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { client_id: clientId } = yield* promise(() => register(server))
      const code = () => authorize(server, clientId).then(({ answer }) => answer.code)
      for (const wrong of [{ code_verifier: "x" }, { redirect_uri: "http://127.0.0.1:1/" }, { client_id: "nobody" }]) {
        const { status } = yield* promise(async () => exchange(server, clientId, await code(), wrong))
        assert.strictEqual(status, "client_id" in wrong ? 401 : 400)
      }
      const one = yield* promise(code)
      const other = { resource: "https://other.example/" }
      assert.strictEqual((yield* promise(() => exchange(server, clientId, one, other))).body.error, "invalid_target")
      const tokens = yield* promise(() => exchange(server, clientId, one))
      assert.strictEqual((yield* promise(() => exchange(server, clientId, one))).body.error, "invalid_grant")
      assert.isUndefined(yield* promise(() => server.verify(String(tokens.body.access_token), resource)))
    }))

  it.scopedLive("strict about redirect URIs it shows a page, otherwise any loopback port will do", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { client_id: clientId } = yield* promise(() => register(server))
      const at = (uri: string) => promise(() => authorize(server, clientId, { redirect_uri: uri }))
      assert.strictEqual((yield* at("http://127.0.0.1:50001/callback")).status, 302)
      assert.strictEqual((yield* at("http://127.0.0.1:50001/other")).status, 400)
      assert.strictEqual((yield* at("http://localhost:50000/callback")).status, 400)
      server.knobs.strictRedirect = true
      const refused = yield* at("http://127.0.0.1:50001/callback")
      assert.strictEqual(refused.status, 400)
      assert.include(refused.page, "<h1>")
      assert.strictEqual((yield* at(redirectUri)).status, 302)
    }))

  it.scopedLive("metadata is where it was asked for and can be anything", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make({ issuerPath: "/tenant1" })
      const paths = [
        "/.well-known/oauth-authorization-server/tenant1",
        "/.well-known/openid-configuration/tenant1",
        "/tenant1/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server"
      ]
      const statuses = () =>
        promise(() => Promise.all(paths.map((path) => get(`${server.origin}${path}`).then(({ status }) => status))))
      assert.deepStrictEqual(yield* statuses(), [200, 404, 404, 404])
      server.knobs.metadataAt = ["openid-insert"]
      assert.deepStrictEqual(yield* statuses(), [404, 200, 404, 404])
      server.knobs.metadataAt = ["openid-append"]
      assert.deepStrictEqual(yield* statuses(), [404, 404, 200, 404])
      server.knobs.metadata = ({ code_challenge_methods_supported: _, ...rest }) => ({ ...rest, issuer: "https://a/" })
      const { body: document } = yield* promise(() => get(`${server.origin}${paths[2]}`))
      assert.strictEqual(document.issuer, "https://a/")
      assert.notProperty(document, "code_challenge_methods_supported")
      server.knobs.metadata = () => undefined
      assert.deepStrictEqual(yield* statuses(), [404, 404, 404, 404])
    }))

  it.scopedLive("authorization answers can be wrong, an error, a page, and less than was asked for", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make({ issSent: "wrong", stateSent: "wrong" })
      const { client_id: clientId } = yield* promise(() => register(server))
      const once = () => promise(() => authorize(server, clientId))
      const wrong = (yield* once()).answer
      assert.strictEqual(wrong.iss, "https://other.example")
      assert.notStrictEqual(wrong.state, "s1")
      Object.assign(server.knobs, { issSent: "none", stateSent: "none" })
      assert.hasAllKeys((yield* once()).answer, ["code"])
      Object.assign(server.knobs, { issSent: "right", authorize: { error: "access_denied", description: "no" } })
      assert.deepStrictEqual((yield* once()).answer, {
        error: "access_denied",
        error_description: "no",
        iss: server.issuer
      })
      server.knobs.authorize = "page"
      assert.strictEqual((yield* once()).status, 200)
      Object.assign(server.knobs, { authorize: "approve", grantScopes: () => ["mcp"] })
      assert.strictEqual((yield* promise(() => signIn(server))).body.scope, "mcp")
    }))

  it.scopedLive("registration can be refused or absent, and a client forgotten", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make({ registration: { status: 403, error: "access_denied" } })
      const status = () => promise(() => post(`${server.issuer}/register`, {}).then((answer) => answer.status))
      assert.strictEqual(yield* status(), 403)
      server.knobs.registration = "absent"
      assert.strictEqual(yield* status(), 404)
      server.knobs.registration = "accept"
      assert.strictEqual(yield* status(), 400)
      const { clientId, refresh: token } = yield* promise(() => signIn(server))
      server.forgetClient(clientId)
      const refused = yield* promise(() => refresh(server, clientId, token))
      assert.deepStrictEqual([refused.status, refused.body.error], [401, "invalid_client"])
      assert.include((yield* promise(() => authorize(server, clientId))).page, "Unknown client")
    }))

  it.scopedLive("clients authenticate as they were registered, Basic form-encoded", () =>
    Effect.gen(function* () {
      const secret = "a b:c%/+é"
      const server = yield* Fixture.make({ secret: () => secret })
      const form = (text: string) => encodeURIComponent(text).replaceAll("%20", "+")
      const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` })
      const grant = { grant_type: "refresh_token", refresh_token: "none" }
      const error = (fields: Fields, headers: Fields = {}) =>
        promise(() => post(`${server.issuer}/token`, { ...grant, ...fields }, headers).then(({ body }) => body.error))
      const { client_id: one } = yield* promise(() => register(server, "client_secret_basic"))
      assert.strictEqual(yield* error({}, basic(`${form(one)}:${form(secret)}`)), "invalid_grant")
      assert.strictEqual(yield* error({}, basic(`${one}:${secret}`)), "invalid_client")
      assert.strictEqual(yield* error({ client_id: one, client_secret: secret }), "invalid_client")
      const { client_id: two } = yield* promise(() => register(server, "client_secret_post"))
      assert.strictEqual(yield* error({ client_id: two, client_secret: secret }), "invalid_grant")
      assert.strictEqual(yield* error({ client_id: two }), "invalid_client")
      assert.strictEqual(yield* error({}, basic(`${two}:${form(secret)}`)), "invalid_client")
    }))

  it.scopedLive("tokens expire, and are revoked one by one or all at once", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make({ expiresIn: undefined })
      const one = yield* promise(() => signIn(server))
      const isGood = (token: unknown) => promise(async () => await server.verify(String(token), resource) !== undefined)
      assert.notProperty(one.body, "expires_in")
      server.expireAll()
      assert.isFalse(yield* isGood(one.access))
      const two = (yield* promise(() => refresh(server, one.clientId, one.refresh))).body
      assert.isTrue(yield* isGood(two.access_token))
      const revoke = (token: unknown) =>
        promise(() => post(`${server.issuer}/revoke`, { client_id: one.clientId, token: String(token) }))
      assert.strictEqual((yield* revoke("unknown")).status, 200)
      assert.strictEqual((yield* revoke(two.refresh_token)).status, 200)
      assert.isFalse(yield* isGood(two.access_token))
      const other = yield* promise(() => signIn(server))
      server.revokeAll()
      assert.isFalse(yield* isGood(other.access))
      const refused = yield* promise(() => refresh(server, other.clientId, other.refresh))
      assert.strictEqual(refused.body.error, "invalid_grant")
    }))

  it.scopedLive("faults strike as often as was said, and only their grant type", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { clientId, refresh: first } = yield* promise(() => signIn(server))
      const again = () => promise(() => refresh(server, clientId, first))
      const fail = (fault: Fixture.Fault) => server.fail("token", fault, { grantType: "refresh_token" })
      fail({ status: 503 })
      fail("html")
      fail({ error: "bad_verification_code", status: 200 })
      fail({ error: "invalid_grant" })
      fail({ redirect: `${server.origin}/elsewhere`, status: 307 })
      assert.strictEqual((yield* promise(() => exchange(server, clientId, "x"))).body.error, "invalid_grant")
      assert.strictEqual((yield* again()).status, 503)
      assert.include((yield* again()).text, "<!DOCTYPE html>")
      const github = yield* again()
      assert.deepStrictEqual([github.status, github.body.error], [200, "bad_verification_code"])
      const echoed = yield* again()
      assert.strictEqual(echoed.status, 400)
      assert.include(String(echoed.body.error_description), first)
      assert.strictEqual((yield* again()).status, 307)
      fail({ edit: (document) => ({ ...document, refresh_token: null }) })
      const edited = yield* again()
      assert.isNull(edited.body.refresh_token)
      assert.isString(edited.body.access_token)
    }))

  it.scopedLive("it can hang, reset, and lose the answer to a refresh it has done", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make()
      const { clientId, refresh: token } = yield* promise(() => signIn(server))
      const once = (signal: AbortSignal | null = null) =>
        fetch(`${server.issuer}/token`, {
          method: "POST",
          body: new URLSearchParams({ grant_type: "refresh_token", client_id: clientId, refresh_token: token }),
          signal
        }).then((response) => response.text())
      server.fail("token", "hang", { times: Infinity })
      assert.isTrue(yield* promise(() => failure(() => once(AbortSignal.timeout(200)))))
      server.heal("token")
      server.fail("token", "reset")
      assert.isTrue(yield* promise(() => failure(once)))
      assert.strictEqual(server.refreshes(), 0)
      server.fail("token", "lost")
      assert.isTrue(yield* promise(() => failure(once)))
      assert.strictEqual(server.refreshes(), 1)
      assert.isUndefined(server.requests.at(-1)?.status)
      server.fail("metadata", "reset")
      const metadata = `${server.issuer}/.well-known/oauth-authorization-server`
      assert.isTrue(yield* promise(() => failure(() => fetch(metadata))))
    }))

  it.scopedLive("slow refreshes overlap, and only the first counts", () =>
    Effect.gen(function* () {
      const server = yield* Fixture.make({ refreshLatency: 100 })
      const { clientId, refresh: token } = yield* promise(() => signIn(server))
      const started = Date.now()
      const answers = yield* promise(() => Promise.all([1, 2, 3].map(() => refresh(server, clientId, token))))
      assert.isAtLeast(Date.now() - started, 95)
      assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
      assert.deepStrictEqual([server.refreshes(), server.reuses()], [1, 2])
    }))
})
