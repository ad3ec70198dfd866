/** A folder that other processes use too, that is full, or that something holds for a moment. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"
import { spawnSync } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { basename, join } from "node:path"
import process from "node:process"
import { keyText } from "../../src/core/mcp/Credentials.ts"
import type { CredentialStore } from "../../src/services/CredentialStore.ts"
import { alone, fileIn, folder, listed, listening } from "../fixtures/CredentialFolder.ts"
import { key, put, tokenOf, withToken } from "../fixtures/StoredTokens.ts"

const other = { serverUrl: "https://other.example/" }
const isRootOnLinux = process.platform === "linux" && process.getuid?.() === 0

const canMount = (() => {
  if (!isRootOnLinux) return false
  const path = fs.mkdtempSync("/tmp/can-mount-")
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", path]).status === 0
  if (isMounted) spawnSync("umount", ["-l", path])
  fs.rmdirSync(path)
  return isMounted
})()

/** A folder on a small disk of its own, and what fills it up. */
const smallDisk = Effect.gen(function* () {
  const path = yield* folder
  yield* Effect.acquireRelease(
    Effect.sync(() => spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", path])),
    () => Effect.sync(() => spawnSync("umount", ["-l", path]))
  )
  const fill = () => {
    for (let number = 0;; number++) {
      try {
        fs.writeFileSync(join(path, `filler-${number}-${randomUUID()}`), new Uint8Array(4096))
      } catch {
        return
      }
    }
  }
  const free = (pages: number) => {
    const fillers = fs.readdirSync(path).filter((name) => name.startsWith("filler-"))
    for (const name of fillers.filter((name) => fs.statSync(join(path, name)).size === 4096).slice(0, pages)) {
      fs.rmSync(join(path, name))
    }
  }
  return { path, fill, free }
})

const refresh = (store: CredentialStore, during: () => void) =>
  store.modify(
    key,
    () =>
      Effect.sync(() => {
        during()
        return [undefined, Option.some(withToken("new"))] as const
      }),
    { reserve: true }
  )

describe.skipIf(!canMount)("on a full disk FileCredentialStore", () => {
  it.scopedLive("does not run a function that spends something, and still removes credentials", () =>
    Effect.gen(function* () {
      const { fill, free, path } = yield* smallDisk
      const store = alone(path)
      yield* put(store, key, Option.some(withToken("old")))
      fill()
      let ran = false
      for (const pages of [0, 5]) {
        // With five pages a turn can be taken, and credentials as long as these cannot be kept once more.
        if (pages > 0) yield* put(store, key, Option.some(withToken("s".repeat(40_000))))
        fill()
        free(pages)
        const error = yield* Effect.flip(refresh(store, () => ran = true))
        assert.deepInclude(error, { reason: "Unwritable", code: "ENOSPC" })
        assert.isFalse(ran)
        assert.strictEqual(listed(path).length, 1)
        free(30)
      }
      assert.isAbove(tokenOf(yield* store.load(key)).length, 30_000)
      fill()
      const error = yield* Effect.flip(put(store, key, Option.some(withToken("new"))))
      assert.strictEqual(error.code, "ENOSPC")
      assert.include(error.message, "leases", "nothing is written without a turn")
      yield* put(store, key, Option.none())
      assert.deepStrictEqual(listed(path), [])
    }))

  it.scopedLive("keeps what a function returned during which the disk became full", () =>
    Effect.gen(function* () {
      const { fill, free, path } = yield* smallDisk
      const store = alone(path)
      yield* put(store, key, Option.some(withToken("old")))
      yield* refresh(store, fill)
      assert.strictEqual(tokenOf(yield* store.load(key)), "new")
      // Two pages are reserved, of which a failed function gives back all.
      free(4)
      for (let time = 0; time < 5; time++) {
        yield* Effect.flip(store.modify(key, () => Effect.fail("refused"), { reserve: true }))
        assert.strictEqual(listed(path).length, 1)
      }
      yield* refresh(store, fill)
      assert.strictEqual(listed(path).length, 1)
    }))
})

/** `rename` fails with these codes at first. */
const heldFor = (codes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { rename } = fs.promises
    const left = [...codes]
    let asked = 0
    fs.promises.rename = (from, to) => {
      if (!String(from).endsWith(".tmp")) return rename(from, to)
      asked++
      const code = left.shift()
      return code === undefined
        ? rename(from, to)
        : Promise.reject(Object.assign(new Error(`${code}: rename`), { code }))
    }
    syncBuiltinESMExports()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        fs.promises.rename = rename
        syncBuiltinESMExports()
      })
    )
    return { asked: () => asked }
  })

// On Deno the functions of node:fs cannot be replaced.
describe.skipIf("Deno" in globalThis)("a file that something holds", () => {
  it.scopedLive("is replaced as soon as it is let go", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = alone(directory)
      yield* put(store, key, Option.some(withToken("old")))
      const { asked } = yield* heldFor(["EPERM", "EBUSY", "EACCES"])
      yield* put(store, key, Option.some(withToken("new")))
      assert.strictEqual(asked(), 4)
      assert.strictEqual(tokenOf(yield* store.load(key)), "new")
      assert.strictEqual(listed(directory).length, 1)
    }))

  it.scopedLive("is an error after a second, and other errors are at once", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = alone(directory)
      yield* put(store, key, Option.some(withToken("old")))
      const { asked } = yield* heldFor(["EXDEV", ...Array.from({ length: 1000 }, () => "EPERM")])
      assert.strictEqual((yield* Effect.flip(put(store, key, Option.some(withToken("new"))))).code, "EXDEV")
      assert.strictEqual(asked(), 1)
      const began = Date.now()
      assert.strictEqual((yield* Effect.flip(put(store, key, Option.some(withToken("new"))))).code, "EPERM")
      assert.isAbove(Date.now() - began, 500)
      assert.isAbove(asked(), 3)
      assert.strictEqual(tokenOf(yield* store.load(key)), "old")
      assert.strictEqual(listed(directory).length, 1)
    }))
})

