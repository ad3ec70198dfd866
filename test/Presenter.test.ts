import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { BindError } from "../src/core/BindError.ts"
import { type PendingAuthorization, Presenter } from "../src/services/Presenter.ts"

const pending: PendingAuthorization = {
  id: "a1b2c3d4",
  serverName: "as.example",
  url: new URL("https://as.example/authorize?state=x"),
  redirectUri: "http://127.0.0.1:4321/callback",
  listening: true,
  paste: true,
  deadline: 300_000
}

describe("Presenter.none", () => {
  it.effect("shows nothing, says nothing and holds nothing", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.extend(Presenter.none.show(pending), scope)
      yield* Presenter.none.notice({
        _tag: "PasteOnly",
        error: new BindError({ reason: "PortInUse", host: "127.0.0.1", ports: [8976] }),
        redirectUri: pending.redirectUri
      })
      yield* Scope.close(scope, Exit.void)
    }))

  it.effect("is found under the tag it is provided as", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Presenter, Presenter.none)
    }).pipe(Effect.provide(Layer.succeed(Presenter, Presenter.none))))
})
