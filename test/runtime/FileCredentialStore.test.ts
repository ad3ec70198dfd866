import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import os, { userInfo } from "node:os"
import { basename, dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { vi } from "vitest"
import { configDirectory } from "../../src/runtime/configDirectory.ts"
import { open } from "../../src/runtime/FileCredentialStore.ts"
import { layerFile } from "../../src/runtime/layer.ts"
import { CredentialStore, type CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { type Notice, Presenter } from "../../src/services/Presenter.ts"
import { alone, fileIn, folder, listed, listening } from "../fixtures/CredentialFolder.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import { assertQuiet } from "../fixtures/secretCredentials.ts"
import { tokenOf, withToken } from "../fixtures/StoredTokens.ts"

const key = { serverUrl: "https://mcp.example/a?b=../c", account: "me/you" }
const put = (store: CredentialStore, token: string, at: { readonly serverUrl: string } = key) =>
  store.modify(at, () => Effect.succeed([undefined, Option.some(withToken(token))] as const))

const at = (directory: string) => open({ appName: "test", directory })
const modeOf = (path: string) => (fs.statSync(path).mode & 0o777).toString(8)

credentialStoreLaws("FileCredentialStore", Effect.flatMap(folder, at), {
  takesTurns: true,
  pair: Effect.map(folder, (directory) => [alone(directory), alone(directory)] as const)
})

describe("configDirectory", () => {
  const env = { XDG_CONFIG_HOME: "/xdg", APPDATA: "D:\\Roaming" }
  it.each<[string, string, Record<string, string | undefined>, string, string]>([
    ["Linux", "linux", {}, "/home/me", "/home/me/.config/tool"],
    ["Linux with XDG_CONFIG_HOME", "linux", env, "/home/me", "/xdg/tool"],
    ["Linux with an empty one", "linux", { XDG_CONFIG_HOME: "" }, "/home/me", "/home/me/.config/tool"],
    ["Linux with a relative one", "linux", { XDG_CONFIG_HOME: "xdg" }, "/home/me", "/home/me/.config/tool"],
    ["a BSD", "freebsd", env, "/home/me", "/xdg/tool"],
    ["macOS", "darwin", env, "/Users/me", "/Users/me/Library/Application Support/tool"],
    ["Windows", "win32", env, "C:\\Users\\me", "D:\\Roaming\\tool"],
    ["Windows without APPDATA", "win32", {}, "C:\\Users\\me", "C:\\Users\\me\\AppData\\Roaming\\tool"],
    [
      "Windows with a relative one",
      "win32",
      { APPDATA: "a" },
      "C:\\Users\\me",
      "C:\\Users\\me\\AppData\\Roaming\\tool"
    ],
    ...["\\a", "/a", "C:a", "."].map((APPDATA): [string, string, Record<string, string>, string, string] => [
      `Windows with ${APPDATA}, which depends on the drive`,
      "win32",
      { APPDATA },
      "C:\\Users\\me",
      "C:\\Users\\me\\AppData\\Roaming\\tool"
    ]),
    ["Windows with a share", "win32", { APPDATA: "\\\\host\\share\\a" }, "C:\\Users\\me", "\\\\host\\share\\a\\tool"]
  ])("on %s", (_name, platform, env, home, expected) => {
    assert.strictEqual(configDirectory({ platform, env, home }, "tool"), expected)
  })
})

describe("FileCredentialStore", () => {
  it.scopedLive("makes nothing before it has something to keep", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "a", "b")
      const store = yield* at(directory)
      assert.isTrue(Option.isNone(yield* store.load(key)))
      assert.isFalse(fs.existsSync(directory))
      yield* put(store, "token")
      assert.strictEqual(listed(directory).length, 1)
    }))

  it.scopedLive("names the file by a hash, and writes the server into it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* put(yield* at(directory), "token")
      const file = fileIn(directory)
      assert.match(basename(file), /^[\da-f]{64}\.json$/)
      assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), {
        version: 1,
        server: key.serverUrl,
        account: key.account,
        issuer: "https://as.example",
        tokens: { accessToken: "token" }
      })
    }))

  it.scopedLive("keeps what another version or a person wrote into the file, at every level", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const file = fileIn(directory)
      const fields = {
        ...JSON.parse(fs.readFileSync(file, "utf8")),
        client: { clientId: "client", registration_access_token: "r" },
        tokens: { accessToken: "old", id_token: "identity" },
        note: ["mine"]
      }
      fs.writeFileSync(file, JSON.stringify(fields))
      yield* store.modify(key, (current) =>
        Effect.succeed(
          [
            undefined,
            Option.map(current, (each) => ({
              ...each,
              tokens: { ...each.tokens, accessToken: Redacted.make("new") }
            }))
          ] as const
        ))
      assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), {
        ...fields,
        tokens: { accessToken: "new", id_token: "identity" }
      })
    }))

  it.scopedLive("removes the file of what it forgets", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      yield* store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
      assert.deepStrictEqual(listed(directory), [])
    }))

  it.scopedLive.skipIf(process.platform === "win32")(
    "has its folder written to the disk after each change of a name",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const store = yield* at(directory)
        yield* put(store, "token")
        const handle = yield* Effect.promise(() => fs.promises.open(directory))
        yield* Effect.promise(() => handle.close())
        const prototype: fs.promises.FileHandle = Object.getPrototypeOf(handle)
        const real = prototype.sync
        const seen: Array<readonly ["folder" | "file", ReadonlyArray<string>]> = []
        const spy = vi.spyOn(prototype, "sync").mockImplementation(async function (this: fs.promises.FileHandle) {
          const isFolder = (await this.stat()).isDirectory()
          const names = listed(directory).map((name) => name.endsWith(".tmp") ? ".tmp" : name)
          seen.push([isFolder ? "folder" : "file", names])
          return await real.call(this)
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => spy.mockRestore()))
        const name = basename(fileIn(directory))
        yield* put(store, "next")
        yield* store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
        assert.deepStrictEqual(seen, [["file", [name, ".tmp"]], ["folder", [name]], ["folder", []]])
      })
  )

  it.scopedLive("is under the configuration directory of the program", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const names = ["XDG_CONFIG_HOME", "APPDATA", "HOME"] as const
      const before = names.map((name) => [name, process.env[name]] as const)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const [name, value] of before) {
            if (value === undefined) delete process.env[name]
            else process.env[name] = value
          }
        })
      )
      for (const name of names) process.env[name] = home
      yield* put(yield* open({ appName: "my tool" }), "token")
      const directory = configDirectory({ platform: process.platform, env: process.env, home }, "my tool")
      assert.isTrue(directory.startsWith(home))
      assert.strictEqual(listed(directory).length, 1)
    }))
})

