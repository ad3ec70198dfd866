/**
 * A listener on `node:http`, the same on Node, Deno and Bun: a shell around the route, and a release that ends in time.
 */
import * as Effect from "effect/Effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Answer } from "../core/oauth/Answer.ts"
import { BindError, reasonOf } from "../core/oauth/BindError.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import type { Bound, Listen, LoopbackAddress, Reply, RequestHandler } from "../services/CallbackServer.ts"
import * as Connections from "./Connections.ts"

// Codes may be as long as 8 kB and servers add their own parameters; Node's own limit is 16 KiB.
const maxHeaderSize = 64 * 1024
const headersTimeout = 10_000
const requestTimeout = 30_000

const listening = Symbol("listening")

/** A server with what its requests are for: the handlers are the same functions for all servers. */
interface Listener extends Server {
  httpAllowHalfOpen?: boolean
  [listening]: { readonly connections: Connections.Connections; route?: RequestHandler }
}

const hostsOf = ({ rawHeaders }: IncomingMessage): ReadonlyArray<string> => {
  const hosts: Array<string> = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === "host") hosts.push(rawHeaders[index + 1] ?? "")
  }
  return hosts
}

const headOf = (request: IncomingMessage): RequestHead => ({
  method: request.method ?? "",
  target: request.url ?? "",
  hosts: hostsOf(request),
  headers: request.headers,
  header: (name) => {
    const value = request.headers[name]
    return typeof value === "object" ? value.join(", ") : value
  }
})

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

const write = (response: ServerResponse, { body, headers, status }: Answer): void => {
  if (response.headersSent || response.destroyed) return
  // Names and values in turn are what `node:http` writes with the least ado.
  const fields = ["connection", "close", "content-length", String(Buffer.byteLength(body))]
  for (const name in headers) fields.push(name, headers[name] ?? "")
  response.writeHead(status, fields)
  // As text it is sent together with the head.
  response.end(body)
}

/** Collects a body of at most `limit` bytes; `undefined` when it is larger. A client that goes away is never heard of. */
const readBody = (request: IncomingMessage, limit: number, done: (body: string | undefined) => void): void => {
  const chunks: Array<Buffer> = []
  let size = 0
  request.on("data", (chunk: Buffer) => {
    size += chunk.byteLength
    if (size <= limit) chunks.push(chunk)
    else {
      request.removeAllListeners("data")
      request.removeAllListeners("end")
      done(undefined)
    }
  })
  request.on("end", () => done(Buffer.concat(chunks).toString("utf8")))
}

function onConnection(this: Listener, socket: Socket): void {
  this[listening].connections.add(socket)
}

function onRequest(this: Listener, request: IncomingMessage, response: ServerResponse): void {
  const { connections, route } = this[listening]
  if (route === undefined || !connections.begin(request.socket, response)) return
  const head = headOf(request)
  const answer = (answer: Answer) => {
    // Closing while the client still sends would reset the connection, and the answer might be lost with it.
    if (!request.complete && hasBody(request)) connections.linger(request.socket)
    write(response, answer)
  }
  const act = (reply: Reply): void => {
    switch (reply._tag) {
      case "Answer":
        return answer(reply.answer)
      case "Hold": {
        const takeBack = reply.onAnswer(answer)
        if (!response.headersSent) response.once("close", takeBack)
        return
      }
      case "ReadBody":
        return readBody(
          request,
          reply.limit,
          (body) => body === undefined ? answer(route.refuse("BodyTooLarge")) : act(route.handle(head, body))
        )
    }
  }
  act(route.handle(head))
}

