/**
 * Codecs of every error that a sign-in to an MCP server can fail with.
 */
import * as Schema from "effect/Schema"
import type { ConnectError, McpOAuthError } from "../mcp/McpOAuth.ts"
import type { EncodedError } from "./ErrorCodec.ts"
import {
  AuthorizationDeniedSchema,
  AuthorizationTimeoutSchema,
  BindErrorSchema,
  InvalidAuthorizationUrlSchema,
  InvalidResponseSchema
} from "./flowErrors.ts"
import {
  ClosedSchema,
  DiscoveryErrorSchema,
  InteractionRequiredSchema,
  InvalidServerUrlSchema,
  McpConnectErrorSchema,
  RegistrationErrorSchema,
  RevocationErrorSchema,
  SdkMissingSchema,
  TokenErrorSchema,
  UntrustedMetadataSchema
} from "./mcpErrors.ts"
import { quotingNothing } from "./quotingNothing.ts"
import { CredentialStoreErrorSchema, InvalidOptionsSchema } from "./storeErrors.ts"

const members = [
  AuthorizationDeniedSchema,
  AuthorizationTimeoutSchema,
  BindErrorSchema,
  ClosedSchema,
  CredentialStoreErrorSchema,
  DiscoveryErrorSchema,
  InteractionRequiredSchema,
  InvalidAuthorizationUrlSchema,
  InvalidOptionsSchema,
  InvalidResponseSchema,
  InvalidServerUrlSchema,
  RegistrationErrorSchema,
  RevocationErrorSchema,
  TokenErrorSchema,
  UntrustedMetadataSchema
] as const

/**
 * Codec of {@link McpOAuthError}: of every error of `ensure`, `login`, `logout` and `fetch`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const McpOAuthErrorSchema: Schema.Schema<McpOAuthError, EncodedError<McpOAuthError>> = Schema.Union(...members)
  .annotations(quotingNothing("McpOAuthError"))

/**
 * Codec of {@link ConnectError}: of every error of `McpOAuth.connect`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConnectErrorSchema: Schema.Schema<ConnectError, EncodedError<ConnectError>> = Schema.Union(
  ...members,
  McpConnectErrorSchema,
  SdkMissingSchema
).annotations(quotingNothing("ConnectError"))
