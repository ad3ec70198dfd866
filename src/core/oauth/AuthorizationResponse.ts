/**
 * Checks an authorization response (RFC 6749 section 4.1.2, RFC 9207).
 *
 * A response changes its type with each check it passes, so that no later step can take an unchecked one:
 * `Parameters` (from any sender) → `Matched` (the sender knows this flow's `state`) → `Checked` (a code).
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { AuthorizationDenied, InvalidResponse } from "./FlowError.ts"
import type { StateProblem } from "./RefusalReason.ts"
import { printable, printableUrl } from "../text/SafeText.ts"
import { withoutSecrets } from "../text/SecretText.ts"

/**
 * Parameters of a response, percent-decoded, from any sender.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parameters {
  /** Tells the type from others. No value has it. */
  readonly brand: "Parameters"
}

/** Parameters whose `state` is the expected one, exactly once: only they may end a flow. */
export interface Matched {
  readonly brand: "Matched"
}

/** What is expected of a response, besides `state`. */
export interface Expected {
  /** The issuer identifier of the authorization server; an `iss` in the response must equal it exactly. */
  readonly issuer?: string | undefined
  /** Whether the server's metadata has `authorization_response_iss_parameter_supported`; then `iss` must be present. */
  readonly issuerRequired?: boolean | undefined
}

/**
 * A response that passed every check.
 *
 * @since 0.1.0
 * @category models
 */
export interface Checked {
  /** Authorization code: single use, usually valid for at most 600 seconds. */
  readonly code: Redacted.Redacted<string>
  /** The issuer that the response names, if it names one. */
  readonly iss?: string
}

/**
 * Reads `application/x-www-form-urlencoded` text: a query without its `?`, or a posted form. It never fails: an invalid
 * percent-escape is kept as text (WHATWG URL Standard, urlencoded parsing). A byte order mark is dropped, and a separator
 * that a server has escaped for HTML is one: no parameter has a name that begins with `amp;`.
 */
export const parse = (query: string): Parameters =>
  new URLSearchParams(query.replace(/^\ufeff/, "").replace(/&(?:amp;)+/gi, "&")) as unknown as Parameters

const searchParams = (parameters: Parameters | Matched): URLSearchParams => parameters as unknown as URLSearchParams

/** Whether a parameter is present, whatever its value. */
export const has = (parameters: Parameters, name: string): boolean => searchParams(parameters).has(name)

/** Whether the parameters report an error and bring no code. */
export const isDenial = (parameters: Parameters): boolean => {
  const [error, code] = ["error", "code"].map((name) => searchParams(parameters).get(name) ?? "")
  return error !== "" && code === ""
}

/** The first `state`, to look up a flow by. It proves nothing until `matchState` has compared it. */
export const claimedState = (parameters: Parameters): string | undefined =>
  searchParams(parameters).get("state") ?? undefined

/** Compares in a time that does not depend on how much of a guess is right. The length is not a secret. */
const equalInConstantTime = (left: string, right: string): boolean => {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index)
  return difference === 0
}

/**
 * The first check, before anything else is read: a sender that does not know `state` cannot end a sign-in, neither with a
 * code nor with an error.
 *
 * @returns `Right` with the same parameters, now known to answer this flow's request, or `Left` with
 *   - `StateMissing` when there is no `state`, or an empty one; `DenialWithoutState` when there is an `error` beside;
 *   - `StateRepeated` when there are several (RFC 6749 section 3.1);
 *   - `StateMismatch` when it is another one.
 */
export const matchState = (
  parameters: Parameters,
  state: Redacted.Redacted<string>
): Either.Either<Matched, StateProblem> => {
  const states = searchParams(parameters).getAll("state")
  if (states.length > 1) return Either.left("StateRepeated")
  const claimed = states[0]
  if (claimed === undefined || claimed === "") {
    return Either.left(isDenial(parameters) ? "DenialWithoutState" : "StateMissing")
  }
  return equalInConstantTime(claimed, Redacted.value(state))
    ? Either.right(parameters as unknown as Matched)
    : Either.left("StateMismatch")
}

/** A parameter that is shown or logged. The server may have repeated the code or the state in it, which is cut out. */
const textWithoutSecrets = (parameters: URLSearchParams, name: string): string => {
  const text = parameters.get(name) ?? ""
  return text === "" ? "" : withoutSecrets(text, [parameters.get("state") ?? "", parameters.get("code") ?? ""])
}

/**
 * Whether `iss` is the issuer, to the letter. Microsoft Entra ID publishes one document for all tenants, with the text
 * `{tenantid}` in the issuer where `iss` has the tenant that the person belongs to: any one there is that issuer. No other
 * issuer holds a brace, which no URL does.
 */
const isIssuer = (iss: string, expected: string): boolean => {
  const parts = expected.split("{tenantid}")
  const [before = "", after = ""] = parts
  // In the path alone: at another origin it would be another server.
  if (parts.length !== 2 || !/^https?:\/\/[^/?#]+\//.test(before)) return iss === expected
  const tenant = iss.slice(before.length, iss.length - after.length)
  return /^[\w-][\w.-]*$/.test(tenant) && iss === `${before}${tenant}${after}`
}

const single = ["iss", "error", "error_description", "error_uri", "code"] as const

/**
 * The other checks, in this order: repeated parameters, `iss`, `error`, `code`. The first failure is returned.
 *
 * An empty `error` or `code` counts as absent (RFC 6749 section 3.1); so does an empty `iss`, unless an issuer is
 * expected.
 *
 * @returns `Right` with the code, or `Left` with
 *   - `InvalidResponse` of reason `RepeatedParameter`, `IssuerMismatch`, `IssuerMissing` or `CodeMissing`;
 *   - `AuthorizationDenied` when the server reports an error. After an issuer mismatch the text of an error is not kept.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 | RFC 6749 section 4.1.2}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207#section-2.4 | RFC 9207 section 2.4}
 */
export const check = (
  matched: Matched,
  expected: Expected
): Either.Either<Checked, AuthorizationDenied | InvalidResponse> => {
  const parameters = searchParams(matched)
  for (const parameter of single) {
    if (parameters.getAll(parameter).length > 1) {
      return Either.left(new InvalidResponse({ reason: "RepeatedParameter", parameter }))
    }
  }
  const named = parameters.get("iss") ?? undefined
  const iss = named === "" && expected.issuer === undefined ? undefined : named
  if (iss === undefined) {
    if (expected.issuerRequired === true) {
      return Either.left(new InvalidResponse({ reason: "IssuerMissing", parameter: "iss" }))
    }
  } else if (expected.issuer !== undefined && !isIssuer(iss, expected.issuer)) {
    return Either.left(new InvalidResponse({ reason: "IssuerMismatch", parameter: "iss" }))
  }
  const error = textWithoutSecrets(parameters, "error")
  if (error !== "") {
    const description = printable(textWithoutSecrets(parameters, "error_description"), 500)
    const uri = printableUrl(textWithoutSecrets(parameters, "error_uri"))
    return Either.left(
      new AuthorizationDenied({
        error: printable(error, 100) || "unprintable",
        ...(description !== "" && { description }),
        ...(uri !== undefined && { uri })
      })
    )
  }
  const code = parameters.get("code")
  if (code === null || code === "") {
    return Either.left(new InvalidResponse({ reason: "CodeMissing", parameter: "code" }))
  }
  return Either.right(iss === undefined ? { code: Redacted.make(code) } : { code: Redacted.make(code), iss })
}
