/**
 * What a test in JavaScript may write wrongly: a knob that does not exist would be passed over.
 */

/** Checks a name. @throws TypeError With the names that there are. */
export const checkName = (what: string, name: string, names: ReadonlyArray<string>): void => {
  if (names.includes(name)) return
  throw new TypeError(`There is no ${what} ${JSON.stringify(name)}. There is ${[...names].sort().join(", ")}`)
}

/** Checks the names of the options of a function. @throws TypeError For the first one that does not exist. */
export const checkNames = (of: string, options: object, names: Readonly<Record<string, unknown>>): void => {
  for (const name of Object.keys(options)) checkName(`option of ${of} called`, name, Object.keys(names))
}

/** Checks the path of a server. @throws TypeError When a request to it would have another one. */
export const checkPath = (name: string, path: unknown): void => {
  const origin = "http://127.0.0.1"
  const isPlain = typeof path === "string" && URL.canParse(origin + path) &&
    new URL(path, origin).href === origin + path
  if (isPlain && path.startsWith("/") && !/[?#]/.test(path)) return
  throw new TypeError(`${name} must begin with "/", as "/mcp" does, be percent-encoded, and have no query`)
}

/** Checks that it issues tokens. @throws TypeError When it does not. */
export const checkIssuer = (server: unknown): void => {
  const { issuer, verify } = Object(server)
  if (typeof issuer === "string" && typeof verify === "function") return
  throw new TypeError("authorizationServer must be what startAuthorizationServer gives, or have issuer and verify")
}
