/**
 * Errors of requests to an authorization server: to register, to get tokens, to revoke them.
 */
import type { TaggedErrorClass } from "../TaggedError.ts"
import * as ClientRefusal from "./ClientRefusal.ts"
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

/**
 * The fields of {@link RegistrationError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const RegistrationErrorBase: TaggedErrorClass<
  "RegistrationError",
  WhyFields & {
    /** Why the program could not be registered. */
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
          ClientRefusal.mayConcernRedirectUri(this)
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

/**
 * The fields of {@link TokenError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const TokenErrorBase: TaggedErrorClass<
  "TokenError",
  WhyFields & {
    /** Why there is no token. */
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

/**
 * A token that can be revoked, as RFC 7009 section 2.1 names it.
 *
 * @since 0.1.0
 * @category models
 */
export type RevocableToken = "access_token" | "refresh_token"

/**
 * The fields of {@link RevocationError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const RevocationErrorBase: TaggedErrorClass<
  "RevocationError",
  WhyFields & {
    /** Why the tokens may not have been revoked. */
    reason: TokenReason
    /** The authorization server. */
    issuer: string
    /** The HTTP status, where there was a response. */
    status?: number | undefined
    /** The `error` of the response, such as `unsupported_token_type` (RFC 7009 section 2.2.1). */
    error?: string | undefined
    /** The `error_description` of the response. */
    description?: string | undefined
    /** The tokens that may still be valid. @default both */
    tokens?: ReadonlyArray<RevocableToken> | undefined
    /** When the access token expires, if it is among them and that is known: a time in UTC as ISO 8601 writes it. */
    validUntil?: string | undefined
  }
> = printableError("RevocationError")

/** What may still be valid, and until when. */
const stillValid = ({ tokens, validUntil }: Pick<RevocationError, "tokens" | "validUntil">): string => {
  const access = `the access token valid until ${validUntil ?? "it expires"}`
  if (tokens === undefined || tokens.length !== 1) {
    return validUntil === undefined
      ? "the tokens valid until they expire"
      : `${access}, and the refresh token until it expires`
  }
  return tokens[0] === "access_token" ? access : "the refresh token valid until it expires"
}

/**
 * The credentials were forgotten here, but the authorization server did not revoke the tokens (RFC 7009). `tokens` are those
 * that may still be valid. A server that ends the refresh token and says that it does not end access tokens
 * (`unsupported_token_type`) has done all that it offers: that is no error.
 *
 * @since 0.1.0
 * @category errors
 */
export class RevocationError extends RevocationErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const { tokens } = this
    const them = tokens === undefined || tokens.length !== 1 ? "them" : "it"
    const clause = this.reason === "Rejected"
      ? `it refused to end ${them}${
        this.error === undefined ? "" : `, and answered${said(this.error, this.description)}`
      }`
      : (why(this.reason, this).split(". ")[0] ?? "")
    // Pages of a server end its sessions, and with them its refresh tokens; no page ends an access token that is a JWT.
    const todo = tokens?.join() === "access_token"
      ? "Nothing can renew it. To end it sooner, ask its operator"
      : "To be sure, end the session on its own pages"
    return `Signed out here, but ${this.issuer} may keep ${stillValid(this)}: ${clause}${status(this.status)}. ${todo}`
  }
}
