import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as fs from "node:fs"
import fsPromises from "node:fs/promises"
import { syncBuiltinESMExports } from "node:module"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { vi } from "vitest"
import { heartbeatInterval, maxHeartbeatAge } from "../../../src/core/lease/Verdict.ts"
import { at } from "../../../src/runtime/lease/FileLease.ts"
import { hostOf, tagOf } from "../../../src/runtime/lease/host.ts"
import type { TurnHolder } from "../../../src/services/CredentialStore.ts"
import { generationsIn, idOf, leaseFolder, leftIn } from "../../fixtures/LeaseFolder.ts"

const name = "https://mcp.example/"
const stale = maxHeartbeatAge + 2000

/** Sets the time of a file back. */
const makeOlder = (path: string, millis: number) => {
  const time = new Date(Date.now() - millis)
  fs.utimesSync(path, time, time)
}

/** Writes a generation as another process would. */
const write = (folder: string, content: string, age = 0, generation = 1): string => {
  const file = join(folder, `${idOf(name)}.g${generation}`)
  fs.writeFileSync(file, content, { mode: 0o600 })
  makeOlder(file, age)
  return file
}

const content = (fields: object) => JSON.stringify({ v: 1, pid: 4242, socket: "aa-bb.s", host: "another", ...fields })

const take = (folder: string) => Effect.scoped(at(folder).exclusively(name))

/** Waits for the lease, until it is known that it waits for somebody. */
const waiting = (folder: string) =>
  Effect.gen(function* () {
    const holder = yield* Deferred.make<TurnHolder>()
    const fiber = yield* Effect.fork(Effect.scoped(
      at(folder).exclusively(name, {
        onHolder: (who) => Deferred.unsafeDone(holder, Effect.succeed(who))
      })
    ))
    return { fiber, holder: yield* Deferred.await(holder) }
  })

/** A server on a socket that a test looks after. */
const listening = (path: string): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Server>((resume) => {
      const server = createServer((socket) => socket.on("error", () => {}))
      server.listen(path, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )

describe("the lease of a holder that cannot be reached", () => {
  it.scopedLive("is free at once where its host is this one", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      write(folder, content({ host: hostOf(true) }))
      assert.isTrue(yield* at(folder).isFree(name))
      yield* take(folder)
      assert.isTrue(fs.existsSync(join(folder, `${idOf(name)}.g2`)))
    }))

  const unreachable: Readonly<Record<string, string>> = {
    "of another host": content({}),
    "of an unknown host": content({ host: undefined }),
    "of this system, and other mounts": content({ socket: "/nowhere/aa-bb.s", host: `${hostOf(true)} mnt:[1]` }),
    "that is damaged": '{"v":1,"pid":42',
    "that is no text": "\u0000\u0001"
  }
  it.live("of another host, of an unknown one, or damaged, is free when its heartbeat is old, and not before", () =>
    // Together, since each waits a second.
    Effect.forEach(Object.entries(unreachable), ([which, text]) =>
      Effect.scoped(Effect.gen(function* () {
        const folder = yield* leaseFolder
        const file = write(folder, text)
        assert.isFalse(yield* at(folder).isFree(name), which)
        const { fiber, holder } = yield* waiting(folder)
        assert.strictEqual(holder.pid, text.includes("4242") ? 4242 : undefined, which)
        makeOlder(file, stale)
        yield* Fiber.join(fiber)
        write(folder, text, stale, 5)
        assert.isTrue(yield* at(folder).isFree(name), which)
        yield* take(folder)
        assert.deepStrictEqual(leftIn(folder), [], which)
      })), { concurrency: "unbounded" }))

  it.scopedLive("is waited for while it can be connected to, whatever its host, version and heartbeat", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const scope = yield* Scope.make()
      yield* Scope.extend(listening(join(folder, "aa-bb.s")), scope)
      write(folder, content({ v: 9, news: true }), stale)
      assert.isFalse(yield* at(folder).isFree(name))
      const { fiber, holder } = yield* waiting(folder)
      assert.deepStrictEqual(holder, { pid: 4242, told: undefined })
      yield* Fiber.interrupt(fiber)
      yield* Scope.close(scope, Exit.void)
    }))
})

