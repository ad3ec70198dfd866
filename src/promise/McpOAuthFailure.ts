/**
 * How the promises of a sign-in to an MCP server reject. The types name neither Effect nor an MCP SDK.
 */
import type { CallbackError } from "./Callback.ts"

/**
 * The errors that the promises of an `McpOAuth` reject with, told apart by `_tag`. Those of the callback are
 * {@link CallbackError}. `code` is the name that the system, TLS or the runtime has for what went wrong (`ENOTFOUND`,
 * `DEPTH_ZERO_SELF_SIGNED_CERT`, on Deno also `UnknownIssuer`), or the HTTP status (`"403"`); `cause` is what `fetch` or a
 * store threw, without secrets. `status` is the HTTP status, where there was a response; `isWebPage` whether that was a web page
 * (HTML) and not JSON; `retryAfter` when a busy server wants to be asked again, in milliseconds since 1970-01-01 UTC. `error` and
 * `description` are the `error` and the `error_description` of the response. `found` is the value that failed a check, absent
 * where there is none, and `expected` the one that it should have, where there is only one.
 *
 * @since 0.1.0
 * @category errors
 */
export type McpOAuthFailure =
  | CallbackError
  | (
    & Error
    & {
      readonly reason: string
      readonly status?: number
      readonly code?: string
      readonly isWebPage?: boolean
      readonly retryAfter?: number
      readonly cause?: unknown
    }
    & (
      | { readonly _tag: "DiscoveryError"; readonly server: string; readonly url: string }
      | {
        readonly _tag: "RegistrationError"
        readonly issuer: string
        readonly error?: string
        readonly description?: string
      }
      | {
        readonly _tag: "TokenError"
        readonly grant: "authorization_code" | "refresh_token"
        readonly issuer: string
        readonly error?: string
        readonly description?: string
      }
      | {
        readonly _tag: "RevocationError"
        readonly issuer: string
        readonly error?: string
        readonly description?: string
        readonly tokens?: ReadonlyArray<"access_token" | "refresh_token">
        readonly validUntil?: string
      }
    )
  )
  | (
    & Error
    & (
      | { readonly _tag: "InvalidServerUrl"; readonly reason: string }
      | {
        readonly _tag: "UntrustedMetadata"
        readonly reason: string
        readonly server: string
        readonly field: string
        readonly found?: string
        readonly expected?: string
      }
      | {
        readonly _tag: "InteractionRequired"
        readonly reason: string
        readonly server: string
        readonly scope?: string
      }
      | { readonly _tag: "InvalidElicitation"; readonly reason: string; readonly server: string }
      | { readonly _tag: "InvalidRequest" | "RedirectError" }
      | {
        readonly _tag: "CredentialStoreError"
        readonly reason: string
        readonly detail: string
        readonly code?: string
        readonly cause?: unknown
      }
      | { readonly _tag: "SdkMissing"; readonly cause?: unknown }
      | {
        readonly _tag: "McpConnectError"
        readonly server: string
        readonly detail: string
        readonly code?: string
        readonly cause?: unknown
      }
    )
  )
