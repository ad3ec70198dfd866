import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, type Scope } from "effect"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { exportCredentials } from "../../../src/runtime/transferCredentials.ts"
import { type CredentialKey, CredentialStoreError } from "../../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../../src/store/CredentialStore.ts"
import { assertQuiet, keep, secretCredentials, secretIn, secretText } from "../../fixtures/secretCredentials.ts"

const key: CredentialKey = { serverUrl: "https://mcp.example/mcp", account: "me" }

/** A folder of its own. */
const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "export-")))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

const withSecret = (secret = "s3cr3t", at = key) =>
  Effect.tap(CredentialStore.memory, (store) => keep(store, at, secret))

const exporting = (store: CredentialStore, options: Parameters<typeof exportCredentials>[1], wanted = key) =>
  Effect.provide(exportCredentials(wanted, options), Layer.succeed(CredentialStore, store))

const refusal = (store: CredentialStore, options: Parameters<typeof exportCredentials>[1], wanted = key) =>
  Effect.tap(Effect.flip(exporting(store, options, wanted)), (error) => assertQuiet(error, "s3cr3t"))

const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8)
const makePipe = (path: string, mode = "600") => assert.strictEqual(spawnSync("mkfifo", ["-m", mode, path]).status, 0)

const isPosix = process.platform !== "win32"
const isRoot = process.getuid?.() === 0

describe("to a file", () => {
  it.scopedLive("writes what import reads, for this user alone, and says under which key", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "login.json")
      const store = yield* withSecret()
      assert.deepStrictEqual(yield* exporting(store, { to }), key)
      assert.strictEqual(fs.readFileSync(to, "utf8"), secretText(key, "s3cr3t"))
      if (isPosix) assert.strictEqual(modeOf(to), "600")
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))

  it.scopedLive("leaves what is there, and replaces it in one step where that is asked for", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const to = join(path, "login.json")
      fs.writeFileSync(to, "mine", { mode: 0o644 })
      const before = fs.openSync(to, "r")
      const store = yield* withSecret()
      assert.deepInclude(yield* refusal(store, { to }), { reason: "Unwritable", code: "EEXIST" })
      assert.strictEqual(fs.readFileSync(to, "utf8"), "mine")
      yield* exporting(store, { to, overwrite: true })
      assert.strictEqual(fs.readFileSync(to, "utf8"), secretText(key, "s3cr3t"))
      // Whoever has the old one open goes on with it, whole.
      assert.strictEqual(fs.readFileSync(before, "utf8"), "mine")
      fs.closeSync(before)
      if (isPosix) assert.strictEqual(modeOf(to), "600")
      assert.deepStrictEqual(fs.readdirSync(path), ["login.json"])
    }))

  it.scopedLive.skipIf(!isPosix)(
    "follows no symbolic link, whether it leads anywhere or not",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        fs.writeFileSync(join(path, "target"), "mine")
        fs.symlinkSync("target", join(path, "link"))
        fs.symlinkSync("nowhere", join(path, "dangling"))
        const store = yield* withSecret()
        for (const name of ["link", "dangling"]) {
          for (const overwrite of [false, true]) {
            const error = yield* refusal(store, { to: join(path, name), overwrite, move: true })
            assert.include(error.message, "it is a symbolic link")
          }
        }
        assert.deepStrictEqual(fs.readdirSync(path).sort(), ["dangling", "link", "target"])
        assert.strictEqual(fs.readFileSync(join(path, "target"), "utf8"), "mine")
      })
  )

  it.scopedLive("refuses what is no file, no path, or in no folder, and leaves nothing", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const store = yield* withSecret()
      const places: ReadonlyArray<readonly [string, string]> = [
        [path, "neither a file nor a pipe"],
        [join(path, "none", "x"), "there is no such file, or no such folder"],
        ["", ": the path is empty: credentials are not printed"],
        ["-", "credentials are not printed"],
        ...isPosix
          ? [["/dev/full", "neither a file nor a pipe"], ["/dev/null", "neither a file nor a pipe"]] as const
          : []
      ]
      for (const [to, words] of places) {
        const error = yield* refusal(store, { to, overwrite: true, move: true })
        assert.strictEqual(error.reason, "Unwritable")
        assert.include(error.message, words)
      }
      assert.deepStrictEqual(fs.readdirSync(path), [])
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))

  const small = isPosix && isRoot ? fs.mkdtempSync(join(tmpdir(), "small-")) : undefined
  const isMounted = small !== undefined &&
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", small]).status === 0
  it.scopedLive.skipIf(!isMounted)("leaves nothing on a full disk, and moves nothing", () =>
    Effect.gen(function* () {
      const disk = small ?? ""
      yield* Effect.addFinalizer(() => Effect.sync(() => spawnSync("umount", ["-l", disk])))
      const store = yield* withSecret()
      const padded = { ...secretCredentials("s3cr3t"), extra: Redacted.make({ padding: "s3cr3t".repeat(5000) }) }
      yield* store.modify(key, () => Effect.succeed([undefined, Option.some(padded)] as const))
      for (const overwrite of [false, true]) {
        if (overwrite) fs.writeFileSync(join(disk, "login.json"), "mine")
        const error = yield* refusal(store, { to: join(disk, "login.json"), move: true, overwrite })
        assert.deepInclude(error, { reason: "Unwritable", code: "ENOSPC" })
        assert.deepStrictEqual(fs.readdirSync(disk), overwrite ? ["login.json"] : [])
      }
      assert.strictEqual(fs.readFileSync(join(disk, "login.json"), "utf8"), "mine")
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))
})