describe.skipIf(process.platform === "win32")("the modes of FileCredentialStore", () => {
  it.scopedLive("are 0700 and 0600 under any umask", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "a")
      const before = process.umask(0)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(before)))
      yield* put(yield* at(directory), "token")
      assert.strictEqual(modeOf(directory), "700")
      assert.strictEqual(modeOf(dirname(fileIn(directory))), "700")
      assert.strictEqual(modeOf(fileIn(directory)), "600")
    }))

  it.scopedLive("are repaired by a load and by a modify, and nobody else's folder is touched", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const file = fileIn(directory)
      const widen = () => {
        fs.chmodSync(directory, 0o755)
        fs.chmodSync(dirname(file), 0o777)
        fs.chmodSync(file, 0o644)
      }
      for (const use of [store.load(key), put(store, "next")]) {
        widen()
        yield* use
        assert.deepStrictEqual([modeOf(directory), modeOf(dirname(file)), modeOf(file)], ["755", "700", "600"])
      }
    }))
})

const set = (name: string, value: string | undefined) => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

/** Variables of this process, until the scope closes. */
const variables = (values: Readonly<Record<string, string | undefined>>) =>
  Effect.acquireRelease(
    Effect.sync((): ReadonlyArray<readonly [string, string | undefined]> => {
      const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
      for (const [name, value] of Object.entries(values)) set(name, value)
      return before
    }),
    (before) => Effect.sync(() => before.forEach(([name, value]) => set(name, value)))
  )