/** Answers by hand where `node:http` has no response to write to. */
const writeRaw = (connections: Connections.Connections, socket: Socket, { body, headers, status }: Answer): void => {
  const fields = { ...headers, "content-length": String(Buffer.byteLength(body)), connection: "close" }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("")
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`)
  connections.linger(socket)()
}

/** Whether this is how a TLS connection begins: a record of type handshake, of version 3.x (RFC 8446 section 5.1). */
const isClientHello = (packet: Uint8Array | undefined): boolean =>
  packet?.[0] === 0x16 && (packet.length < 2 || packet[1] === 3)

/** An error of the HTTP parser, with what it could not read. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Uint8Array
}

/** What the HTTP parser refuses never becomes a request; it is answered by hand and recorded like the rest. */
function onClientError(this: Listener, error: ParserError, stream: Duplex): void {
  const { connections, route } = this[listening]
  const socket = stream as Socket
  const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
  // A browser that connects ahead of time sends nothing, and gets no answer.
  if (route === undefined || (!error.code?.startsWith("HPE_") && !(isLate && socket.bytesRead > 0))) {
    socket.destroy()
    return
  }
  // Bytes after a request that is not answered yet: its answer goes out, and ends the connection.
  if (!connections.begin(socket)) {
    if (isLate) socket.destroy()
    return
  }
  const answer = route.refuse(
    error.code === "HPE_HEADER_OVERFLOW"
      ? "HeadersTooLarge"
      : isClientHello(error.rawPacket)
      ? "HttpsRequest"
      : "Malformed"
  )
  writeRaw(connections, socket, isLate ? { ...answer, status: 408 } : answer)
}

/** `CONNECT` comes without a response, for proxies; it is refused like any other method. */
function onConnect(this: Listener, request: IncomingMessage, stream: Duplex): void {
  const { connections, route } = this[listening]
  const socket = stream as Socket
  const reply = connections.begin(socket) ? route?.handle(headOf(request)) : undefined
  if (reply?._tag === "Answer") writeRaw(connections, socket, reply.answer)
  else socket.destroy()
}

const onDeno = "Deno" in globalThis

interface DenoPermissions {
  readonly requestSync: (descriptor: { readonly name: "net"; readonly host: string }) => { readonly state: string }
}

/** On Deno a listen without permission is an uncaught exception, so it is asked for beforehand. */
const isPermitted = (address: LoopbackAddress, port: number): boolean => {
  const { Deno } = globalThis as { readonly Deno?: { readonly permissions: DenoPermissions } }
  const host = `${address === "::1" ? "[::1]" : address}:${port}`
  return Deno === undefined || Deno.permissions.requestSync({ name: "net", host }).state === "granted"
}

/** An error of a server that listens, such as a failed accept, concerns one client and not the flow. */
const ignore = () => {}

const close = (server: Listener): Effect.Effect<void> =>
  Effect.async((resume) => {
    // Not `server.close()` first: since Node 19 it destroys sockets whose answer is not yet flushed, and it stops the
    // timer behind `headersTimeout`, so that a half-sent request would hold it for ever.
    const { connections } = server[listening]
    connections.drain(() => {
      const closed = () => resume(Effect.void)
      server.close(closed)
      server.closeAllConnections()
      // The port is free by now; Deno says so two milliseconds later.
      if (onDeno) connections.whenGone(closed)
    })
  })

/** A server that listens; the route is made for its port before the first request. */
const open = (
  address: LoopbackAddress,
  port: number,
  serve: (bound: Bound) => RequestHandler
): Effect.Effect<Listener, BindError> =>
  Effect.async((resume) => {
    if (!isPermitted(address, port)) {
      return resume(Effect.fail(new BindError({ reason: "PermissionDenied", host: address, ports: [port] })))
    }
    const connections = Connections.make()
    const server: Listener = Object.assign(
      createServer({ maxHeaderSize, headersTimeout, requestTimeout, requireHostHeader: false }),
      { [listening]: { connections } }
    )
    // A client that has said all it has to say still waits for its page.
    server.httpAllowHalfOpen = true
    server.on("connection", onConnection)
    server.on("request", onRequest)
    server.on("checkExpectation", onRequest)
    server.on("connect", onConnect)
    server.on("clientError", onClientError)
    const fail = (cause: unknown) =>
      resume(Effect.fail(new BindError({ reason: reasonOf(cause), host: address, ports: [port], cause })))
    server.once("error", fail)
    try {
      // `exclusive`: in a cluster each worker has a port of its own.
      server.listen({ host: address, port, exclusive: true }, () => {
        server.off("error", fail)
        server.on("error", ignore)
        server[listening].route = serve({ port: portOf(server) })
        resume(Effect.succeed(server))
      })
    } catch (cause) {
      fail(cause)
    }
  })

const portOf = (server: Listener): number => (server.address() as AddressInfo).port

/** Listens on one loopback address until the scope closes. */
export const listen: Listen = (address, port, serve) =>
  Effect.map(Effect.acquireRelease(open(address, port, serve), close), (server) => ({ port: portOf(server) }))
