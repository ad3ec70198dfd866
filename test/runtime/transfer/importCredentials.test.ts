import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { importCredentials } from "../../../src/runtime/transferCredentials.ts"
import type { CredentialKey } from "../../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../../src/store/CredentialStore.ts"
import { isPrintable } from "../../fixtures/HostileText.ts"
import { assertQuiet, keep, secretIn, secretText } from "../../fixtures/secretCredentials.ts"

const key: CredentialKey = { serverUrl: "https://mcp.example/mcp", account: "me" }

const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "import-")))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

/** A file with this in it. */
const fileWith = (content: string | Uint8Array, mode = 0o600) =>
  Effect.map(folder, (path) => {
    const file = join(path, "login.json")
    fs.writeFileSync(file, content)
    fs.chmodSync(file, mode)
    return file
  })

const importing = (store: CredentialStore, options: Parameters<typeof importCredentials>[0]) =>
  Effect.provide(importCredentials(options), Layer.succeed(CredentialStore, store))

const refusal = (store: CredentialStore, options: Parameters<typeof importCredentials>[0]) =>
  Effect.tap(Effect.flip(importing(store, options)), (error) => assertQuiet(error, "s3cr3t"))

const makePipe = (path: string) => assert.strictEqual(spawnSync("mkfifo", ["-m", "600", path]).status, 0)
const isPosix = process.platform !== "win32"
const isRoot = process.getuid?.() === 0

/** The exported text with other fields. */
const changed = (fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...JSON.parse(secretText(key, "s3cr3t")) as object, ...fields })

describe("what is there", () => {
  it.scopedLive("is stored under its own key where nothing is", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      for (const at of [key, { ...key, variant: "audience=x" }, { serverUrl: "https://a.example/?key=s3cr3t" }]) {
        assert.deepStrictEqual(yield* importing(store, { from: yield* fileWith(secretText(at, "s3cr3t")) }), at)
        assert.strictEqual(yield* secretIn(store, at), "s3cr3t")
      }
    }))

  it.scopedLive("stays when it is another, unless that is to be replaced; the same may be imported again", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const from = yield* fileWith(secretText(key, "new-s3cr3t"))
      yield* keep(store, key, "old-s3cr3t")
      const error = yield* refusal(store, { from })
      assert.deepInclude(error, { reason: "Unwritable", code: "EEXIST" })
      assert.include(error.message, "other credentials are stored for https://mcp.example/mcp and this account")
      assert.strictEqual(yield* secretIn(store, key), "old-s3cr3t")
      yield* importing(store, { from, overwrite: true })
      assert.strictEqual(yield* secretIn(store, key), "new-s3cr3t")
      yield* importing(store, { from })
    }))
})

describe("a text", () => {
  const texts: ReadonlyArray<readonly [string, string | Uint8Array, string, string]> = [
    ["empty", "", "Damaged", "the text is not JSON"],
    ["no JSON", "s3cr3t", "Damaged", "the text is not JSON"],
    ["cut off", secretText(key, "s3cr3t").slice(0, -20), "Damaged", "the text is not JSON"],
    ["no object", '["s3cr3t"]', "Damaged", "the text is no JSON object"],
    ["binary", new Uint8Array([0xff, 0xfe, 0, 1, 2, 0x80]), "Damaged", "the text is not UTF-8"],
    ["full of zeros", new Uint8Array(10_000), "Damaged", "the text is not JSON"],
    ["without a server", changed({ server: undefined }), "Damaged", "the field server is missing"],
    ["of a wrong server", changed({ server: "ftp://s3cr3t.example/" }), "Damaged", "the URL of no server"],
    [
      "of a server with a password",
      changed({ server: "https://u:s3cr3t@a.example/" }),
      "Damaged",
      "the URL of no server"
    ],
    ["of a server without TLS", changed({ server: "http://a.example/s3cr3t" }), "Damaged", "the URL of no server"],
    [
      "with a terminal command",
      changed({ account: "s3cr3t\u001b[2J" }),
      "Damaged",
      "the field account is no printable"
    ],
    ["with an endless account", changed({ account: "s3cr3t".repeat(1000) }), "Damaged", "the field account"],
    ["with a strange variant", changed({ variant: "s3cr3t\n" }), "Damaged", "the field variant"],
    ["with tokens of another type", changed({ tokens: { accessToken: ["s3cr3t"] } }), "Damaged", "tokens.accessToken"],
    ["of a newer version", changed({ version: 2, issuer: 7 }), "Unreadable", "written by a newer version"],
    ["of a version that is none", changed({ version: "s3cr3t" }), "Damaged", "the field version"],
    ["of more than 1 MiB", changed({ padding: "s3cr3t".repeat(200_000) }), "Unreadable", "larger than 1 MiB"]
  ]
  for (const [what, text, reason, words] of texts) {
    it.scopedLive(`${what} is not stored, and none of it is shown`, () =>
      Effect.gen(function* () {
        const store = yield* CredentialStore.memory
        const error = yield* refusal(store, { from: yield* fileWith(text) })
        assert.strictEqual(error.reason, reason)
        assert.include(error.message, words)
        assert.isTrue(isPrintable(error.message), error.message)
        assert.deepStrictEqual(yield* store.list, [])
      }))
  }
})

