/**
 * Installs Debian's Redis for the tests of `./redis`, where it is missing and this user may install it. Those tests look for
 * it themselves, and are skipped without it.
 */
import { findRedis } from "../test/fixtures/RedisServer.ts"
import { install } from "./debian.ts"

/** Installs Redis when it is missing. Returns why there is none, or `undefined` when there is one. */
export const ensureRedis = (): string | undefined => {
  if (findRedis() !== undefined) return undefined
  console.error("Installing Redis for the tests of ./redis (apt-get install redis-server) …")
  return install("redis-server") ??
    (findRedis() === undefined ? "it was installed, but its program was not found" : undefined)
}
