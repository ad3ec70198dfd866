/**
 * Where credentials are kept between runs: the service, and its constructors.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CredentialKey, type Credentials, keyText } from "../core/mcp/Credentials.ts"
import { type CredentialStore as Service, CredentialStore as tag } from "../services/CredentialStore.ts"
import * as ExclusiveStore from "./exclusiveStore.ts"
import { type CredentialBackend, over } from "./CredentialBackend.ts"

/**
 * Keeps credentials by server and account. `CredentialStore.make` makes one of anything that keeps texts by name.
 *
 * @since 0.1.0
 * @category services
 */
export interface CredentialStore extends Service {}

/** Keeps credentials until the process ends. */
const memory: Effect.Effect<CredentialStore> = Effect.sync(() => {
  const kept = new Map<string, readonly [CredentialKey, Credentials]>()
  const load = (key: CredentialKey) =>
    Effect.sync(() => Option.map(Option.fromNullable(kept.get(keyText(key))), ([, value]) => value))
  const write = (key: CredentialKey, value: Option.Option<Credentials>) =>
    Effect.sync(() =>
      void (Option.isSome(value) ? kept.set(keyText(key), [key, value.value]) : kept.delete(keyText(key)))
    )
  return ExclusiveStore.make({
    load,
    begin: (key) => Effect.succeed({ read: load(key), write: (value) => write(key, value) }),
    list: Effect.sync(() => Array.from(kept.values(), ([key]) => key))
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
  /**
   * A store over anything that keeps texts by name. It adds the format of the texts, changes that are exclusive (among
   * processes too where the backend has `exclusively`), and errors without credentials. Make one for each backend, and share
   * it: turns within the process belong to the store.
   *
   * @example
   * ```ts
   * import { Effect, Layer } from "effect"
   * import { CredentialStore } from "effect-oauth-callback"
   *
   * const texts = new Map<string, string>()
   * const inMap = Layer.succeed(
   *   CredentialStore,
   *   CredentialStore.make({
   *     get: (name) => Effect.sync(() => texts.get(name)),
   *     set: (name, text) => Effect.sync(() => texts.set(name, text)),
   *     delete: (name) => Effect.sync(() => texts.delete(name)),
   *     list: Effect.sync(() => texts.keys())
   *   })
   * )
   * ```
   */
  readonly make: (backend: CredentialBackend) => CredentialStore
} = Object.assign(tag, { memory, make: over })