describe.skipIf(!isPosix)("to a pipe", () => {
  it.scopedLive("waits for a reader, then writes all of it, also more than a pipe holds", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to)
      const store = yield* withSecret()
      const padded = { ...secretCredentials("s3cr3t"), extra: Redacted.make({ padding: "p".repeat(200_000) }) }
      yield* store.modify(key, () => Effect.succeed([undefined, Option.some(padded)] as const))
      const fiber = yield* Effect.fork(exporting(store, { to }))
      const read = yield* Effect.promise(() => fs.promises.readFile(to, "utf8"))
      yield* Fiber.join(fiber)
      assert.strictEqual(read.length, secretText(key, "s3cr3t").length + 200_000 + '  "padding": "",\n'.length)
      assert.strictEqual((JSON.parse(read) as { readonly padding: string }).padding.length, 200_000)
      assert.isTrue(fs.lstatSync(to).isFIFO())
    }))

  it.scopedLive("ends its wait at an interrupt, and what is stored stays", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to)
      const store = yield* withSecret()
      const fiber = yield* Effect.fork(exporting(store, { to, move: true }))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))

  it.scopedLive("writes what is stored when the reader comes, and not what was before", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to)
      const store = yield* withSecret("old")
      const looked = yield* Deferred.make<void>()
      const watched = {
        ...store,
        load: (at: CredentialKey) => Effect.ensuring(store.load(at), Deferred.succeed(looked, undefined))
      }
      const fiber = yield* Effect.fork(exporting(watched, { to }))
      yield* Deferred.await(looked)
      yield* keep(store, key, "new")
      const read = yield* Effect.promise(() => fs.promises.readFile(to, "utf8"))
      yield* Fiber.join(fiber)
      assert.strictEqual(read, secretText(key, "new"))
    }))

  it.scopedLive("keeps what is stored when the reader goes away before all is written", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to)
      const store = yield* withSecret()
      const padded = { ...secretCredentials("s3cr3t"), extra: Redacted.make({ padding: "p".repeat(200_000) }) }
      yield* store.modify(key, () => Effect.succeed([undefined, Option.some(padded)] as const))
      const fiber = yield* Effect.fork(Effect.flip(exporting(store, { to, move: true })))
      yield* Effect.promise(async () => {
        const reader = await fs.promises.open(to, "r")
        await reader.read(new Uint8Array(10), 0, 10, null)
        await reader.close()
      })
      assert.deepInclude(yield* Fiber.join(fiber), { reason: "Unwritable", code: "EPIPE" })
      assert.strictEqual(yield* secretIn(store, key), "s3cr3t")
    }))

  it.scopedLive("refuses one that others can read", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to, "644")
      fs.chmodSync(to, 0o644)
      const reader = fs.openSync(to, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
      assert.include((yield* refusal(yield* withSecret(), { to })).message, "mkfifo -m 600")
      fs.closeSync(reader)
    }))

  it.scopedLive.skipIf(!isRoot)("refuses one of somebody else", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "pipe")
      makePipe(to)
      fs.chownSync(to, 12345, 12345)
      const reader = fs.openSync(to, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
      assert.include((yield* refusal(yield* withSecret(), { to })).message, "its owner is the user with id 12345")
      fs.closeSync(reader)
    }))
})

