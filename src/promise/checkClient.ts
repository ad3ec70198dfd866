/**
 * What a caller in JavaScript may pass wrongly to be connected: found out before a store is opened and a person is asked.
 */
import { InvalidOptions } from "../core/InvalidOptions.ts"
import * as ClientCheck from "../core/mcp/ClientCheck.ts"

/** Checks it. @throws InvalidOptions When it is no client of an MCP SDK. */
export const checkClient = (client: unknown, option: string): void => {
  const detail = ClientCheck.problemOf(client)
  if (detail !== undefined) throw new InvalidOptions({ option, detail })
}
