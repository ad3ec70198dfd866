/**
 * Reads the response of a token endpoint (RFC 6749 section 5). What well-known servers send otherwise is accepted: numbers
 * as text, `null` for absent fields, no `token_type`.
 */
import * as Redacted from "effect/Redacted"
import { dateMillis, type Tokens } from "./Credentials.ts"
import type { Document } from "./Metadata.ts"
import * as ScopeSet from "./ScopeSet.ts"

/** What is known about the request. */
export interface Reading {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number
  /** The scopes that were requested: they were granted when the response does not say (RFC 6749 section 5.1). */
  readonly scope?: string | undefined
  /** The refresh token that was sent: it stays valid when the response has no other (RFC 6749 section 6). */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
}

// An HTTP header allows nothing else (RFC 6750 section 2.1 even less).
const isToken = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]+$/.test(value)

const millisOf = (seconds: unknown): number | undefined => {
  const number = typeof seconds === "string" && seconds.trim() !== "" ? Number(seconds) : seconds
  // Rounded up to a whole millisecond: a fraction would vanish when it is added to the present time.
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? Math.ceil(number * 1000) : undefined
}

/** The document without fields that are `null`: some servers send these for absent ones. */
export const withoutNulls = (document: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null))

/** Reads the tokens. @returns `undefined` when there is no bearer token in the response. */
export const parse = (document: Document, { now, refreshToken, scope }: Reading): Tokens | undefined => {
  const {
    access_token: accessToken,
    expires_in: seconds,
    refresh_token: newRefreshToken,
    scope: granted,
    token_type: type,
    ...extra
  } = withoutNulls(document)
  const isBearer = type === undefined || (typeof type === "string" && type.toLowerCase() === "bearer")
  if (!isToken(accessToken) || !isBearer) return undefined
  const millis = millisOf(seconds)
  return {
    accessToken: Redacted.make(accessToken),
    refreshToken: typeof newRefreshToken === "string" && newRefreshToken !== ""
      ? Redacted.make(newRefreshToken)
      : refreshToken,
    expiresAt: dateMillis(millis === undefined ? undefined : now + millis),
    // Where none of the scopes is one, none was granted.
    scope: typeof granted === "string" ? ScopeSet.ofServer(granted) ?? "" : scope,
    ...(Object.keys(extra).length > 0 && { extra: Redacted.make(extra) })
  }
}

/**
 * How many milliseconds before its end a token is refreshed: 30,000, but at most half its lifetime, so that tokens of a
 * short lifetime are used at all.
 */
export const margin = (lifetimeMillis: number): number => Math.min(30_000, lifetimeMillis / 2)
