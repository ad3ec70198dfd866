import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { BindError } from "../../src/core/oauth/BindError.ts"
import { Refusal } from "../../src/core/oauth/Refusal.ts"
import { type Notice, type PendingAuthorization, Presenter } from "../../src/services/Presenter.ts"

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
