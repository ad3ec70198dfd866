/**
 * The options of the authorization request, checked, and what of them tells tokens apart.
 */
import * as Either from "effect/Either"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import type { AuthorizationOptions } from "./AuthorizationOptions.ts"
import { InvalidOptions } from "../InvalidOptions.ts"
import * as ScopeSet from "./ScopeSet.ts"
import { parseUrl, urlProblem } from "./SecureUrl.ts"
import type { Unsafe } from "./Unsafe.ts"

/** The options, checked. */
export interface AuthorizationChoice {
  readonly authorizationParameters: Readonly<Record<string, string>>
  readonly authorizationServerMetadataUrl: string | undefined
  readonly offlineAccess: boolean
  /** Scopes beside those that the server asks for. */
  readonly scope: string | undefined
  /** These scopes and no others; an empty text is none at all. */
  readonly exactScope: string | undefined
}

/** The most letters of a parameter that is added. */
const maxLength = 4000

const isPlainObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

const isText = (value: unknown): value is string => typeof value === "string"

/** Whether a text holds scopes that can be sent (RFC 6749 section 3.3). */
const isScope = (value: unknown): value is string => isText(value) && ScopeSet.parse(value).every(ScopeSet.isScope)

const problemOf = (name: string, value: unknown): string | undefined => {
  // Some frameworks read a name in other letters, or with brackets, as the name itself.
  const owned = name.trim().toLowerCase().replace(/\[.*/s, "")
  if (AuthorizationRequest.ownedParameters.includes(owned)) {
    const instead: Readonly<Record<string, string>> = {
      scope: "use the option scope",
      resource: "it is the server's; to leave it out, set unsafe.omitResource",
      response_mode: "use callback.responseMode"
    }
    return `${name} is set by the sign-in itself: ${instead[owned] ?? "leave it out"}`
  }
  if (name === "" || !isText(value)) return `${JSON.stringify(name)} has to be a text with a name`
  return value.length > maxLength ? `${name} is longer than ${maxLength} characters` : undefined
}

/** Checks the options. @returns `Left` with `InvalidOptions`, which names the option. */
export const check = (
  { authorizationParameters = {}, authorizationServerMetadataUrl, offlineAccess = true, scope }: AuthorizationOptions
): Either.Either<AuthorizationChoice, InvalidOptions> => {
  const invalid = (option: string, detail: string) => Either.left(new InvalidOptions({ option, detail }))
  if (!isPlainObject(authorizationParameters)) {
    return invalid("authorizationParameters", "it has to be an object of texts")
  }
  for (const [name, value] of Object.entries(authorizationParameters)) {
    const problem = problemOf(name, value)
    if (problem !== undefined) return invalid("authorizationParameters", problem)
  }
  const url = authorizationServerMetadataUrl === undefined
    ? undefined
    : parseUrl(String(authorizationServerMetadataUrl))
  if (authorizationServerMetadataUrl !== undefined && (url === undefined || urlProblem(url) !== undefined)) {
    return invalid("authorizationServerMetadataUrl", "it has to be an https: URL, or an http: URL on this machine")
  }
  if (url !== undefined) url.hash = ""
  if (typeof offlineAccess !== "boolean") return invalid("offlineAccess", "it has to be true or false")
  const exactScope = typeof scope === "object" && scope !== null ? scope.exactly : undefined
  if (scope !== undefined && !isScope(exactScope ?? scope)) {
    return invalid(
      "scope",
      "it has to be a text of scopes with spaces between them, or { exactly: such a text }; a scope is of printable ASCII " +
        'without " and \\'
    )
  }
  return Either.right({
    authorizationParameters: { ...authorizationParameters },
    authorizationServerMetadataUrl: url?.href,
    offlineAccess,
    scope: isText(scope) ? ScopeSet.union(scope) : undefined,
    exactScope: exactScope === undefined ? undefined : ScopeSet.union(exactScope) ?? ""
  })
}

/** Parameters that change how a person is asked, and not what the token is. */
const manners: ReadonlyArray<string> = [
  "access_type",
  "acr_values",
  "claims_locales",
  "display",
  "domain_hint",
  "hd",
  "id_token_hint",
  "kc_idp_hint",
  "login_hint",
  "max_age",
  "nonce",
  "prompt",
  "screen_hint",
  "ui_locales"
]

/**
 * What of the options makes another token, in one text, for the key that credentials are stored under: two set-ups of one
 * server that differ in it do not share tokens. `undefined`: nothing does.
 */
export const variantOf = (
  { authorizationParameters, authorizationServerMetadataUrl: metadataUrl, exactScope }: AuthorizationChoice,
  { allowResourceMismatch, omitResource }: Unsafe
): string | undefined => {
  const parts = Object.entries(authorizationParameters).filter(([name]) => !manners.includes(name))
  if (exactScope !== undefined) parts.push(["scope", [...ScopeSet.parse(exactScope)].sort().join(" ")])
  if (omitResource === true) parts.push(["resource", ""])
  else if (allowResourceMismatch === true) parts.push(["resource", "any"])
  // No parameter that is added has an empty name.
  if (metadataUrl !== undefined) parts.push(["", metadataUrl])
  const sorted = parts.sort(([left], [right]) => left < right ? -1 : 1)
  return sorted.length === 0 ? undefined : new URLSearchParams(sorted).toString()
}
