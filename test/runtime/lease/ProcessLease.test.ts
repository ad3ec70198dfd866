import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue, Scope, TestClock } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { at } from "../../../src/runtime/lease/ProcessLease.ts"
import type { TurnHolder } from "../../../src/services/CredentialStore.ts"
import { interruptedAt } from "../../fixtures/InterruptAtEachStep.ts"
import { generationsIn, leaseFolder, leftIn } from "../../fixtures/LeaseFolder.ts"

const name = `https://mcp.example/${"a".repeat(3000)}?b=../c`

/** Takes a lease in a scope of its own; the effect gives it back. */
const held = (folder: string, which = name) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const lease = yield* Scope.extend(at(folder).exclusively(which), scope)
    return { lease, release: Scope.close(scope, Exit.void) }
  })

/** Waits for a lease in a fiber, and what it hears meanwhile. */
const waiter = (folder: string) =>
  Effect.gen(function* () {
    const heard = yield* Queue.unbounded<TurnHolder>()
    const onHolder = (holder: TurnHolder) => void Queue.unsafeOffer(heard, holder)
    const fiber = yield* Effect.fork(Effect.scoped(at(folder).exclusively(name, { onHolder })))
    return { fiber, heard: Queue.take(heard) }
  })

describe("a lease", () => {
  it.scopedLive("is had by one of twenty fibers at a time, and each gets it", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      let [inside, most, turns] = [0, 0, 0]
      const turn = Effect.scoped(Effect.gen(function* () {
        yield* at(folder).exclusively(name)
        most = Math.max(most, ++inside)
        yield* Effect.sleep(1)
        inside--
        turns++
      }))
      yield* Effect.all(Array.from({ length: 20 }, () => turn), { concurrency: "unbounded" })
      assert.deepStrictEqual({ most, turns }, { most: 1, turns: 20 })
      assert.deepStrictEqual(leftIn(folder), [])
    }))

  it.scopedLive("keeps no other name waiting", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      yield* at(folder).exclusively(name)
      yield* at(folder).exclusively(`${name}d`)
      assert.isFalse(yield* at(folder).isFree(name))
      assert.isTrue(yield* at(folder).isFree("other"))
    }))

  it.scopedLive("leaves an empty file of the highest generation, and a few below it", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      for (let turn = 0; turn < 9; turn++) yield* Effect.scoped(at(folder).exclusively(name))
      const files = generationsIn(folder, name)
      assert.deepStrictEqual(files.map((file) => Number(file.split(".g")[1])), [7, 8, 9])
      for (const file of files) assert.strictEqual(fs.statSync(file).size, 0)
      assert.strictEqual(fs.readdirSync(folder).length, 3)
      assert.isTrue(yield* at(folder).isFree(name))
    }))

  it.scopedLive("has private files, in which no name stands", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      yield* at(folder).exclusively(name)
      const [file = ""] = generationsIn(folder, name)
      if (process.platform !== "win32") assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const content = JSON.parse(fs.readFileSync(file, "utf8"))
      assert.sameMembers(Object.keys(content), ["v", "pid", "socket", "host"])
      assert.strictEqual(content.pid, process.pid)
      assert.isTrue(fs.lstatSync(join(folder, content.socket)).isSocket())
    }))

  it.scoped("comes and goes while a test's clock stands still", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      yield* Effect.scoped(at(folder).exclusively(name))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(leftIn(folder), [])
    }))

  it.scopedLive("cannot be had in a folder that is not there, and the error says what to do", () =>
    Effect.gen(function* () {
      const folder = join(yield* leaseFolder, "missing")
      const error = yield* Effect.flip(Effect.scoped(at(folder).exclusively(name)))
      assert.strictEqual(error.reason, "Unwritable")
      assert.strictEqual(error.code, "ENOENT")
      assert.include(error.message, folder)
      assert.match(error.message, /\(ENOENT\)\. Choose another directory$/)
    }))

  it.scopedLive("stays had while nobody else took it", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      yield* lease.assertHeld
      yield* release
    }))

  it.scopedLive.each<[string, (file: string) => void]>([
    ["a higher generation is there", (file) => fs.writeFileSync(file.replace(/\d+$/, "9"), "{}")],
    ["its file is gone", (file) => fs.rmSync(file)],
    ["its file is another's", (file) => fs.writeFileSync(file, '{"v":1,"pid":1,"socket":"a-b.s"}')]
  ])("is lost when %s, and its release touches nothing", ([, take]) =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      const [file = ""] = generationsIn(folder, name)
      take(file)
      const error = yield* Effect.flip(lease.assertHeld)
      assert.strictEqual(error.reason, "Locked")
      assert.match(error.message, /another process has taken the turn.*Try again$/)
      // The highest; its own, where that is another by now, may be given back.
      const highest = () => generationsIn(folder, name).slice(-1).map((each) => fs.readFileSync(each, "utf8"))
      const before = highest()
      yield* release
      assert.deepStrictEqual(highest(), before)
      assert.deepStrictEqual(leftIn(folder), [])
    }))
})

