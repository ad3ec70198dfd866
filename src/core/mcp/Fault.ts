/**
 * Why a request to an authorization server failed, told from what came back.
 */
import { printable } from "../text/SafeText.ts"
import { withoutSecrets } from "../text/SecretText.ts"
import * as NetworkFault from "./NetworkFault.ts"
import type { Document } from "./ResponseDocument.ts"
import type { FaultReason } from "./SignInError.ts"

/** How a request ended. `Failed`: no response came. `TimedOut`: none came in time. */
export type Outcome =
  | { readonly _tag: "Failed"; readonly url: string; readonly error: unknown }
  | { readonly _tag: "TimedOut"; readonly url: string }
  | {
    readonly _tag: "Answered"
    readonly url: string
    readonly status: number
    readonly document?: Document
    /** When it wants to be asked again, in milliseconds since 1970-01-01 UTC. */
    readonly retryAfter?: number
    /** There is no document because it is nested too deep to be used. */
    readonly isTooDeep?: boolean
    /** There is no document because it is a web page. */
    readonly isWebPage?: boolean
  }

/** A response that says yes, with a document. */
export const documentOf = (outcome: Outcome): Document | undefined =>
  outcome._tag === "Answered" && outcome.status < 300 ? outcome.document : undefined

/** Why a request failed. */
export interface Fault {
  readonly reason: FaultReason | "Rejected"
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly description?: string | undefined
  /** Why no response came; see `NetworkFault`. */
  readonly code?: string | undefined
  readonly cause?: unknown
  readonly isWebPage?: boolean | undefined
  readonly retryAfter?: number | undefined
}

/** Whether a response is a web page: what proxies, firewalls and sign-in pages of networks send in place of JSON. */
export const isWebPage = (contentType: string | null, text: string): boolean =>
  /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? "") ||
  /^\ufeff?\s{0,100}<(!doctype\s+html|html)\b/i.test(text)

/** A text of the response, printable and at most `limit` characters long. */
const textOf = (
  document: Document | undefined,
  name: string,
  limit: number,
  secrets: ReadonlyArray<string | undefined>
): string | undefined => {
  const value = document?.[name]
  // The length is limited before the search, so that a long text costs no more than a short one; and the text is not cut
  // before the search, because half of a secret would not be found.
  const text = typeof value === "string" && value.length <= 10_000
    ? printable(withoutSecrets(value, secrets), limit)
    : ""
  return text === "" ? undefined : text
}

/**
 * Why a request failed. An outcome that looks like a success is an `InvalidResponse`: the caller could not use it. An
 * error counts in a 200 response too: GitHub sends it so.
 *
 * @param secrets What was sent, to be removed from the texts of the response.
 */
export const of = (outcome: Outcome, secrets: ReadonlyArray<string | undefined> = []): Fault => {
  if (outcome._tag === "TimedOut") return { reason: "TimedOut" }
  if (outcome._tag === "Failed") return { reason: "Unreachable", ...NetworkFault.of(outcome.error, secrets) }
  const { document, status } = outcome
  const page = outcome.isWebPage === true && { isWebPage: true }
  // A proxy's own answer. The server was not reached.
  if (status === 407) return { reason: "Unreachable", status }
  const error = textOf(document, "error", 100, secrets)
  // 408, 425 and 429 say nothing about the request either: it can only be tried again later.
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const { retryAfter } = outcome
    return { reason: "ServerError", status, error, ...page, ...(retryAfter !== undefined && { retryAfter }) }
  }
  if (error !== undefined) {
    return { reason: "Rejected", status, error, description: textOf(document, "error_description", 500, secrets) }
  }
  // A redirect is not followed, because the body holds secrets; it is an invalid response.
  return { reason: status >= 400 ? "Rejected" : "InvalidResponse", status, ...page }
}