describe.skipIf(process.platform === "win32")("the home folder of FileCredentialStore", () => {
  const account = userInfo().homedir
  it.scopedLive.each(["", "home", "./home", "../home", "~", " "])(
    "is the account's own where HOME is %j, and never in the working directory",
    (HOME) =>
      Effect.gen(function* () {
        yield* variables({ HOME, XDG_CONFIG_HOME: "relative" })
        const appName = `test-${randomUUID()}`
        const before = fs.readdirSync(".")
        const store = yield* open({ appName })
        assert.isTrue(Option.isNone(yield* store.load(key)))
        const folder = configDirectory({ platform: process.platform, env: {}, home: account }, appName)
        yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true })))
        yield* put(store, "token")
        assert.strictEqual(listed(folder).length, 1)
        assert.deepStrictEqual(fs.readdirSync("."), before)
      })
  )

  it.scopedLive("need not be known where another variable names a folder", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* variables({ HOME: "", XDG_CONFIG_HOME: directory })
      if (process.platform === "linux") {
        yield* put(yield* open({ appName: "tool" }), "token")
        assert.strictEqual(listed(join(directory, "tool")).length, 1)
      }
    }))

  // On Deno the system's answer cannot be replaced.
  it.scopedLive.skipIf("Deno" in globalThis)("is an error where the account has none", () =>
    Effect.gen(function* () {
      yield* variables({ HOME: "home", XDG_CONFIG_HOME: undefined })
      const real = userInfo()
      const spy = vi.spyOn(os, "userInfo")
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          spy.mockRestore()
          syncBuiltinESMExports()
        })
      )
      for (const homedir of ["", "nowhere"]) {
        spy.mockReturnValue({ ...real, homedir } as never)
        syncBuiltinESMExports()
        const error = yield* Effect.flip(open({ appName: "tool" }))
        assert.strictEqual(error.reason, "Unreadable")
        assert.isUndefined(error.code)
        assert.include(error.message, "Set HOME")
      }
    }))
})