describe("a holder", () => {
  it.scopedLive("shows each second that it lives", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      yield* at(folder).exclusively(name)
      const [file = ""] = generationsIn(folder, name)
      const before = fs.readFileSync(file, "utf8")
      makeOlder(file, stale)
      const old = fs.statSync(file).mtimeMs
      yield* Effect.async<void>((resume) => {
        fs.watchFile(file, { interval: 50 }, ({ mtimeMs }) => {
          if (mtimeMs <= old + maxHeartbeatAge) return
          fs.unwatchFile(file)
          resume(Effect.void)
        })
      }).pipe(Effect.timeout(heartbeatInterval * 8))
      assert.strictEqual(fs.readFileSync(file, "utf8"), before)
    }))

  it.scopedLive("removes what a killed one has left, and nothing else", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const [mine, other] = [tagOf(hostOf(true)), tagOf("another")]
      // Files stand for sockets only in name: they stay.
      const stays = ["file.s", `${mine}-file.s`, "0000000000000000.aa.t", "0000000000000000.g1", "readme"]
      for (const each of stays) fs.writeFileSync(join(folder, each), "")
      fs.writeFileSync(join(folder, `${idOf(name)}.aa.t`), "")
      // A closed server removes its socket; another name of it stays, and nobody listens there.
      const dead = (socket: string, age: number) =>
        Effect.scoped(Effect.gen(function* () {
          const path = join(folder, `to-be-${socket}`)
          yield* listening(path)
          fs.linkSync(path, join(folder, socket))
          makeOlder(join(folder, socket), age)
        }))
      yield* dead(`${mine}-old.s`, stale)
      yield* dead(`${mine}-young.s`, 0)
      yield* dead(`${other}-old.s`, stale)
      yield* dead(`${mine}-previous.s`, 0)
      yield* listening(join(folder, `${mine}-alive.s`))
      makeOlder(join(folder, `${mine}-alive.s`), stale)
      write(folder, content({ host: hostOf(true), socket: `${mine}-previous.s` }), 0, 8)
      write(folder, "", 0, 3)
      yield* take(folder)
      assert.sameMembers(fs.readdirSync(folder), [
        ...stays,
        `${mine}-young.s`,
        `${other}-old.s`,
        `${mine}-alive.s`,
        `${idOf(name)}.g8`,
        `${idOf(name)}.g9`
      ])
    }))
})

/** Sets a variable of the environment for the scope. */
const variable = (which: string, value: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = process.env[which]
      process.env[which] = value
      return before
    }),
    (before) =>
      Effect.sync(() => {
        if (before === undefined) delete process.env[which]
        else process.env[which] = before
      })
  )

/** A folder whose path is too long for a socket. */
const longFolder = Effect.map(leaseFolder, (folder) => {
  const path = join(folder, "é".repeat(60))
  fs.mkdirSync(path, { mode: 0o700 })
  return path
})

describe("the leases of a folder with a long path", () => {
  it.scopedLive("have their sockets in a private folder among the temporary files", () =>
    Effect.gen(function* () {
      const folder = yield* longFolder
      const temporary = yield* leaseFolder
      yield* variable("TMPDIR", temporary)
      const elsewhere = join(temporary, `effect-oauth-callback-${process.getuid?.()}`)
      const first = yield* Scope.make()
      const lease = yield* Scope.extend(at(folder).exclusively(name), first)
      assert.strictEqual(fs.statSync(elsewhere).mode & 0o777, 0o700)
      assert.strictEqual(leftIn(elsewhere).length, 1)
      assert.deepStrictEqual(leftIn(folder), [])
      assert.isFalse(yield* at(folder).isFree(name))
      const { fiber, holder } = yield* waiting(folder)
      assert.strictEqual(holder.pid, process.pid)
      yield* lease.assertHeld
      yield* Scope.close(first, Exit.void)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(leftIn(elsewhere), [])
    }))

  it.scopedLive("are refused where that folder is not the user's own", () =>
    Effect.gen(function* () {
      const folder = yield* longFolder
      const temporary = yield* leaseFolder
      yield* variable("TMPDIR", temporary)
      const elsewhere = join(temporary, `effect-oauth-callback-${process.getuid?.()}`)
      fs.symlinkSync(folder, elsewhere)
      const error = yield* Effect.flip(take(folder))
      assert.strictEqual(error.reason, "Locked")
      assert.include(error.message, `${elsewhere}: it is a symbolic link. Remove it`)
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    }))
})

/** Two fibers take turns; whether never two were inside, and what the second heard. */
const takesTurnsHere = (folder: string) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const lease = yield* Scope.extend(at(folder).exclusively(name), scope)
    yield* lease.tell("it")
    const { fiber, holder } = yield* waiting(folder)
    assert.deepStrictEqual(holder, { pid: process.pid, told: "it" })
    assert.isFalse(yield* at(folder).isFree(name))
    yield* lease.assertHeld
    yield* Scope.close(scope, Exit.void)
    yield* Fiber.join(fiber)
    assert.isTrue(yield* at(folder).isFree(name))
    assert.deepStrictEqual(leftIn(folder), [])
  })

describe("where the system has no means for it, turns are taken within the process", () => {
  it.scopedLive("for want of sockets", () =>
    Effect.gen(function* () {
      const folder = yield* longFolder
      yield* variable("TMPDIR", folder)
      yield* takesTurnsHere(folder)
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    }))

  // On Deno the functions of a built-in module cannot be replaced.
  for (const code of "Deno" in globalThis ? [] : ["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"]) {
    it.scopedLive(`for want of hard links (${code})`, () =>
      Effect.gen(function* () {
        const folder = yield* leaseFolder
        const spy = vi.spyOn(fsPromises, "link").mockRejectedValue(Object.assign(new Error("no links"), { code }))
        syncBuiltinESMExports()
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            spy.mockRestore()
            syncBuiltinESMExports()
          })
        )
        yield* takesTurnsHere(folder)
        assert.isAbove(spy.mock.calls.length, 0)
        assert.deepStrictEqual(fs.readdirSync(folder), [])
      }))
  }
})
