/**
 * How signing in to an MCP server fails, before and after the person's part of it.
 *
 * No field holds anything that was sent to a server or came back, except the `error` and `error_description` of RFC 6749,
 * and identifiers of the servers. These are made printable, and every secret that was sent is removed from them.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"
import { kindOf } from "./NetworkFault.ts"
import { sentence } from "./NetworkWords.ts"
import { printableError } from "./PrintableError.ts"

export {
  isUnknownClient,
  RegistrationError,
  type RegistrationReason,
  type RevocableToken,
  RevocationError,
  TokenError,
  type TokenReason
} from "./AuthorizationServerError.ts"
export type { FaultReason } from "./FaultReason.ts"
export { DiscoveryError, UntrustedMetadata, type UntrustedReason } from "./MetadataError.ts"

/**
 * The fields of {@link InteractionRequired}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const InteractionRequiredBase: TaggedErrorClass<"InteractionRequired", {
  /** The MCP server. */
  server: string
  /**
   * `SignedOut`: another caller signed out while this one waited. `Rejected`: the server does not take the token there is,
   * or took none of the last sign-in. `InsufficientAuthentication`: the person has to be authenticated in another way, or
   * anew (RFC 9470). `Declined`, `TimedOut`, `Failed`: how the last sign-in ended.
   */
  reason:
    | "NotSignedIn"
    | "SignedOut"
    | "Rejected"
    | "InsufficientScope"
    | "InsufficientAuthentication"
    | "Declined"
    | "TimedOut"
    | "Failed"
  /** The scopes that have to be granted, separated by spaces, where they are known. */
  scope?: string | undefined
}> = printableError("InteractionRequired")

const interactions: Readonly<Record<InteractionRequired["reason"], string>> = {
  NotSignedIn: "nobody is signed in",
  SignedOut: "it was signed out meanwhile",
  Rejected: "the server does not take its sign-in (any more)",
  InsufficientScope: "more access has to be granted",
  InsufficientAuthentication: "the server wants a newer or stronger sign-in for this",
  Declined: "the last sign-in was declined, so no browser was opened again",
  TimedOut: "the last sign-in got no answer in time, so no browser was opened again",
  Failed: "the last sign-in failed, so no browser was opened again"
}

/**
 * A person has to sign in, but `interactive` is false, another caller signed out meanwhile, or a person was just asked in
 * vain: then requests open nothing until `ensure`, `login` or `connect` is called, or ten minutes have passed. No browser
 * was opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class InteractionRequired extends InteractionRequiredBase {
  /** What happened, then what to do. */
  override get message(): string {
    return `Cannot use ${this.server} without a person: ${
      interactions[this.reason]
    }. Sign in where a person can answer, with \`login\`, and try again${
      this.reason === "Rejected"
        ? ". If this comes again and again, the server may want a token for an audience of its own, or renew none unless it " +
          "is asked to: see authorizationParameters (audience; access_type) and scope"
        : ""
    }`
  }
}

/**
 * The fields of {@link SdkMissing}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const SdkMissingBase: TaggedErrorClass<"SdkMissing", {
  /** What the import threw. */
  cause?: unknown
}> = Data.TaggedError("SdkMissing")

/**
 * Neither MCP SDK is installed, and `connect` was given no transport: both are optional peer dependencies of this package.
 *
 * @since 0.1.0
 * @category errors
 */
export class SdkMissing extends SdkMissingBase {
  /** What happened, then what to do. */
  override get message(): string {
    return "Cannot load a transport: no MCP SDK is installed. Install the one that your client is of: " +
      'npm install "@modelcontextprotocol/sdk@^1.31", or npm install "@modelcontextprotocol/client@^2"; or pass `transport`'
  }
}

/**
 * The fields of {@link McpConnectError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const McpConnectErrorBase: TaggedErrorClass<"McpConnectError", {
  /** The MCP server. */
  server: string
  /** The message of the client's error, made printable and without tokens. */
  detail: string
  /** The HTTP status (`"403"`), or the name that the system, TLS or the client has for what went wrong. */
  code?: string | undefined
  /** What the client threw: names, messages and codes, without secrets. */
  cause?: unknown
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
    const { cause, code } = this
    if (kindOf(code) !== undefined) {
      return `Cannot connect to ${this.server}: ${
        sentence({ code, cause: cause instanceof Error ? cause : undefined })
      }`
    }
    const inBrackets = code === undefined || this.detail.includes(code)
      ? ""
      : ` (${/^\d{3}$/.test(code) ? `HTTP ${code}` : code})`
    return `Cannot connect to ${this.server}: ${this.detail}${inBrackets}. ` +
      "Check the URL, and that it speaks the transport in use"
  }
}
