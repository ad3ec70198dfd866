/**
 * The credentials as this process knows them: read once, then kept in step with the store.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Credentials, Tokens } from "../core/mcp/Credentials.ts"
import { margin } from "../core/mcp/TokenResponse.ts"

/** What is known, and whether it is stored. */
export interface Memory {
  /** Whether the store was read. */
  readonly isLoaded: () => boolean
  readonly credentials: () => Credentials | undefined
  readonly tokens: () => Tokens | undefined
  readonly accessToken: () => string | undefined
  /** Tokens there were, for those who clean a text of them. */
  readonly secrets: () => ReadonlyArray<string>
  /** Whether the access token is at its end, or so close that a request could come too late. */
  readonly isExpiring: (now: number) => boolean
  readonly isExpired: (now: number) => boolean
  /** The newest there is: what could not be stored is newer than what is. */
  readonly newest: (stored: Option.Option<Credentials>) => Option.Option<Credentials>
  /** Takes what the store holds. */
  readonly load: (stored: Option.Option<Credentials>, now: number) => void
  /** Takes what is not stored yet. */
  readonly take: (credentials: Option.Option<Credentials>, now: number) => void
  /** What was taken is stored. */
  readonly saved: () => void
}

/** Enough for what a client may still be about to repeat. */
const maxSeen = 20

/** Nothing is known yet. */
export const make = (): Memory => {
  let known: Option.Option<Credentials> = Option.none()
  let loaded = false
  const seen = new Set<string>()
  let saved = true
  let renewAt = Number.POSITIVE_INFINITY
  const tokens = () => Option.getOrUndefined(known)?.tokens
  const accessToken = () => {
    const current = tokens()
    return current === undefined ? undefined : Redacted.value(current.accessToken)
  }
  const know = (credentials: Option.Option<Credentials>, now: number) => {
    const before = Option.map(known, ({ tokens }) => tokens?.accessToken)
    known = credentials
    loaded = true
    for (const secret of [tokens()?.accessToken, tokens()?.refreshToken]) {
      if (secret !== undefined) seen.add(Redacted.value(secret))
    }
    for (const oldest of [...seen].slice(0, -maxSeen)) seen.delete(oldest)
    // Its margin is a share of its life, which is only known from the beginning.
    if (Option.isSome(before) && before.value !== undefined && Redacted.value(before.value) === accessToken()) return
    const end = tokens()?.expiresAt
    renewAt = end === undefined ? Number.POSITIVE_INFINITY : end - margin(Math.max(0, end - now))
  }
  const newest = (stored: Option.Option<Credentials>) => saved ? stored : known
  return {
    isLoaded: () => loaded,
    credentials: () => Option.getOrUndefined(known),
    tokens,
    accessToken,
    secrets: () => [...seen],
    isExpiring: (now) => now >= renewAt,
    isExpired: (now) => now >= (tokens()?.expiresAt ?? Number.POSITIVE_INFINITY),
    newest,
    load: (stored, now) => know(newest(stored), now),
    take: (credentials, now) => {
      know(credentials, now)
      saved = false
    },
    saved: () => {
      saved = true
    }
  }
}
