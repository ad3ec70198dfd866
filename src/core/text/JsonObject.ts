/**
 * JSON that comes from outside: files, sockets, servers.
 */

/** An object of JSON. Its fields may hold anything. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object, and no array. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Reads an object; `undefined` for every other text. It never throws: the error of a parser quotes the text. */
export const parse = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
