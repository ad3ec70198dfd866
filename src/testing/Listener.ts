/**
 * An HTTP server on 127.0.0.1 for tests: it is listening when it is given, and leaves no socket when it is closed.
 */
import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"

/**
 * A test server could not listen.
 *
 * @since 0.1.0
 * @category errors
 */
export class ListenError extends Error {
  /** Tells it apart from other errors. */
  readonly _tag = "ListenError"

  /** Of the port that was wanted, and why it could not be had. */
  constructor(port: number, cause: Error) {
    super(
      `Cannot listen on ${
        port === 0 ? "a free port" : `port ${port}`
      } of 127.0.0.1 for a test server: ${cause.message}`,
      {
        cause
      }
    )
    this.name = "ListenError"
  }
}

/** A server that is listening. */
export interface Listener {
  readonly port: number
  /** Without a trailing slash, as issuers and resources are written. */
  readonly origin: string
  /** Until it is called, requests are answered 503. */
  readonly serve: (handler: Http.RequestListener) => void
  /** Ends every connection; no socket is left when it is done. */
  readonly close: () => Promise<void>
}

// Taken when this file is loaded: a test that replaces the timers of the machine must not hold up a release.
const { setImmediate } = globalThis

const closing = (server: Http.Server, sockets: Iterable<Socket>): Promise<void> =>
  new Promise((resolve) => {
    // One turn later the handles are gone too, so that whoever counts them right after the release counts none.
    server.close(() => setImmediate(resolve))
    // Cut, not drained: every peer is in the same test and has been released before. The sockets are destroyed by hand
    // because `closeAllConnections` leaves those that have not sent a request yet.
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
  })

/** Listens on a port of 127.0.0.1, `0` being any free one; rejects with {@link ListenError}. */
export const listen = (wanted = 0): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const sockets = new Set<Socket>()
    let handler: Http.RequestListener = (_request, response) => {
      response.writeHead(503).end()
    }
    let closed: Promise<void> | undefined
    const server = Http.createServer((request, response) => handler(request, response))
    server.on("connection", (socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    })
    server.once("error", (cause) => reject(new ListenError(wanted, cause)))
    server.listen({ port: wanted, host: "127.0.0.1", exclusive: true }, () => {
      server.on("error", () => {})
      const { port } = server.address() as AddressInfo
      resolve({
        port,
        origin: `http://127.0.0.1:${port}`,
        serve: (next) => {
          handler = next
        },
        close: () => closed ??= closing(server, sockets)
      })
    })
  })
