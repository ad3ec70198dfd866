/**
 * The server of callbacks as a service: its tag, and its constructor.
 */
import * as Context from "effect/Context"
import type * as Service from "../services/CallbackServer.ts"
import { bindWith } from "./bind.ts"
import { sharePorts } from "./sharePorts.ts"

/**
 * Opens listeners.
 *
 * @since 0.1.0
 * @category services
 */
export type CallbackServer = Service.CallbackServer

/**
 * Tag of the {@link CallbackServer} service, and its constructor.
 *
 * @since 0.1.0
 * @category services
 */
export const CallbackServer: Context.Tag<CallbackServer, CallbackServer> & {
  /**
   * A server from one that listens on a single address and port. Flows that ask for the same port share one listener: the
   * first one opens it, and the last one closes it.
   */
  readonly make: (listen: Service.Listen) => CallbackServer
} = Object.assign(Context.GenericTag<CallbackServer>("effect-oauth-callback/CallbackServer"), {
  make: (listen: Service.Listen): CallbackServer => ({ bind: bindWith(sharePorts(listen)) })
})
