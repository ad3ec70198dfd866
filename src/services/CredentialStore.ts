/**
 * Where credentials are kept between runs.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { TaggedErrorClass } from "../core/TaggedError.ts"

/** Whose credentials: one server, one identity on it. */
export interface CredentialKey {
  /** URL of the server that the credentials are for. */
  readonly serverUrl: string
  /** Tells two identities on one server apart. @default "" */
  readonly account?: string | undefined
}

/** Tokens of one authorization server (RFC 6749 section 5.1). */
export interface Tokens {
  readonly accessToken: Redacted.Redacted<string>
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** When the access token ends, in milliseconds since 1970-01-01 UTC; absent when the server did not say. */
  readonly expiresAt?: number | undefined
  /** Scopes granted, separated by spaces. */
  readonly scope?: string | undefined
}

/** This program's registration with one authorization server (RFC 7591 section 3.2.1). */
export interface ClientRegistration {
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  /** Redirect URIs registered: the next sign-in has to use one of them. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
}

/** What is kept under one key. Both parts belong to `issuer`, and are worth nothing at another. */
export interface Credentials {
  /** Issuer identifier of the authorization server (RFC 8414 section 2). */
  readonly issuer: string
  readonly client?: ClientRegistration | undefined
  readonly tokens?: Tokens | undefined
  /** Fields this version does not know: kept as they were read. They may be secret. */
  readonly extra?: Redacted.Redacted<Readonly<Record<string, unknown>>> | undefined
}

const CredentialStoreErrorBase: TaggedErrorClass<"CredentialStoreError", {
  reason: "Unreadable" | "Unwritable" | "Damaged" | "Locked"
  detail: string
  cause?: unknown
}> = Data.TaggedError("CredentialStoreError")

/** Credentials could not be read or written. `detail` says where and what to do; it holds no credential. */
export class CredentialStoreError extends CredentialStoreErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot ${this.reason === "Unwritable" ? "write" : "read"} stored credentials: ${this.detail}`
  }
}

/** Keeps credentials by server and account. */
export interface CredentialStore {
  /** What is kept under a key. */
  readonly load: (key: CredentialKey) => Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  /**
   * Reads, decides and writes as one step: nobody else's `modify` of that key runs meanwhile, so a refresh, and a
   * compare-and-delete, fit in. When the function fails nothing is written.
   */
  readonly modify: <A, E, R>(
    key: CredentialKey,
    change: (current: Option.Option<Credentials>) => Effect.Effect<readonly [A, Option.Option<Credentials>], E, R>
  ) => Effect.Effect<A, E | CredentialStoreError, R>
}

/** The text a key is stored under: URLs that differ only in how they are written are one server. */
export const keyText = ({ account = "", serverUrl }: CredentialKey): string =>
  `${URL.canParse(serverUrl) ? new URL(serverUrl).href : serverUrl}#${encodeURIComponent(account)}`

/** What a store needs to be one: text in, text out, by key. */
export interface CredentialBackend {
  readonly read: (key: string) => Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  readonly write: (key: string, value: Option.Option<Credentials>) => Effect.Effect<void, CredentialStoreError>
}

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
    load: (key) => backend.read(keyText(key)),
    modify: (key, change) => {
      const text = keyText(key)
      return exclusively(
        text,
        Effect.flatMap(backend.read(text), (current) =>
          // What the function got from the server must be kept: a rotated refresh token exists only here.
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(change(current)), ([result, next]) => Effect.as(backend.write(text, next), result))
          ))
      )
    }
  }
}

/** Keeps credentials until the process ends. */
const memory: Effect.Effect<CredentialStore> = Effect.sync(() => {
  const kept = new Map<string, Credentials>()
  return make({
    read: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
    write: (key, value) =>
      Effect.sync(() => void (Option.isSome(value) ? kept.set(key, value.value) : kept.delete(key)))
  })
})

/** Tag of the {@link CredentialStore} service, and its constructors. */
export const CredentialStore: Context.Tag<CredentialStore, CredentialStore> & {
  /** Keeps credentials until the process ends. */
  readonly memory: Effect.Effect<CredentialStore>
} = Object.assign(Context.GenericTag<CredentialStore>("effect-oauth-callback/CredentialStore"), { memory })
