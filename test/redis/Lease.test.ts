import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option, Scope } from "effect"
import { attemptOf } from "../../src/redis/Lease.ts"
import { makeRedisStore, type RedisClient } from "../../src/redis.ts"
import type { CredentialStore, TurnOptions } from "../../src/services/CredentialStore.ts"
import * as RedisServer from "../fixtures/RedisServer.ts"
import { key, put, tokenOf, withToken } from "../fixtures/StoredTokens.ts"

describe("attemptOf", () => {
  it("reads what the script gives, and nothing else", () => {
    assert.deepStrictEqual(attemptOf(["taken", "1:a"]), { _tag: "Taken", fence: "1:a" })
    assert.deepStrictEqual(attemptOf(["held", "1:a", null]), { _tag: "Held", fence: "1:a", told: undefined })
    assert.deepStrictEqual(attemptOf(["held", "1:a", "text"]), { _tag: "Held", fence: "1:a", told: "text" })
    for (const reply of [null, undefined, "taken", [], ["taken"], ["taken", 1], ["other", "1:a"], { 0: "taken" }]) {
      assert.isUndefined(attemptOf(reply))
    }
  })
})

const isHere = RedisServer.findRedis() !== undefined
const turnOf = (store: CredentialStore, options?: TurnOptions) =>
  store.exclusively === undefined ? Effect.dieMessage("it gives no turns") : store.exclusively("turn", options)

