/**
 * The metadata of the authorization server (RFC 8414), and where it is.
 */
import type { JsonDocument } from "./Answer.ts"
import type { AuthorizationServerKnobs, MetadataLocation } from "./AuthorizationServerKnobs.ts"

/** What it says before `knobs.metadata` changes it. */
export const metadataDocument = (
  issuer: string,
  { authMethods, clientIdMetadata, registration }: AuthorizationServerKnobs,
  location: MetadataLocation
): JsonDocument => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/revoke`,
  ...(registration === "absent" ? {} : { registration_endpoint: `${issuer}/register` }),
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  token_endpoint_auth_methods_supported: authMethods,
  revocation_endpoint_auth_methods_supported: authMethods,
  code_challenge_methods_supported: ["S256"],
  scopes_supported: ["mcp", "offline_access"],
  authorization_response_iss_parameter_supported: true,
  ...(clientIdMetadata ? { client_id_metadata_document_supported: true } : {}),
  ...(location === "oauth" ? {} : {
    jwks_uri: `${issuer}/jwks`,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"]
  })
})

/** Locations by path. Without a path in the issuer, the two of OpenID Connect are one. */
export const metadataLocations = (issuerPath: string): Readonly<Record<string, ReadonlyArray<MetadataLocation>>> => {
  const openid = "/.well-known/openid-configuration"
  return {
    [`${issuerPath}${openid}`]: ["openid-append"],
    ...(issuerPath === "" ? {} : { [`${openid}${issuerPath}`]: ["openid-insert"] }),
    ...(issuerPath === "" ? { [openid]: ["openid-insert", "openid-append"] } : {}),
    [`/.well-known/oauth-authorization-server${issuerPath}`]: ["oauth"]
  }
}
