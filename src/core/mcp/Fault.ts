/**
 * What became of a request to an authorization server, and what that means.
 */
import { printable } from "../text/SafeText.ts"
import { withoutSecrets } from "../text/SecretText.ts"
import type { Document } from "./Metadata.ts"
import type { FaultReason } from "./SignInError.ts"

/** What is known of the last request of a step. */
export type Outcome =
  | { readonly _tag: "NotSent" }
  | { readonly _tag: "Failed"; readonly url: string }
  | { readonly _tag: "Answered"; readonly url: string; readonly status: number; readonly document?: Document }

/** An answer that is not the wished one. */
export interface Fault {
  readonly reason: FaultReason | "Rejected"
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly description?: string | undefined
}

const wordOf = (
  document: Document | undefined,
  name: string,
  limit: number,
  secrets: ReadonlyArray<string | undefined>
): string | undefined => {
  const value = document?.[name]
  // Cut first: a long text costs no more than a short one. A secret that the cut parts would no longer be found.
  const text = typeof value === "string" && value.length <= 10_000
    ? printable(withoutSecrets(value, secrets), limit)
    : ""
  return text === "" ? undefined : text
}

/**
 * The fault in an outcome; of a success, that it could not be understood. An error in a `200` counts: GitHub writes so.
 *
 * @param secrets What was sent, and must not come back in a message.
 */
export const of = (outcome: Outcome, secrets: ReadonlyArray<string | undefined> = []): Fault => {
  if (outcome._tag !== "Answered") return { reason: "Unreachable" }
  const { document, status } = outcome
  const error = wordOf(document, "error", 100, secrets)
  // 408 and 429 say nothing about what was sent either: trying again later is all there is to do.
  if (status >= 500 || status === 408 || status === 429) return { reason: "ServerError", status, error }
  if (error !== undefined) {
    return { reason: "Rejected", status, error, description: wordOf(document, "error_description", 500, secrets) }
  }
  // A redirect is followed to no other place with a secret in the body.
  return status >= 400 ? { reason: "Rejected", status } : { reason: "InvalidResponse", status }
}
