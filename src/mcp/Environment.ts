/**
 * What every step of a sign-in needs: the server, the options and the services.
 */
import type * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AuthorizationChoice } from "../core/mcp/AuthorizationChoice.ts"
import type { ClientOptions } from "../core/mcp/ClientChoice.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import type { CallbackFlow } from "../flow/CallbackFlow.ts"
import type { OpenOptions } from "../flow/OpenOptions.ts"
import type { CallbackServer } from "../services/CallbackServer.ts"
import type { CredentialKey, CredentialStore } from "../services/CredentialStore.ts"
import type { PasteInput } from "../paste/PasteInputTag.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { FetchLike } from "./FetchLike.ts"

/** The services that a sign-in needs. */
export type Services = CallbackServer | CredentialStore | PasteInput | Presenter

/** What requests to the servers of a sign-in need, and the storing of their answers. */
export interface ServerEnvironment extends AuthorizationChoice, ClientOptions {
  /** The URL of the MCP server, checked and without a fragment. */
  readonly server: URL
  /** The same for errors and spans: without the query. */
  readonly label: string
  /** What the credentials are stored under. */
  readonly key: CredentialKey
  readonly fetch: FetchLike
  readonly unsafe: Unsafe
  /** What this program registers as. @default "native" */
  readonly applicationType?: "native" | "web" | undefined
  /** Time-limit of each step between this program and the authorization server. What spends something goes on after it. */
  readonly requestTimeout: Duration.Duration
  readonly store: CredentialStore
}

/** What every step of a sign-in needs. */
export interface Environment extends ServerEnvironment {
  /** What the person signs in to, as the terminal names it. */
  readonly serverName: string
  readonly interactive: boolean
  readonly callback: OpenOptions & { readonly timeout?: Duration.DurationInput | undefined }
  /** Waits until this sign-in may be shown to the person; the turn ends when the scope closes. */
  readonly turn?: Effect.Effect<void, never, Scope.Scope> | undefined
  readonly services: Context.Context<Services>
  readonly presenter: Presenter
  /** The callback flows that are open. */
  readonly flows: Set<CallbackFlow>
  /** The waived checks that the person was warned of. */
  readonly warned: Set<keyof Unsafe>
  /** Completed when the session begins to close. */
  readonly closing: Deferred.Deferred<void>
}
