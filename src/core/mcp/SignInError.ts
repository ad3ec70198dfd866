/**
 * How signing in to an MCP server fails, before and after the person's part of it.
 *
 * No field holds anything that was sent to a server or came back, except the `error` and `error_description` of RFC 6749.
 * These are made printable, and every secret that was sent is removed from them.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { printableError } from "./PrintableError.ts"

/**
 * Why a request of the sign-in brought no usable response: the server could not be reached, did not answer in time,
 * answered 5xx, 408 or 429, or sent something that could not be understood.
 *
 * @since 0.1.0
 * @category errors
 */
export type FaultReason = "Unreachable" | "TimedOut" | "ServerError" | "InvalidResponse"

const faults: Readonly<Record<FaultReason, string>> = {
  Unreachable: "it could not be reached. Check the connection, and try again",
  TimedOut: "it did not answer in time. Try again; if it stays, its operator has to look at it",
  ServerError: "it is busy, or has an internal error. Try again later; if it stays, its operator has to look at it",
  InvalidResponse: "its answer could not be understood. Its operator has to look at it"
}

const said = (error: string | undefined, text: string | undefined): string => {
  const description = text?.replace(/\.$/, "")
  return error === undefined
    ? ""
    : ` ${JSON.stringify(error)}${description === undefined ? "" : `, ${JSON.stringify(description)}`}`
}

const status = (code: number | undefined): string => code === undefined ? "" : ` (HTTP ${code})`

const DiscoveryErrorBase: TaggedErrorClass<"DiscoveryError", {
  reason: FaultReason | "NoMetadata"
  /** The MCP server. */
  server: string
  /** The URL that was asked. */
  url: string
  /** The HTTP status, where there was a response. */
  status?: number | undefined
}> = printableError("DiscoveryError")

/**
 * Where to sign in could not be found out (RFC 9728, RFC 8414). `NoMetadata`: neither the server nor the authorization
 * server that it names publishes how to sign in.
 *
 * @since 0.1.0
 * @category errors
 */
export class DiscoveryError extends DiscoveryErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const why = this.reason === "NoMetadata"
      ? "nothing there says how to sign in. Check the URL of the server; if it is right, it needs no sign-in of this " +
        "kind, or its operator has to publish the metadata"
      : faults[this.reason]
    return `Cannot find out how to sign in to ${this.server}: asked ${this.url}${status(this.status)}, ${why}`
  }
}

/**
 * Which check of the published metadata failed. `IssuerChanged`: the configured client belongs to another issuer.
 * `Malformed`: an identifier holds other characters than printable ASCII or is too long (an issuer has 2,048 at most, another
 * URL 16,384), or a document is nested too deep.
 *
 * @since 0.1.0
 * @category errors
 */
export type UntrustedReason =
  | "ResourceMismatch"
  | "IssuerMismatch"
  | "IssuerMissing"
  | "IssuerChanged"
  | "Malformed"
  | "MissingS256"
  | "InsecureUrl"
  | "ResponseTypeMissing"

const UntrustedMetadataBase: TaggedErrorClass<"UntrustedMetadata", {
  reason: UntrustedReason
  /** The MCP server. */
  server: string
  /** The field that failed the check. */
  field: string
  /** Its value, made printable; absent where it has none. */
  found?: string | undefined
  /** The value that it should have, where there is only one. */
  expected?: string | undefined
}> = printableError("UntrustedMetadata")

const untrusted: Readonly<Record<UntrustedReason, string>> = {
  ResourceMismatch: "so a token would be for another server (RFC 9728 section 3.3). Check the URL of the server",
  IssuerMissing: "so it could be anybody's (RFC 8414 section 2). Its operator has to correct it",
  IssuerMismatch:
    "so another server may be posing as the authorization server (RFC 8414 section 3.3). Its operator has " +
    "to correct it; if you trust it nevertheless, set unsafe.allowIssuerMismatch",
  IssuerChanged: "but the configured client belongs to another authorization server, and is not shown to this one. " +
    "Check with the server's operator, then set client.issuer to it",
  Malformed:
    "which is longer, or nested deeper, than anything of use, or holds other characters than printable ASCII. " +
    "Its operator has to correct it",
  MissingS256:
    "so a stolen code could be used (RFC 7636; MCP requires S256). Its operator has to turn PKCE on, and say " +
    "so; if you know that it is on, set unsafe.allowMissingS256",
  InsecureUrl: "which is no https: URL, or points into the machine of whoever signs in. Its operator has to correct it",
  ResponseTypeMissing: "so it grants no authorization codes. Use another way to sign in to it"
}

/**
 * What a server publishes about signing in failed a check, so nothing was sent there and no browser was opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class UntrustedMetadata extends UntrustedMetadataBase {
  /** What happened, then what to do. */
  override get message(): string {
    const found = this.found === undefined ? "missing" : JSON.stringify(this.found)
    const instead = this.expected === undefined
      ? ""
      : this.found === undefined
      ? ` (it should be ${JSON.stringify(this.expected)})`
      : ` instead of ${JSON.stringify(this.expected)}`
    return `Refused to sign in to ${this.server}: ${this.field} is ${found}${instead}, ${untrusted[this.reason]}`
  }
}

