/**
 * One entity for each person and server, with `@effect/cluster`: whichever machine is asked, one session in the whole cluster
 * signs this person in, refreshes this token and sends these requests, and ends when nobody has asked for five minutes.
 *
 *     npm install effect-oauth-callback effect@3 @effect/platform @effect/rpc @effect/cluster && npm pkg set type=module
 *     PUBLIC_URL=https://agent.example SERVER_URL=https://mcp.example.com/mcp npx tsx cluster.ts
 *     npx tsx cluster.ts --local    a cluster in memory, with servers of this machine
 *
 * On many machines give `NodeClusterSocket.layer` of `@effect/platform-node` in place of `TestRunner.layer`, and stores that
 * they share: `layerRedis` of `effect-oauth-callback/redis`. The page of the redirect URI is no matter of the entity: any machine
 * may answer it.
 *
 * It prints:
 *
 *     Cannot use http://127.0.0.1:49152/mcp without a person: nobody is signed in. …
 *     Signed in to 127.0.0.1:49152
 *     1 answer to 16 requests, 1 refresh
 */
import { Entity, TestRunner } from "@effect/cluster"
import { Rpc } from "@effect/rpc"
import { Context, Effect, Layer, ManagedRuntime, Redacted, Schema, Stream } from "effect"
import { CallbackServer, CredentialStore, PasteInput, Presenter } from "effect-oauth-callback"
import { HostedSignIn, PendingStore } from "effect-oauth-callback/hosted"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { createServer } from "node:http"
import { toThisMachine, visit } from "./localService.ts" // --local
import { serve } from "./nodeRequest.ts"

/** The sign-ins of this service, which every machine makes alike. */
class Hosted extends Context.Tag("Hosted")<Hosted, HostedSignIn>() {}

/** What is asked of a person's session with a server. What fails is only a sentence: it goes from machine to machine. */
const Session = Entity.make("Session", [
  Rpc.make("Begin", { success: Schema.Redacted(Schema.String), error: Schema.String }),
  Rpc.make("Get", { success: Schema.String, error: Schema.String })
])

/** Who, and where. */
const sessionId = (account: string, serverUrl: string): string => JSON.stringify([account, serverUrl])

const sentence = (error: { readonly message: string }): string => error.message

/** A machine of a service has neither a person in front of it nor a browser. */
const nobody = Layer.mergeAll(
  Layer.succeed(PasteInput, PasteInput.make(Stream.never)),
  Layer.succeed(Presenter, Presenter.none),
  Layer.succeed(CallbackServer, CallbackServer.make(() => Effect.dieMessage("no sign-in is opened here")))
)

const sessions = Session.toLayer(
  Effect.gen(function* () {
    const { entityId } = yield* Entity.CurrentAddress
    const [account, serverUrl]: readonly [string, string] = JSON.parse(entityId)
    const hosted = yield* Hosted
    const oauth = yield* Effect.orDie(
      McpOAuth.make({ account, serverUrl, fetch: hosted.fetch, interactive: false })
    )
    return {
      Begin: () =>
        Effect.mapBoth(hosted.begin({ account, serverUrl }), {
          onFailure: sentence,
          onSuccess: ({ url }) => Redacted.make(url.href)
        }),
      Get: () =>
        Effect.tryPromise({
          try: async () => await (await oauth.fetch(serverUrl)).text(),
          catch: (error) => error instanceof Error ? error.message : String(error)
        })
    }
  }),
  { maxIdleTime: "5 minutes", concurrency: "unbounded" }
)

const { PORT = "8080", PUBLIC_URL = "", SERVER_URL = "" } = process.env

const hosted = Layer.effect(
  Hosted,
  Effect.gen(function* () {
    return yield* HostedSignIn.make({
      guard: toThisMachine, // --local
      redirectUri: `${PUBLIC_URL}/oauth/callback`,
      store: yield* PendingStore.memory()
    })
  })
)

const inMemory = Layer.effect(CredentialStore, CredentialStore.memory)

/** The pages of a machine. Who asks is `ann` here; with you it is who your own session says. */
const page = (request: Request) =>
  Effect.gen(function* () {
    const { handle } = yield* Hosted
    const session = (yield* Session.client)(sessionId("ann", SERVER_URL))
    const { pathname } = new URL(request.url)
    if (pathname === "/oauth/callback") return yield* handle(request)
    if (pathname === "/connect") return Response.redirect(Redacted.value(yield* session.Begin()), 302)
    return new Response(yield* session.Get())
  }).pipe(
    Effect.catchAll((error) => Effect.succeed(new Response(typeof error === "string" ? error : error.message)))
  )

const machine = ManagedRuntime.make(
  sessions.pipe(
    Layer.provideMerge(TestRunner.layer),
    Layer.provideMerge(hosted),
    Layer.provide(Layer.merge(inMemory, nobody))
  )
)
createServer(serve((request) => machine.runPromise(page(request)))).listen(Number(PORT))
await visit(["/", "/connect"], "/") // --local
