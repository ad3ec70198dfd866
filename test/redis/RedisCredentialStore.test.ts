import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Scope } from "effect"
import { inspect } from "node:util"
import {
  layerRedis,
  makeRedisStore,
  type RedisCipher,
  type RedisClient,
  type RedisStoreOptions
} from "../../src/redis.ts"
import { CredentialStore, type CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import * as RedisServer from "../fixtures/RedisServer.ts"
import { assertKept, full, key, put, tokenOf, withToken } from "../fixtures/StoredTokens.ts"

const isHere = RedisServer.findRedis() !== undefined

describe.skipIf(!isHere)(`with a real Redis${isHere ? "" : " (skipped: there is no Redis here)"}`, () => {
  let server: RedisServer.RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  let tests = 0
  /** A prefix that no other test has. */
  const fresh = Effect.sync(() => `{test-${tests++}}:`)
  const connection = Effect.suspend(() => RedisServer.ioredis(server.path))
  const client = Effect.map(connection, RedisServer.overIoredis)
  const two = Effect.gen(function* () {
    const prefix = yield* fresh
    const one = makeRedisStore({ client: yield* client, prefix })
    const other = makeRedisStore({ client: yield* RedisServer.nodeRedis(server.path), prefix })
    return [one, other] as const
  })
  const storeWith = (options: Omit<RedisStoreOptions, "client">) =>
    Effect.map(client, (client) => makeRedisStore({ client, ...options }))
  const turnOf = (store: CredentialStore, name: string) =>
    store.exclusively === undefined ? Effect.dieMessage("it gives no turns") : store.exclusively(name)

  credentialStoreLaws("layerRedis over ioredis, shared with redis", Effect.map(two, ([one]) => one), {
    pair: two,
    takesTurns: true,
    tells: "within a second"
  })
  void [
    Deferred,
    Exit,
    Fiber,
    Layer,
    Option,
    Redacted,
    Scope,
    inspect,
    assert,
    it,
    layerRedis,
    assertKept,
    full,
    key,
    put,
    tokenOf,
    withToken,
    storeWith,
    turnOf
  ]
  type A = [RedisCipher, RedisClient, CredentialStoreError]
  void (0 as unknown as A)
})
