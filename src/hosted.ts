/**
 * Signing people in to MCP servers from an agent that is a web service: with many people, and on several machines behind one
 * redirect URI.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type { InvalidOptions } from "./core/InvalidOptions.ts"
import type { HostedOptions, HostedSignIn as HostedSignInInterface, Target } from "./hosted/HostedOptions.ts"
import { problemOf } from "./core/hosted/TargetCheck.ts"
import { make } from "./hosted/HostedSignIn.ts"
import * as Stores from "./hosted/PendingStore.ts"
import type { CredentialStore } from "./store/CredentialStore.ts"
import type { PendingStore as PendingStoreInterface } from "./services/PendingStore.ts"

export { InvalidOptions } from "./core/InvalidOptions.ts"
export { TargetRefused, type TargetRefusedBase, type TargetRefusedReason } from "./core/hosted/TargetRefused.ts"
export type { AuthorizationOptions } from "./core/mcp/AuthorizationOptions.ts"
export type { ClientOptions, PreRegisteredClient } from "./core/mcp/ClientOptions.ts"
export { InvalidServerUrl, type InvalidServerUrlReason } from "./core/mcp/ServerUrl.ts"
export {
  DiscoveryError,
  type FaultReason,
  RegistrationError,
  type RegistrationReason,
  TokenError,
  type TokenReason,
  UntrustedMetadata,
  type UntrustedReason
} from "./core/mcp/SignInError.ts"
export type { Unsafe } from "./core/mcp/Unsafe.ts"
export { AuthorizationDenied, InvalidResponse, type InvalidResponseReason } from "./core/oauth/FlowError.ts"
export type { HttpRefusalReason, PageReason, StateProblem } from "./core/oauth/RefusalReason.ts"
export type { PageOptions, PageOutcome, PageView } from "./core/page/PageOptions.ts"
export type { PageAbout, PageTexts, PageWords } from "./core/page/PageTexts.ts"
export type {
  BeginError,
  BeginOptions,
  BegunSignIn,
  HandleError,
  HostedOptions,
  HostedOutcome,
  HostedSignIn as HostedSignInInterface,
  Target
} from "./hosted/HostedOptions.ts"
export type { PendingBackend, PendingMemoryOptions } from "./hosted/PendingStore.ts"
export type { FetchLike } from "./mcp/FetchLike.ts"
export { CredentialStoreError } from "./services/CredentialStore.ts"
export {
  type PendingStore as PendingStoreInterface,
  PendingStoreError,
  type PendingStoreErrorBase
} from "./services/PendingStore.ts"

/**
 * Signs people in to MCP servers for an agent that is a web service, on one machine or many. It keeps nothing in memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface HostedSignIn extends HostedSignInInterface {}

/**
 * Makes hosted sign-ins.
 *
 * @since 0.1.0
 * @category constructors
 */
export const HostedSignIn: {
  /**
   * Sign-ins that come back to one redirect URI. Nothing is sent or opened before it is used, and nothing has to be closed.
   *
   * Fails with `InvalidOptions` when an option cannot be used.
   */
  readonly make: (options: HostedOptions) => Effect.Effect<HostedSignIn, InvalidOptions, CredentialStore>
  /** Whether a URL is https and leads to public addresses alone: the default of the option `guard`, to build one on. */
  readonly isPublic: (target: Target) => boolean
} = { make, isPublic: (target) => problemOf(target) === undefined }

/**
 * Keeps short texts for minutes, for all machines that answer at one redirect URI.
 *
 * @since 0.1.0
 * @category services
 */
export interface PendingStore extends PendingStoreInterface {}

/**
 * Makes stores of sign-ins that wait.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PendingStore: {
  /** Keeps them in this process: for one machine. It is bounded: where it is full, `begin` fails with `PendingStoreError`. */
  readonly memory: (options?: Stores.PendingMemoryOptions) => Effect.Effect<PendingStore>
  /** A store over two plain functions of your own. What they reject with is a `PendingStoreError`. */
  readonly make: (backend: Stores.PendingBackend) => PendingStore
} = { memory: Stores.memory, make: Stores.make }
