/**
 * Where metadata is published (RFC 8615): of a protected resource (RFC 9728 section 3.1), and of an authorization server
 * (RFC 8414 section 3.1; OpenID Connect Discovery 1.0 section 4).
 */

/** The path without its last slash; empty for the root. */
const pathOf = ({ pathname }: URL): string => pathname.replace(/\/$/, "")

/** The places of an MCP server's metadata, in the order in which they are asked: for its path, then for its origin. */
export const ofResource = (server: URL): ReadonlyArray<string> => {
  const name = "/.well-known/oauth-protected-resource"
  const atPath = `${server.origin}${name}${pathOf(server)}${server.search}`
  const atOrigin = `${server.origin}${name}`
  return atPath === atOrigin ? [atOrigin] : [atPath, atOrigin]
}

/** The places of an authorization server's metadata, in the order in which they are asked. All are on its origin. */
export const ofIssuer = (issuer: URL): ReadonlyArray<string> => {
  const { origin } = issuer
  const path = pathOf(issuer)
  const inserted = ["oauth-authorization-server", "openid-configuration"].map((name) =>
    `${origin}/.well-known/${name}${path}`
  )
  return path === "" ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`]
}
