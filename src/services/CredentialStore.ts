/**
 * Where credentials are kept between runs.
 */
import { withoutStop } from "../core/text/SafeText.ts"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CredentialKey, type Credentials, encode, keyText } from "../core/mcp/Credentials.ts"
import * as ThrownValue from "../core/mcp/ThrownValue.ts"
import type { TaggedErrorClass } from "../core/TaggedError.ts"

export {
  type ClientRegistration,
  type CredentialKey,
  type Credentials,
  keyText,
  type Tokens
} from "../core/mcp/Credentials.ts"

const CredentialStoreErrorBase: TaggedErrorClass<"CredentialStoreError", {
  reason: "Unreadable" | "Unwritable" | "Damaged" | "Locked"
  detail: string
  /** The name that the system, or the store, has for what went wrong (`EACCES`, `ENOSPC`), where it has one. */
  code?: string | undefined
  /** What the store threw, without credentials. */
  cause?: unknown
}> = Data.TaggedError("CredentialStoreError")

/**
 * Credentials could not be read or written. `detail` says where and what to do; it holds no credential.
 *
 * @since 0.1.0
 * @category errors
 */
export class CredentialStoreError extends CredentialStoreErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot ${this.reason === "Unwritable" ? "write" : "read"} stored credentials: ${this.detail}`
  }
}

/**
 * The error for what somebody's own store threw, with its name and message.
 *
 * @param secrets What the store was given, and may have quoted.
 */
export const failedBy = (
  reason: "Unreadable" | "Unwritable",
  thrown: unknown,
  secrets: ReadonlyArray<string | undefined> = []
): CredentialStoreError => {
  const parts = ThrownValue.parts(thrown, secrets)
  const code = parts.find((part) => part.code !== undefined)?.code
  const said = ThrownValue.shown(parts[0])
  return new CredentialStoreError({
    reason,
    detail: `the store of this program failed${code === undefined ? "" : ` (${code})`}${
      said === "" ? "" : `: ${withoutStop(said.slice(0, 250))}`
    }. Check that it can be read and written`,
    ...(code !== undefined && { code }),
    cause: ThrownValue.toCause(parts)
  })
}

/**
 * Keeps credentials by server and account.
 *
 * @since 0.1.0
 * @category services
 */
export interface CredentialStore {
  /** What is kept under a key. */
  readonly load: (key: CredentialKey) => Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  /**
   * Reads, decides and writes as one step: no other `modify` of that key runs meanwhile, so a refresh, and a
   * compare-and-delete, fit in. When the function fails nothing is written.
   */
  readonly modify: <A, E, R>(
    key: CredentialKey,
    change: (current: Option.Option<Credentials>) => Effect.Effect<readonly [A, Option.Option<Credentials>], E, R>
  ) => Effect.Effect<A, E | CredentialStoreError, R>
}

/** What a store needs to be one: reads, writes and (by `None`) removes what is kept under a key's `keyText`. */
export interface CredentialBackend {
  readonly read: (key: CredentialKey) => Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  readonly write: (key: CredentialKey, value: Option.Option<Credentials>) => Effect.Effect<void, CredentialStoreError>
}

/** The text to keep credentials as; fails with reason `Unwritable` when an `extra` holds what JSON cannot. */
export const toText = (key: CredentialKey, credentials: Credentials): Effect.Effect<string, CredentialStoreError> =>
  Effect.try({
    try: () => encode(key, credentials),
    // Without the cause: what an engine says of such a value names fields of it.
    catch: () =>
      new CredentialStoreError({
        reason: "Unwritable",
        detail: "a field `extra` holds what JSON cannot. Put only JSON there"
      })
  })

/** A store over a backend, exclusive within this process. */
export const make = (backend: CredentialBackend): CredentialStore => {
  const locks = new Map<string, { readonly semaphore: Effect.Semaphore; users: number }>()
  const exclusively = <A, E, R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const lock = locks.get(key) ?? { semaphore: Effect.unsafeMakeSemaphore(1), users: 0 }
        lock.users++
        locks.set(key, lock)
        return lock
      }),
      ({ semaphore }) => semaphore.withPermits(1)(effect),
      (lock) => Effect.sync(() => void (--lock.users === 0 && locks.delete(key)))
    )
  return {
    load: (key) => backend.read(key),
    modify: (key, change) =>
      exclusively(
        keyText(key),
        Effect.flatMap(backend.read(key), (current) =>
          // What the function got from the server must be kept: a rotated refresh token exists only here.
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(change(current)), ([result, next]) => Effect.as(backend.write(key, next), result))
          ))
      )
  }
}

/** Keeps credentials until the process ends. */
const memory: Effect.Effect<CredentialStore> = Effect.sync(() => {
  const kept = new Map<string, Credentials>()
  return make({
    read: (key) => Effect.sync(() => Option.fromNullable(kept.get(keyText(key)))),
    write: (key, value) =>
      Effect.sync(() => void (Option.isSome(value) ? kept.set(keyText(key), value.value) : kept.delete(keyText(key))))
  })
})

/**
 * Tag of the {@link CredentialStore} service, and its constructors.
 *
 * @since 0.1.0
 * @category services
 */
export const CredentialStore: Context.Tag<CredentialStore, CredentialStore> & {
  /** Keeps credentials until the process ends. */
  readonly memory: Effect.Effect<CredentialStore>
} = Object.assign(Context.GenericTag<CredentialStore>("effect-oauth-callback/CredentialStore"), { memory })
