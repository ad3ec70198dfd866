/**
 * A session with an MCP server without an SDK: what somebody writes who has only a `fetch`.
 */
import type { Session } from "./calls.ts"

/** Whether a version of the protocol has no sessions: requests then carry what `initialize` said before. */
export const isStateless = (version: string): boolean => version >= "2026-07-28"

interface Message {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** The answer to the request `id`, from a JSON document or from the events of a stream. */
const answerIn = (type: string, body: string, id: number): Message | undefined => {
  if (!type.startsWith("text/event-stream")) return JSON.parse(body)
  return body.split(/\r?\n\r?\n/)
    .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map(([, data]) => data).join("\n"))
    .filter((data) => data !== "")
    .map((data): Message => JSON.parse(data))
    .find((message) => message.id === id)
}

/** Says `initialize`, where the version of the protocol has it, and gives the two calls that the scenarios need. */
export const openPlainSession = async (
  fetch: (url: string | URL, init: RequestInit) => Promise<Response>,
  serverUrl: string | URL,
  version: string,
  clientInfo: { readonly name: string; readonly version: string }
): Promise<Session> => {
  const stateless = isStateless(version)
  const headers = new Headers({ accept: "application/json, text/event-stream", "content-type": "application/json" })
  const meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": {}
  }
  let ids = 0

  const post = async (message: object, more: Readonly<Record<string, string>> = {}): Promise<Response> => {
    const all = new Headers(headers)
    for (const [name, value] of Object.entries(more)) all.set(name, value)
    const response = await fetch(serverUrl, { method: "POST", headers: all, body: JSON.stringify(message) })
    if (!response.ok) {
      throw new Error(`the server answered ${response.status}: ${(await response.text()).slice(0, 200)}`)
    }
    return response
  }

  const ask = async (method: string, params: { readonly name?: string }): Promise<unknown> => {
    const id = ++ids
    const response = await post(
      { jsonrpc: "2.0", id, method, params: stateless ? { ...params, _meta: meta } : params },
      stateless ? { "mcp-method": method, ...(params.name === undefined ? {} : { "mcp-name": params.name }) } : {}
    )
    const session = response.headers.get("mcp-session-id")
    if (session !== null) headers.set("mcp-session-id", session)
    const answer = answerIn(response.headers.get("content-type") ?? "", await response.text(), id)
    if (answer?.error !== undefined) throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`)
    if (answer === undefined) throw new Error(`${method}: the server sent no answer`)
    return answer.result
  }

  if (stateless) headers.set("mcp-protocol-version", version)
  else {
    const params = { protocolVersion: version, capabilities: {}, clientInfo }
    const { protocolVersion } = await ask("initialize", params as object) as { readonly protocolVersion: string }
    headers.set("mcp-protocol-version", protocolVersion)
    await (await post({ jsonrpc: "2.0", method: "notifications/initialized" })).body?.cancel()
  }
  return {
    listTools: async () => await ask("tools/list", {}) as Awaited<ReturnType<Session["listTools"]>>,
    callTool: (call) => ask("tools/call", call)
  }
}
