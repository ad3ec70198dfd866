/**
 * Why a request to a server brought nothing, and the clauses in which errors say so.
 */

/**
 * Why a request of the sign-in brought no usable response: the server could not be reached, did not answer in time,
 * answered 5xx, 408 or 429, or sent something that could not be understood.
 *
 * @since 0.1.0
 * @category errors
 */
export type FaultReason = "Unreachable" | "TimedOut" | "ServerError" | "InvalidResponse"

/** What happened, then what to do. */
export const faults: Readonly<Record<FaultReason, string>> = {
  Unreachable: "it could not be reached. Check the connection, and try again",
  TimedOut: "it did not answer in time. Try again; if it stays, its operator has to look at it",
  ServerError: "it is busy, or has an internal error. Try again later; if it stays, its operator has to look at it",
  InvalidResponse: "its answer could not be understood. Its operator has to look at it"
}

/** What the server answered, quoted. */
export const said = (error: string | undefined, text: string | undefined): string => {
  const description = text?.replace(/\.$/, "")
  return error === undefined
    ? ""
    : ` ${JSON.stringify(error)}${description === undefined ? "" : `, ${JSON.stringify(description)}`}`
}

/** The HTTP status in brackets, where there was a response. */
export const status = (code: number | undefined): string => code === undefined ? "" : ` (HTTP ${code})`