describe("a file", () => {
  it.scopedLive("is refused where it is missing, a folder or a device, with a path that is printable", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const store = yield* CredentialStore.memory
      const places: ReadonlyArray<readonly [string, string]> = [
        [join(path, "none\u001b[2J"), "there is no such file"],
        [path, "it is a folder"],
        ["", ": the path is empty: give the path"],
        ["-", "give the path"],
        ...isPosix
          ? [["/dev/zero", "neither a file nor a pipe"], ["/dev/null", "neither a file nor a pipe"]] as const
          : []
      ]
      for (const [from, words] of places) {
        const error = yield* refusal(store, { from })
        assert.strictEqual(error.reason, "Unreadable", from)
        assert.include(error.message, words)
        assert.isTrue(isPrintable(error.message), error.message)
      }
    }))

  it.scopedLive.skipIf(!isPosix)(
    "is refused where others can write to it; they may read it, as secrets of containers",
    () =>
      Effect.gen(function* () {
        const text = secretText(key, "s3cr3t")
        for (const mode of [0o620, 0o602, 0o666]) {
          const store = yield* CredentialStore.memory
          const error = yield* refusal(store, { from: yield* fileWith(text, mode) })
          assert.include(error.message, "others can write to it")
        }
        yield* importing(yield* CredentialStore.memory, { from: yield* fileWith(text, 0o444) })
      })
  )

  it.scopedLive.skipIf(!isRoot)("is refused where it is somebody else's", () =>
    Effect.gen(function* () {
      const from = yield* fileWith(secretText(key, "s3cr3t"))
      fs.chownSync(from, 12345, 12345)
      const error = yield* refusal(yield* CredentialStore.memory, { from })
      assert.include(error.message, "its owner is the user with id 12345, and not you (0)")
    }))

  it.scopedLive.skipIf(!isPosix)(
    "may be named by a link, as secrets of a cluster are: what it leads to is checked",
    () =>
      Effect.gen(function* () {
        const from = yield* fileWith(secretText(key, "s3cr3t"))
        fs.symlinkSync(from, `${from}.link`)
        yield* importing(yield* CredentialStore.memory, { from: `${from}.link` })
        fs.chmodSync(from, 0o666)
        yield* refusal(yield* CredentialStore.memory, { from: `${from}.link` })
      })
  )
})

/** Another process that writes this to a pipe; resolves when it has ended. On Deno, writing to a pipe blocks its own. */
const writeTo = (pipe: string, text: string): Promise<void> =>
  new Promise((resolve) => {
    const child = spawn("sh", ["-c", 'exec cat >"$0"', pipe], { stdio: ["pipe", "ignore", "ignore"] })
    // It may go away before it has read all.
    child.stdin.on("error", () => {})
    child.once("close", () => resolve())
    child.stdin.end(text)
  })

describe.skipIf(!isPosix)("a pipe", () => {
  it.scopedLive("is read to its end, whenever its writer comes", () =>
    Effect.gen(function* () {
      const from = join(yield* folder, "pipe")
      makePipe(from)
      const store = yield* CredentialStore.memory
      const fiber = yield* Effect.fork(importing(store, { from }))
      const text = changed({ padding: "p".repeat(200_000) })
      yield* Effect.promise(() => writeTo(from, text))
      assert.deepStrictEqual(yield* Fiber.join(fiber), key)
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))

  it.scopedLive("is no longer read once it has given more than 1 MiB", () =>
    Effect.gen(function* () {
      const from = join(yield* folder, "pipe")
      makePipe(from)
      const fiber = yield* Effect.fork(refusal(yield* CredentialStore.memory, { from }))
      const writing = writeTo(from, "x".repeat(3_000_000))
      assert.include((yield* Fiber.join(fiber)).message, "larger than 1 MiB")
      yield* Effect.promise(() => writing)
    }))

  it.scopedLive("ends its wait at an interrupt", () =>
    Effect.gen(function* () {
      const from = join(yield* folder, "pipe")
      makePipe(from)
      const started = yield* Deferred.make<void>()
      const store = yield* CredentialStore.memory
      const fiber = yield* Effect.fork(
        Effect.zipRight(Deferred.succeed(started, undefined), importing(store, { from }))
      )
      yield* Deferred.await(started)
      // Somebody who opens it to write, and is let in, has a reader.
      yield* Effect.promise(() => writeTo(from, ""))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    }))
})
