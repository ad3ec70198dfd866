/**
 * Clients and transports of both MCP SDKs, as far as they are used.
 */

/** The `Client` of `@modelcontextprotocol/sdk` or of `@modelcontextprotocol/client`, as far as it is used. */
export interface ConnectableClient {
  connect(transport: never, options?: never): Promise<void>
  close(): Promise<void>
  readonly transport?: object | undefined
}

/** A transport of either SDK, as far as it is used. */
export interface TransportLike {
  close(): Promise<void>
}
