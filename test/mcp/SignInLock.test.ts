import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FastCheck, Fiber } from "effect"
import { exclusively } from "../../src/mcp/SignInLock.ts"
import type { CredentialKey } from "../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"

const key = { serverUrl: "https://mcp.example/mcp" }

/** Lets every fiber go on until it waits for something. */
const settle = Effect.repeatN(Effect.yieldNow(), 50)

/** Whether the second is let in while the first is inside. */
const together = (
  first: ReturnType<typeof exclusively>,
  second: ReturnType<typeof exclusively>
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    let inside = 0
    let most = 0
    const visit = Effect.sync(() => void (most = Math.max(most, ++inside))).pipe(
      Effect.zipRight(Deferred.await(gate)),
      Effect.ensuring(Effect.sync(() => void inside--))
    )
    const fibers = [yield* Effect.fork(first(visit)), yield* Effect.fork(second(visit))]
    yield* settle
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.joinAll(fibers)
    assert.strictEqual(inside, 0)
    return most === 2
  })

describe("exclusively", () => {
  it.effect("lets one in at a time for one server of one store", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      assert.isFalse(yield* together(exclusively(store, key), exclusively(store, key)))
    }))

  it.effect("takes two spellings of a server for one", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const other = { serverUrl: "HTTPS://MCP.example:443/mcp", account: "" }
      assert.isFalse(yield* together(exclusively(store, key), exclusively(store, other)))
    }))

  it.effect.each<readonly [string, CredentialKey]>([
    ["another server", { serverUrl: "https://other.example/mcp" }],
    ["another path", { serverUrl: "https://mcp.example/" }],
    ["another account", { ...key, account: "work" }]
  ])("keeps nobody waiting for %s", ([, other]) =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      assert.isTrue(yield* together(exclusively(store, key), exclusively(store, other)))
    }))

  it.effect("keeps nobody waiting for another store", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* CredentialStore.memory, yield* CredentialStore.memory]
      assert.isTrue(yield* together(exclusively(one, key), exclusively(two, key)))
    }))

  it.effect("gives what the effect gives", () =>
    Effect.gen(function* () {
      const lock = exclusively(yield* CredentialStore.memory, key)
      assert.strictEqual(yield* lock(Effect.succeed(5)), 5)
      assert.deepStrictEqual(yield* Effect.exit(lock(Effect.fail("no"))), Exit.fail("no"))
      assert.deepStrictEqual(yield* Effect.exit(lock(Effect.die("odd"))), Exit.die("odd"))
    }))

  it.effect("is only asked for when it runs", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      const lock = exclusively(store, key)
      const gate = yield* Deferred.make<void>()
      const unused = lock(Effect.never)
      const first = yield* Effect.fork(lock(Deferred.await(gate)))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.isTrue(Effect.isEffect(unused))
      yield* lock(Effect.void)
    }))

  it.effect("lets the next one in however the one before ends", () =>
    Effect.gen(function* () {
      const lock = exclusively(yield* CredentialStore.memory, key)
      const order: Array<string> = []
      const visitor = (name: string, end: Effect.Effect<void, string>) =>
        Effect.fork(lock(Effect.zipRight(Effect.sync(() => order.push(name)), end)))
      const stuck = yield* visitor("interrupted", Effect.never)
      yield* settle
      yield* visitor("failed", Effect.fail("no"))
      yield* visitor("died", Effect.die("odd"))
      const gone = yield* visitor("left while waiting", Effect.void)
      const last = yield* visitor("last", Effect.void)
      yield* settle
      assert.deepStrictEqual(order, ["interrupted"])
      yield* Fiber.interrupt(gone)
      yield* Fiber.interrupt(stuck)
      yield* Fiber.join(last)
      yield* settle
      assert.sameMembers(order, ["interrupted", "failed", "died", "last"])
    }))

  it.effect("waits until whoever is interrupted has released everything", () =>
    Effect.gen(function* () {
      const lock = exclusively(yield* CredentialStore.memory, key)
      const released = yield* Deferred.make<void>()
      let entered = false
      const first = yield* Effect.fork(lock(Effect.onInterrupt(Effect.never, () => Deferred.await(released))))
      yield* settle
      const second = yield* Effect.fork(lock(Effect.sync(() => void (entered = true))))
      yield* Fiber.interruptFork(first)
      yield* settle
      assert.isFalse(entered)
      yield* Deferred.succeed(released, undefined)
      yield* Fiber.join(second)
      assert.isTrue(entered)
    }))

  it.effect.prop("never has two inside, and lets everybody in who does not leave", [
    FastCheck.array(
      FastCheck.record({ turns: FastCheck.integer({ min: 0, max: 4 }), leaves: FastCheck.boolean() }),
      { maxLength: 8 }
    )
  ], ([visitors]) =>
    Effect.gen(function* () {
      const store = yield* CredentialStore.memory
      let inside = 0
      const entered = new Set<number>()
      const fibers = yield* Effect.forEach(visitors, ({ turns }, index) =>
        Effect.fork(
          exclusively(store, key)(
            Effect.sync(() => {
              assert.strictEqual(++inside, 1)
              entered.add(index)
            }).pipe(
              Effect.zipRight(Effect.repeatN(Effect.yieldNow(), turns)),
              Effect.ensuring(Effect.sync(() => void inside--))
            )
          )
        ))
      for (const [index, { leaves, turns }] of visitors.entries()) {
        if (leaves) yield* Effect.zipRight(Effect.repeatN(Effect.yieldNow(), turns), Fiber.interrupt(fibers[index]!))
      }
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      for (const [index, { leaves }] of visitors.entries()) {
        if (!leaves) assert.isTrue(entered.has(index))
        assert.isTrue(leaves || Exit.isSuccess(exits[index]!))
      }
      assert.strictEqual(inside, 0)
    }), { timeout: 30_000 })
})
