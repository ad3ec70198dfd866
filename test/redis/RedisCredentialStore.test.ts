import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Redacted } from "effect"
import type { webcrypto } from "node:crypto"
import { inspect } from "node:util"
import { layerRedis, makeRedisStore, type RedisCipher, type RedisClient } from "../../src/redis.ts"
import { names, read, take, write } from "../../src/redis/scripts.ts"
import { type Credentials, CredentialStore, type CredentialStoreError } from "../../src/services/CredentialStore.ts"
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

  credentialStoreLaws("layerRedis over ioredis, shared with redis", Effect.map(two, ([one]) => one), {
    pair: two,
    takesTurns: true,
    tells: "within a second"
  })

  it.scopedLive("is given by a layer, and keeps all under its prefix", () =>
    Effect.gen(function* () {
      const redis = yield* connection
      const client = RedisServer.overIoredis(redis)
      yield* Effect.promise(() => redis.set("not ours", "text"))
      const store = yield* Effect.provide(CredentialStore, layerRedis({ client }))
      yield* put(store, key, Option.some(full))
      assertKept(yield* store.load(key), Option.some(full))
      const mine = yield* Effect.promise(() => redis.keys("{effect-oauth-callback}:*"))
      assert.deepStrictEqual(mine.sort(), ["{effect-oauth-callback}:texts", "{effect-oauth-callback}:turns"])
      const other = makeRedisStore({ client, prefix: yield* fresh })
      assert.isTrue(Option.isNone(yield* other.load(key)))
      assert.deepStrictEqual(yield* other.list, [])
      yield* put(store, key, Option.none())
      const keys = yield* Effect.promise(() => redis.keys("*"))
      assert.include(keys, "not ours")
      assert.notInclude(keys, "{effect-oauth-callback}:texts")
    }))

  /** What a user writes, with a key of AES-GCM. */
  const cipherWith = (key: webcrypto.CryptoKey): RedisCipher => ({
    seal: async (text, name) => {
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const additionalData = Buffer.from(name)
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, Buffer.from(text))
      return Buffer.concat([iv, Buffer.from(sealed)]).toString("base64")
    },
    open: async (sealed, name) => {
      const bytes = Buffer.from(sealed, "base64")
      const how = { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData: Buffer.from(name) }
      return Buffer.from(await crypto.subtle.decrypt(how, key, bytes.subarray(12))).toString()
    }
  })
  const newKey = Effect.promise(() =>
    crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
  )

  it.scopedLive("keeps texts in the clear without a cipher, and sealed with one", () =>
    Effect.gen(function* () {
      const redis = yield* connection
      const client = RedisServer.overIoredis(redis)
      const [prefix, clearPrefix] = [yield* fresh, yield* fresh]
      const sealed = makeRedisStore({ client, prefix, cipher: cipherWith(yield* newKey) })
      const inClear = makeRedisStore({ client, prefix: clearPrefix })
      yield* put(sealed, key, Option.some(full))
      yield* put(inClear, key, Option.some(full))
      assertKept(yield* sealed.load(key), Option.some(full))
      assert.strictEqual((yield* sealed.list).length, 1)
      const texts = (prefix: string) => Effect.promise(() => redis.hgetall(`${prefix}texts`))
      assert.include(JSON.stringify(yield* texts(clearPrefix)), "refresh token")
      assert.notInclude(JSON.stringify(yield* texts(prefix)), "token")

      // An entry under another name, and one of another key.
      const [text = ""] = Object.values(yield* texts(prefix))
      const other = { serverUrl: "https://attacker.example/" }
      yield* Effect.promise(() => redis.hset(`${prefix}texts`, "https://attacker.example/#", text))
      assert.strictEqual((yield* Effect.flip(sealed.load(other))).reason, "Unreadable")
      const stranger = makeRedisStore({ client, prefix, cipher: cipherWith(yield* newKey) })
      assert.strictEqual((yield* Effect.flip(stranger.load(key))).reason, "Unreadable")
    }))

  it.scopedLive("spends nothing when Redis has no room for what comes", () =>
    Effect.gen(function* () {
      const redis = yield* connection
      const store = makeRedisStore({ client: RedisServer.overIoredis(redis), prefix: yield* fresh })
      yield* put(store, key, Option.some(withToken("before")))
      yield* Effect.acquireRelease(
        Effect.promise(() => redis.config("SET", "maxmemory", "1")),
        () => Effect.promise(() => redis.config("SET", "maxmemory", "0"))
      )
      let isSpent = false
      const spend = store.modify(key, (current) =>
        Effect.sync(() => {
          isSpent = true
          return [undefined, current] as const
        }), { reserve: true })
      const error = yield* Effect.flip(spend)
      assert.strictEqual(error.reason, "Unwritable")
      assert.match(error.message, /OOM/)
      assert.isFalse(isSpent)
      assert.strictEqual(tokenOf(yield* store.load(key)), "before")
    }))

  it.scopedLive("goes on when its connection was lost", () =>
    Effect.gen(function* () {
      const redis = yield* connection
      const store = makeRedisStore({ client: RedisServer.overIoredis(redis), prefix: yield* fresh })
      yield* put(store, key, Option.some(withToken("before")))
      yield* store.modify(key, (current) =>
        Effect.as(
          Effect.promise(() => redis.client("KILL", "SKIPME", "no", "TYPE", "normal").catch(() => {})),
          [undefined, Option.some(withToken(`${tokenOf(current)} and after`))] as const
        ))
      assert.strictEqual(tokenOf(yield* store.load(key)), "before and after")
    }))
})

