/**
 * As much of the Model Context Protocol as a test of a client needs, without an SDK: a server that has tools.
 */
import type { Answer, JsonDocument } from "./Answer.ts"
import type { Verified } from "./Grants.ts"

/**
 * Runs a tool. A text is its answer; an object is the result as MCP has it, with `content`. What it throws is an answer as
 * well, with `isError`.
 *
 * @since 0.1.0
 * @category models
 */
export type RunTool = (
  args: JsonDocument,
  caller: Verified
) => string | JsonDocument | Promise<string | JsonDocument>

/**
 * A tool of the MCP server: a function, or one with words and a scope.
 *
 * @since 0.1.0
 * @category models
 */
export type TestTool = RunTool | {
  /** Runs it. */
  readonly run: RunTool
  /** What it is for, in words. @default none */
  readonly description?: string
  /** JSON Schema of its arguments. @default any object */
  readonly inputSchema?: JsonDocument
  /**
   * The scopes that calling it needs, separated by spaces. A token without one of them gets a 403: the client has to ask for
   * more (step-up).
   *
   * @default none
   */
  readonly scope?: string
}

/** Tools by name. */
export type TestTools = Readonly<Record<string, TestTool>>

/** A call of a tool that was let through. */
export interface ToolCall {
  /** The name of the tool. */
  readonly name: string
  /** Its arguments, as they were sent. */
  readonly args: JsonDocument
  /** Who was signed in. */
  readonly subject: string
}

const isObject = (value: unknown): value is JsonDocument =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const own = (tools: TestTools, name: unknown): TestTool | undefined =>
  typeof name === "string" && Object.hasOwn(tools, name) ? tools[name] : undefined

/** The tool call that a message is. */
const callOf = (message: unknown): { readonly name: unknown; readonly args: JsonDocument } | undefined => {
  if (!isObject(message) || message.method !== "tools/call" || !isObject(message.params)) return undefined
  const { arguments: args, name } = message.params
  return { name, args: isObject(args) ? args : {} }
}

/** The scopes that the tool of a body needs. */
export const scopesOfCall = (body: unknown, tools: TestTools): ReadonlyArray<string> => {
  const tool = own(tools, callOf(body)?.name)
  return typeof tool === "object" ? tool.scope?.split(" ").filter((scope) => scope !== "") ?? [] : []
}

const error = (id: unknown, code: number, message: string): JsonDocument => ({
  jsonrpc: "2.0",
  id: id ?? null,
  error: { code, message }
})

const describe = ([name, tool]: readonly [string, TestTool]): JsonDocument => ({
  name,
  ...(typeof tool === "object" && tool.description !== undefined ? { description: tool.description } : {}),
  inputSchema: (typeof tool === "object" ? tool.inputSchema : undefined) ?? { type: "object" }
})

const text = (value: string): JsonDocument => ({ content: [{ type: "text", text: value }] })

const run = async (tool: TestTool, args: JsonDocument, caller: Verified): Promise<JsonDocument> => {
  try {
    const said = await (typeof tool === "function" ? tool : tool.run)(args, caller)
    return typeof said === "string" ? text(said) : said
  } catch (thrown) {
    return { ...text(thrown instanceof Error ? thrown.message : String(thrown)), isError: true }
  }
}

/** What a server says to a message of JSON-RPC; `undefined` to one that wants no answer. */
const reply = async (
  message: JsonDocument,
  tools: TestTools,
  caller: Verified,
  heard: (call: ToolCall) => void
): Promise<JsonDocument | undefined> => {
  const { id, method, params } = message
  if (id === undefined || method === undefined) return undefined
  const result = (value: JsonDocument): JsonDocument => ({ jsonrpc: "2.0", id, result: value })
  switch (method) {
    case "initialize":
      return result({
        protocolVersion: isObject(params) && typeof params.protocolVersion === "string"
          ? params.protocolVersion
          : "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "effect-oauth-callback/testing", version: "1.0.0" }
      })
    case "ping":
      return result({})
    case "tools/list":
      return result({ tools: Object.entries(tools).map(describe) })
    case "tools/call": {
      const call = callOf(message)
      const tool = own(tools, call?.name)
      if (call === undefined || tool === undefined) return error(id, -32602, `there is no tool ${String(call?.name)}`)
      heard({ name: String(call.name), args: call.args, subject: caller.subject })
      return result(await run(tool, call.args, caller))
    }
    default:
      return error(id, -32601, `there is no method ${String(method)}`)
  }
}

/** One request of Streamable HTTP, without sessions; `stream`: the answer is an event of a stream. */
export const answerMcp = async (
  { body, method }: { readonly body: unknown; readonly method: string },
  options: {
    readonly tools: TestTools
    readonly caller: Verified
    readonly stream: boolean
    readonly heard: (call: ToolCall) => void
  }
): Promise<Answer> => {
  // No stream of the server's own, and no session to end.
  if (method !== "POST") return { status: 405, headers: { allow: "POST" } }
  if (!isObject(body) || body.jsonrpc !== "2.0") {
    return { status: 400, body: error(null, -32600, "no JSON-RPC message") }
  }
  const said = await reply(body, options.tools, options.caller, options.heard)
  if (said === undefined) return { status: 202 }
  return options.stream
    ? {
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: `event: message\ndata: ${JSON.stringify(said)}\n\n`
    }
    : { status: 200, body: said }
}