describe.skipIf(process.platform === "win32")("what FileCredentialStore does not use", () => {
  const isRoot = process.getuid?.() === 0
  /** A store with a token in it, its folder and its file. */
  const kept = Effect.gen(function* () {
    const directory = yield* folder
    const store = yield* at(directory)
    yield* put(store, "s3cret")
    const file = fileIn(directory)
    return { directory, store, file, credentials: dirname(file) }
  })
  /** Neither reading nor changing gets at it. */
  const assertRefused = (store: CredentialStore, ...words: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      let ran = false
      const change = store.modify(key, (current) => Effect.sync(() => [ran = true, current] as const))
      for (const use of [Effect.asVoid(store.load(key)), Effect.asVoid(change)]) {
        const error = yield* Effect.flip(use)
        assert.strictEqual(error._tag, "CredentialStoreError")
        // The system has no code for what this package refuses.
        assert.isUndefined(error.code)
        for (const word of words) assert.include(error.message, word)
        assertQuiet(error, "s3cret")
      }
      assert.isFalse(ran)
    })

  it.scopedLive.each(
    [
      ["a pipe", (path: string): unknown => spawnSync("mkfifo", [path]), "no file"],
      ["a device that never ends", (path: string) => fs.symlinkSync("/dev/zero", path), "symbolic link"],
      ["a folder", (path: string) => fs.mkdirSync(path), "a folder is where a file should be"],
      ["a link to a file", (path: string) => fs.symlinkSync(`${path}.mine`, path), "symbolic link"],
      ["a link to nothing", (path: string) => fs.symlinkSync(`${path}.nothing`, path), "symbolic link"],
      ["a file of 1 MiB and a byte", (path: string) => fs.writeFileSync(path, " ".repeat(1_048_577)), "1 MiB"]
    ] as const
  )("is %s in place of a file", ([, make, word]) =>
    Effect.gen(function* () {
      const { file, store } = yield* kept
      fs.renameSync(file, `${file}.mine`)
      fs.chmodSync(`${file}.mine`, 0o755)
      make(file)
      yield* assertRefused(store, file, word)
      assert.strictEqual(modeOf(`${file}.mine`), "755", "what a link leads to is left alone")
    }))

  it.scopedLive("is a link in place of its folder, before it is opened or afterwards", () =>
    Effect.gen(function* () {
      const { credentials, directory, store } = yield* kept
      fs.renameSync(credentials, join(directory, "elsewhere"))
      fs.chmodSync(join(directory, "elsewhere"), 0o755)
      fs.symlinkSync(join(directory, "elsewhere"), credentials)
      yield* assertRefused(store, credentials, "symbolic link")
      fs.symlinkSync(directory, join(directory, "other"))
      yield* assertRefused(yield* at(join(directory, "other")), credentials, "symbolic link")
      assert.strictEqual(modeOf(join(directory, "elsewhere")), "755")
    }))

  it.scopedLive.skipIf(!isRoot)("is a folder, or a file, of another user, who is named", () =>
    Effect.gen(function* () {
      const { credentials, file, store } = yield* kept
      fs.chownSync(file, 12_345, 0)
      const read = store.load(key)
      assert.include((yield* Effect.flip(read)).message, "12345")
      for (const mode of [0o700, 0o777]) {
        fs.chownSync(credentials, 23_456, 0)
        fs.chmodSync(credentials, mode)
        yield* assertRefused(store, credentials, "owner", "23456")
        assert.strictEqual(modeOf(credentials), mode.toString(8))
      }
    }))

  // Root may write everywhere, so it plays somebody else; Deno cannot.
  it.scopedLive.skipIf(!isRoot || "Deno" in globalThis)(
    "is a folder, or a file, that others can write to and that cannot be changed",
    () =>
      Effect.gen(function* () {
        const { credentials, file, store } = yield* kept
        fs.chmodSync(dirname(credentials), 0o755)
        fs.chmodSync(credentials, 0o777)
        fs.chmodSync(file, 0o666)
        process.seteuid?.(65_534)
        yield* Effect.addFinalizer(() => Effect.sync(() => process.seteuid?.(0)))
        yield* assertRefused(store, credentials, "others can write", "owner")
        process.seteuid?.(0)
        fs.chmodSync(credentials, 0o755)
        process.seteuid?.(65_534)
        const error = yield* Effect.flip(store.load(key))
        assert.include(error.message, `${file}: others can write`)
      })
  )

  it.scopedLive("is text of more than 1 MiB, which it does not write either", () =>
    Effect.gen(function* () {
      const { file, store } = yield* kept
      const error = yield* Effect.flip(put(store, "é".repeat(600_000)))
      assert.strictEqual(error.reason, "Unwritable")
      assert.include(error.message, "1 MiB")
      assert.strictEqual(tokenOf(yield* store.load(key)), "s3cret")
      assert.deepStrictEqual(listed(dirname(dirname(file))), [basename(file)])
    }))
})

