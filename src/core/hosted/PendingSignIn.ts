/**
 * A sign-in that waits for its answer, as any machine needs it to finish, and the text it is kept as.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Credentials from "../mcp/Credentials.ts"
import * as JsonObject from "../text/JsonObject.ts"

/** What is needed to check an answer, to exchange its code, and to store what comes of it. */
export interface PendingSignIn {
  readonly key: Credentials.CredentialKey
  /** What the person signs in to, as the page names it. */
  readonly serverName: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly expiresAt: number
  readonly issuer: string
  readonly issuerRequired: boolean
  readonly tokenEndpoint: string
  readonly authMethods?: ReadonlyArray<string> | undefined
  /** The resource that the token is for (RFC 8707). */
  readonly resource?: string | undefined
  readonly scope?: string | undefined
  readonly client: Credentials.ClientRegistration
  /** Whether the options named the client: its secret is not stored then, and it is never registered anew. */
  readonly isFixed: boolean
  readonly codeVerifier: Redacted.Redacted<string>
}

const version = 1

/** Writes it as text, with its secrets in the clear: to be encrypted. */
export const encode = ({ client, codeVerifier, issuer, key, ...fields }: PendingSignIn): string =>
  JSON.stringify({
    version,
    ...fields,
    codeVerifier: Redacted.value(codeVerifier),
    credentials: Credentials.encode(key, { issuer, client })
  })

const isText = (value: unknown): value is string => typeof value === "string"
const isTextOrAbsent = (value: unknown): value is string | undefined => value === undefined || isText(value)
const isTexts = (value: unknown): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText)

/** Reads what {@link encode} wrote; `undefined` for anything else, such as a text of a later version. */
export const decode = (text: string): PendingSignIn | undefined => {
  const fields = JsonObject.parse(text)
  if (fields?.version !== version) return undefined
  const { authMethods, codeVerifier, credentials, expiresAt, isFixed, issuerRequired, resource, scope } = fields
  const { serverName, tokenEndpoint } = fields
  if (!isText(credentials)) return undefined
  const key = Credentials.keyOf(credentials)
  const kept = Either.getOrUndefined(Credentials.decode(credentials))
  if (key === undefined || kept?.client === undefined) return undefined
  if (!isText(serverName) || typeof expiresAt !== "number" || !isText(tokenEndpoint)) return undefined
  if (typeof issuerRequired !== "boolean" || typeof isFixed !== "boolean" || !isText(codeVerifier)) return undefined
  if (!isTextOrAbsent(resource) || !isTextOrAbsent(scope)) return undefined
  if (authMethods !== undefined && !isTexts(authMethods)) return undefined
  return {
    key,
    serverName,
    expiresAt,
    issuer: kept.issuer,
    issuerRequired,
    tokenEndpoint,
    authMethods,
    resource,
    scope,
    client: kept.client,
    isFixed,
    codeVerifier: Redacted.make(codeVerifier)
  }
}
