/**
 * Codecs of what holds secrets. Encoded, the secrets are in the clear: that is what crossing means.
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ClientRegistration, CredentialKey, Credentials, Tokens } from "../core/mcp/Credentials.ts"
import type { Granted } from "../flow/AuthorizeRequest.ts"
import { quotingNothing } from "./quotingNothing.ts"
import { type FieldsFor, structOf } from "./structOf.ts"

type Json = Readonly<Record<string, unknown>>

const isJson = (value: unknown, depth = 0): boolean =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) ||
  (depth < 64 &&
    (Array.isArray(value)
      ? value.every((each) => isJson(each, depth + 1))
      : isPlainObject(value) && Object.values(value).every((each) => isJson(each, depth + 1))))

const isPlainObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

const secret = Schema.Redacted(Schema.String)

/** Handed over as it is, so that no name in it, such as `__proto__`, means anything. */
const extra = Schema.Redacted(Schema.declare(
  (value): value is Json => isPlainObject(value) && isJson(value),
  {
    identifier: "Json",
    jsonSchema: { type: "object" },
    arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.jsonValue())
  }
))

const registration = structOf<ClientRegistration>()({
  clientId: Schema.String,
  clientSecret: Schema.optional(secret),
  redirectUris: Schema.optional(Schema.Array(Schema.String)),
  isInDoubt: Schema.optional(Schema.Boolean),
  isUnknown: Schema.optional(Schema.Boolean),
  extra: Schema.optional(extra)
})

const tokens = structOf<Tokens>()({
  accessToken: secret,
  refreshToken: Schema.optional(secret),
  expiresAt: Schema.optional(Schema.Finite),
  scope: Schema.optional(Schema.String),
  refreshRefusedAt: Schema.optional(Schema.Finite),
  extra: Schema.optional(extra)
})

const credentials = structOf<Credentials>()({
  issuer: Schema.String,
  client: Schema.optional(registration),
  nextClient: Schema.optional(registration),
  tokens: Schema.optional(tokens),
  extra: Schema.optional(extra)
})

const key = structOf<CredentialKey>()({
  serverUrl: Schema.String,
  account: Schema.optional(Schema.String),
  variant: Schema.optional(Schema.String)
})

const granted = Schema.Struct(
  {
    code: secret,
    iss: Schema.optionalWith(Schema.String, { exact: true }),
    via: Schema.Literal("http", "paste")
  } satisfies FieldsFor<Granted>
)

/**
 * A value whose secrets are in the clear.
 *
 * @since 0.1.0
 * @category models
 */
export type InClear<A> = A extends Redacted.Redacted<infer Value> ? Value
  : A extends ReadonlyArray<unknown> ? A
  : A extends object ? { readonly [Name in keyof A]: InClear<A[Name]> }
  : A

/**
 * {@link Credentials} as plain data, **with the tokens and the client secret in the clear**.
 *
 * @since 0.1.0
 * @category models
 */
export interface CredentialsInClear extends InClear<Credentials> {}

/**
 * {@link Granted} as plain data, **with the authorization code in the clear**.
 *
 * @since 0.1.0
 * @category models
 */
export interface GrantedInClear extends InClear<Granted> {}

/**
 * Codec of {@link Credentials}. **What it encodes holds the access token, the refresh token and the client secret in the
 * clear**: whoever reads it can use the account. Send it to a worker of this program, or over a connection that is encrypted
 * and whose other end you trust, and log it nowhere. Decoded, they are `Redacted` again.
 *
 * What cannot be decoded is not quoted in the error. **In `Schema.NullOr`, `Schema.optional` or a union the other member
 * quotes it**: give the union a `message` annotation with `override`, as in the example. Fields of a newer version of this
 * package are dropped; the `extra` of what a store has read crosses.
 *
 * To keep credentials, use a `CredentialStore`.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { CredentialsInClearSchema } from "effect-oauth-callback/schema"
 *
 * const orNull = Schema.NullOr(CredentialsInClearSchema).annotations({
 *   message: () => ({ message: "Expected credentials or null", override: true })
 * })
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialsInClearSchema: Schema.Schema<Credentials, CredentialsInClear> = credentials.annotations(
  quotingNothing("Credentials")
)

/**
 * Codec of {@link Granted}. **What it encodes holds the authorization code in the clear.** The code is of use once, and only
 * with the verifier of the sign-in (RFC 7636), which is not in it.
 *
 * What cannot be decoded is not quoted in the error. **In `Schema.NullOr`, `Schema.optional` or a union the other member
 * quotes it**: give the union a `message` annotation with `override`, as for {@link CredentialsInClearSchema}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const GrantedInClearSchema: Schema.Schema<Granted, GrantedInClear> = granted.annotations(
  quotingNothing("Granted")
)

/**
 * Codec of {@link CredentialKey}. The URL of a server may have a key in its query: it crosses as it is, and no error quotes
 * it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialKeySchema: Schema.Schema<CredentialKey> = key.annotations(quotingNothing("CredentialKey"))
