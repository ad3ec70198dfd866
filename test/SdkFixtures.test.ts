/** The fixtures that are made of other people's servers do what other tests rely on. */
import { assert, describe, it } from "@effect/vitest"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js"
import { Effect } from "effect"
import * as AuthorizationServer from "./fixtures/AuthorizationServer.ts"
import {
  authorize,
  authorizeUrl,
  exchange,
  get,
  redirectUri,
  refresh,
  register,
  signIn
} from "./fixtures/scripted/PlainClient.ts"
import * as ScriptedAuthorizationServer from "./fixtures/ScriptedAuthorizationServer.ts"
import * as SdkAuthorizationServer from "./fixtures/SdkAuthorizationServer.ts"
import * as SseMcpServer from "./fixtures/SseMcpServer.ts"
import * as StandInBrowser from "./fixtures/StandInBrowser.ts"

const resource = "http://127.0.0.1:9/mcp"

const promise = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

describe("SdkAuthorizationServer", () => {
  it.scopedLive("gives tokens for the resource, and knows the port it was told", () =>
    Effect.gen(function* () {
      const server = yield* SdkAuthorizationServer.make()
      assert.match(server.issuer, /\/$/)
      const at = { issuer: server.issuer.slice(0, -1) }
      const found = yield* promise(() => get(`${server.issuer}.well-known/oauth-authorization-server`))
      assert.strictEqual(found.body.issuer, server.issuer)
      const { access, clientId } = yield* promise(() => signIn(at, { resource, scope: "mcp" }))
      const verified = yield* promise(() => server.verify(access, resource))
      assert.deepStrictEqual(verified, { subject: "demo_user", clientId, scopes: ["mcp"] })
      assert.isUndefined(yield* promise(() => server.verify(access, "http://127.0.0.1:9/other")))
      assert.isUndefined(yield* promise(() => server.verify("nothing", resource)))
      const elsewhere = { redirect_uri: redirectUri.replace("50000", "50001") }
      const refused = yield* promise(() => authorize(at, clientId, elsewhere))
      assert.strictEqual(refused.answer.error, "invalid_request")
      assert.strictEqual(server.authorizeCount(), 2)
    }))

  it.scopedLive("has no limit on registrations", () =>
    Effect.gen(function* () {
      const server = yield* SdkAuthorizationServer.make()
      const at = { issuer: server.issuer.slice(0, -1) }
      const clients = yield* promise(() => Promise.all(Array.from({ length: 30 }, () => register(at))))
      assert.strictEqual(new Set(clients.map(({ client_id: id }) => id)).size, 30)
    }))
})

describe("SseMcpServer", () => {
  it.scopedLive("serves a client with a token on both of its addresses", () =>
    Effect.gen(function* () {
      const authorizationServer = yield* ScriptedAuthorizationServer.make()
      const server = yield* SseMcpServer.make({ name: "old", authorizationServer })
      const metadataUrl = `${new URL(server.url).origin}/.well-known/oauth-protected-resource/sse`
      const refused = yield* promise(() => fetch(server.url))
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(refused.headers.get("www-authenticate"), `Bearer resource_metadata="${metadataUrl}"`)
      yield* promise(() => refused.text())
      const metadata = yield* promise(() => get(metadataUrl))
      assert.deepInclude(metadata.body, { resource: server.url, authorization_servers: [authorizationServer.issuer] })
      const { access } = yield* promise(() => signIn(authorizationServer, { resource: server.url, scope: "mcp" }))
      const client = new Client({ name: "test", version: "1.0.0" })
      yield* Effect.acquireRelease(
        promise(() =>
          client.connect(
            new SSEClientTransport(new URL(server.url), {
              fetch: (url, init) => {
                const headers = new Headers(init?.headers)
                headers.set("authorization", `Bearer ${access}`)
                return fetch(url, { ...init, headers })
              }
            })
          )
        ),
        () => promise(() => client.close())
      )
      const { content } = yield* promise(() => client.callTool({ name: "whoami" }))
      assert.deepStrictEqual(content, [{ type: "text", text: "person at old" }])
      authorizationServer.expireAll()
      const failed = yield* promise(() => client.callTool({ name: "whoami" }).then(() => false, () => true))
      assert.isTrue(failed)
    }))
})

describe("AuthorizationServer", () => {
  it.scopedLive("knows clients by their metadata documents, and counts windows and refreshes", () =>
    Effect.gen(function* () {
      const clientId = "https://client.example/oauth/metadata.json"
      const server = yield* AuthorizationServer.make({
        clientIdMetadataDocuments: {
          [clientId]: {
            client_id: clientId,
            client_name: "A client with a document",
            application_type: "native",
            grant_types: ["authorization_code", "refresh_token"],
            redirect_uris: ["http://127.0.0.1/callback"],
            token_endpoint_auth_method: "none"
          }
        }
      })
      const found = yield* promise(() => get(`${server.issuer}/.well-known/openid-configuration`))
      assert.isTrue(found.body.client_id_metadata_document_supported)
      const visit = (id: string) => {
        const url = authorizeUrl(server, id, { scope: "mcp", resource }).replace("/authorize?", "/auth?")
        return StandInBrowser.make().visit(url, { follow: false })
      }
      const { callbackUrl } = yield* visit(clientId)
      const code = new URL(callbackUrl).searchParams.get("code") ?? ""
      const tokens = yield* promise(() => exchange(server, clientId, code))
      assert.strictEqual(tokens.status, 200)
      assert.deepStrictEqual([server.authorizations(), server.refreshes()], [1, 0])
      const fresh = yield* promise(() => refresh(server, clientId, tokens.body.refresh_token))
      assert.strictEqual(fresh.status, 200)
      const verified = yield* promise(() => server.verify(String(fresh.body.access_token), resource))
      assert.deepStrictEqual(verified, { subject: "person", clientId, scopes: ["mcp"] })
      // Used again, it is refused, and that is no refresh.
      const reused = yield* promise(() => refresh(server, clientId, tokens.body.refresh_token))
      assert.strictEqual(reused.body.error, "invalid_grant")
      yield* Effect.flip(visit("https://client.example/unknown.json"))
      assert.deepStrictEqual([server.authorizations(), server.refreshes()], [2, 1])
    }))
})