/** Leaves what a process leaves that was killed while it wrote. */
const leave = (directory: string, at: typeof key, minutes: number): string => {
  const hash = createHash("sha256").update(keyText(at)).digest("hex")
  const name = `${hash}.json.${randomUUID()}.tmp`
  const path = join(directory, "credentials", name)
  fs.writeFileSync(path, '{"tokens":"half')
  const time = Date.now() / 1000 - minutes * 60
  fs.utimesSync(path, time, time)
  return name
}
const temporariesIn = (directory: string) => listed(directory).filter((name) => name.endsWith(".tmp"))

describe("what a killed process has left half-written", () => {
  it.scopedLive("is removed by the next load of that key by another process", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* put(alone(directory), key, Option.some(withToken("kept")))
      leave(directory, key, 0)
      const others = leave(directory, other, 0)
      assert.strictEqual(tokenOf(yield* alone(directory).load(key)), "kept")
      assert.deepStrictEqual(temporariesIn(directory), [others])
    }))

  it.scopedLive("is removed by the next change of that key, and by one of another key once it is an hour old", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = alone(directory)
      yield* put(store, key, Option.some(withToken("old")))
      leave(directory, key, 0)
      leave(directory, other, 61)
      const others = leave(directory, other, 59)
      yield* put(store, key, Option.some(withToken("new")))
      assert.deepStrictEqual(temporariesIn(directory), [others])
    }))

  it.scopedLive("is not what a process is about to write: a load neither removes it nor waits", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const writer = alone(directory)
      yield* put(writer, key, Option.some(withToken("old")))
      const [runs, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const writing = yield* Effect.fork(writer.modify(
        key,
        () =>
          Effect.zipRight(Deferred.succeed(runs, undefined), Deferred.await(go)).pipe(
            Effect.as([undefined, Option.some(withToken("new"))] as const)
          ),
        { reserve: true }
      ))
      yield* Deferred.await(runs)
      assert.strictEqual(temporariesIn(directory).length, 1)
      assert.strictEqual(tokenOf(yield* Effect.timeout(alone(directory).load(key), "5 seconds")), "old")
      assert.strictEqual(temporariesIn(directory).length, 1)
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(writing)
      assert.strictEqual(tokenOf(yield* alone(directory).load(key)), "new")
      assert.deepStrictEqual(temporariesIn(directory), [])
    }))
})

describe("a damaged file in a folder that two processes share", () => {
  it.scopedLive("is moved aside by whose turn it is alone: a reader waits, and finds what was written", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const writer = alone(directory)
      yield* put(writer, key, Option.some(withToken("old")))
      const file = fileIn(directory)
      const [runs, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const writing = yield* Effect.fork(
        writer.modify(key, () =>
          Effect.zipRight(Deferred.succeed(runs, undefined), Deferred.await(go)).pipe(
            Effect.as([undefined, Option.some(withToken("new"))] as const)
          ))
      )
      yield* Deferred.await(runs)
      fs.writeFileSync(file, "{half")
      const [loaded, said] = yield* listening(Effect.gen(function* () {
        const loading = yield* Effect.fork(alone(directory).load(key))
        // It waits for the turn now, as the next one in the chain: the file stays where it is.
        yield* Effect.raceFirst(Fiber.join(loading), Effect.sleep("100 millis"))
        assert.deepStrictEqual(listed(directory), [basename(file)])
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(writing)
        return yield* Fiber.join(loading)
      }))
      assert.strictEqual(tokenOf(loaded), "new")
      assert.strictEqual(said, "")
      assert.deepStrictEqual(listed(directory), [basename(file)])
    }))

  it.scopedLive("is left out of the list, with copies and what others keep there", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = alone(directory)
      yield* put(store, other, Option.some(withToken("damaged")))
      fs.writeFileSync(fileIn(directory), "{")
      yield* put(store, key, Option.some(withToken("kept")))
      const credentials = join(directory, "credentials")
      const name = listed(directory).find((each) =>
        fs.readFileSync(join(credentials, each), "utf8").includes("kept")
      ) ?? ""
      fs.copyFileSync(join(credentials, name), join(credentials, `${"0".repeat(64)}.json`))
      fs.copyFileSync(join(credentials, name), join(credentials, "mine.json"))
      assert.deepStrictEqual((yield* alone(directory).list).map(keyText), [keyText(key)])
    }))
})

describe("a folder that is removed while the turn is held", () => {
  it.scopedLive("is made anew for what a function returned, but not where somebody else has the turn by now", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const store = alone(directory)
      const removing = (after: Effect.Effect<void>) =>
        store.modify(key, () =>
          Effect.sync(() => fs.rmSync(join(directory, "credentials"), { recursive: true })).pipe(
            Effect.zipRight(after),
            Effect.as([undefined, Option.some(withToken("new"))] as const)
          ))
      yield* put(store, key, Option.some(withToken("old")))
      yield* removing(Effect.void)
      assert.strictEqual(tokenOf(yield* store.load(key)), "new")
      const another = Effect.orDie(put(alone(directory), key, Option.some(withToken("another's"))))
      assert.strictEqual((yield* Effect.flip(removing(another))).reason, "Locked")
      assert.strictEqual(tokenOf(yield* store.load(key)), "another's")
    }))
})
