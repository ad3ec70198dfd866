import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { inspect } from "node:util"
import { makePendingStore, type RedisClient } from "../../src/redis.ts"
import { pendingStoreLaws } from "../fixtures/pendingStoreLaws.ts"
import * as RedisServer from "../fixtures/RedisServer.ts"

const isHere = RedisServer.findRedis() !== undefined

describe.skipIf(!isHere)(`with a real Redis${isHere ? "" : " (skipped: there is no Redis here)"}`, () => {
  let server: RedisServer.RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  let tests = 0
  const client = Effect.map(Effect.suspend(() => RedisServer.ioredis(server.path)), RedisServer.overIoredis)

  pendingStoreLaws(
    "Redis, over ioredis and redis",
    Effect.gen(function* () {
      const prefix = `test-${tests++}:`
      const other = yield* RedisServer.nodeRedis(server.path)
      return [makePendingStore({ client: yield* client, prefix }), makePendingStore({ client: other, prefix })] as const
    })
  )

  it.scopedLive("says the same when a client asks again after its connection was lost", () =>
    Effect.gen(function* () {
      const real = yield* client
      const twice: RedisClient = {
        eval: async (script, keys, args) => {
          await real.eval(script, keys, args)
          return await real.eval(script, keys, args)
        }
      }
      const store = makePendingStore({ client: twice, prefix: `test-${tests++}:` })
      assert.isTrue(yield* store.putIfAbsent("key", Redacted.make("text"), Duration.minutes(1)))
      assert.isFalse(yield* store.putIfAbsent("key", Redacted.make("text"), Duration.minutes(1)))
    }))
})

describe("makePendingStore", () => {
  it.effect("fails without what it was given, whatever the client throws or gives", () =>
    Effect.gen(function* () {
      const throwing = makePendingStore({
        client: {
          eval: (script, keys, args) => {
            throw new Error(`ERR ${script} ${keys.join()} ${args.join()}`)
          }
        }
      })
      const text = Redacted.make("a-secret-text")
      const failed = yield* Effect.flip(throwing.putIfAbsent("a-secret-key", text, Duration.minutes(1)))
      assert.strictEqual(failed.reason, "Unwritable")
      assert.notMatch(inspect(failed, { depth: 9 }), /a-secret/)
      const odd = makePendingStore({ client: { eval: () => Promise.resolve(["odd"]) } })
      assert.strictEqual((yield* Effect.flip(odd.putIfAbsent("key", text, Duration.minutes(1)))).reason, "Unwritable")
      assert.strictEqual((yield* Effect.flip(odd.take("key"))).reason, "Unreadable")
    }))
})
