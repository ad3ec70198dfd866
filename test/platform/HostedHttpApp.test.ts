/** Hosted sign-ins on a server of `@effect/platform`. */
import { HttpRouter } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import { CredentialStore } from "../../src/index.ts"
import { HostedSignIn, PendingStore } from "../../src/hosted.ts"
import { hostedHttpApp, type RequestHandler } from "../../src/platform.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

const mounted = (hosted: RequestHandler) =>
  Effect.gen(function* () {
    const router = HttpRouter.empty.pipe(
      HttpRouter.mountApp("/oauth", HttpRouter.empty.pipe(HttpRouter.all("/callback", hostedHttpApp(hosted))))
    )
    const server = yield* NodeHttpServer.make(() => createServer(), { host: "127.0.0.1", port: 0 })
    yield* server.serve(router)
    return server.address._tag === "TcpAddress" ? server.address.port : 0
  })

const headers = { connection: "close" }
const host = "agent.example"

describe("hostedHttpApp", () => {
  it.scopedLive("hands on the request as the browser sent it, also below a prefix, and the whole response", () =>
    Effect.gen(function* () {
      const port = yield* mounted({
        handle: (request) =>
          Effect.promise(async () => {
            const { pathname, search } = new URL(request.url)
            const response = new Response(
              [request.method, pathname + search, request.headers.get("host"), await request.text()].join(" "),
              { status: 418, headers: { "x-page": "last" } }
            )
            response.headers.append("set-cookie", "a=1; Path=/; HttpOnly")
            response.headers.append("set-cookie", "b=2; Path=/")
            return response
          })
      })
      const got = yield* Effect.promise(() => RawClient.get(port, "/oauth/callback?code=c&state=s", { host, headers }))
      assert.strictEqual(RawClient.statusOf(got), 418)
      assert.include(got, "GET /oauth/callback?code=c&state=s agent.example")
      assert.match(got, /^x-page: last\r$/im)
      assert.match(got, /^set-cookie: a=1; Path=\/; HttpOnly\r$/im)
      assert.match(got, /^set-cookie: b=2; Path=\/\r$/im)
      const form = { ...headers, "content-type": "application/x-www-form-urlencoded" }
      const posted = yield* Effect.promise(() =>
        RawClient.get(port, "/oauth/callback", { method: "POST", host, headers: form, body: "code=c&state=s" })
      )
      assert.include(posted, "POST /oauth/callback agent.example code=c&state=s")
      // A host that no URL can have.
      const odd = yield* Effect.promise(() => RawClient.get(port, "/oauth/callback", { host: "a b", headers }))
      assert.strictEqual(RawClient.statusOf(odd), 400)
    }))

  it.scopedLive("signs a person in", () =>
    Effect.gen(function* () {
      const authorizationServer = yield* ScriptedAuthorizationServer.make()
      const { url: serverUrl } = yield* ProtectedServer.make({ authorizationServer })
      const credentials = yield* CredentialStore.memory
      const hosted = yield* Effect.provideService(
        HostedSignIn.make({
          redirectUri: "https://agent.example/oauth/callback",
          store: yield* PendingStore.memory(),
          guard: () => true
        }),
        CredentialStore,
        credentials
      )
      const port = yield* mounted(hosted)
      const { url } = yield* hosted.begin({ serverUrl, account: "ann" })
      const { headers: sent } = yield* Effect.promise(() => fetch(url, { redirect: "manual" }))
      const { pathname, search } = new URL(sent.get("location") ?? "")
      const page = yield* Effect.promise(() => RawClient.get(port, pathname + search, { host, headers }))
      assert.strictEqual(RawClient.statusOf(page), 200)
      assert.include(page, "Signed in")
      const stored = yield* credentials.load({ serverUrl, account: "ann" })
      assert.strictEqual(stored._tag, "Some")
    }))
})
