/**
 * Credentials, and hosted sign-ins that wait, in Redis, over a client of yours: for programs on several machines.
 *
 * @module
 */
export { makePendingStore, type RedisPendingOptions } from "./redis/PendingStore.ts"
export type { RedisClient } from "./redis/RedisClient.ts"
export { layerRedis, makeRedisStore, type RedisCipher, type RedisStoreOptions } from "./redis/RedisCredentialStore.ts"
export { type PendingStore, PendingStoreError } from "./services/PendingStore.ts"
