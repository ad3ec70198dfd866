/**
 * The credentials as this process knows them: read from the store once, then kept in step with it.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ClientRegistration, Credentials, Tokens } from "./Credentials.ts"
import * as RefreshRefusal from "./RefreshRefusal.ts"
import { isToken, margin } from "./TokenResponse.ts"

/** What is known of the credentials, and whether the store has it. */
export interface KnownCredentials {
  /** Whether the store was read. */
  readonly isLoaded: boolean
  readonly credentials: Option.Option<Credentials>
  /** `false` while the store does not have these credentials, because they could not be written or are being written. */
  readonly isStored: boolean
  /** The access token that the store had when these credentials came, while it does not have them. */
  readonly replaces: Redacted.Redacted<string> | undefined
  /** When to try again to write them, in milliseconds since 1970-01-01 UTC. */
  readonly writeAt: number
  /** What `CredentialStore.revision` was just before the store was read. */
  readonly revision: unknown
  /** From when on the access token is refreshed, in milliseconds since 1970-01-01 UTC; `Infinity`: never. */
  readonly renewAt: number
  /** Tokens there were, the newest last: a text of a server may repeat any of them. */
  readonly seenTokens: ReadonlyArray<Redacted.Redacted<string>>
}

/** How many tokens are remembered: enough for what a client may still be about to repeat. */
const maxSeen = 20

/** The store was not read. */
export const unknown: KnownCredentials = {
  isLoaded: false,
  credentials: Option.none(),
  isStored: true,
  replaces: undefined,
  writeAt: 0,
  revision: undefined,
  renewAt: Number.POSITIVE_INFINITY,
  seenTokens: []
}

/** The tokens, if there are any. */
export const tokens = ({ credentials }: KnownCredentials): Tokens | undefined =>
  Option.getOrUndefined(credentials)?.tokens

/** The access token in the clear, if there is one. */
export const accessToken = (known: KnownCredentials): string | undefined => {
  const current = tokens(known)
  return current === undefined ? undefined : Redacted.value(current.accessToken)
}

/** Whether the refresh token was just refused, so that it is not sent again yet. */
export const isRefreshRefused = (known: KnownCredentials, now: number): boolean =>
  RefreshRefusal.isRecent(tokens(known), now)

/** Whether the access token is so close to its end, in milliseconds since 1970-01-01 UTC, that it should be refreshed. */
export const isExpiring = ({ renewAt }: KnownCredentials, now: number): boolean => now >= renewAt

/** Whether the time of the access token is over. */
export const isExpired = (known: KnownCredentials, now: number): boolean =>
  now >= (tokens(known)?.expiresAt ?? Number.POSITIVE_INFINITY)

/** What is doubted of a registration: `"InDoubt"`: that the server still knows it; `"Unknown"`: nothing, it does not. */
export type Doubt = "None" | "InDoubt" | "Unknown"

/** A registration with the marks of this doubt alone. */
export const doubted = (
  { isInDoubt: _, isUnknown: __, ...client }: ClientRegistration,
  doubt: Doubt
): ClientRegistration => ({
  ...client,
  ...(doubt !== "None" && { isInDoubt: true }),
  ...(doubt === "Unknown" && { isUnknown: true })
})

/** The doubt of a sign-in that is begun with a registration, until its answer has come. */
export const doubtOf = ({ isInDoubt, isUnknown }: ClientRegistration): Doubt =>
  isInDoubt === true || isUnknown === true ? "Unknown" : "InDoubt"

/** The credentials with this doubt of a registration; others keep theirs. */
export const withDoubt = (credentials: Credentials, clientId: string, doubt: Doubt): Credentials => {
  const { client, nextClient } = credentials
  const change = (each: ClientRegistration): ClientRegistration =>
    each.clientId === clientId ? doubted(each, doubt) : each
  return {
    ...credentials,
    ...(client !== undefined && { client: change(client) }),
    ...(nextClient !== undefined && { nextClient: change(nextClient) })
  }
}

