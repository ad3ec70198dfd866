/**
 * One entity for each person and server, with `@effect/cluster`: whichever machine is asked, one session in the whole cluster
 * signs this person in, refreshes this token and sends these requests, and ends when nobody has asked for five minutes.
 *
 *     node cluster.ts --local      (a cluster in memory, and servers of this machine)
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
import { Context, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { CallbackServer, CredentialStore, PasteInput, Presenter } from "effect-oauth-callback"
import { HostedSignIn, PendingStore } from "effect-oauth-callback/hosted"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { headingOf, whileListening, withLocal } from "./local.ts"
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

const hosted = (publicUrl: string) =>
  Layer.effect(
    Hosted,
    Effect.gen(function* () {
      return yield* HostedSignIn.make({
        redirectUri: `${publicUrl}/oauth/callback`,
        store: yield* PendingStore.memory(),
        // Only here: by default nothing is sent to addresses of this machine.
        guard: () => true
      })
    })
  )

const inMemory = Layer.effect(CredentialStore, CredentialStore.memory)

const all = { concurrency: "unbounded" } as const

await withLocal(({ browse, expireAll, refreshes, serverUrl }) =>
  whileListening((publicUrl, listen) =>
    Effect.gen(function* () {
      const { handle } = yield* Hosted
      listen(serve((request) => Effect.runPromise(handle(request))))
      const session = (yield* Session.client)(sessionId("ann", serverUrl))
      console.log(yield* Effect.flip(session.Get()))
      const url = yield* session.Begin()
      console.log(headingOf(yield* Effect.promise(() => browse(Redacted.value(url)))))
      const ask = Effect.all(Array.from({ length: 8 }, () => session.Get()), all)
      const before = yield* ask
      expireAll()
      const answers = new Set([...before, ...yield* ask])
      console.log(`${answers.size} answer to 16 requests, ${refreshes()} refresh`)
    }).pipe(
      Effect.provide(
        sessions.pipe(
          Layer.provideMerge(TestRunner.layer),
          Layer.provideMerge(hosted(publicUrl)),
          Layer.provide(Layer.merge(inMemory, nobody))
        )
      ),
      Effect.runPromise
    )
  )
)
