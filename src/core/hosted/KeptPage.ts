/**
 * The outcome of a sign-in, as it is kept for the last page, and the text it is kept as.
 */
import { AuthorizationDenied, InvalidResponse, type InvalidResponseReason } from "../oauth/FlowError.ts"
import type { Outcome } from "../page/CallbackPage.ts"

/** What the last page shows. */
export interface KeptPage {
  readonly outcome: Outcome
  readonly serverName: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly until: number
}

const fieldsOf = (outcome: Outcome): object => {
  switch (outcome._tag) {
    case "Denied": {
      const { description, error, uri } = outcome.error
      return { error, description, uri }
    }
    case "Invalid":
      return { reason: outcome.error.reason, parameter: outcome.error.parameter }
    case "Failed":
      return { reason: outcome.reason }
    default:
      return {}
  }
}

/** Writes it as text. */
export const encode = ({ outcome, serverName, until }: KeptPage): string =>
  JSON.stringify({ tag: outcome._tag, fields: fieldsOf(outcome), serverName, until })

interface Written {
  readonly tag: Outcome["_tag"]
  readonly fields: {
    readonly error?: string
    readonly description?: string
    readonly uri?: string
    readonly reason?: string
    readonly parameter?: InvalidResponse["parameter"]
  }
  readonly serverName: string
  readonly until: number
}

const outcomeOf = ({ fields, tag }: Written): Outcome => {
  const { description, error = "", parameter = "code", reason, uri } = fields
  switch (tag) {
    case "SignedIn":
      return { _tag: "SignedIn" }
    case "Denied":
      return {
        _tag: "Denied",
        error: new AuthorizationDenied({
          error,
          ...(description !== undefined && { description }),
          ...(uri !== undefined && { uri })
        })
      }
    case "Invalid":
      return { _tag: "Invalid", error: new InvalidResponse({ reason: reason as InvalidResponseReason, parameter }) }
    case "Failed":
      return { _tag: "Failed", reason }
    default:
      return { _tag: "Received" }
  }
}

/** Reads what {@link encode} wrote; the text is authentic. `undefined` where another version wrote it otherwise. */
export const decode = (text: string): KeptPage | undefined => {
  try {
    const written = JSON.parse(text) as Written
    return { outcome: outcomeOf(written), serverName: String(written.serverName), until: Number(written.until) }
  } catch {
    return undefined
  }
}