const secret = (token: Redacted.Redacted<string> | undefined): string | undefined =>
  token === undefined ? undefined : Redacted.value(token)

/**
 * The newest credentials: those known here while the store does not have them yet, else those of the store. Where somebody
 * has changed the tokens of the store meanwhile (another process signed in, or out), those of the store count.
 */
export const newest = (known: KnownCredentials, stored: Option.Option<Credentials>): Option.Option<Credentials> =>
  known.isStored || secret(Option.getOrUndefined(stored)?.tokens?.accessToken) !== secret(known.replaces)
    ? stored
    : known.credentials

const seen = (known: KnownCredentials, current: Tokens | undefined): ReadonlyArray<Redacted.Redacted<string>> => {
  const all = new Map(known.seenTokens.map((token) => [Redacted.value(token), token]))
  for (const token of [current?.accessToken, current?.refreshToken]) {
    if (token !== undefined && !all.has(Redacted.value(token))) all.set(Redacted.value(token), token)
  }
  return [...all.values()].slice(-maxSeen)
}

/**
 * Without an access token that cannot be sent, which somebody else must have written: the refusal to send it would quote it.
 */
const sendable = (credentials: Option.Option<Credentials>): Option.Option<Credentials> => {
  const current = Option.getOrUndefined(credentials)?.tokens
  return current === undefined || isToken(Redacted.value(current.accessToken))
    ? credentials
    : Option.map(credentials, (all) => ({ ...all, tokens: undefined }))
}

const know = (known: KnownCredentials, all: Option.Option<Credentials>, now: number): KnownCredentials => {
  const next: KnownCredentials = { ...known, isLoaded: true, credentials: sendable(all) }
  const current = tokens(next)
  const end = current?.expiresAt
  const before = accessToken(known)
  // The margin before its end is a share of its lifetime, which is known only when the token is new.
  const isSame = before !== undefined && before === accessToken(next)
  return {
    ...next,
    seenTokens: seen(known, current),
    renewAt: isSame
      ? known.renewAt
      : end === undefined
      ? Number.POSITIVE_INFINITY
      : end - margin(Math.max(0, end - now))
  }
}

/** The access token that the store has, as far as is known. */
export const storedToken = (known: KnownCredentials): Redacted.Redacted<string> | undefined =>
  known.isStored ? tokens(known)?.accessToken : known.replaces

/** The store was read. @param revision What its revision was just before. */
export const read = (
  known: KnownCredentials,
  stored: Option.Option<Credentials>,
  revision: unknown,
  now: number
): KnownCredentials => {
  const credentials = newest(known, stored)
  const isStored = known.isStored || credentials === stored
  return { ...know(known, credentials, now), revision, isStored, replaces: isStored ? undefined : known.replaces }
}

/**
 * Other credentials came that the store does not have yet, or `None`: they are to be forgotten.
 *
 * @param replaces The access token that the store has.
 */
export const replaced = (
  known: KnownCredentials,
  credentials: Option.Option<Credentials>,
  replaces: Redacted.Redacted<string> | undefined,
  now: number
): KnownCredentials => ({ ...know(known, credentials, now), isStored: false, replaces, writeAt: now })

/** The store has what is known. */
export const stored = (known: KnownCredentials): KnownCredentials => ({
  ...known,
  isStored: true,
  replaces: undefined
})

/** So many milliseconds lie between two tries to write what could not be written: a full disk stays full for a while. */
const writePauseMillis = 1000

/** Whether to try again to write what the store does not have. */
export const isWriteDue = ({ isStored, writeAt }: KnownCredentials, now: number): boolean =>
  !isStored && (now >= writeAt || writeAt - now > writePauseMillis)

/** It is tried to write them. */
export const writeTried = (known: KnownCredentials, now: number): KnownCredentials => ({
  ...known,
  writeAt: now + writePauseMillis
})
