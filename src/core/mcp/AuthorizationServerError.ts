/**
 * Errors of requests to an authorization server: to register, to get tokens, to revoke them.
 */
import type { TaggedErrorClass } from "../TaggedError.ts"
import * as RegistrationRetry from "./RegistrationRetry.ts"
import { printableError } from "./PrintableError.ts"
import { type FaultReason, insteadOfJson, said, status, why, type WhyFields } from "./FaultReason.ts"

/**
 * Why this program could not be registered at an authorization server. `NotSupported`: the server offers no dynamic
 * registration, and no other client is configured.
 *
 * @since 0.1.0
 * @category errors
 */
export type RegistrationReason = FaultReason | "NotSupported" | "Rejected" | "InvalidClientMetadataUrl"

const RegistrationErrorBase: TaggedErrorClass<
  "RegistrationError",
  WhyFields & {
    reason: RegistrationReason
    /** The authorization server. */
    issuer: string
    /** The HTTP status, where there was a response. */
    status?: number | undefined
    /** The `error` of the response. */
    error?: string | undefined
    /** The `error_description` of the response. */
    description?: string | undefined
  }
> = printableError("RegistrationError")

/**
 * This program could not be registered at the authorization server (RFC 7591).
 *
 * @since 0.1.0
 * @category errors
 */
export class RegistrationError extends RegistrationErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    switch (this.reason) {
      case "NotSupported":
        return `Cannot register at ${this.issuer}: it registers no programs by itself. Register this one there by hand, ` +
          "as a native application with the redirect URI http://127.0.0.1/callback, and set client.clientId; or, where " +
          "it takes client ID metadata documents, publish one and set clientMetadataUrl"
      case "InvalidClientMetadataUrl":
        return "Cannot use clientMetadataUrl: it has to be an https: URL with a path, where the document about this " +
          "program is published"
      case "Rejected":
        return `Cannot register at ${this.issuer}: it answered${insteadOfJson(this.isWebPage)}${
          said(this.error, this.description)
        }${status(this.status)}. Register this program there by hand, and set client.clientId${
          RegistrationRetry.mayConcernRedirectUri(this)
            ? ". Or it takes another redirect URI (to some, 127.0.0.1 and localhost are not the same): set callback.host, or " +
              "callback.port"
            : ""
        }`
      default:
        return `Cannot register at ${this.issuer}${status(this.status)}: ${why(this.reason, this)}`
    }
  }
}

/**
 * Why the token endpoint gave no token. `Rejected`: it answered with an error.
 *
 * @since 0.1.0
 * @category errors
 */
export type TokenReason = FaultReason | "Rejected"

/**
 * Whether an `error` says that the server does not know the client, or does not allow it what it asked for (RFC 6749
 * sections 4.1.2.1 and 5.2).
 */
export const isUnknownClient = (error: string | undefined): boolean =>
  error === "invalid_client" || error === "unauthorized_client"

const TokenErrorBase: TaggedErrorClass<
  "TokenError",
  WhyFields & {
    reason: TokenReason
    /** The grant that was tried. */
    grant: "authorization_code" | "refresh_token"
    /** The authorization server. */
    issuer: string
    /** The HTTP status, where there was a response. */
    status?: number | undefined
    /** The `error` of the response. */
    error?: string | undefined
    /** The `error_description` of the response. */
    description?: string | undefined
  }
> = printableError("TokenError")

/**
 * The token endpoint gave no usable token (RFC 6749 section 5). With `grant: "refresh_token"` the stored credentials are
 * kept and no browser was opened: it may succeed when it is tried again, after `retryAfter` where there is one, or when the
 * options name the client rightly. A refresh token that the server refuses is no `TokenError`: a person is asked, or it is
 * `InteractionRequired`.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenError extends TokenErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const what = this.grant === "refresh_token" ? "renew the sign-in" : "finish the sign-in"
    if (this.reason !== "Rejected") {
      return `Cannot ${what} at ${this.issuer}${status(this.status)}: ${why(this.reason, this)}`
    }
    const wantsSecret = /client.?secret/i.test(this.description ?? "")
    const todo = isUnknownClient(this.error) || wantsSecret
      ? "It does not know this program (any more): check client.clientId and client.clientSecret; if it wants the secret " +
        "in another way, set client.authMethod"
      : "Sign in again"
    return `Cannot ${what}: ${this.issuer} answered${insteadOfJson(this.isWebPage)}${
      said(this.error, this.description)
    }${status(this.status)}. ${todo}`
  }
}

const RevocationErrorBase: TaggedErrorClass<
  "RevocationError",
  WhyFields & {
    reason: TokenReason
    /** The authorization server. */
    issuer: string
    /** The HTTP status, where there was a response. */
    status?: number | undefined
  }
> = printableError("RevocationError")

/**
 * The credentials were forgotten here, but the authorization server did not revoke the tokens (RFC 7009).
 *
 * @since 0.1.0
 * @category errors
 */
export class RevocationError extends RevocationErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const clause = this.reason === "Rejected" ? "it refused to end them" : (why(this.reason, this).split(". ")[0] ?? "")
    return `Signed out here, but ${this.issuer} may keep the tokens valid until they expire: ${clause}${
      status(this.status)
    }. To be sure, end the session on its own pages`
  }
}
