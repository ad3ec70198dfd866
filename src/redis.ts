/**
 * Credentials in Redis, over a client of yours: for programs on several machines.
 *
 * @module
 */
export type { RedisClient } from "./redis/RedisClient.ts"
export { layerRedis, makeRedisStore, type RedisCipher, type RedisStoreOptions } from "./redis/RedisCredentialStore.ts"
