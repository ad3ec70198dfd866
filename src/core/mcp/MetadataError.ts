/**
 * Errors about what servers publish: where to sign in could not be found out, or is not to be trusted.
 */
import type { TaggedErrorClass } from "../TaggedError.ts"
import { printableError } from "./PrintableError.ts"
import { type FaultReason, insteadOfJson, status, why, type WhyFields } from "./FaultReason.ts"
import { parseUrl } from "./SecureUrl.ts"

/**
 * The fields of {@link DiscoveryError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const DiscoveryErrorBase: TaggedErrorClass<
  "DiscoveryError",
  WhyFields & {
    /** What kept the metadata from being read. */
    reason: FaultReason | "NoMetadata"
    /** The MCP server. */
    server: string
    /** The URL that was asked. */
    url: string
    /** The HTTP status, where there was a response. */
    status?: number | undefined
  }
> = printableError("DiscoveryError")

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
    const clause = this.reason === "NoMetadata"
      ? `nothing there says how to sign in${
        this.isWebPage === true ? `: it answered${insteadOfJson(true)}` : ""
      }. Check the URL of the server; if it is right, it needs no sign-in of this ` +
        "kind, or its operator has to publish the metadata; if you know where its authorization server publishes its own, " +
        "set authorizationServerMetadataUrl to that"
      : why(this.reason, this)
    return `Cannot find out how to sign in to ${this.server}: asked ${this.url}${status(this.status)}, ${clause}`
  }
}

/**
 * Which check of the published metadata failed. `IssuerChanged`: the configured client belongs to another issuer.
 * `Malformed`: an identifier is of another type, holds other characters than printable ASCII, or is too long (an issuer has
 * 2,048 at most, another URL 16,384), or a document is nested too deep.
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

/**
 * The fields of {@link UntrustedMetadata}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const UntrustedMetadataBase: TaggedErrorClass<"UntrustedMetadata", {
  /** Which check failed. */
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
  ResourceMismatch:
    "so a token would be for another server (RFC 9728 section 3.3). Check the URL of the server; if you " +
    "trust it nevertheless, set unsafe.allowResourceMismatch",
  IssuerMissing: "so it could be anybody's (RFC 8414 section 2). Its operator has to correct it",
  IssuerMismatch:
    "so another server may be posing as the authorization server (RFC 8414 section 3.3). Its operator has " +
    "to correct it; if you trust it nevertheless, set unsafe.allowIssuerMismatch",
  IssuerChanged: "but the configured client belongs to another authorization server, and is not shown to this one. " +
    "Check with the server's operator, then set client.issuer to it",
  Malformed:
    "which is of another type, longer or nested deeper than anything of use, or holds other characters than printable " +
    "ASCII. Its operator has to correct it",
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
    // Without a URL there is no resource that could be asked for all the same.
    const clause = this.reason === "ResourceMismatch" && parseUrl(this.found ?? "") === undefined
      ? "so nothing says which server a token would be for (RFC 9728 section 2). Its operator has to correct it"
      : untrusted[this.reason]
    return `Refused to sign in to ${this.server}: ${this.field} is ${found}${instead}, ${clause}`
  }
}
