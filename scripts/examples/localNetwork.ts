/**
 * What `--local` means in the recipes about networks: servers with certificates of a private authority (its certificate is in the
 * file CA_FILE), and a proxy (PROXY_URL) that alone reaches `mcp.test` and `as.test`. See localServers.ts for the rest.
 */
import { writeFileSync } from "node:fs"
import { createServer as createProxy, type IncomingMessage, type RequestListener } from "node:http"
import { createServer } from "node:https"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { authority, server as certificate } from "../../test/fixtures/Certificates.ts"
import { authorizationServer, folder, isLocal, listenOn, mcpServer } from "./localServers.ts"

/** A proxy that takes CONNECT from whoever names itself, and knows where these names are. */
const proxy = (places: Readonly<Record<string, number>>) =>
  createProxy().on("connect", (request: IncomingMessage, outer: Socket) => {
    const isKnown = request.headers["proxy-authorization"] === `Basic ${btoa("name:password")}`
    if (!isKnown) return outer.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    const inner = connect(places[request.url ?? ""] ?? 0, "127.0.0.1", () => {
      outer.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      inner.pipe(outer).pipe(inner)
    })
    inner.unref()
    inner.on("error", () => outer.destroy())
    outer.on("error", () => inner.destroy())
  })

if (isLocal) {
  const listen = (listener: RequestListener) => listenOn(createServer({ ...certificate }, listener))
  const authorizationPort = await listen(authorizationServer)
  const places = { "as.test:443": authorizationPort, "mcp.test:443": await listen(mcpServer("https://as.test")) }
  const CA_FILE = join(folder, "authority.pem")
  writeFileSync(CA_FILE, authority.cert)
  Object.assign(process.env, {
    CA_FILE,
    PROXY_URL: `http://name:password@127.0.0.1:${await listenOn(proxy(places))}`,
    // The browser has no proxy, and is told where that name is.
    LOCAL_AS_PORT: String(authorizationPort),
    SERVER_URL: `https://localhost:${await listen(mcpServer(`https://localhost:${authorizationPort}`))}/mcp`,
    SERVER_BEHIND_PROXY: "https://mcp.test/mcp"
  })
}
