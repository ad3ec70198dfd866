/**
 * Why a request to a server brought nothing, and the clauses in which errors say so.
 */
import { sentence } from "./NetworkWords.ts"
import { clockTime } from "./RetryAfter.ts"

/**
 * Why a request of the sign-in brought no usable response: the server could not be reached, did not answer in time,
 * answered 5xx, 408, 425 or 429, or sent something that could not be understood.
 *
 * @since 0.1.0
 * @category errors
 */
export type FaultReason = "Unreachable" | "TimedOut" | "ServerError" | "InvalidResponse"

/**
 * The fields that say why, of every error about a request.
 *
 * @since 0.1.0
 * @category errors
 */
export interface WhyFields {
  /**
   * The name that the system, TLS or the runtime has for what went wrong (`ENOTFOUND`, `DEPTH_ZERO_SELF_SIGNED_CERT`,
   * on Deno also `UnknownIssuer`), or the HTTP status (`"403"`).
   */
  code?: string | undefined
  /** Whether the answer was a web page (HTML) and not JSON. */
  isWebPage?: boolean | undefined
  /** When a busy server wants to be asked again, in milliseconds since 1970-01-01 UTC: before that it is not. */
  retryAfter?: number | undefined
  /** What `fetch` threw: names, messages and codes, without secrets. */
  cause?: unknown
}

const webPage = "it answered with a web page, not JSON"

/** What happened, then what to do. */
const faults: Readonly<Record<Exclude<FaultReason, "Unreachable">, string>> = {
  TimedOut: "it did not answer in time. Try again; if it stays, its operator has to look at it",
  ServerError: "it is busy, or has an internal error. Try again later; if it stays, its operator has to look at it",
  InvalidResponse: "its answer could not be understood. Its operator has to look at it"
}

/** What happened, then what to do. */
export const why = (reason: FaultReason, { cause, code, isWebPage, retryAfter }: Readonly<WhyFields>): string =>
  retryAfter !== undefined
    ? `it is busy, and is not asked again before ${clockTime(retryAfter)}. Try again after that`
    : reason === "Unreachable"
    ? sentence({ code, cause: cause instanceof Error ? cause : undefined })
    : reason === "InvalidResponse" && isWebPage === true
    ? `${webPage}. Check the URL, and whether a proxy or a sign-in page of the network stands in between`
    : faults[reason]

/** The clause about a web page, for a sentence of its own. */
export const insteadOfJson = (isWebPage: boolean | undefined): string =>
  isWebPage === true ? " with a web page, not JSON" : ""

/** What the server answered, quoted. */
export const said = (error: string | undefined, text: string | undefined): string => {
  const description = text?.replace(/\.$/, "")
  return error === undefined
    ? ""
    : ` ${JSON.stringify(error)}${description === undefined ? "" : `, ${JSON.stringify(description)}`}`
}

/** The HTTP status in brackets, where there was a response. That of a proxy is in its own sentence. */
export const status = (code: number | undefined): string => code === undefined || code === 407 ? "" : ` (HTTP ${code})`
