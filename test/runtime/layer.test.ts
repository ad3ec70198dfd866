/** The layers of the services, whole and single. */
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigError, ConfigProvider, Context, Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CallbackServer, CredentialStore, PasteInput, Presenter } from "../../src/index.ts"
import * as Layers from "../../src/node.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "layers-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

describe("the layers", () => {
  it.scoped("are composed of single ones, which are the same parts wherever they are built", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const options = { appName: "tool", directory }
      const whole = yield* Layer.build(Layers.layerFile(options))
      const single = yield* Layer.build(
        Layer.mergeAll(
          Layers.layerCallbackServer,
          Layers.layerPasteInput,
          Layers.layerPresenter(),
          Layers.layerCredentialStoreFile(options)
        )
      )
      for (const each of [whole, single]) assert.isFunction(Context.get(each, Presenter).show)
      // One listener for each port, one reader of stdin, one store for each place.
      assert.strictEqual(Context.get(single, CallbackServer), Context.get(whole, CallbackServer))
      assert.strictEqual(Context.get(single, PasteInput), Context.get(whole, PasteInput))
      assert.strictEqual(Context.get(single, CredentialStore), Context.get(whole, CredentialStore))
      const keychain = yield* Layer.build(Layers.layerCredentialStoreKeychain({ appName: "tool" }))
      const wholeKeychain = yield* Layer.build(Layers.layerKeychain({ appName: "tool" }))
      assert.strictEqual(Context.get(keychain, CredentialStore), Context.get(wholeKeychain, CredentialStore))
      // What is kept in memory is another store each time.
      const memory = yield* Layer.build(Layers.layerCredentialStoreMemory)
      assert.notStrictEqual(Context.get(memory, CredentialStore), Context.get(whole, CredentialStore))
      assert.deepStrictEqual(yield* Context.get(memory, CredentialStore).list, [])
    }))

  it.scoped("take their options from Config, and fail for what is missing there or cannot be used", () =>
    Effect.gen(function* () {
      const built = (entries: ReadonlyArray<readonly [string, string]>) =>
        Layer.build(
          Layers.layerFileConfig({ appName: Config.string("AGENT_NAME"), encrypt: Config.succeed(false) })
        ).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries))))
      const services = yield* built([["AGENT_NAME", "tool"]])
      assert.isFunction(Context.get(services, CredentialStore).load)
      assert.isTrue(ConfigError.isConfigError(yield* Effect.flip(built([]))))
      const error = yield* Effect.flip(built([["AGENT_NAME", "a/b"]]))
      assert.isTrue(error instanceof Layers.InvalidOptions && error.option === "appName", String(error))
      assert.strictEqual(
        error.message,
        'Cannot use the option appName: "a/b" names no folder. Pass one name without slashes, such as "my-tool"'
      )
    }))

  it.scoped("are no defect where an option is wrong, and name it without saying more than a line of it", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<readonly [Layer.Layer<never, Layers.InvalidOptions>, option: string]> = [
        [Layers.layerFile({ appName: "" }), "appName"],
        [Layers.layerFile({ appName: `../${"a".repeat(10_000)}\u001b[31m` }), "appName"],
        [Layers.layerFile({ appName: "tool", directory: "" }), "directory"],
        [Layers.layerFile({ appName: "tool", encrypt: "yes" as never }), "encrypt"],
        [Layers.layerCredentialStoreFile({ appName: 1 as never }), "appName"],
        [Layers.layerKeychain({ appName: "." }), "appName"],
        [Layers.layerCredentialStoreKeychain({ appName: undefined as never }), "appName"]
      ]
      for (const [layer, option] of wrong) {
        const error = yield* Effect.flip(Layer.build(layer))
        assert.deepStrictEqual([error._tag, error.option], ["InvalidOptions", option])
        assert.isBelow(error.message.length, 300)
        assert.notInclude(error.message, "\u001b")
      }
    }))
})
