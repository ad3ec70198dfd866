import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted, TestClock } from "effect"
import { inspect } from "node:util"
import { PendingStore, PendingStoreError } from "../../src/hosted.ts"
import { pendingStoreLaws } from "../fixtures/pendingStoreLaws.ts"

pendingStoreLaws("in memory", Effect.map(PendingStore.memory(), (store) => [store, store] as const))

pendingStoreLaws(
  "over plain functions",
  Effect.sync(() => {
    const kept = new Map<string, { readonly text: string; readonly until: number }>()
    const live = (key: string) => (kept.get(key)?.until ?? 0) > Date.now()
    const store = PendingStore.make({
      putIfAbsent: (key, text, ttlMillis) =>
        Promise.resolve(live(key) ? false : kept.set(key, { text, until: Date.now() + ttlMillis }) === kept),
      take: (key) => {
        const text = live(key) ? kept.get(key)?.text : null
        kept.delete(key)
        return Promise.resolve(text)
      }
    })
    return [store, store] as const
  })
)

describe("PendingStore.memory", () => {
  it.effect("is bounded, and has room again when what it keeps has run out", () =>
    Effect.gen(function* () {
      const store = yield* PendingStore.memory({ capacity: 10 })
      const put = (key: string) => store.putIfAbsent(key, Redacted.make("text"), Duration.minutes(1))
      for (let index = 0; index < 10; index++) assert.isTrue(yield* put(`key ${index}`))
      const full = yield* Effect.flip(put("one more"))
      assert.instanceOf(full, PendingStoreError)
      assert.isFalse(yield* put("key 3"))
      assert.isTrue(Option.isSome(yield* store.take("key 4")))
      assert.isTrue(yield* put("one more"))
      yield* TestClock.adjust("2 minutes")
      for (let index = 0; index < 10; index++) assert.isTrue(yield* put(`later ${index}`))
    }))
})

describe("PendingStore.make", () => {
  it.effect("fails without what it was given, whatever the functions throw or give", () =>
    Effect.gen(function* () {
      const store = PendingStore.make({
        putIfAbsent: (key, text) => {
          throw new Error(`no room for ${key} ${text}`)
        },
        take: (key) => Promise.reject(new Error(`no ${key}`))
      })
      const put = yield* Effect.flip(
        store.putIfAbsent("a-secret-key", Redacted.make("a-secret-text"), Duration.minutes(1))
      )
      const take = yield* Effect.flip(store.take("a-secret-key"))
      for (const error of [put, take]) assert.notMatch(inspect(error, { depth: 9 }), /a-secret/)
      assert.include(put.message, "no room")
      const odd = PendingStore.make({
        putIfAbsent: () => Promise.resolve(1 as never),
        take: () => Promise.resolve(1 as never)
      })
      assert.strictEqual(
        (yield* Effect.flip(odd.putIfAbsent("key", Redacted.make("text"), Duration.minutes(1)))).reason,
        "Unwritable"
      )
      assert.strictEqual((yield* Effect.flip(odd.take("key"))).reason, "Unreadable")
    }))
})
