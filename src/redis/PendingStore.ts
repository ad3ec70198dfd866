/**
 * Sign-ins that wait, in Redis: for web services on several machines.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { pendingFailedBy, type PendingStore, PendingStoreError } from "../services/PendingStore.ts"
import type { RedisClient } from "./RedisClient.ts"

/**
 * Where sign-ins wait in Redis.
 *
 * @since 0.1.0
 * @category options
 */
export interface RedisPendingOptions {
  /** Runs scripts. Its limits of time and its reconnects are those of the store: set them. */
  readonly client: RedisClient
  /** What all keys begin with. Each key may be in another slot of a cluster. @default "effect-oauth-callback:pending:" */
  readonly prefix?: string | undefined
}

/**
 * Keeps a text for so many milliseconds, unless there is one. Keys: the key. Arguments: text, milliseconds, a random text.
 * Asked again with the same random text, as clients do when a connection was lost, it says the same.
 */
const putIfAbsent = `if redis.call('SET', KEYS[1], ARGV[3] .. ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
local kept = redis.call('GET', KEYS[1])
if kept and string.sub(kept, 1, #ARGV[3]) == ARGV[3] then return 1 end
return 0`

/** Gives a text, and removes it. Keys: the key. GETDEL needs Redis 6.2; a script is one step on each. */
const take = `local kept = redis.call('GET', KEYS[1])
if kept then redis.call('DEL', KEYS[1]) end
return kept`

const strange = (reason: PendingStoreError["reason"]) =>
  new PendingStoreError({
    reason,
    detail: "the client of Redis gave something else than its script. Give what EVAL gives, as numbers and texts"
  })

/** Letters of the random text before each text. */
const markLength = 36

/**
 * A `PendingStore` in Redis, for the option `store` of `HostedSignIn.make`. All texts are encrypted before they come here, and
 * run out by themselves. Redis must not evict keys that have not run out (`maxmemory-policy noeviction`, or enough memory).
 *
 * @example
 * ```ts
 * import { makePendingStore } from "effect-oauth-callback/redis"
 *
 * // Of the package `ioredis`: redis.eval(script, keys.length, ...keys, ...args)
 * declare const redis: { eval(script: string, count: number, ...rest: Array<string>): Promise<unknown> }
 * const store = makePendingStore({
 *   client: { eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args) }
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePendingStore = (
  { client, prefix = "effect-oauth-callback:pending:" }: RedisPendingOptions
): PendingStore => ({
  putIfAbsent: (key, text, ttl) =>
    Effect.flatMap(
      Effect.tryPromise({
        try: async () =>
          await client.eval(putIfAbsent, [prefix + key], [
            Redacted.value(text),
            String(Math.max(1, Math.ceil(Duration.toMillis(ttl)))),
            crypto.randomUUID()
          ]),
        catch: (error) => pendingFailedBy("Unwritable", error, [Redacted.value(text), key])
      }),
      // Clients give a number of Redis as a number or, where they are told to, as a `bigint`.
      (reply) => ["0", "1"].includes(String(reply)) ? Effect.succeed(String(reply) === "1") : strange("Unwritable")
    ),
  take: (key) =>
    Effect.flatMap(
      Effect.tryPromise({
        try: async () => await client.eval(take, [prefix + key], []),
        catch: (error) => pendingFailedBy("Unreadable", error, [key])
      }),
      (reply) =>
        reply === null || reply === undefined
          ? Effect.succeed(Option.none())
          : typeof reply === "string"
          ? Effect.succeed(Option.some(Redacted.make(reply.slice(markLength))))
          : strange("Unreadable")
    )
})
