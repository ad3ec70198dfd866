/**
 * Schema codecs: the errors, and what a sign-in gives, cross a worker or an RPC as plain data, and are the same again at the
 * other end.
 *
 * @module
 */
export type { EncodedCause } from "./schema/CauseSchema.ts"
export type { EncodedError, ErrorCodec, FieldsOf, TaggedInstance } from "./schema/ErrorCodec.ts"
export {
  AuthorizationDeniedSchema,
  AuthorizationTimeoutSchema,
  BindErrorSchema,
  FlowErrorSchema,
  InvalidAuthorizationUrlSchema,
  InvalidResponseSchema,
  PasteRefusedSchema,
  RefusalSchema
} from "./schema/flowErrors.ts"
export {
  CredentialKeySchema,
  type CredentialsInClear,
  CredentialsInClearSchema,
  type GrantedInClear,
  GrantedInClearSchema,
  type InClear
} from "./schema/inClear.ts"
export {
  ClosedSchema,
  DiscoveryErrorSchema,
  InteractionRequiredSchema,
  InvalidElicitationSchema,
  InvalidServerUrlSchema,
  McpConnectErrorSchema,
  RegistrationErrorSchema,
  RevocationErrorSchema,
  SdkMissingSchema,
  TokenErrorSchema,
  UntrustedMetadataSchema
} from "./schema/mcpErrors.ts"
export { ConnectErrorSchema, McpOAuthErrorSchema } from "./schema/signInErrors.ts"
export {
  AccountSchema,
  type EncodedAccount,
  type EncodedStatus,
  StatusSchema,
  type WithoutUndefined
} from "./schema/statusSchema.ts"
export {
  CredentialStoreErrorSchema,
  InvalidOptionsSchema,
  PendingStoreErrorSchema,
  TargetRefusedSchema
} from "./schema/storeErrors.ts"