describe.skipIf(!isHere)("a lease in a real Redis", () => {
  let server: RedisServer.RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  let tests = 0
  const lease = 300
  /** Two stores on one prefix; the first one's client can be cut off, so that it asks and is never answered. */
  const world = Effect.gen(function* () {
    const prefix = `{lease-${tests++}}:`
    const redis = yield* RedisServer.ioredis(server.path)
    const client = RedisServer.overIoredis(redis)
    const line = { isCut: false, asked: 0 }
    const cuttable: RedisClient = {
      eval: (...asked) => {
        line.asked++
        return line.isCut ? new Promise(() => {}) : client.eval(...asked)
      }
    }
    return {
      prefix,
      redis,
      line,
      one: makeRedisStore({ client: cuttable, prefix, lease }),
      other: makeRedisStore({ client, prefix, lease })
    }
  })
  /** A change that waits inside its turn. */
  const changing = (store: CredentialStore, token: string) =>
    Effect.gen(function* () {
      const [has, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const fiber = yield* Effect.fork(store.modify(key, () =>
        Effect.zipRight(Deferred.succeed(has, undefined), Deferred.await(go)).pipe(
          Effect.as([undefined, Option.some(withToken(token))] as const)
        )))
      yield* Deferred.await(has)
      return { fiber, go: Deferred.succeed(go, undefined) }
    })

  it.scopedLive("is renewed while its holder lives", () =>
    Effect.gen(function* () {
      const { one, other } = yield* world
      const first = yield* changing(one, "first")
      const second = yield* Effect.fork(put(other, key, Option.some(withToken("second"))))
      yield* Effect.sleep(3 * lease)
      assert.isTrue(Option.isNone(yield* Fiber.poll(second)))
      yield* first.go
      yield* Fiber.join(first.fiber)
      yield* Fiber.join(second)
      assert.strictEqual(tokenOf(yield* one.load(key)), "second")
    }))

  it.scopedLive("runs out when its holder is cut off, and what that one writes later is refused", () =>
    Effect.gen(function* () {
      const { line, one, other } = yield* world
      const late = yield* changing(one, "late")
      line.isCut = true
      const began = Date.now()
      const second = yield* changing(other, "second")
      assert.isAbove(Date.now() - began, lease / 2)
      assert.isBelow(Date.now() - began, lease + 5000)
      line.isCut = false
      yield* late.go
      const error = yield* Effect.flip(Fiber.join(late.fiber))
      assert.strictEqual(error.reason, "Locked")
      assert.match(error.message, /another process took the turn/)
      assert.isTrue(Option.isNone(yield* other.load(key)))
      yield* second.go
      yield* Fiber.join(second.fiber)
      assert.strictEqual(tokenOf(yield* one.load(key)), "second")
      // Also when the later one has long been done.
      const again = yield* changing(one, "later still")
      line.isCut = true
      yield* put(other, key, Option.some(withToken("third")))
      line.isCut = false
      yield* again.go
      assert.strictEqual((yield* Effect.flip(Fiber.join(again.fiber))).reason, "Locked")
      assert.strictEqual(tokenOf(yield* one.load(key)), "third")
    }))

  it.scopedLive("lets a holder write that was cut off, when nobody came", () =>
    Effect.gen(function* () {
      const { line, one, redis, prefix } = yield* world
      const late = yield* changing(one, "late")
      line.isCut = true
      while ((yield* Effect.promise(() => redis.keys(`${prefix}lease:*`))).length > 0) yield* Effect.sleep(20)
      line.isCut = false
      yield* late.go
      yield* Fiber.join(late.fiber)
      assert.strictEqual(tokenOf(yield* one.load(key)), "late")
    }))

  it.scopedLive("is taken back when its holder was cut off, and nobody came", () =>
    Effect.gen(function* () {
      const { line, one, redis, prefix } = yield* world
      const turn = yield* turnOf(one)
      yield* turn.tell("the address")
      line.isCut = true
      const leases = Effect.promise(() => redis.keys(`${prefix}lease:*`))
      while ((yield* leases).length > 0) yield* Effect.sleep(20)
      line.isCut = false
      while ((yield* leases).length === 0) yield* Effect.sleep(20)
      assert.strictEqual(yield* Effect.promise(() => redis.hget(`${prefix}lease:turn`, "told")), "the address")
    }))

  it.scopedLive("is not taken back when somebody had it meanwhile", () =>
    Effect.gen(function* () {
      const { line, one, other } = yield* world
      yield* turnOf(one)
      line.isCut = true
      yield* Effect.scoped(turnOf(other))
      line.isCut = false
      const asked = line.asked
      while (line.asked === asked) yield* Effect.sleep(20)
      yield* Effect.timeout(Effect.scoped(turnOf(other)), "5 seconds")
      // It does not ask again: it knows that it lost it.
      const after = line.asked
      yield* Effect.sleep(lease)
      assert.strictEqual(line.asked, after)
    }))

  it.scopedLive("has a fence that rises with each turn, and leaves nothing behind but the number", () =>
    Effect.gen(function* () {
      const { one, other, redis, prefix } = yield* world
      const fences: Array<number> = []
      for (const store of [one, other, one]) {
        yield* Effect.scoped(Effect.gen(function* () {
          yield* turnOf(store)
          const fence = yield* Effect.promise(() => redis.hget(`${prefix}lease:turn`, "fence"))
          assert.match(String(fence), /^\d+:[\w-]{36}$/)
          assert.strictEqual(yield* Effect.promise(() => redis.hget(`${prefix}holders`, "turn")), fence)
          fences.push(Number.parseInt(String(fence), 10))
        }))
      }
      assert.deepStrictEqual(fences, [1, 2, 3])
      assert.deepStrictEqual(yield* Effect.promise(() => redis.keys(`${prefix}*`)), [`${prefix}turns`])
    }))

  it.scopedLive("is the same one when a client asks twice, as after a lost connection", () =>
    Effect.gen(function* () {
      const { redis, prefix } = yield* world
      const client = RedisServer.overIoredis(redis)
      const twice = makeRedisStore({
        client: { eval: async (...asked) => (await client.eval(...asked), await client.eval(...asked)) },
        prefix
      })
      for (const token of ["one", "two"]) yield* put(twice, key, Option.some(withToken(token)))
      assert.strictEqual(tokenOf(yield* twice.load(key)), "two")
    }).pipe(Effect.timeout("5 seconds")))

  it.scopedLive("is given up by one that is interrupted before Redis has answered", () =>
    Effect.gen(function* () {
      const { redis, prefix, other } = yield* world
      const client = RedisServer.overIoredis(redis)
      const asked = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<void>()
      const slow = makeRedisStore({
        client: {
          eval: async (...asks) => {
            const reply = await client.eval(...asks)
            Effect.runSync(Deferred.succeed(asked, undefined))
            await Effect.runPromise(Deferred.await(answer))
            return reply
          }
        },
        prefix,
        lease: "1 minute"
      })
      const waiting = yield* Effect.fork(Effect.scoped(turnOf(slow)))
      yield* Deferred.await(asked)
      const interrupting = yield* Effect.fork(Fiber.interrupt(waiting))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(answer, undefined)
      yield* Fiber.join(interrupting)
      yield* Effect.timeout(Effect.scoped(turnOf(other)), "5 seconds")
    }))

  it.scopedLive("is given up within a second where Redis answers no more", () =>
    Effect.gen(function* () {
      const { line, one } = yield* world
      const scope = yield* Scope.make()
      const turn = yield* Scope.extend(turnOf(one), scope)
      line.isCut = true
      const telling = yield* Effect.fork(turn.tell("text"))
      const began = Date.now()
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(Date.now() - began, 1000)
      yield* Effect.timeout(Fiber.interrupt(telling), "1 second")
      line.isCut = true
      const waiting = yield* Effect.fork(Effect.scoped(turnOf(one)))
      yield* Effect.sleep("5 millis")
      yield* Effect.timeout(Fiber.interrupt(waiting), "1 second")
    }))

  it.scoped("is waited for, kept and given up by the machine's clock", () =>
    Effect.gen(function* () {
      const { one, other } = yield* world
      const has = yield* Deferred.make<void>()
      const waits = yield* Deferred.make<void>()
      const first = yield* Effect.fork(Effect.scoped(
        Effect.zipRight(Effect.zipRight(turnOf(one), Deferred.succeed(has, undefined)), Effect.never)
      ))
      yield* Deferred.await(has)
      const second = yield* Effect.fork(Effect.scoped(turnOf(other, {
        onHolder: () => Effect.runSync(Deferred.succeed(waits, undefined))
      })))
      yield* Deferred.await(waits)
      yield* Fiber.interrupt(first)
      yield* Fiber.join(second)
    }))

  it.scopedLive("can be let go where its caller cannot be interrupted", () =>
    Effect.gen(function* () {
      const { one, other } = yield* world
      yield* Effect.scoped(Effect.uninterruptible(turnOf(one))).pipe(Effect.timeout("2 seconds"))
      yield* Effect.timeout(Effect.scoped(turnOf(other)), "5 seconds")
    }))
})
