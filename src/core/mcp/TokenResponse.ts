/**
 * Reads the response of a token endpoint (RFC 6749 section 5). What well-known servers send otherwise is accepted: numbers
 * as text, `null` for absent fields, an empty `error`, another `token_type` or none.
 */
import * as Redacted from "effect/Redacted"
import { dateMillis, type Tokens } from "./Credentials.ts"
import type { Document } from "./ResponseDocument.ts"
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

/** Whether it can be sent as an access token: an HTTP header allows nothing else (RFC 6750 section 2.1 even less). */
export const isToken = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]+$/.test(value)

const millisOf = (seconds: unknown): number | undefined => {
  const number = typeof seconds === "string" ? Number(seconds) : seconds
  // Rounded up to a whole millisecond: a fraction would vanish when it is added to the present time.
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? Math.ceil(number * 1000) : undefined
}

/** Token types that are no bearer tokens: they need a proof with each request (RFC 9449, RFC 6749 section 7.1). */
const proofTypes: ReadonlyArray<string> = ["dpop", "mac"]

/** Whether a response says that something went wrong: some servers send an empty `error` beside tokens. */
export const isError = ({ error }: Document): boolean => error !== undefined && error !== null && error !== ""

/** The document without fields that are `null`: some servers send these for absent ones. */
const withoutNulls = (document: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null))

/** Reads the tokens. @returns `undefined` when the response is an error, or has no bearer token in it. */
export const parse = (document: Document, { now, refreshToken, scope }: Reading): Tokens | undefined => {
  const {
    access_token: accessToken,
    error: _,
    expires_in: seconds,
    refresh_token: newRefreshToken,
    scope: granted,
    token_type: type,
    ...extra
  } = withoutNulls(document)
  const isBearer = type === undefined || (typeof type === "string" && !proofTypes.includes(type.toLowerCase()))
  if (isError(document) || !isToken(accessToken) || !isBearer) return undefined
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
