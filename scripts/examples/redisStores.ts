/**
 * The two stores of a web service without Effect, in Redis 6.2 or later, over a connection of the package `ioredis`. With Effect,
 * `effect-oauth-callback/redis` has both.
 */
import type { PendingStore, TextStore } from "effect-oauth-callback/promise"
import type { Redis } from "ioredis"
import { setTimeout as sleep } from "node:timers/promises"

/** Sign-ins that wait for their answer. They come encrypted. */
export const pendingStore = (redis: Redis, prefix = "agent:pending:"): PendingStore => ({
  putIfAbsent: async (key, text, ttlMillis) => await redis.set(prefix + key, text, "PX", ttlMillis, "NX") === "OK",
  take: (key) => redis.getdel(prefix + key)
})

// Each only where the lock is still that of its holder.
const renew = `return redis.call("get", KEYS[1]) == ARGV[1] and redis.call("pexpire", KEYS[1], ARGV[2]) or 0`
const release = `return redis.call("get", KEYS[1]) == ARGV[1] and redis.call("del", KEYS[1]) or 0`
const lockMillis = 3000

/** Credentials: tokens in the clear, so keep this Redis to yourself. One process at a time changes those of one person. */
export const credentials = (redis: Redis, prefix = "agent:credentials:"): TextStore => ({
  get: (name) => redis.get(prefix + name),
  set: (name, text) => redis.set(prefix + name, text),
  delete: (name) => redis.del(prefix + name),
  exclusively: async (name, { signal }) => {
    const [key, holder] = [`${prefix}lock:${name}`, crypto.randomUUID()]
    while (await redis.set(key, holder, "PX", lockMillis, "NX") === null) await sleep(20, undefined, { signal })
    // A machine that dies does not renew it, and holds up the others for three seconds.
    const renewing = setInterval(
      () => void redis.eval(renew, 1, key, holder, lockMillis).catch(() => {}),
      lockMillis / 3
    )
    return async () => {
      clearInterval(renewing)
      await redis.eval(release, 1, key, holder)
    }
  }
})
