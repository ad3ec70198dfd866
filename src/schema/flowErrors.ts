/**
 * Codecs of the errors of a flow, and of what it refuses.
 */
import * as Schema from "effect/Schema"
import { BindError } from "../core/oauth/BindError.ts"
import {
  AuthorizationDenied,
  AuthorizationTimeout,
  type FlowError,
  InvalidAuthorizationUrl,
  InvalidResponse
} from "../core/oauth/FlowError.ts"
import { PasteRefused, type Refusal, type RefusalCounts } from "../core/oauth/Refusal.ts"
import {
  callbackReasons,
  type HttpRefusalReason,
  pasteReasons,
  type PasteRefusalReason
} from "../core/oauth/RefusalReason.ts"
import * as ErrorCodec from "./ErrorCodec.ts"
import { link, text } from "./PrintableText.ts"
import { quotingNothing } from "./quotingNothing.ts"

const keysOf = <Name extends string>(record: Readonly<Record<Name, unknown>>): readonly [Name, ...Array<Name>] =>
  Object.keys(record) as [Name, ...Array<Name>]

const httpReason: Schema.Schema<HttpRefusalReason> = Schema.Literal(...keysOf(callbackReasons))
const pasteReason: Schema.Schema<PasteRefusalReason> = Schema.Literal(...keysOf(pasteReasons))

/**
 * Codec of {@link Refusal}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefusalSchema: Schema.Schema<Refusal> = Schema.Union(
  Schema.Struct({ via: Schema.Literal("http"), reason: httpReason }),
  Schema.Struct({ via: Schema.Literal("paste"), reason: pasteReason })
).annotations(quotingNothing("Refusal"))

const counts: Schema.Schema<RefusalCounts> = Schema.partialWith(
  Schema.Struct(Object.fromEntries(
    keysOf({ ...callbackReasons, ...pasteReasons }).map((reason) => [reason, Schema.NonNegativeInt])
  )),
  { exact: true }
)

/**
 * Codec of {@link BindError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BindErrorSchema: ErrorCodec.ErrorCodec<BindError> = ErrorCodec.make(BindError, "BindError", {
  reason: Schema.Literal(
    "PortInUse",
    "PermissionDenied",
    "AddressNotAvailable",
    "TooManyOpenFiles",
    "InvalidOptions",
    "Unknown"
  ),
  host: text(300),
  ports: Schema.Array(Schema.Finite),
  detail: Schema.optional(text(2048))
})

/**
 * Codec of {@link AuthorizationDenied}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationDeniedSchema: ErrorCodec.ErrorCodec<AuthorizationDenied> = ErrorCodec.make(
  AuthorizationDenied,
  "AuthorizationDenied",
  { error: text(100), description: Schema.optional(text(500)), uri: Schema.optional(link) }
)

/**
 * Codec of {@link InvalidResponse}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidResponseSchema: ErrorCodec.ErrorCodec<InvalidResponse> = ErrorCodec.make(
  InvalidResponse,
  "InvalidResponse",
  {
    reason: Schema.Literal("RepeatedParameter", "IssuerMismatch", "IssuerMissing", "CodeMissing"),
    parameter: Schema.Literal("iss", "error", "error_description", "error_uri", "code")
  }
)

/**
 * Codec of {@link AuthorizationTimeout}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationTimeoutSchema: ErrorCodec.ErrorCodec<AuthorizationTimeout> = ErrorCodec.make(
  AuthorizationTimeout,
  "AuthorizationTimeout",
  {
    phase: Schema.Literal("response", "exchange"),
    millis: Schema.Finite,
    refusals: counts,
    hint: Schema.optional(text(4096))
  }
)

/**
 * Codec of {@link InvalidAuthorizationUrl}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidAuthorizationUrlSchema: ErrorCodec.ErrorCodec<InvalidAuthorizationUrl> = ErrorCodec.make(
  InvalidAuthorizationUrl,
  "InvalidAuthorizationUrl",
  { reason: Schema.Literal("NotAUrl", "Scheme", "StateMismatch", "RedirectUriMismatch"), redirectUri: text(2048) }
)

/**
 * Codec of {@link PasteRefused}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PasteRefusedSchema: ErrorCodec.ErrorCodec<PasteRefused> = ErrorCodec.make(PasteRefused, "PasteRefused", {
  reason: pasteReason
})

/**
 * Codec of {@link FlowError}: of every error of `authorize`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FlowErrorSchema: Schema.Schema<FlowError, ErrorCodec.EncodedError<FlowError>> = Schema.Union(
  AuthorizationDeniedSchema,
  InvalidResponseSchema,
  AuthorizationTimeoutSchema,
  InvalidAuthorizationUrlSchema
).annotations(quotingNothing("FlowError"))
