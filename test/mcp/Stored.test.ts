import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Redacted } from "effect"
import { inspect } from "node:util"
import * as Stored from "../../src/mcp/Stored.ts"
import { type Credentials, CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"

const key = { serverUrl: "https://mcp.example/mcp" }
const credentials: Credentials = {
  issuer: "https://as.example",
  tokens: { accessToken: Redacted.make("tok_s3cr3t_access") }
}
const put = () => Effect.succeed([undefined, Option.some(credentials)] as const)

class VaultError extends Error {
  override readonly name = "VaultError"
  readonly code = "VAULT_SEALED"
}
const sealed = new VaultError("the vault is sealed")
const throwing = (): never => {
  throw sealed
}

// A store that is not written as its types say.
const storeOf = (methods: object) => methods as CredentialStore
const waysToFail: ReadonlyArray<readonly [string, () => unknown]> = [
  ["throws", throwing],
  ["dies", () => Effect.die(sealed)],
  ["fails with an error of its own", () => Effect.fail(sealed)],
  ["rejects", () => Effect.promise(() => Promise.reject(sealed))]
]

describe("a store of the user's own", () => {
  for (const [how, fail] of waysToFail) {
    it.effect(`that ${how} is a CredentialStoreError with its name and message`, () =>
      Effect.gen(function* () {
        const store = storeOf({ load: fail, modify: fail })
        const loaded = yield* Effect.flip(Stored.load({ key, store }))
        const modified = yield* Effect.flip(Stored.modify({ key, store }, put))
        for (const [error, reason] of [[loaded, "Unreadable"], [modified, "Unwritable"]] as const) {
          assert.instanceOf(error, CredentialStoreError)
          assert.include(error, { reason, code: "VAULT_SEALED" })
          assert.include(error.message, "failed (VAULT_SEALED): VaultError: the vault is sealed. Check")
          assert.include(error.cause as Error, { name: "VaultError", message: "the vault is sealed" })
        }
      }))
  }

  it.effect("keeps an error that it was right to fail with", () =>
    Effect.gen(function* () {
      const own = new CredentialStoreError({ reason: "Locked", detail: "another program holds it. Try again" })
      const store = storeOf({ load: () => Effect.fail(own), modify: () => Effect.fail(own) })
      assert.strictEqual(yield* Effect.flip(Stored.load({ key, store })), own)
      assert.strictEqual(yield* Effect.flip(Stored.modify({ key, store }, put)), own)
    }))

  it.effect("does not quote the credentials that it was given", () =>
    Effect.gen(function* () {
      const store = storeOf({
        modify: (_: unknown, change: typeof put) =>
          Effect.flatMap(change(), ([, next]) =>
            Effect.die(new Error(`cannot keep ${Redacted.value(Option.getOrThrow(next).tokens!.accessToken)}`)))
      })
      const error = yield* Effect.flip(Stored.modify({ key, store }, put))
      assert.include(error.message, "cannot keep ***")
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "s3cr3t")
    }))

  it.effect("is not blamed for a failure, or a defect, of the change itself", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      assert.strictEqual(yield* Effect.flip(Stored.modify({ key, store }, () => Effect.fail("mine"))), "mine")
      for (const change of [() => Effect.die(sealed), throwing]) {
        const exit = yield* Effect.exit(Stored.modify({ key, store }, change))
        assert.deepStrictEqual(Exit.causeOption(exit).pipe(Option.map(Cause.squash)), Option.some(sealed))
      }
    }))
})
