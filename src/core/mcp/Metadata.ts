/**
 * What servers publish about signing in, checked before anything is sent there: RFC 9728 for the MCP server, RFC 8414
 * and OpenID Connect Discovery for the authorization server.
 *
 * What is used is checked strictly. What is not used may be as it likes: an empty or `null` field is absent, and one text
 * is a list of one.
 */
import * as Either from "effect/Either"
import { isPlain, printable } from "../text/SafeText.ts"
import type { Document } from "./ResponseDocument.ts"
import * as ScopeSet from "./ScopeSet.ts"
import { mayLeadTo, parseUrl, urlProblem } from "./SecureUrl.ts"
import { display, resourceOf } from "./ServerUrl.ts"
import { UntrustedMetadata } from "./SignInError.ts"
import type { Unsafe } from "./Unsafe.ts"

/** The most letters of an issuer, and of any other URL: a browser has to be started with it. */
const maxIssuerLength = 2048
const maxUrlLength = 16_384

/** The same for the authorization URL, which has several of them in it, escaped. Windows starts no browser with more. */
const maxAuthorizationUrlLength = 32_000

/** The metadata of an MCP server, checked. */
export interface ProtectedResource {
  /** The resource that tokens are requested for (RFC 8707), exactly as published. */
  readonly resource: string
  /** The issuers of its tokens, in its order; empty when it does not say. */
  readonly authorizationServers: ReadonlyArray<string>
  /** All scopes that it supports, separated by spaces. */
  readonly scopes?: string | undefined
  /** The checks that failed and were waived. */
  readonly waived: ReadonlyArray<keyof Unsafe>
}

/** The metadata of an authorization server, checked. */
export interface AuthorizationServer {
  /** The issuer exactly as its metadata has it: `iss` has to equal it (RFC 9207). */
  readonly issuer: string
  /** The issuer that was asked for; absent where the caller named the metadata itself. */
  readonly asked?: string | undefined
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** Where it offers dynamic registration (RFC 7591). */
  readonly registrationEndpoint?: string | undefined
  readonly revocationEndpoint?: string | undefined
  /** Whether it supports client ID metadata documents. */
  readonly fetchesClientMetadata: boolean
  /** Whether it says that it sends `iss` (RFC 9207 section 3). */
  readonly issuerRequired: boolean
  readonly offersOfflineAccess: boolean
  /** The methods of client authentication at its token endpoint; `undefined` when it does not say. */
  readonly authMethods?: ReadonlyArray<string> | undefined
  /** The checks that failed and were waived. */
  readonly waived: ReadonlyArray<keyof Unsafe>
}

const textOf = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined
/** A list of texts; one text is a list of one. */
const textsOf = (value: unknown): ReadonlyArray<string> =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string" && each !== "")

const shown = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined
  const texts = textsOf(value)
  return typeof value === "string" ? printable(value, 200) : printable(texts.join(", "), 200) || "of another type"
}

const malformed = (server: URL, field: string, value: unknown): UntrustedMetadata =>
  new UntrustedMetadata({ reason: "Malformed", server: display(server), field, found: shown(value) })

/** Whether a resource is the server, or a path above it on the same origin. */
const covers = (server: URL, resource: URL): boolean => {
  const slashed = (path: string) => path.endsWith("/") ? path : `${path}/`
  return resource.origin === server.origin && slashed(server.pathname).startsWith(slashed(resource.pathname))
}

/**
 * Checks the metadata of an MCP server (RFC 9728 section 3.3): its `resource` has to be the server or a path above it.
 *
 * @param document `undefined` when the server publishes none.
 * @returns `Left` with `UntrustedMetadata` of reason `ResourceMismatch` or `Malformed`.
 */
