import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { McpOAuth } from "../../src/mcp.ts"
import { type CredentialKey, CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"
import { hostile, isPrintable } from "../fixtures/HostileText.ts"
import { assertQuiet, keep } from "../fixtures/secretCredentials.ts"

const of = (store: CredentialStore) => Effect.provideService(McpOAuth.accounts, CredentialStore, store)

describe("accounts", () => {
  it.effect("are all that is stored, by server, then account, whatever order the store has", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const keys: ReadonlyArray<CredentialKey> = [
        { serverUrl: "https://b.example/" },
        { serverUrl: "https://a.example/mcp", account: "z" },
        { serverUrl: "https://a.example/mcp", account: "Z" },
        { serverUrl: "https://a.example/mcp", account: "a", variant: "audience=x" },
        { serverUrl: "https://a.example/mcp", account: "a" }
      ]
      for (const key of keys) yield* keep(store, key, "s3cr3t")
      const all = yield* of(store)
      assert.deepStrictEqual(all.map(({ account, server }) => `${server} ${account}`), [
        "https://a.example/mcp Z",
        "https://a.example/mcp a",
        "https://a.example/mcp a",
        "https://a.example/mcp z",
        "https://b.example/ "
      ])
      assert.strictEqual(new Set(all.map(({ id }) => id)).size, 5)
      assert.deepStrictEqual(yield* of({ ...store, list: Effect.map(store.list, (keys) => [...keys].reverse()) }), all)
      assertQuiet(all, "s3cr3t")
    }))

  it.effect("say whether a person is needed: of a registration alone, of an expired and of a refused token", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const accessToken = Redacted.make("a")
      const tokens = [
        undefined,
        { accessToken, expiresAt: -1 },
        { accessToken, refreshToken: accessToken, refreshRefusedAt: 1 },
        { accessToken, refreshToken: accessToken, expiresAt: -1 },
        { accessToken }
      ]
      for (const [at, each] of tokens.entries()) {
        yield* store.modify(
          { serverUrl: `https://${at}.example/` },
          () => Effect.succeed([undefined, Option.some({ issuer: "https://as.example", tokens: each })] as const)
        )
      }
      assert.deepStrictEqual((yield* of(store)).map(({ isSignedIn }) => isSignedIn), [false, false, false, true, true])
    }))

  it.effect("show no query, and give the URL to sign out with where there is none", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      for (const serverUrl of ["https://a.example/mcp", "https://b.example/mcp?key=s3cr3t", "no url?s3cr3t"]) {
        yield* keep(store, { serverUrl }, "x")
      }
      const all = yield* of(store)
      assert.deepStrictEqual(all.map(({ server, serverUrl }) => [server, serverUrl]), [
        ["https://a.example/mcp", "https://a.example/mcp"],
        ["https://b.example/mcp", undefined],
        ["no url", undefined]
      ])
      assertQuiet(all, "s3cr3t")
    }))

  it.effect("leave out what was damaged, removed or written by a newer version since it was listed", () =>
    Effect.gen(function* () {
      const newer =
        "entry: they were written by a newer version of effect-oauth-callback, which this one cannot read. Update"
      const fails = [
        Effect.succeedNone,
        new CredentialStoreError({ reason: "Damaged", detail: "x" }),
        new CredentialStoreError({ reason: "Unreadable", detail: newer })
      ]
      const store = yield* CredentialStore.memory
      for (const load of fails) {
        const list = Effect.succeed([{ serverUrl: "https://a.example/" }])
        assert.deepStrictEqual(yield* of({ ...store, load: () => load, list }), [])
      }
    }))

  it.effect("fail when the store cannot be read, and when it cannot list", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const down = new CredentialStoreError({ reason: "Unreadable", detail: "down" })
      const list = Effect.succeed([{ serverUrl: "https://a.example/" }])
      assert.strictEqual(yield* Effect.flip(of({ ...store, load: () => down, list })), down)
      assert.strictEqual(yield* Effect.flip(of({ ...store, list: down })), down)
      const plain = { load: store.load, modify: store.modify } as CredentialStore
      const error = yield* Effect.flip(of(plain))
      assert.deepInclude(error, { _tag: "CredentialStoreError", reason: "Unreadable" })
      assert.include(error.message, "cannot list what it keeps")
    }))

  it.effect.prop("are printable, whatever a store lists as a server", [hostile], ([text]) =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      yield* keep(store, { serverUrl: text }, "x")
      for (const { server } of yield* of(store)) {
        assert.isTrue(isPrintable(server), JSON.stringify(server.slice(0, 200)))
      }
    }))
})
