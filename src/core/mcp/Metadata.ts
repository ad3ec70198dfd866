/**
 * What servers publish about signing in, checked before anything is sent there: RFC 9728 for the MCP server, RFC 8414
 * and OpenID Connect Discovery for the authorization server.
 *
 * The documents are looked at raw. A schema that drops fields would drop the very ones that the checks are about.
 */
import * as Either from "effect/Either"
import { printable } from "../text/SafeText.ts"
import * as ScopeSet from "./ScopeSet.ts"
import { isLoopback, isSecure, parseUrl } from "./SecureUrl.ts"
import { display, resourceOf } from "./ServerUrl.ts"
import { UntrustedMetadata } from "./SignInError.ts"

/** A JSON object as it was published. */
export type Document = Readonly<Record<string, unknown>>

/** What a person may waive for one server. */
export interface Unsafe {
  /**
   * Signs in although the server does not say that it checks PKCE. Without it a stolen code could be used.
   *
   * @default false
   */
  readonly allowMissingS256?: boolean | undefined
  /**
   * Takes metadata that names another issuer than the one asked for. Without the check another server can pose as it.
   *
   * @default false
   */
  readonly allowIssuerMismatch?: boolean | undefined
}

/** What the MCP server says about itself. */
export interface ProtectedResource {
  /** What tokens are asked for (RFC 8707), to the letter. */
  readonly resource: string
  /** Issuers of tokens for it, in its order; empty when it does not say. */
  readonly authorizationServers: ReadonlyArray<string>
  /** All scopes it knows, separated by spaces. */
  readonly scopes?: string | undefined
}

/** An authorization server that passed every check. */
export interface AuthorizationServer {
  /** As its metadata writes it: what `iss` has to equal, to the letter (RFC 9207). */
  readonly issuer: string
  readonly revocationEndpoint?: string | undefined
  readonly canRegister: boolean
  /** Whether it fetches client ID metadata documents. */
  readonly fetchesClientMetadata: boolean
  /** Whether it promised to send `iss` (RFC 9207 section 3). */
  readonly issuerRequired: boolean
  readonly offersOfflineAccess: boolean
  /** How programs prove who they are at the token endpoint; `undefined` when it does not say. */
  readonly authMethods?: ReadonlyArray<string> | undefined
  /** Which checks it passed only because they were waived. */
  readonly waived: ReadonlyArray<keyof Unsafe>
}

const textOf = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined
const textsOf = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : []

const shown = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined
  const texts = textsOf(value)
  return typeof value === "string" ? printable(value, 200) : printable(texts.join(", "), 200) || "of another type"
}

/** The server's own address, to which every document is held. */
const isFor = (server: URL, resource: URL): boolean => {
  const slashed = (path: string) => path.endsWith("/") ? path : `${path}/`
  return resource.origin === server.origin && slashed(server.pathname).startsWith(slashed(resource.pathname))
}

/**
 * Checks what an MCP server says about itself (RFC 9728 section 3.3): its `resource` is the server or a path above it.
 *
 * @returns `Left` with `ResourceMismatch`.
 */
export const protectedResource = (
  server: URL,
  document: Document | undefined
): Either.Either<ProtectedResource, UntrustedMetadata> => {
  if (document === undefined) return Either.right({ resource: resourceOf(server), authorizationServers: [] })
  const resource = textOf(document.resource)
  const url = resource === undefined ? undefined : parseUrl(resource)
  if (resource === undefined || url === undefined || !isFor(server, url)) {
    return Either.left(
      new UntrustedMetadata({
        reason: "ResourceMismatch",
        server: display(server),
        field: "resource",
        found: shown(document.resource),
        expected: resourceOf(server)
      })
    )
  }
  const authorizationServers = textsOf(document.authorization_servers)
  const scopes = ScopeSet.union(...textsOf(document.scopes_supported))
  return Either.right({ resource, authorizationServers, ...(scopes !== undefined && { scopes }) })
}

/**
 * The problem of one URL that a server published, if it has one: neither https nor this machine, or this machine in the
 * words of a server elsewhere, which has no business with what runs here.
 */
export const secureEndpoint = (server: URL, field: string, value: unknown): UntrustedMetadata | undefined => {
  const url = typeof value === "string" ? parseUrl(value) : undefined
  const good = url !== undefined && isSecure(url) && url.username === "" && url.password === "" &&
    (isLoopback(server) || !isLoopback(url))
  return good
    ? undefined
    : new UntrustedMetadata({ reason: "InsecureUrl", server: display(server), field, found: shown(value) })
}

