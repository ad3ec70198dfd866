/** Abstract sockets of Linux stand for the named pipes of Windows: a name is exclusive, and goes with its process. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue, Scope } from "effect"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { at, type PipeNames, windowsPipes } from "../../../src/runtime/lease/PipeLease.ts"
import type { TurnHolder } from "../../../src/services/CredentialStore.ts"
import { interruptedAt } from "../../fixtures/InterruptAtEachStep.ts"

const abstract: PipeNames = { nameOf: (digest) => `\0eoc-${digest}`, isPrivate: true }
const isThere = process.platform === "linux"

/** Leases that no other run of this test has. */
const leases = (names = abstract) => at(randomUUID(), names)

describe.skipIf(!isThere)("a lease by the name of a socket", () => {
  it.live("is had by one of twenty fibers at a time, and each gets it", () =>
    Effect.gen(function* () {
      const { exclusively, isFree } = leases()
      let [inside, most, turns] = [0, 0, 0]
      const turn = Effect.scoped(Effect.gen(function* () {
        yield* exclusively("a")
        most = Math.max(most, ++inside)
        yield* Effect.sleep(1)
        inside--
        turns++
      }))
      yield* Effect.all(Array.from({ length: 20 }, () => turn), { concurrency: "unbounded" })
      assert.deepStrictEqual({ most, turns }, { most: 1, turns: 20 })
      assert.isTrue(yield* isFree("a"))
    }))

  it.scopedLive("tells who has it and what it tells", () =>
    Effect.gen(function* () {
      const { exclusively, isFree } = leases()
      const scope = yield* Scope.make()
      const lease = yield* Scope.extend(exclusively("a"), scope)
      assert.isFalse(yield* isFree("a"))
      assert.isTrue(yield* isFree("b"))
      const heard = yield* Queue.unbounded<TurnHolder>()
      const onHolder = (holder: TurnHolder) => void Queue.unsafeOffer(heard, holder)
      const fiber = yield* Effect.fork(Effect.scoped(exclusively("a", { onHolder })))
      assert.deepStrictEqual(yield* Queue.take(heard), { pid: process.pid, told: undefined })
      yield* lease.tell("one")
      assert.deepStrictEqual(yield* Queue.take(heard), { pid: process.pid, told: "one" })
      yield* lease.assertHeld
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(fiber)
    }))

  it.scopedLive("tells only who has it where others of the machine can listen", () =>
    Effect.gen(function* () {
      const { exclusively } = leases({ ...abstract, isPrivate: false })
      const scope = yield* Scope.make()
      const lease = yield* Scope.extend(exclusively("a"), scope)
      yield* lease.tell("secret")
      const heard: Array<TurnHolder> = []
      const waits = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(Effect.scoped(exclusively("a", {
        onHolder: (holder) => {
          heard.push(holder)
          Deferred.unsafeDone(waits, Effect.void)
        }
      })))
      yield* Deferred.await(waits)
      yield* lease.tell("secret")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(heard, [{ pid: process.pid, told: undefined }])
    }))

  it.live("leaves nothing when it is interrupted at any step", () =>
    Effect.gen(function* () {
      const { exclusively, isFree } = leases()
      for (let step = 0;; step++) {
        const { ended, steps } = yield* interruptedAt(step, Effect.scoped(exclusively("a")))
        assert.isTrue(ended, `step ${step}`)
        assert.isTrue(yield* isFree("a"), `step ${step}`)
        if (steps <= step) break
      }
    }))
})

describe("a pipe of Windows", () => {
  it("has a name of this package, and tells nothing but who has it", () => {
    assert.strictEqual(windowsPipes.nameOf("ab"), "\\\\.\\pipe\\effect-oauth-callback-ab")
    assert.isFalse(windowsPipes.isPrivate)
  })
})