describe("a damaged file of FileCredentialStore", () => {
  const whole = JSON.stringify({ version: 1, issuer: "a", tokens: { accessToken: "s3cret" } })
  it.scopedLive.each<[string, string | Uint8Array]>([
    ["empty", ""],
    ["cut", whole.slice(0, -3)],
    ["no object", `"s3cret"`],
    ["of another shape", `{"version":1,"tokens":"s3cret"}`],
    ["not UTF-8", Uint8Array.from([...new TextEncoder().encode(whole.slice(0, -4)), 0xff, 0x22, 0x7d, 0x7d])]
  ])(
    "that is %s is moved aside and counts as empty, and the person is told where to",
    ([, damaged]) =>
      Effect.gen(function* () {
        const directory = yield* folder
        const store = yield* at(directory)
        yield* put(store, "token")
        const file = fileIn(directory)
        fs.writeFileSync(file, damaged)
        const [loaded, said] = yield* listening(store.load(key))
        assert.isTrue(Option.isNone(loaded))
        const aside = fileIn(directory)
        assert.isTrue(aside.startsWith(`${file}.damaged-20`), aside)
        assert.deepStrictEqual(Uint8Array.from(fs.readFileSync(aside)), Uint8Array.from(Buffer.from(damaged)))
        assert.match(said, /^Stored credentials were damaged \([^\n]*\): they were moved to [^\n]*\.\n$/)
        assert.include(said, aside)
        assert.notInclude(said, "s3cret")
        // Once, and the store goes on.
        const [again, nothing] = yield* listening(Effect.zipRight(put(store, "new"), store.load(key)))
        assert.strictEqual(tokenOf(again), "new")
        assert.strictEqual(nothing, "")
        assert.strictEqual(listed(directory).length, 2)
      })
  )

  it.scopedLive("is told of to the presenter that the store is used with, and not on stderr", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      const notices: Array<Notice> = []
      const hangs = (notice: Notice) => Effect.zipRight(Effect.sync(() => void notices.push(notice)), Effect.never)
      const presenter = { show: () => Effect.void, notice: hangs }
      yield* put(store, "token")
      fs.writeFileSync(fileIn(directory), "{")
      const [, said] = yield* listening(Effect.provideService(store.load(key), Presenter, presenter))
      assert.strictEqual(said, "")
      const movedTo = fileIn(directory)
      assert.lengthOf(notices, 1)
      assert.deepInclude(notices[0], { _tag: "CredentialsDamaged", movedTo })
      assert.include(JSON.stringify(notices[0]), `they were moved to ${movedTo}`)
    }))

  it.scopedLive("is removed with the credentials, and no other server's is", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      const forget = (at: typeof key) => store.modify(at, () => Effect.succeed([undefined, Option.none()] as const))
      const other = { ...key, account: "other" }
      for (const each of [key, other]) {
        yield* put(store, "token", each)
        for (const name of listed(directory).filter((name) => name.endsWith(".json"))) {
          fs.writeFileSync(join(directory, "credentials", name), "{s3cret")
        }
        yield* listening(store.load(each))
      }
      yield* put(store, "token")
      assert.lengthOf(listed(directory), 3)
      yield* forget(key)
      assert.lengthOf(listed(directory), 1)
      assert.include(listed(directory)[0], ".damaged-")
      yield* forget(other)
      assert.deepStrictEqual(listed(directory), [])
      // Found damaged only then.
      yield* put(store, "token")
      fs.writeFileSync(fileIn(directory), "{s3cret")
      yield* listening(forget(key))
      assert.deepStrictEqual(listed(directory), [])
    }))

  it.scopedLive("is empty for modify, too", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      fs.writeFileSync(fileIn(directory), "{")
      const [seen] = yield* listening(
        store.modify(key, (current) => Effect.succeed([current, Option.some(withToken("new"))] as const))
      )
      assert.isTrue(Option.isNone(seen))
      assert.strictEqual(tokenOf(yield* store.load(key)), "new")
    }))

  it.scopedLive("never takes along what is written at the same time", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const file = fileIn(directory)
      for (let round = 0; round < 20; round++) {
        fs.writeFileSync(file, "{")
        const loads = Array.from({ length: 8 }, () => store.load(key))
        yield* listening(
          Effect.all([...loads, put(store, String(round)), ...loads], { concurrency: "unbounded", discard: true })
        )
        assert.strictEqual(tokenOf(yield* store.load(key)), String(round))
      }
    }))

  it.scopedLive("is not one that a newer version wrote: that stays, and is an error that says what to do", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const file = fileIn(directory)
      const newer = `{"version":2,"vault":"s3cret"}`
      fs.writeFileSync(file, newer)
      let ran = false
      const change = store.modify(key, (current) => Effect.sync(() => [ran = true, current] as const))
      for (const use of [Effect.asVoid(store.load(key)), Effect.asVoid(change)]) {
        const error = yield* Effect.flip(use)
        assert.strictEqual(error.reason, "Unreadable")
        assert.include(error.message, file)
        assert.include(error.message, "newer version")
        assertQuiet(error, "s3cret")
      }
      assert.isFalse(ran)
      assert.strictEqual(fs.readFileSync(fileIn(directory), "utf8"), newer)
    }))
})