describe("a client of Redis that fails", () => {
  const secret = "refresh-s3cret"
  const credentials: Credentials = {
    issuer: "https://as.example",
    tokens: { accessToken: Redacted.make("access-s3cret"), refreshToken: Redacted.make(secret) }
  }
  /** A client that answers the scripts up to the write, and then does this. */
  const failingAt = (script: string, fail: (args: ReadonlyArray<string>) => unknown): RedisClient => ({
    eval: async (asked, _keys, args) => {
      if (asked === script) return await fail(args)
      return asked === take ? ["taken", "1:x"] : asked === names ? [] : asked === read ? null : "kept"
    }
  })
  const acts = {
    load: (store: CredentialStore) => Effect.asVoid(store.load(key)),
    list: (store: CredentialStore) => Effect.asVoid(store.list),
    modify: (store: CredentialStore) => put(store, key, Option.some(credentials))
  }
  const cases = [
    ["read", read, "load", "Unreadable"],
    ["names", names, "list", "Unreadable"],
    ["take", take, "modify", "Unwritable"],
    ["write", write, "modify", "Unwritable"]
  ] as const

  it.effect.each(cases)("fails with its words and no secret: %s", ([, script, act, reason]) =>
    Effect.gen(function* () {
      const fails = [
        (args: ReadonlyArray<string>) => Promise.reject(new Error(`WRONGTYPE it broke with ${args.join(" ")}`)),
        (args: ReadonlyArray<string>) => {
          throw Object.assign(new Error(`it broke with ${args.join(" ")}`), { args, command: { args } })
        }
      ]
      for (const fail of fails) {
        const store = makeRedisStore({ client: failingAt(script, fail) })
        const error: CredentialStoreError = yield* Effect.flip(acts[act](store))
        assert.strictEqual(error._tag, "CredentialStoreError")
        assert.strictEqual(error.reason, reason)
        assert.include(error.message, "it broke")
        assert.notMatch(`${inspect(error, { depth: null })} ${JSON.stringify(error)}`, /s3cret/)
      }
    }))

  it.effect.each(cases)(
    "fails when it gives what the script does not give: %s",
    ([, script, act]) =>
      Effect.gen(function* () {
        for (const reply of [42, {}, Buffer.from("text"), ["taken", 7], [[]], true]) {
          const exit = yield* Effect.exit(acts[act](makeRedisStore({ client: failingAt(script, () => reply) })))
          assert.isTrue(Exit.isFailure(exit), `${inspect(reply)} was taken`)
          if (Exit.isFailure(exit)) assert.strictEqual(exit.cause._tag, "Fail")
        }
      })
  )

  it.effect("fails when a cipher fails, without what it was given", () =>
    Effect.gen(function* () {
      const cipher: RedisCipher = {
        seal: (text) => Promise.reject(new Error(`cannot seal ${text}`)),
        open: (text) => Promise.reject(new Error(`cannot open ${text}`))
      }
      const store = makeRedisStore({ client: failingAt("", () => null), cipher })
      const error = yield* Effect.flip(put(store, key, Option.some(credentials)))
      assert.strictEqual(error.reason, "Unwritable")
      assert.notMatch(inspect(error, { depth: null }), /s3cret/)
      const reading = makeRedisStore({ client: failingAt(read, () => "sealed"), cipher })
      assert.strictEqual((yield* Effect.flip(reading.load(key))).reason, "Unreadable")
    }))
})
