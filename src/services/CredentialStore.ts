/**
 * Where credentials are kept between runs: the service, and its tag without the constructors.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { CredentialKey, Credentials } from "../core/mcp/Credentials.ts"
import type { CredentialStoreError } from "./CredentialStoreError.ts"

export type { ClientRegistration, CredentialKey, Credentials, Tokens } from "../core/mcp/Credentials.ts"
export { CredentialStoreError } from "./CredentialStoreError.ts"

/**
 * How a change is made.
 *
 * @since 0.1.0
 * @category options
 */
export interface ModifyOptions {
  /**
   * Whether the function spends something of what is kept, such as a refresh token. A store that can run out of space then
   * takes the space for the new credentials before, and fails where there is none.
   *
   * @default false
   */
  readonly reserve?: boolean | undefined
}

/**
 * Who has the turn that is waited for.
 *
 * @since 0.1.0
 * @category models
 */
export interface TurnHolder {
  /** The process, where the store knows it. */
  readonly pid: number | undefined
  /** What it last told the processes that wait, by `Turn.tell`; `undefined`: nothing yet. */
  readonly told: string | undefined
}

/**
 * A turn among all processes that share a store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn {
  /** Tells the processes that wait for this turn something, also those that come later. It is not kept after the turn. */
  readonly tell: (text: string) => Effect.Effect<void>
}

/**
 * How a turn is waited for.
 *
 * @since 0.1.0
 * @category options
 */
export interface TurnOptions {
  /** Called when another process has the turn, and each time that it tells something. @default nothing */
  readonly onHolder?: ((holder: TurnHolder) => void) | undefined
}

/**
 * Keeps credentials by server and account. `CredentialStore.make` makes one of anything that keeps texts by name.
 *
 * @since 0.1.0
 * @category services
 */
export interface CredentialStore {
  /** What is kept under a key. */
  readonly load: (key: CredentialKey) => Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  /**
   * Reads, decides and writes as one step: no other `modify` of that key runs at the same time, in no process that shares the
   * store, so a refresh, and a compare-and-delete, fit in. When the function fails, or gives back the very credentials that
   * it was given, nothing is written.
   */
  readonly modify: <A, E, R>(
    key: CredentialKey,
    change: (current: Option.Option<Credentials>) => Effect.Effect<readonly [A, Option.Option<Credentials>], E, R>,
    options?: ModifyOptions
  ) => Effect.Effect<A, E | CredentialStoreError, R>
  /**
   * What there are credentials for, in no particular order. It holds no secret but those in a URL of a server. Fails with
   * reason `Unreadable` where the store cannot list. Damaged credentials are left out.
   */
  readonly list: Effect.Effect<ReadonlyArray<CredentialKey>, CredentialStoreError>
  /**
   * Waits for the turn of this name among all processes that share the store. It ends with the scope, and with the process
   * that has it, however that ends. Nothing else waits for it: `load` and `modify` go on.
   *
   * @default this store is not shared, or its processes do not know of each other
   */
  readonly exclusively?: (
    name: string,
    options?: TurnOptions
  ) => Effect.Effect<Turn, CredentialStoreError, Scope.Scope>
  /**
   * A value that changes when what is kept under a key changes, in any process. It is asked for before each request, so
   * it must come at once.
   *
   * @default what others change is seen when a token is refused, or about to expire
   */
  readonly revision?: (key: CredentialKey) => unknown
}

/** Tag of the {@link CredentialStore} service. */
export const CredentialStore: Context.Tag<CredentialStore, CredentialStore> = Context.GenericTag<CredentialStore>(
  "effect-oauth-callback/CredentialStore"
)
