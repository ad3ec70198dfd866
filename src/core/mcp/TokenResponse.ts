/**
 * What a token endpoint answered, read as it is written in the field: RFC 6749 section 5, with the slips of well-known
 * servers taken for what they mean.
 */
import * as Redacted from "effect/Redacted"
import type { Tokens } from "./Credentials.ts"
import type { Document } from "./Metadata.ts"

/** What the answer is read with. */
export interface Reading {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number
  /** What was asked for; it is what was granted when the server does not say (RFC 6749 section 5.1). */
  readonly scope?: string | undefined
  /** Kept when a refresh brings none (RFC 6749 section 6). */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
}

// A header takes nothing else (RFC 6750 section 2.1 is narrower still).
const isToken = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]+$/.test(value)

const millisOf = (seconds: unknown): number | undefined => {
  const number = typeof seconds === "string" && seconds.trim() !== "" ? Number(seconds) : seconds
  // Whole ones: beside the time of day, a smaller life would be none.
  return typeof number === "number" && Number.isFinite(number * 1000) && number > 0
    ? Math.ceil(number * 1000)
    : undefined
}

/** Without `null` fields, which some servers write for absent ones. */
export const withoutNulls = (document: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null))

/** @returns `undefined` when there is no bearer token in it. */
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
    expiresAt: millis === undefined ? undefined : now + millis,
    scope: typeof granted === "string" ? granted : scope,
    ...(Object.keys(extra).length > 0 && { extra: Redacted.make(extra) })
  }
}

/** How long before its end a token is renewed, in milliseconds: half its life at most, so that short ones are used. */
export const margin = (lifetimeMillis: number): number => Math.min(30_000, lifetimeMillis / 2)