/**
 * Which of several authorization servers to use: one that the program has dealings with already, else the first. Without
 * any, the origin of the MCP server (MCP of 2025-03-26).
 */
export const chooseIssuer = (
  server: URL,
  resource: ProtectedResource,
  preferred: ReadonlyArray<string | undefined>
): string =>
  resource.authorizationServers.find((each) => preferred.some((known) => sameIssuer(each, known))) ??
    resource.authorizationServers[0] ?? `${server.origin}/`

/**
 * The endpoints of a server that publishes no metadata (MCP of 2025-03-26, "fallbacks"). It says nothing of PKCE, so
 * that it passes the checks only where they are waived.
 */
export const fallbackDocument = (issuer: string): Document => {
  const { origin } = new URL(issuer)
  return {
    issuer,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ["code"]
  }
}

// A URL with and without its last slash is one issuer only where the document asked for was the one with it.
const sameIssuer = (asked: string, named: string | undefined): boolean =>
  named === asked || (asked.endsWith("/") && named === asked.slice(0, -1))

const endpoints = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"] as const
const required: ReadonlyArray<string> = ["authorization_endpoint", "token_endpoint"]

/**
 * Checks an authorization server's metadata against the issuer that it was asked for as.
 *
 * The first failure wins: `IssuerMissing`, `IssuerMismatch` (RFC 8414 section 3.3), `InsecureUrl`, `ResponseTypeMissing`, `MissingS256`.
 */
export const authorizationServer = (
  server: URL,
  asked: string,
  document: Document,
  unsafe: Unsafe = {}
): Either.Either<AuthorizationServer, UntrustedMetadata> => {
  const waived: Array<keyof Unsafe> = []
  const problem = (fields: Pick<UntrustedMetadata, "reason" | "field" | "found" | "expected">) =>
    Either.left(new UntrustedMetadata({ server: display(server), ...fields }))
  const issuer = textOf(document.issuer)
  if (issuer === undefined) {
    return problem({ reason: "IssuerMissing", field: "issuer", found: shown(document.issuer), expected: asked })
  }
  if (!sameIssuer(asked, issuer)) {
    if (unsafe.allowIssuerMismatch !== true) {
      return problem({ reason: "IssuerMismatch", field: "issuer", found: shown(issuer), expected: asked })
    }
    waived.push("allowIssuerMismatch")
  }
  for (const field of endpoints) {
    const value = document[field]
    if ((value === undefined || value === null) && !required.includes(field)) continue
    const insecure = secureEndpoint(server, field, value)
    if (insecure !== undefined) return Either.left(insecure)
  }
  const responseTypes = document.response_types_supported
  if (Array.isArray(responseTypes) && !responseTypes.includes("code")) {
    const field = "response_types_supported"
    return problem({ reason: "ResponseTypeMissing", field, found: shown(responseTypes), expected: undefined })
  }
  if (!textsOf(document.code_challenge_methods_supported).includes("S256")) {
    const field = "code_challenge_methods_supported"
    const found = shown(document[field])
    if (unsafe.allowMissingS256 !== true) return problem({ reason: "MissingS256", field, found, expected: "S256" })
    waived.push("allowMissingS256")
  }
  const methods = document.token_endpoint_auth_methods_supported
  return Either.right({
    issuer,
    revocationEndpoint: textOf(document.revocation_endpoint),
    canRegister: textOf(document.registration_endpoint) !== undefined,
    fetchesClientMetadata: document.client_id_metadata_document_supported === true,
    issuerRequired: document.authorization_response_iss_parameter_supported === true,
    offersOfflineAccess: textsOf(document.scopes_supported).includes("offline_access"),
    ...(Array.isArray(methods) && { authMethods: textsOf(methods) }),
    waived
  })
}

/** What every checked document has. */
export interface CheckedDocument extends Document {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  response_types_supported: Array<string>
}

/**
 * The document as the SDK takes it: with the response type that was checked for, and without the challenge methods where
 * that check was waived (the SDK would refuse `["plain"]`).
 */
export const documentForSdk = (document: Document, { issuer, waived }: AuthorizationServer): CheckedDocument => {
  const { code_challenge_methods_supported: methods, ...rest } = document
  return {
    ...rest,
    issuer,
    authorization_endpoint: String(document.authorization_endpoint),
    token_endpoint: String(document.token_endpoint),
    response_types_supported: ["code"],
    ...(methods !== undefined && !waived.includes("allowMissingS256") && { code_challenge_methods_supported: methods })
  }
}
