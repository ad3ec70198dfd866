/**
 * Codecs of what is known about a sign-in. There is no secret in it.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Account } from "../mcp/Account.ts"
import type { Status } from "../mcp/Status.ts"
import { text } from "./PrintableText.ts"
import { quotingNothing } from "./quotingNothing.ts"
import { structOf } from "./structOf.ts"

/** `undefined` is an absent field, because JSON has no such value. */
const orUndefined = <A>(
  schema: Schema.Schema<A>
): Schema.PropertySignature<":", A | undefined, never, "?:", A, false, never> =>
  Schema.optionalToRequired(schema, Schema.UndefinedOr(Schema.typeSchema(schema)), {
    decode: Option.getOrUndefined,
    encode: Option.fromNullable
  }) as Schema.PropertySignature<":", A | undefined, never, "?:", A, false, never>

const fields = {
  server: text(2048),
  account: Schema.String,
  isSignedIn: Schema.Boolean,
  isSigningIn: Schema.Boolean,
  issuer: orUndefined(text(2048)),
  clientId: orUndefined(text(4096)),
  scopes: Schema.Array(text(8192)),
  expiresAt: orUndefined(Schema.Finite),
  isRefreshable: Schema.Boolean
}

/**
 * What is `undefined` in a value is absent in the data of it.
 *
 * @since 0.1.0
 * @category models
 */
export type WithoutUndefined<A> =
  & { readonly [Name in keyof A as undefined extends A[Name] ? never : Name]: A[Name] }
  & { readonly [Name in keyof A as undefined extends A[Name] ? Name : never]?: Exclude<A[Name], undefined> }

/**
 * A {@link Status} as plain data: without the fields that are `undefined`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncodedStatus extends WithoutUndefined<Status> {}

/**
 * An {@link Account} as plain data: without the fields that are `undefined`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncodedAccount extends WithoutUndefined<Account> {}

/**
 * Codec of {@link Status}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StatusSchema: Schema.Schema<Status, EncodedStatus> = structOf<Status>()(fields).annotations(
  quotingNothing("Status")
)

/**
 * Codec of {@link Account}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountSchema: Schema.Schema<Account, EncodedAccount> = structOf<Account>()({
  ...fields,
  serverUrl: orUndefined(Schema.String),
  id: Schema.String
}).annotations(quotingNothing("Account"))
