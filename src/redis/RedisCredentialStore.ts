/**
 * Credentials in Redis, for programs on several machines.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CredentialStore } from "../store/CredentialStore.ts"
import { CredentialStoreError } from "../services/CredentialStoreError.ts"
import { exclusively } from "./Lease.ts"
import { asking, type RedisClient, strange } from "./RedisClient.ts"
import { keysUnder, names, read, write } from "./scripts.ts"

/**
 * How texts are encrypted before they go to Redis. A promise that rejects is a `CredentialStoreError`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisCipher {
  /** The text to keep in place of this one. The name should be authenticated with it, so that no entry can be swapped. */
  readonly seal: (text: string, name: string) => PromiseLike<string>
  /** The text that was sealed. */
  readonly open: (sealed: string, name: string) => PromiseLike<string>
}

/**
 * Where credentials are kept in Redis.
 *
 * @since 0.1.0
 * @category options
 */
export interface RedisStoreOptions {
  /** Runs scripts. Its limits of time and its reconnects are those of the store: set them. */
  readonly client: RedisClient
  /**
   * What all keys begin with. In a cluster they must belong to one slot, so it holds a hash tag, which is the part in braces.
   *
   * @default "{effect-oauth-callback}:"
   */
  readonly prefix?: string | undefined
  /**
   * How long a process that died, or was cut off from Redis, holds up the others. Whoever lives renews its turn each third of
   * it.
   *
   * @default "3 seconds"
   */
  readonly lease?: Duration.DurationInput | undefined
  /** Encrypts the texts. @default tokens are in Redis in the clear */
  readonly cipher?: RedisCipher | undefined
}

const isTexts = (found: unknown): found is ReadonlyArray<string> =>
  Array.isArray(found) && found.every((each) => typeof each === "string")

const lostTurn = new CredentialStoreError({
  reason: "Locked",
  detail:
    "another process took the turn, because this one was cut off from Redis, or stopped, for longer than the lease. " +
    "Nothing was changed. Try again"
})

/**
 * A credential store in Redis (5 or later, and what speaks its protocol and runs its scripts), for any number of processes on
 * any number of machines: one of them at a time changes the credentials of a server and account, and one signs in.
 *
 * A turn is a lease with a fencing number. When its holder dies, others wait until the lease runs out; when its holder was
 * stopped for longer, and somebody else had a turn, what it writes then is refused with reason `Locked`. It holds on one Redis:
 * a replica that takes over without the last writes may give a turn twice.
 *
 * Tokens and client secrets are in Redis in the clear unless there is a `cipher`; names of servers and accounts, and what a
 * process tells those who wait for it, always are. Whoever can read this Redis can use them: give it a password and TLS.
 *
 * @example
 * ```ts
 * import { makeRedisStore } from "effect-oauth-callback/redis"
 *
 * // Of the package `ioredis`: redis.eval(script, keys.length, ...keys, ...args)
 * // Of the package `redis`: client.eval(script, { keys, arguments: args })
 * declare const redis: { eval(script: string, count: number, ...rest: Array<string>): Promise<unknown> }
 * const store = makeRedisStore({
 *   client: { eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args) }
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeRedisStore = (
  { cipher, client, lease = "3 seconds", prefix = "{effect-oauth-callback}:" }: RedisStoreOptions
): CredentialStore => {
  const ask = asking(client)
  const keys = keysUnder(prefix)
  // A write is made in the turn that was given last for its name, because a store lets one change of a name run at a time.
  const fences = new Map<string, string>()
  const change = (name: string, ...text: ReadonlyArray<string>) =>
    ask("Unwritable", write, [keys.texts, keys.holders], [name, fences.get(name) ?? "", ...text]).pipe(
      Effect.filterOrFail((reply) => reply === "kept", (reply) => reply === "lost" ? lostTurn : strange("Unwritable"))
    )
  const promised = (run: () => PromiseLike<string>) =>
    Effect.tryPromise({ try: async () => await run(), catch: (error) => error })
  return CredentialStore.make({
    get: (name) =>
      Effect.flatMap(
        ask("Unreadable", read, [keys.texts], [name]),
        (text) =>
          cipher === undefined || typeof text !== "string"
            ? Effect.succeed(text as string | null)
            : promised(() => cipher.open(text, name))
      ),
    set: (name, text) =>
      cipher === undefined
        ? change(name, text)
        : Effect.flatMap(promised(() => cipher.seal(text, name)), (sealed) => change(name, sealed)),
    delete: (name) => change(name),
    list: Effect.flatMap(
      ask("Unreadable", names, [keys.texts], []),
      (found) => isTexts(found) ? Effect.succeed(found) : strange("Unreadable")
    ),
    exclusively: exclusively({ ask, fences, keys, leaseMillis: Math.ceil(Duration.toMillis(lease)) })
  })
}

/**
 * A layer with the store of {@link makeRedisStore}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerRedis = (options: RedisStoreOptions): Layer.Layer<CredentialStore> =>
  Layer.sync(CredentialStore, () => makeRedisStore(options))