describe("what FileCredentialStore cannot do", () => {
  const assertError = (error: CredentialStoreError, reason: string, ...words: ReadonlyArray<string>) => {
    assert.strictEqual(error._tag, "CredentialStoreError")
    assert.strictEqual(error.reason, reason, error.message)
    for (const word of words) assert.include(error.message, word)
    assert.notMatch(error.message, /\.$/)
    assertQuiet(error, "s3cret")
  }

  it.scopedLive("names the file that is where the folder of its turns should be, and not its own folder", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      const leases = join(directory, "credentials", "leases")
      fs.mkdirSync(dirname(leases), { mode: 0o700 })
      fs.writeFileSync(leases, "")
      const { detail } = yield* Effect.flip(put(store, "token"))
      assert.strictEqual(
        detail,
        `${leases}: a file is where a folder should be (EEXIST). Move it away, or choose another directory`
      )
      fs.rmSync(leases)
      yield* put(store, "token")
    }))

  it.scopedLive("says that a file is where its folder should be, before the change is made", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "taken")
      fs.writeFileSync(directory, "")
      const store = yield* at(directory)
      let ran = false
      const change = store.modify(key, (current) => Effect.sync(() => [ran = true, current] as const))
      assertError(yield* Effect.flip(change), "Unwritable", "taken", "a file is where a folder should be")
      assert.isFalse(ran)
      assertError(yield* Effect.flip(store.load(key)), "Unreadable", "taken", "a file is where a folder should be")
    }))

  // Root may write everywhere, so it plays somebody else; Deno cannot.
  it.scopedLive.skipIf(process.platform === "win32" || "Deno" in globalThis)(
    "says that the folder is somebody else's, before the change is made",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const store = yield* at(directory)
        yield* put(store, "token")
        const file = fileIn(directory)
        const isRoot = process.getuid?.() === 0
        fs.chmodSync(directory, 0o755)
        fs.chmodSync(dirname(file), isRoot ? 0o755 : 0o500)
        if (!isRoot) fs.chmodSync(file, 0)
        if (isRoot) process.seteuid?.(65534)
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => isRoot ? process.seteuid?.(0) : fs.chmodSync(dirname(file), 0o700))
        )
        let ran = false
        const change = store.modify(key, (current) => Effect.sync(() => [ran = true, current] as const))
        assertError(yield* Effect.flip(change), "Unwritable", dirname(file), "permission denied")
        assert.isFalse(ran)
        assertError(yield* Effect.flip(store.load(key)), "Unreadable", file, "permission denied")
      })
  )

  it.scopedLive.skipIf(process.platform !== "linux")(
    "names the system's code for what it cannot do",
    () =>
      Effect.gen(function* () {
        const taken = join(yield* folder, "taken")
        fs.writeFileSync(taken, "")
        const inTheWay = yield* Effect.flip((yield* at(taken)).load(key))
        assert.strictEqual(inTheWay.code, "ENOTDIR")
        assert.include(inTheWay.message, "a file is where a folder should be (ENOTDIR). Move it away")
      })
  )

  // Deno's file handles have no prototype of Node's.
  it.scopedLive.skipIf("Deno" in globalThis)(
    "keeps credentials where the file system takes no fsync",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const handle = yield* Effect.promise(() => fs.promises.open(directory))
        yield* Effect.promise(() => handle.close())
        const code = { current: "EINVAL" }
        const spy = vi.spyOn(Object.getPrototypeOf(handle) as fs.promises.FileHandle, "sync").mockImplementation(() =>
          Promise.reject(Object.assign(new Error(`${code.current}: fsync`), { code: code.current }))
        )
        yield* Effect.addFinalizer(() => Effect.sync(() => spy.mockRestore()))
        const store = yield* at(directory)
        yield* put(store, "kept")
        assert.strictEqual(tokenOf(yield* store.load(key)), "kept")
        code.current = "EIO"
        assertError(yield* Effect.flip(put(store, "s3cret")), "Unwritable", "(EIO)")
        assert.strictEqual(tokenOf(yield* store.load(key)), "kept")
      })
  )

  it.scopedLive("says so when it is found out after the change", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      const credentials = join(directory, "credentials")
      const change = store.modify(key, () =>
        Effect.sync(() => {
          fs.rmSync(credentials, { recursive: true })
          fs.writeFileSync(credentials, "")
          return [undefined, Option.some(withToken("s3cret"))] as const
        }))
      assertError(yield* Effect.flip(change), "Unwritable", credentials, "a file is where a folder should be")
    }))

  it.scopedLive("leaves nothing half-written behind", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const file = fileIn(directory)
      const change = store.modify(key, () =>
        Effect.sync(() => {
          fs.unlinkSync(file)
          fs.mkdirSync(file) // over which nothing can be renamed
          return [undefined, Option.some(withToken("s3cret"))] as const
        }))
      assertError(yield* Effect.flip(change), "Unwritable", file)
      assert.deepStrictEqual(listed(directory), [basename(file)])
      assertError(yield* Effect.flip(store.load(key)), "Unreadable", file, "a folder is where a file should be")
    }))

  it.scopedLive("makes the folder anew when it is removed meanwhile", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "a")
      const store = yield* at(directory)
      yield* put(store, "token")
      yield* store.modify(key, () =>
        Effect.sync(() => {
          fs.rmSync(directory, { recursive: true })
          return [undefined, Option.some(withToken("new"))] as const
        }))
      assert.strictEqual(tokenOf(yield* store.load(key)), "new")
    }))

  it.scopedLive("refuses an `extra` that is no JSON, and keeps what it had", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = yield* at(directory)
      yield* put(store, "token")
      const endless: Record<string, unknown> = {}
      endless["s3cret"] = endless
      for (const extra of [{ s3cret: 1n }, endless]) {
        const value = Option.some({ ...withToken("new"), extra: Redacted.make(extra) })
        const error = yield* Effect.flip(store.modify(key, () => Effect.succeed([undefined, value] as const)))
        assertError(error, "Unwritable", "extra")
      }
      assert.strictEqual(tokenOf(yield* store.load(key)), "token")
    }))

  it.scopedLive("removes what a killed program left half-written, once it is an hour old", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      fs.mkdirSync(join(directory, "credentials"))
      const leave = (name: string, age: number) => {
        const path = join(directory, "credentials", name)
        fs.writeFileSync(path, "{")
        fs.utimesSync(path, Date.now() / 1000 - age, Date.now() / 1000 - age)
        return name
      }
      const name = `${"a".repeat(64)}.json`
      leave(`${name}.${randomUUID()}.tmp`, 3700)
      const kept = [
        leave(`${name}.${randomUUID()}.tmp`, 3500),
        leave(`${name}.damaged-2026`, 9000),
        leave("mine.tmp", 9000)
      ]
      yield* put(yield* at(directory), "token")
      assert.deepStrictEqual(
        listed(directory).filter((each) => !/^[\da-f]{64}\.json$/.test(each)),
        kept.sort()
      )
    }))
})

