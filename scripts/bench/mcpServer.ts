/** A minimal MCP server, which accepts one token. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A running server. */
export interface McpServer {
  readonly url: string
  readonly accessToken: string
}

const accessToken = "2YotnFZFEjr1zCsicMWpAA"

const initialized = (id: unknown, protocolVersion: unknown): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: { protocolVersion, capabilities: {}, serverInfo: { name: "bench", version: "1.0.0" } }
  })

const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
  if (request.headers.authorization !== `Bearer ${accessToken}`) {
    return response.writeHead(401, { "www-authenticate": "Bearer" }).end()
  }
  if (request.method !== "POST") return response.writeHead(405, { allow: "POST" }).end()
  const { id, method, params } = JSON.parse(body)
  if (id === undefined) return response.writeHead(202).end()
  const text = method === "initialize"
    ? initialized(id, params.protocolVersion)
    : JSON.stringify({ jsonrpc: "2.0", id, result: {} })
  return response.writeHead(200, { "content-type": "application/json" }).end(text)
}

/** Runs a server for as long as `use` takes. */
export const withMcpServer = async <A>(use: (server: McpServer) => Promise<A>): Promise<A> => {
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk
    }).on("end", () => answer(request, response, body))
  })
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", resolve)
  })
  try {
    return await use({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, accessToken })
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
