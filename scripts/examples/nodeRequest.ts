/**
 * A `Request` and a `Response` of the web on `node:http`, for servers that have neither: `node:http` itself, Express, Connect.
 * Copy it into your service.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Readable } from "node:stream"

/** What came, as it came. */
export const toRequest = (incoming: IncomingMessage & { readonly originalUrl?: string | undefined }): Request => {
  const { method = "GET", rawHeaders } = incoming
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "")
  }
  // Express cuts off `url` where a router is mounted.
  const url = new URL(incoming.originalUrl ?? incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`)
  const hasBody = method !== "GET" && method !== "HEAD"
  const body = hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" as const }
  return new Request(url, { method, headers, ...body })
}

/** Sends a response. A page is small, and sent whole. */
export const respond = async (response: Response, outgoing: ServerResponse): Promise<void> => {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies)
  outgoing.end(new Uint8Array(await response.arrayBuffer()))
}

/** A function of requests on `node:http`: `createServer(serve(hosted.handle))`, `app.all("/oauth/callback", serve(…))`. */
export const serve =
  (handle: (request: Request) => Promise<Response>) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    try {
      await respond(await handle(toRequest(incoming)), outgoing)
    } catch {
      // A target or a header that no `Request` can have, or a service that is being stopped.
      if (!outgoing.headersSent) outgoing.writeHead(400)
      outgoing.end()
    }
  }