describe("two FileCredentialStores of one folder", () => {
  it.scopedLive("wait for each other, also when one came by a link, before the folder was there", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      fs.mkdirSync(join(directory, "real"))
      fs.symlinkSync(join(directory, "real"), join(directory, "link"), "junction")
      const stores = [
        yield* at(join(directory, "real", "new")),
        yield* at(join(directory, "link", "new")),
        yield* at(join(directory, "link", "..", "real", "new", "."))
      ]
      const increments = Array.from(
        { length: 60 },
        (_, turn) =>
          (stores[turn % 3] ?? stores[0]!).modify(key, (current) =>
            Effect.delay(
              Effect.sync(() => [undefined, Option.some(withToken(String(Number(tokenOf(current)) + 1)))] as const),
              "1 millis"
            ))
      )
      yield* Effect.all(increments, { concurrency: "unbounded", discard: true })
      for (const store of stores) assert.strictEqual(tokenOf(yield* store.load(key)), "60")
      assert.strictEqual(tokenOf(yield* (yield* at(join(directory, "real", "new"))).load(key)), "60")
    }))

  it.scopedLive("of two folders keep their own", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const [one, two] = [yield* at(join(directory, "one")), yield* at(join(directory, "two"))]
      yield* put(one, "one")
      assert.isTrue(Option.isNone(yield* two.load(key)))
    }))
})

