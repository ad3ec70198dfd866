/** Targets: what reads the documents and headers of an MCP server or an authorization server. */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Challenge from "../../src/core/mcp/Challenge.ts"
import * as ClientChoice from "../../src/core/mcp/ClientChoice.ts"
import * as Credentials from "../../src/core/mcp/Credentials.ts"
import * as Fault from "../../src/core/mcp/Fault.ts"
import * as Metadata from "../../src/core/mcp/Metadata.ts"
import * as ServerUrl from "../../src/core/mcp/ServerUrl.ts"
import * as TokenResponse from "../../src/core/mcp/TokenResponse.ts"
import { mustBePrintable, mustHold, mustNotContain } from "./promises.ts"
import { make, type Target } from "./Target.ts"
import { document, nearly, text } from "./texts.ts"

const server = new URL("https://mcp.example/mcp")
const issuer = "https://as.example"

const urls = [
  issuer,
  `${issuer}/`,
  server.href,
  "https://mcp.example",
  "http://127.0.0.1:80/x",
  "https://localhost./x",
  "https://[::ffff:127.0.0.1]/x",
  "http://as.example/x",
  "https://as.example/\u001b]0;x\u0007",
  "https://as.example/\u202e",
  "https://u:p@as.example/",
  "https://as.example/token\nINFO ok",
  "",
  "x".repeat(20_000)
]

const isPlain = (value: unknown): boolean => typeof value === "string" && /^[\x21-\x7e]{1,16384}$/.test(value)

const challenge = make("WWW-Authenticate", (fc) =>
  fc.oneof(
    text(fc, [
      "Bearer",
      "DPoP",
      "Basic ",
      "realm=",
      `error="invalid_token"`,
      "scope=",
      `scope="read write"`,
      `, `,
      '\\"'
    ]),
    nearly(fc, [`Bearer realm="x", error="insufficient_scope", scope="read write", resource_metadata="${server.href}"`])
  ), (input) => {
  const bearer = Challenge.bearer(input)
  if (Option.isSome(bearer)) {
    const { scope } = bearer.value
    mustHold(scope === undefined || /^[\x20-\x7e]+$/.test(scope), "a scope is not printable ASCII")
  }
  return Option.isSome(bearer)
})

const resource = make(
  "protected resource metadata",
  (fc) =>
    document(fc, ["resource", "authorization_servers", "scopes_supported", "resource_name"], [
      ...urls,
      [issuer],
      null,
      1
    ]),
  (input) => {
    const read = Metadata.protectedResource(server, input)
    if (Either.isLeft(read)) mustBePrintable(read.left)
    return Either.isRight(read)
  }
)

const fields = [
  "issuer",
  "authorization_endpoint",
  "token_endpoint",
  "registration_endpoint",
  "revocation_endpoint",
  "response_types_supported",
  "code_challenge_methods_supported",
  "token_endpoint_auth_methods_supported",
  "scopes_supported",
  "client_id_metadata_document_supported",
  "authorization_response_iss_parameter_supported"
]

const metadata = make(
  "authorization server metadata",
  (fc) =>
    fc.tuple(
      fc.constantFrom({}, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"]
      }),
      document(fc, fields, [...urls, ["S256"], ["code"], ["plain"], ["offline_access"], true, null])
    ).map(([right, changed]) => ({ ...right, ...changed })),
  (input) => {
    const read = Metadata.authorizationServer(server, issuer, input, { allowIssuerMismatch: true })
    if (Either.isLeft(read)) {
      mustBePrintable(read.left)
      return false
    }
    mustHold(isPlain(read.right.issuer), "the issuer is not printable ASCII")
    const { authorizationEndpoint, registrationEndpoint, revocationEndpoint, tokenEndpoint } = read.right
    for (const endpoint of [authorizationEndpoint, tokenEndpoint, registrationEndpoint, revocationEndpoint]) {
      mustHold(endpoint === undefined || isPlain(endpoint), "an endpoint is not printable ASCII")
    }
    return true
  }
)

const secrets = ["the-access-token", "the-refresh-token", "the-client-secret"]

const tokens = make(
  "token response",
  (fc) =>
    document(
      fc,
      ["access_token", "refresh_token", "token_type", "expires_in", "scope", "error", "error_description"],
      [...secrets, "Bearer", "DPoP", 3600, "3600", 1e300, 5e-324, -1, "read write", "invalid_grant", null]
    ),
  (input) => {
    const fault = Fault.of({ _tag: "Answered", url: `${issuer}/token`, status: 400, document: input }, secrets)
    mustBePrintable(fault)
    mustNotContain([fault.error, fault.description], secrets)
    const read = TokenResponse.parse(input, { now: 1_800_000_000_000, scope: "read" })
    if (read === undefined) return false
    mustHold(
      read.expiresAt === undefined || !Number.isNaN(new Date(read.expiresAt).getTime()),
      "the end of the lifetime is no date"
    )
    const written = Credentials.encode({ serverUrl: server.href }, { issuer, tokens: read })
    const again = Credentials.decode(written)
    mustHold(Either.isRight(again), "what was stored cannot be read")
    mustHold(
      Either.isRight(again) && again.right.tokens !== undefined &&
        Redacted.value(again.right.tokens.accessToken) === Redacted.value(read.accessToken) &&
        again.right.tokens.expiresAt === read.expiresAt,
      "what was stored is read as something else"
    )
    return true
  }
)

const registration = make(
  "registration response",
  (fc) =>
    document(fc, ["client_id", "client_secret", "token_endpoint_auth_method", "redirect_uris"], [
      ...urls,
      "c",
      ["x"],
      null
    ]),
  (input) => {
    const read = ClientChoice.fromResponse(input, "http://127.0.0.1:1/callback")
    return read !== undefined && read.clientId === input.client_id
  }
)

const stored = make(
  "stored credentials",
  (fc) => {
    const right = Credentials.encode({ serverUrl: server.href }, {
      issuer,
      client: { clientId: "c", redirectUris: ["http://127.0.0.1/callback"] },
      tokens: { accessToken: Redacted.make("a"), refreshToken: Redacted.make("r"), expiresAt: 1 }
    })
    return fc.oneof(text(fc, ["{", "}", "[", `"version": 1`, `"tokens":`, "null", "1e999"]), nearly(fc, [right]))
  },
  (input) => Either.isRight(Credentials.decode(input))
)

const serverUrl = make(
  "server URL",
  (fc) => fc.oneof(text(fc, urls.slice(0, 11)), nearly(fc, [server.href])),
  (input) => {
    const read = ServerUrl.parse(input)
    if (Either.isLeft(read)) mustBePrintable(read.left)
    else ServerUrl.resourceOf(read.right)
    return Either.isRight(read)
  }
)

/** What reads what servers send, and what was kept of it. */
export const servers: ReadonlyArray<Target> = [
  challenge,
  resource,
  metadata,
  tokens,
  registration,
  stored,
  serverUrl
]