export const protectedResource = (
  server: URL,
  document: Document | undefined,
  unsafe: Unsafe = {}
): Either.Either<ProtectedResource, UntrustedMetadata> => {
  if (document === undefined) {
    return Either.right({ resource: resourceOf(server), authorizationServers: [], waived: [] })
  }
  const waived: Array<keyof Unsafe> = []
  const resource = textOf(document.resource)
  const url = resource === undefined ? undefined : parseUrl(resource)
  if (resource === undefined || url === undefined || !covers(server, url)) {
    if (resource === undefined || url === undefined || unsafe.allowResourceMismatch !== true) {
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
    waived.push("allowResourceMismatch")
  }
  if (!isPlain(resource, maxUrlLength)) return Either.left(malformed(server, "resource", resource))
  const named = document.authorization_servers
  if (named !== undefined && named !== null && typeof named !== "string" && !Array.isArray(named)) {
    return Either.left(malformed(server, "authorization_servers", named))
  }
  const scopes = ScopeSet.ofServer(...textsOf(document.scopes_supported))
  return Either.right({
    resource,
    authorizationServers: textsOf(named),
    ...(scopes !== undefined && { scopes }),
    waived
  })
}

/**
 * Checks a URL that a server published: it has to be plain and https, or on this machine if the MCP server is. A server
 * elsewhere could otherwise have this program send requests to other programs on this machine, or beside it.
 *
 * @returns the error of reason `Malformed` or `InsecureUrl`, or `undefined` when the URL can be used.
 */
export const secureEndpoint = (server: URL, field: string, value: unknown): UntrustedMetadata | undefined => {
  if (typeof value === "string" && value !== "" && !isPlain(value, maxUrlLength)) return malformed(server, field, value)
  const url = typeof value === "string" ? parseUrl(value) : undefined
  const canBeUsed = url !== undefined && urlProblem(url) === undefined && mayLeadTo(server, url)
  return canBeUsed
    ? undefined
    : new UntrustedMetadata({ reason: "InsecureUrl", server: display(server), field, found: shown(value) })
}

/** Checks the issuer that an MCP server names, before its metadata is asked for; see {@link secureEndpoint}. */
export const secureIssuer = (server: URL, issuer: string): UntrustedMetadata | undefined =>
  issuer.length > maxIssuerLength
    ? malformed(server, "authorization_servers", issuer)
    : secureEndpoint(server, "authorization_servers", issuer)

/** Checks the whole authorization URL: every part of it has a limit, and a browser has one for all of them together. */
export const tooLong = (server: URL, authorizationUrl: URL): UntrustedMetadata | undefined =>
  authorizationUrl.href.length > maxAuthorizationUrlLength
    ? malformed(server, "authorization_endpoint", authorizationUrl.origin)
    : undefined

/** The error for a document that is nested too deep to be used. */
export const nestedTooDeep = (server: URL, url: string): UntrustedMetadata =>
  malformed(server, `the document at ${printable(url, 500)}`, "{…{…")

/**
 * Which of several authorization servers to use: the first of those that are preferred, else the first. When the MCP
 * server names none, it is its own origin (MCP of 2025-03-26).
 *
 * @param preferred Issuers that the program has a client or tokens of.
 */
export const chooseIssuer = (
  server: URL,
  resource: ProtectedResource,
  preferred: ReadonlyArray<string | undefined>
): string =>
  resource.authorizationServers.find((each) => preferred.some((known) => sameIssuer(each, known))) ??
    resource.authorizationServers[0] ?? `${server.origin}/`

/**
 * The default endpoints of a server that publishes no metadata (MCP of 2025-03-26, "fallbacks"). Nothing says that it
 * supports PKCE, so the document is refused unless `allowMissingS256` waives that.
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

/**
 * Whether two spellings name one issuer. Without a path a URL is the same with a last slash and without it: both lead to
 * the same documents. With a path it is so only where the slash was asked for and the document has none.
 */
export const sameIssuer = (asked: string, named: string | undefined): boolean => {
  if (named === undefined) return false
  const bare = (text: string) => /^https?:\/\/[^/?#]+\/$/.test(text) ? text.slice(0, -1) : text
  return bare(named) === bare(asked) || (asked.endsWith("/") && named === asked.slice(0, -1))
}

const endpoints = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"] as const
/** What is no text, or an empty one, is absent. */
const optionalUrl = (value: unknown): string | undefined =>
  (textOf(value) ?? "").trim() === "" ? undefined : textOf(value)

const required: ReadonlyArray<string> = ["authorization_endpoint", "token_endpoint"]

/**
 * Checks the metadata of an authorization server.
 *
 * The checks run in this order, and the first failure wins: `IssuerMissing`, `IssuerMismatch` (RFC 8414 section 3.3),
 * `Malformed` and `InsecureUrl`, `ResponseTypeMissing`, `MissingS256`.
 *
 * @param server The MCP server.
 * @param asked The issuer whose metadata was fetched; `undefined` when the caller named the metadata itself.
 * @returns `Left` with `UntrustedMetadata` of one of these reasons.
 */
export const authorizationServer = (
  server: URL,
  asked: string | undefined,
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
  if (asked !== undefined && !sameIssuer(asked, issuer)) {
    if (unsafe.allowIssuerMismatch !== true) {
      return problem({ reason: "IssuerMismatch", field: "issuer", found: shown(issuer), expected: asked })
    }
    waived.push("allowIssuerMismatch")
  }
  if (!isPlain(issuer, maxIssuerLength)) return Either.left(malformed(server, "issuer", issuer))
  for (const field of endpoints) {
    const value = document[field]
    if (!required.includes(field) && optionalUrl(value) === undefined) continue
    const insecure = secureEndpoint(server, field, value)
    if (insecure !== undefined) return Either.left(insecure)
  }
  const responseTypes = document.response_types_supported
  const isListed = Array.isArray(responseTypes) || textOf(responseTypes) !== undefined
  if (isListed && !textsOf(responseTypes).includes("code")) {
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
    ...(asked !== undefined && { asked }),
    authorizationEndpoint: String(document.authorization_endpoint),
    tokenEndpoint: String(document.token_endpoint),
    registrationEndpoint: optionalUrl(document.registration_endpoint),
    revocationEndpoint: optionalUrl(document.revocation_endpoint),
    fetchesClientMetadata: document.client_id_metadata_document_supported === true,
    issuerRequired: document.authorization_response_iss_parameter_supported === true,
    offersOfflineAccess: ScopeSet.parse(textsOf(document.scopes_supported).join(" ")).includes("offline_access"),
    ...((Array.isArray(methods) || textOf(methods) !== undefined) && {
      authMethods: textsOf(methods).filter((method) => isPlain(method, 100))
    }),
    waived
  })
}
