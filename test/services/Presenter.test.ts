import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Redacted, Schedule, Scope, TestClock } from "effect"
import { BindError } from "../../src/core/oauth/BindError.ts"
import { Refusal } from "../../src/core/oauth/Refusal.ts"
import { CallbackFlow } from "../../src/index.ts"
import { type Notice, type PendingAuthorization, Presenter } from "../../src/services/Presenter.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

const pending: PendingAuthorization = {
  id: "a1b2c3d4",
  serverName: "as.example",
  url: new URL("https://as.example/authorize?state=x"),
  redirectUri: "http://127.0.0.1:4321/callback",
  listening: true,
  forwarded: false,
  paste: true,
  deadline: 300_000
}

const { deadline: _, ...queued } = pending
const { id, redirectUri, serverName } = pending
const paste = { via: "paste", reason: "BareCode" } as const
const http = { via: "http", reason: "StateMismatch" } as const

/** One of each: a tag without a notice here does not compile. */
const notices: { readonly [Tag in Notice["_tag"]]: Extract<Notice, { readonly _tag: Tag }> } = {
  PasteAccepted: { _tag: "PasteAccepted", id, serverName, characters: 2812 },
  PasteRefused: { _tag: "PasteRefused", refusal: paste, message: Refusal.describe(paste), characters: 22 },
  CallbackRefused: { _tag: "CallbackRefused", id, serverName, refusal: http, message: Refusal.describe(http) },
  SignInEnded: { _tag: "SignInEnded", id, serverName, outcome: "SignedIn" },
  PasteOnly: {
    _tag: "PasteOnly",
    error: new BindError({ reason: "PortInUse", host: "127.0.0.1", ports: [8976] }),
    redirectUri
  },
  SignInQueued: { _tag: "SignInQueued", pending: queued },
  MaybeUnregistered: { _tag: "MaybeUnregistered", serverName, redirectUri },
  MaybeForgotten: { _tag: "MaybeForgotten", serverName },
  SignInElsewhere: { _tag: "SignInElsewhere", serverName, pid: 4711, url: pending.url },
  TokensNotStored: { _tag: "TokensNotStored", serverName, message: "The disk is full" },
  CredentialsDamaged: { _tag: "CredentialsDamaged", problem: "not JSON", movedTo: "/a.damaged", message: "Damaged." },
  Unsafe: { _tag: "Unsafe", serverName, option: "allowMissingS256" },
  UrlRequested: { _tag: "UrlRequested", serverName, url: pending.url, host: "as.example", warnings: ["Punycode"] }
}

describe("Presenter.none", () => {
  it.effect("shows nothing, says nothing and holds nothing", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.extend(Presenter.none.show(pending), scope)
      for (const notice of Object.values(notices)) yield* Presenter.none.notice(notice)
      yield* Scope.close(scope, Exit.void)
    }))

  it.effect("is found under the tag it is provided as", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Presenter, Presenter.none)
    }).pipe(Effect.provide(Layer.succeed(Presenter, Presenter.none))))
})

describe("a presenter of one's own", () => {
  it.effect("goes on as long as its sign-in waits, by what it forks into the scope of `show`", () =>
    Effect.gen(function* () {
      const { browse, layer } = yield* TestLayers.make
      const said: Array<string> = []
      const say = (text: string) => Effect.sync(() => void said.push(text))
      const own: Presenter = {
        show: ({ deadline, serverName }) =>
          Effect.gen(function* () {
            yield* say(`Sign in to ${serverName}`)
            yield* Effect.addFinalizer(() => say(`Done with ${serverName}`))
            const countDown = Effect.flatMap(Clock.currentTimeMillis, (now) => say(`${(deadline - now) / 1000} s left`))
            yield* Effect.forkScoped(Effect.repeat(countDown, Schedule.spaced("2 minutes")))
          }),
        notice: ({ _tag }) => say(_tag)
      }
      const services = Layer.merge(layer, Layer.succeed(Presenter, own))
      const flow = yield* Effect.provide(CallbackFlow.open(), services)
      const parameters = { redirect_uri: flow.redirectUri, state: Redacted.value(flow.state) }
      const url = `https://as.example/authorize?${new URLSearchParams(parameters)}`
      const running = yield* Effect.fork(Effect.provide(flow.authorize({ url, serverName: "wiki" }), services))
      yield* TestClock.adjust("4 minutes")
      const shown = ["Sign in to wiki", "300 s left", "180 s left", "60 s left"]
      assert.deepStrictEqual(said, shown)
      const answer = new URLSearchParams({ code: "the-code", state: Redacted.value(flow.state) })
      yield* browse(new URL(`${flow.redirectUri}?${answer}`))
      assert.strictEqual(Redacted.value((yield* Fiber.join(running)).code), "the-code")
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(said.slice(shown.length).sort(), ["Done with wiki", "SignInEnded"])
    }).pipe(Effect.scoped))
})
