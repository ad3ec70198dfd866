/**
 * Codecs of the errors of a sign-in to an MCP server.
 */
import * as Schema from "effect/Schema"
import { Closed } from "../core/mcp/Closed.ts"
import { InvalidServerUrl } from "../core/mcp/ServerUrl.ts"
import {
  DiscoveryError,
  InteractionRequired,
  McpConnectError,
  RegistrationError,
  RevocationError,
  SdkMissing,
  TokenError,
  UntrustedMetadata
} from "../core/mcp/SignInError.ts"
import { InvalidElicitation } from "../core/mcp/UrlElicitation.ts"
import * as ErrorCodec from "./ErrorCodec.ts"
import { text } from "./PrintableText.ts"

const faultReasons = ["Unreachable", "TimedOut", "ServerError", "InvalidResponse"] as const

const why = {
  code: Schema.optional(text(100)),
  isWebPage: Schema.optional(Schema.Boolean),
  retryAfter: Schema.optional(Schema.Finite)
}

/** What the errors of requests to an authorization server have in common. */
const answered = {
  ...why,
  issuer: text(2048),
  status: Schema.optional(Schema.Finite),
  error: Schema.optional(text(100)),
  description: Schema.optional(text(500))
}

/**
 * Codec of {@link InvalidServerUrl}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidServerUrlSchema: ErrorCodec.ErrorCodec<InvalidServerUrl> = ErrorCodec.make(
  InvalidServerUrl,
  "InvalidServerUrl",
  { reason: Schema.Literal("NotAUrl", "Scheme", "NotHttps", "Credentials") }
)

/**
 * Codec of {@link DiscoveryError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DiscoveryErrorSchema: ErrorCodec.ErrorCodec<DiscoveryError> = ErrorCodec.make(
  DiscoveryError,
  "DiscoveryError",
  {
    ...why,
    reason: Schema.Literal(...faultReasons, "NoMetadata"),
    server: text(2048),
    url: text(2048),
    status: Schema.optional(Schema.Finite)
  }
)

/**
 * Codec of {@link UntrustedMetadata}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UntrustedMetadataSchema: ErrorCodec.ErrorCodec<UntrustedMetadata> = ErrorCodec.make(
  UntrustedMetadata,
  "UntrustedMetadata",
  {
    reason: Schema.Literal(
      "ResourceMismatch",
      "IssuerMismatch",
      "IssuerMissing",
      "IssuerChanged",
      "Malformed",
      "MissingS256",
      "InsecureUrl",
      "ResponseTypeMissing"
    ),
    server: text(2048),
    field: text(2048),
    found: Schema.optional(text(200)),
    expected: Schema.optional(text(2048))
  }
)

/**
 * Codec of {@link RegistrationError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RegistrationErrorSchema: ErrorCodec.ErrorCodec<RegistrationError> = ErrorCodec.make(
  RegistrationError,
  "RegistrationError",
  { ...answered, reason: Schema.Literal(...faultReasons, "NotSupported", "Rejected", "InvalidClientMetadataUrl") }
)

/**
 * Codec of {@link TokenError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TokenErrorSchema: ErrorCodec.ErrorCodec<TokenError> = ErrorCodec.make(TokenError, "TokenError", {
  ...answered,
  reason: Schema.Literal(...faultReasons, "Rejected"),
  grant: Schema.Literal("authorization_code", "refresh_token")
})

/**
 * Codec of {@link RevocationError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RevocationErrorSchema: ErrorCodec.ErrorCodec<RevocationError> = ErrorCodec.make(
  RevocationError,
  "RevocationError",
  {
    ...answered,
    reason: Schema.Literal(...faultReasons, "Rejected"),
    tokens: Schema.optional(Schema.Array(Schema.Literal("access_token", "refresh_token"))),
    validUntil: Schema.optional(text(2048))
  }
)

/**
 * Codec of {@link InteractionRequired}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InteractionRequiredSchema: ErrorCodec.ErrorCodec<InteractionRequired> = ErrorCodec.make(
  InteractionRequired,
  "InteractionRequired",
  {
    server: text(2048),
    reason: Schema.Literal(
      "NotSignedIn",
      "SignedOut",
      "Rejected",
      "InsufficientScope",
      "InsufficientAuthentication",
      "Declined",
      "TimedOut",
      "Failed"
    ),
    scope: Schema.optional(text(8192))
  }
)

/**
 * Codec of {@link Closed}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClosedSchema: ErrorCodec.ErrorCodec<Closed> = ErrorCodec.make(Closed, "Closed", {
  server: Schema.optional(text(2048))
})

/**
 * Codec of {@link SdkMissing}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SdkMissingSchema: ErrorCodec.ErrorCodec<SdkMissing> = ErrorCodec.make(SdkMissing, "SdkMissing", {})

/**
 * Codec of {@link McpConnectError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const McpConnectErrorSchema: ErrorCodec.ErrorCodec<McpConnectError> = ErrorCodec.make(
  McpConnectError,
  "McpConnectError",
  { server: text(2048), detail: text(500), code: Schema.optional(text(100)) }
)

/**
 * Codec of {@link InvalidElicitation}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidElicitationSchema: ErrorCodec.ErrorCodec<InvalidElicitation> = ErrorCodec.make(
  InvalidElicitation,
  "InvalidElicitation",
  {
    reason: Schema.Literal("NotUrlMode", "NotAUrl", "TooLong", "Scheme", "NotHttps", "Credentials"),
    server: text(2048)
  }
)