describe("a process that is killed while it writes", () => {
  const writer = fileURLToPath(new URL("../fixtures/writeCredentials.ts", import.meta.url))
  const repository = fileURLToPath(new URL("../..", import.meta.url))
  // On Deno with no more permissions than it needs.
  const args = (directory: string) =>
    "Deno" in globalThis
      ? [
        "run",
        "--no-prompt",
        `--allow-read=${repository},${directory}`,
        `--allow-write=${directory}`,
        writer,
        directory
      ]
      : ["--import", "tsx", writer, directory]

  it.scopedLive("leaves each file whole, and so does one that goes on", () =>
    Effect.gen(function* () {
      const runs = [0, 1].map((run) =>
        Effect.gen(function* () {
          const directory = yield* folder
          const child = yield* Effect.acquireRelease(
            Effect.sync(() => spawn(process.execPath, args(directory), { stdio: ["ignore", "pipe", "inherit"] })),
            (child) => Effect.sync(() => child.kill("SIGKILL"))
          )
          const exit = new Promise<void>((resolve) => child.on("exit", () => resolve()))
          yield* Effect.promise(() => new Promise<void>((resolve) => child.stdout.once("data", () => resolve())))
          const store = yield* at(directory)
          const seen = new Set<string>()
          const look = Effect.gen(function* () {
            const { issuer, tokens } = Option.getOrThrow(yield* store.load({ serverUrl: "https://mcp.example/" }))
            assert.strictEqual(tokens?.scope, issuer)
            assert.strictEqual(
              tokens === undefined ? 0 : Redacted.value(tokens.accessToken).length,
              issuer.length + 300_001
            )
            seen.add(issuer)
          })
          // A busy machine takes its time; the test's own limit ends it.
          const end = Date.now() + 300 + run * 77
          while (Date.now() < end || seen.size < 4) yield* look
          child.kill("SIGKILL")
          yield* Effect.promise(() => exit)
          yield* look
        })
      )
      yield* Effect.all(runs, { concurrency: "unbounded" })
    }))
})

describe("layerFile", () => {
  const store = Effect.map(CredentialStore, (store) => store)

  it.scopedLive("keeps credentials from one program to the next", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "a")
      const layer = layerFile({ appName: "tool", directory })
      const one = yield* Effect.provide(store, layer)
      assert.isFalse(fs.existsSync(directory))
      yield* put(one, "token")
      const other = yield* Effect.provide(store, layerFile({ appName: "tool", directory }))
      assert.strictEqual(tokenOf(yield* other.load(key)), "token")
      assert.strictEqual(listed(directory).length, 1)
    }))

  it.scopedLive("tries again what could not be opened", () =>
    Effect.gen(function* () {
      const directory = join(yield* folder, "a")
      const one = yield* Effect.provide(store, layerFile({ appName: "tool", directory }))
      fs.writeFileSync(directory, "")
      assert.strictEqual((yield* Effect.flip(put(one, "token"))).reason, "Unwritable")
      fs.unlinkSync(directory)
      yield* put(one, "token")
      assert.strictEqual(tokenOf(yield* one.load(key)), "token")
    }))

  it.live.each(["", ".", "..", "a/b", "/a", "a\\b", "../a", "a\u0000", "a\n", undefined as unknown as string])(
    "fails for the appName %j, when it is built",
    (appName) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layerFile({ appName }))))
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.match(error.message, /^Cannot use the option appName: .+ names no folder\. Pass .+ such as "my-tool"$/)
      })
  )

  it.live.each(["tool", "my tool", ".tool", "...", "a..b", "ツール", "@scope-tool"])(
    "takes the appName %j",
    (appName) => Effect.asVoid(Effect.scoped(Layer.build(layerFile({ appName }))))
  )
})