describe("move", () => {
  it.scopedLive("removes it from the store, once it is written", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "login.json")
      const store = yield* withSecret()
      let writtenBefore: boolean | undefined
      const watched: CredentialStore = {
        ...store,
        modify: (at, change, options) =>
          Effect.tap(
            store.modify(at, (current) =>
              Effect.tap(change(current), () => {
                writtenBefore = fs.existsSync(to)
                return Effect.void
              }), options),
            () => Effect.void
          )
      }
      yield* exporting(watched, { to, move: true })
      assert.isTrue(writtenBefore)
      assert.isUndefined(yield* secretIn(store, key))
      assert.strictEqual(fs.readFileSync(to, "utf8"), secretText(key, "s3cr3t"))
    }))

  it.scopedLive("says that two places have it when it cannot be removed", () =>
    Effect.gen(function* () {
      const to = join(yield* folder, "login.json")
      const store = yield* withSecret()
      const failing: CredentialStore = {
        ...store,
        modify: (at, change) =>
          Effect.zipRight(
            Effect.flatMap(store.load(at), change),
            new CredentialStoreError({ reason: "Unwritable", detail: "read-only", code: "EROFS" })
          )
      }
      const error = yield* refusal(failing, { to, move: true })
      assert.include(error.message, "two places have them")
      assert.include(error.message, "read-only")
      assert.deepInclude(error, { reason: "Unwritable", code: "EROFS" })
      assert.isTrue(fs.existsSync(to))
    }))
})

describe("which credentials", () => {
  const others: ReadonlyArray<CredentialKey> = [
    { serverUrl: "https://one.example/mcp?key=s3cr3t" },
    { serverUrl: "https://two.example/mcp", account: "a" },
    { serverUrl: "https://two.example/mcp", account: "b\u001b[2J" },
    { serverUrl: "https://three.example/mcp", account: "c", variant: "audience=s3cr3t" },
    { serverUrl: "https://four.example/mcp" },
    { serverUrl: "https://four.example/mcp", variant: "audience=x" }
  ]
  const filled = Effect.tap(
    CredentialStore.memory,
    (store) => Effect.forEach(others, (each) => keep(store, each, "s3cr3t"))
  )

  it.scopedLive("are those of the key, else the only ones of the server, account and variant that are given", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const store = yield* filled
      const wanted: ReadonlyArray<readonly [CredentialKey, CredentialKey | undefined]> = [
        ...others.map((each) => [each, each] as const),
        [{ serverUrl: "https://two.example/mcp", account: "a" }, others[1]],
        [{ serverUrl: "https://three.example:443/mcp" }, others[3]],
        [{ serverUrl: "https://three.example/mcp", account: "c" }, others[3]]
      ]
      for (const [at, [each, found]] of wanted.entries()) {
        assert.deepStrictEqual(yield* exporting(store, { to: join(path, String(at)) }, each), found)
      }
    }))

  it.scopedLive("are named, without secrets, where there is more than one or none", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const store = yield* filled
      const two = yield* refusal(store, { to: join(path, "x") }, { serverUrl: "https://two.example/mcp" })
      assert.match(two.message, /2 sign-ins are stored for https:\/\/two.example\/mcp/)
      assert.match(two.message, /of account "a" \(id [\da-f]{24}\); https:\/\/two.example\/mcp of account "b \[2J"/)
      const none = yield* refusal(store, { to: join(path, "x") }, { serverUrl: "https://none.example/?s3cr3t" })
      assert.include(
        none.message,
        "nothing is stored for https://none.example/. There is: https://one.example/mcp (id "
      )
      for (const account of ["", "z"]) {
        const error = yield* refusal(store, { to: join(path, "x") }, { serverUrl: "https://two.example/mcp", account })
        assert.include(error.message, "nothing is stored for")
      }
      const plain = { load: store.load, modify: store.modify } as CredentialStore
      assert.include((yield* refusal(plain, { to: join(path, "x") })).message, "Sign in first")
      assert.deepStrictEqual(fs.readdirSync(path), [])
    }))
})
