/**
 * Which of several stored credentials is meant.
 */
import * as Either from "effect/Either"
import { printable } from "../text/SafeText.ts"
import { type CredentialKey, keyText } from "./Credentials.ts"

/** A server in words: without its query, which may hold a key. */
export const shownServer = (serverUrl: string): string => printable(serverUrl.replace(/[?#].*/s, ""), 500)

const serverOf = (serverUrl: string): string => keyText({ serverUrl })

/** A field that is not given is no condition. */
const hasAll = (wanted: CredentialKey, key: CredentialKey): boolean =>
  serverOf(wanted.serverUrl) === serverOf(key.serverUrl) &&
  (["account", "variant"] as const).every((name) => wanted[name] === undefined || wanted[name] === (key[name] ?? ""))

/**
 * The key that is exactly this one; else the only one of that server, and of the account and variant as far as they are given.
 *
 * @returns `Left` with all that would do, where that is none or more than one.
 */
export const choose = (
  keys: ReadonlyArray<CredentialKey>,
  wanted: CredentialKey
): Either.Either<CredentialKey, ReadonlyArray<CredentialKey>> => {
  const exact = keys.find((key) => keyText(key) === keyText(wanted))
  if (exact !== undefined) return Either.right(exact)
  const near = keys.filter((key) => hasAll(wanted, key))
  const [only] = near
  return near.length === 1 && only !== undefined ? Either.right(only) : Either.left(near)
}

/** How many of what there is are named in a message. */
const maxShown = 10

/** A stored key, and the digest that names it. */
export interface Named {
  readonly key: CredentialKey
  readonly id: string
}

const shownKey = ({ id, key }: Named): string => {
  const account = key.account ?? ""
  return `${shownServer(key.serverUrl)}${account === "" ? "" : ` of account "${printable(account, 100)}"`} (id ${id})`
}

/** What there is, in words and without secrets. */
export const shownKeys = (all: ReadonlyArray<Named>): string => {
  const shown = all.slice(0, maxShown).map(shownKey).join("; ")
  return all.length <= maxShown ? shown : `${shown}; and ${all.length - maxShown} more`
}
