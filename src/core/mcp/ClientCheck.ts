/**
 * Whether what a program connects is a client of an MCP SDK: found out before a person is asked to sign in.
 */

const isFunction = (value: unknown): boolean => typeof value === "function"

/** What it is, and what may have been meant, where that can be seen. */
const isInstead = (value: unknown): string => {
  if (value === undefined || value === null) return `it is ${value}`
  if (isFunction(value)) return "it is a class or a function, and not what that makes"
  if (typeof value !== "object") return `it is a ${typeof value}`
  if ("then" in value && isFunction(value.then)) return "it is a promise: await it"
  if ("clientId" in value) {
    return "it is a client that was registered by hand, which connectAll calls `registration`, and connect an option `client`"
  }
  const lacking = ["connect", "close"].find((name) => !isFunction(Reflect.get(value, name)))
  return `it has no function ${lacking}`
}

/** Why it cannot be connected: what it is, then what it has to be. `undefined`: it can. */
export const problemOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null &&
    ["connect", "close"].every((name) => isFunction(Reflect.get(value, name)))
    ? undefined
    : `${isInstead(value)}. It must be a Client of an MCP SDK`
