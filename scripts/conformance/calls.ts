/**
 * What the client under test asks of a server: which tools it calls, and with what.
 */

/** A tool as both SDKs list it. */
export interface Tool {
  readonly name: string
  readonly inputSchema: { readonly [key: string]: unknown }
}

/** A call of a tool. */
export interface ToolCall {
  readonly name: string
  readonly arguments: Record<string, unknown>
}

/** What the scenarios use of a connected client. */
export interface Session {
  readonly listTools: () => Promise<{ readonly tools: ReadonlyArray<Tool> }>
  readonly callTool: (call: ToolCall) => Promise<unknown>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const samples: Readonly<Record<string, unknown>> = { array: [], boolean: true, integer: 1, number: 1.5, object: {} }

const sample = (schema: unknown): unknown => {
  const type = isRecord(schema) ? String(schema.type) : ""
  return type in samples ? samples[type] : "sample"
}

/** The calls that a scenario names, or one call of each tool with a sample value for each of its properties. */
export const callsOf = (
  tools: ReadonlyArray<Tool>,
  named: ReadonlyArray<ToolCall> | undefined
): ReadonlyArray<ToolCall> =>
  named ?? tools.map(({ name, inputSchema: { properties } }) => ({
    name,
    arguments: Object.fromEntries(
      Object.entries(isRecord(properties) ? properties : {}).map(([key, schema]) => [key, sample(schema)])
    )
  }))