describe("who waits for a lease", () => {
  it.scopedLive("hears who has it and what it tells, also when coming late", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      const [early, pid] = [yield* waiter(folder), process.pid]
      assert.deepStrictEqual(yield* early.heard, { pid, told: undefined })
      yield* lease.tell("one")
      assert.deepStrictEqual(yield* early.heard, { pid, told: "one" })
      const late = yield* waiter(folder)
      assert.deepStrictEqual(yield* late.heard, { pid, told: undefined })
      assert.deepStrictEqual(yield* late.heard, { pid, told: "one" })
      yield* lease.tell("two\n\u0000 lines")
      for (const each of [early, late]) assert.deepStrictEqual(yield* each.heard, { pid, told: "two\n\u0000 lines" })
      yield* release
      yield* Effect.all([Fiber.join(early.fiber), Fiber.join(late.fiber)])
      assert.deepStrictEqual(leftIn(folder), [])
    }))

  it.scopedLive("hears nothing of a text that is too long, and waits on", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      const { fiber, heard } = yield* waiter(folder)
      yield* heard
      yield* lease.tell("x".repeat(100_000))
      yield* lease.tell("short")
      assert.strictEqual((yield* heard).told, "short")
      yield* release
      yield* Fiber.join(fiber)
    }))

  it.scopedLive("waits on when what it calls throws", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { release } = yield* held(folder)
      const called = yield* Deferred.make<void>()
      const onHolder = () => {
        Deferred.unsafeDone(called, Effect.void)
        throw new Error("of the caller")
      }
      const fiber = yield* Effect.fork(Effect.scoped(at(folder).exclusively(name, { onHolder })))
      yield* Deferred.await(called)
      yield* release
      yield* Fiber.join(fiber)
    }))

  it.scopedLive("can be interrupted, and the one who has it keeps it", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      const { fiber, heard } = yield* waiter(folder)
      yield* heard
      yield* Fiber.interrupt(fiber)
      yield* lease.assertHeld
      assert.strictEqual(leftIn(folder).length, 1)
      yield* release
      yield* Effect.scoped(at(folder).exclusively(name))
    }))
})

describe("an interrupt at each step", () => {
  it.scopedLive("of taking a lease and giving it back leaves nothing", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const turn = Effect.scoped(Effect.flatMap(at(folder).exclusively(name), ({ tell }) => tell("it")))
      let tried = 0
      for (let step = 0;; step++) {
        const { ended, steps } = yield* interruptedAt(step, turn)
        assert.isTrue(ended, `step ${step}`)
        assert.deepStrictEqual(leftIn(folder), [], `step ${step}`)
        assert.isTrue(yield* at(folder).isFree(name), `step ${step}`)
        tried++
        if (steps <= step) break
      }
      assert.isAbove(tried, 20)
    }))

  it.scopedLive("of waiting leaves nothing but what the one who has it needs", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const { lease, release } = yield* held(folder)
      const wait = Effect.scoped(at(folder).exclusively(name))
      for (let step = 0;; step++) {
        const { ended, steps } = yield* interruptedAt(step, wait, { quiet: 30 })
        assert.isTrue(ended, `step ${step}`)
        assert.strictEqual(leftIn(folder).length, 1, `step ${step}`)
        if (steps <= step) break
      }
      yield* lease.assertHeld
      yield* release
      yield* Effect.scoped(at(folder).exclusively(name))
      assert.deepStrictEqual(leftIn(folder), [])
    }))
})
