/**
 * Clients and transports of both MCP SDKs, as far as they are used, in types of this package.
 */
import type { SignedInFetch } from "./FetchLike.ts"

/**
 * The `Client` of `@modelcontextprotocol/sdk` or of `@modelcontextprotocol/client`, as far as it is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectableClient {
  /** Connects by a transport: sends `initialize`, and waits for the answer. */
  connect(transport: never, options?: never): Promise<void>
  /** Closes the connection. */
  close(): Promise<void>
  /** The transport of a client that is connected. */
  readonly transport?: object | undefined
}

/**
 * A transport of either SDK, as far as it is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransportLike {
  /** Closes the connection. */
  close(): Promise<void>
}

/**
 * How the transport of a connection is made.
 *
 * @since 0.1.0
 * @category options
 */
export interface TransportOptions {
  /**
   * Makes the transport, which has to send its requests through `fetch`. For SSE, and for options of the transport.
   *
   * @default `StreamableHTTPClientTransport` of the SDK that the client is of
   */
  readonly transport?: ((url: URL, options: { readonly fetch: SignedInFetch }) => TransportLike) | undefined
}

/**
 * How several sign-ins are shown to a person.
 *
 * @since 0.1.0
 * @category options
 */
export interface PresentOptions {
  /**
   * `"one-at-a-time"`: one browser tab after the other. All URLs are printed at once and work from then on; the time-limit
   * of a sign-in starts when its tab is opened. `"all"`: all tabs at once.
   *
   * @default "one-at-a-time"
   */
  readonly present?: "one-at-a-time" | "all" | undefined
}
