/**
 * The authorization server of the testing kit, as a scoped service.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ListenError } from "../Listener.ts"
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer
} from "../startAuthorizationServer.ts"
import { scopedServer } from "./scopedServer.ts"

/**
 * An authorization server for tests.
 *
 * @since 0.1.0
 * @category services
 */
export interface TestAuthorizationServer extends Omit<AuthorizationServer, "close" | typeof Symbol.asyncDispose> {}

/** By default the time of the fiber's clock, so that tokens expire when a test turns its TestClock. */
const make = (
  options: AuthorizationServerOptions = {}
): Effect.Effect<TestAuthorizationServer, ListenError, Scope.Scope> =>
  Effect.flatMap(
    Effect.clock,
    (clock) => scopedServer(() => startAuthorizationServer({ now: () => clock.unsafeCurrentTimeMillis(), ...options }))
  )

const tag = Context.GenericTag<TestAuthorizationServer>("effect-oauth-callback/TestAuthorizationServer")

/**
 * Tag of the {@link TestAuthorizationServer} service, and its constructors: options as `startAuthorizationServer` has them.
 *
 * @since 0.1.0
 * @category services
 */
export const TestAuthorizationServer: Context.Tag<TestAuthorizationServer, TestAuthorizationServer> & {
  /** Starts one; it stops with the scope. Its time is that of the Clock: tokens expire when a test turns its TestClock. */
  readonly make: (
    options?: AuthorizationServerOptions
  ) => Effect.Effect<TestAuthorizationServer, ListenError, Scope.Scope>
  /** The same as a layer. */
  readonly layer: (options?: AuthorizationServerOptions) => Layer.Layer<TestAuthorizationServer, ListenError>
} = Object.assign(tag, {
  make,
  layer: (options?: AuthorizationServerOptions) => Layer.scoped(tag, make(options))
})