/**
 * Why this program could not be registered at an authorization server. `NotSupported`: the server offers no dynamic
 * registration, and no other client is configured.
 *
 * @since 0.1.0
 * @category errors
 */
export type RegistrationReason = FaultReason | "NotSupported" | "Rejected" | "InvalidClientMetadataUrl"

const RegistrationErrorBase: TaggedErrorClass<"RegistrationError", {
  reason: RegistrationReason
  /** The authorization server. */
  issuer: string
  /** The HTTP status, where there was a response. */
  status?: number | undefined
  /** The `error` of the response. */
  error?: string | undefined
  /** The `error_description` of the response. */
  description?: string | undefined
}> = printableError("RegistrationError")

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
        return `Cannot register at ${this.issuer}: it answered${said(this.error, this.description)}${
          status(this.status)
        }. Register this program there by hand, and set client.clientId`
      default:
        return `Cannot register at ${this.issuer}${status(this.status)}: ${faults[this.reason]}`
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

const TokenErrorBase: TaggedErrorClass<"TokenError", {
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
}> = printableError("TokenError")

/**
 * The token endpoint gave no usable token (RFC 6749 section 5). With `grant: "refresh_token"` and another reason than
 * `Rejected`, the stored credentials are kept and no browser was opened: it may succeed when it is tried again.
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenError extends TokenErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const what = this.grant === "refresh_token" ? "renew the sign-in" : "finish the sign-in"
    if (this.reason !== "Rejected") {
      return `Cannot ${what} at ${this.issuer}${status(this.status)}: ${faults[this.reason]}`
    }
    const todo = isUnknownClient(this.error)
      ? "It does not know this program (any more): check client.clientId and client.clientSecret"
      : "Sign in again"
    return `Cannot ${what}: ${this.issuer} answered${said(this.error, this.description)}${status(this.status)}. ${todo}`
  }
}

const RevocationErrorBase: TaggedErrorClass<"RevocationError", {
  reason: TokenReason
  /** The authorization server. */
  issuer: string
  /** The HTTP status, where there was a response. */
  status?: number | undefined
}> = printableError("RevocationError")

/**
 * The credentials were forgotten here, but the authorization server did not revoke the tokens (RFC 7009).
 *
 * @since 0.1.0
 * @category errors
 */
export class RevocationError extends RevocationErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const why = this.reason === "Rejected" ? "it refused to end them" : (faults[this.reason].split(". ")[0] ?? "")
    return `Signed out here, but ${this.issuer} may keep the tokens valid until they expire: ${why}${
      status(this.status)
    }. To be sure, end the session on its own pages`
  }
}

const InteractionRequiredBase: TaggedErrorClass<"InteractionRequired", {
  /** The MCP server. */
  server: string
  /** `SignedOut`: another caller signed out while this one waited. `Rejected`: the stored credentials are no longer valid. */
  reason: "NotSignedIn" | "SignedOut" | "Rejected" | "InsufficientScope"
  /** The scopes that have to be granted, separated by spaces, where they are known. */
  scope?: string | undefined
}> = printableError("InteractionRequired")

const interactions: Readonly<Record<InteractionRequired["reason"], string>> = {
  NotSignedIn: "nobody is signed in",
  SignedOut: "it was signed out meanwhile",
  Rejected: "the stored sign-in is no longer valid",
  InsufficientScope: "more access has to be granted"
}

/**
 * A person has to sign in, but `interactive` is false, or another caller signed out meanwhile. No browser was opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class InteractionRequired extends InteractionRequiredBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use ${this.server} without a person: ${
      interactions[this.reason]
    }. Sign in where a person can answer, with \`login\`, and try again`
  }
}

const SdkMissingBase: TaggedErrorClass<"SdkMissing", { cause?: unknown }> = Data.TaggedError("SdkMissing")

/**
 * The MCP SDK is not installed: it is an optional peer dependency of this package.
 *
 * @since 0.1.0
 * @category errors
 */
export class SdkMissing extends SdkMissingBase {
  /** What happened, then what to do. */
  override get message(): string {
    return 'Cannot load the MCP SDK. Install it: npm install "@modelcontextprotocol/sdk@^1.31"'
  }
}

const McpConnectErrorBase: TaggedErrorClass<"McpConnectError", {
  /** The MCP server. */
  server: string
  /** The message of the client's error, made printable and without tokens. */
  detail: string
}> = printableError("McpConnectError")

/**
 * The sign-in succeeded or was not needed, but the client could not connect.
 *
 * @since 0.1.0
 * @category errors
 */
export class McpConnectError extends McpConnectErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot connect to ${this.server}: ${this.detail}. Check the URL, and that it speaks the transport in use`
  }
}
