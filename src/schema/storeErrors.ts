/**
 * Codecs of the errors of stores, of options, and of requests that are not sent.
 */
import * as Schema from "effect/Schema"
import { TargetRefused } from "../core/hosted/TargetRefused.ts"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { CredentialStoreError } from "../services/CredentialStoreError.ts"
import { PendingStoreError } from "../services/PendingStore.ts"
import * as ErrorCodec from "./ErrorCodec.ts"
import { text } from "./PrintableText.ts"

/**
 * Codec of {@link CredentialStoreError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialStoreErrorSchema: ErrorCodec.ErrorCodec<CredentialStoreError> = ErrorCodec.make(
  CredentialStoreError,
  "CredentialStoreError",
  {
    reason: Schema.Literal("Unreadable", "Unwritable", "Damaged", "Locked"),
    detail: text(8192),
    code: Schema.optional(text(100))
  }
)

/**
 * Codec of {@link PendingStoreError}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PendingStoreErrorSchema: ErrorCodec.ErrorCodec<PendingStoreError> = ErrorCodec.make(
  PendingStoreError,
  "PendingStoreError",
  { reason: Schema.Literal("Unreadable", "Unwritable"), detail: text(8192), code: Schema.optional(text(100)) }
)

/**
 * Codec of {@link InvalidOptions}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InvalidOptionsSchema: ErrorCodec.ErrorCodec<InvalidOptions> = ErrorCodec.make(
  InvalidOptions,
  "InvalidOptions",
  { option: text(300), detail: text(8192) }
)

/**
 * Codec of {@link TargetRefused}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TargetRefusedSchema: ErrorCodec.ErrorCodec<TargetRefused> = ErrorCodec.make(
  TargetRefused,
  "TargetRefused",
  {
    reason: Schema.Literal("NotHttps", "Name", "Address", "Guard"),
    host: text(2048),
    kind: Schema.optional(text(2048))
  }
)
