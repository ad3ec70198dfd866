/**
 * A credential store over anything that keeps texts by name.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { shownServer } from "../core/mcp/CredentialChoice.ts"
import { type CredentialKey, type Credentials, keyOf, keyText, secretsOf } from "../core/mcp/Credentials.ts"
import type { CredentialStore, Turn, TurnOptions } from "../services/CredentialStore.ts"
import { CredentialStoreError, failedBy } from "../services/CredentialStoreError.ts"
import { fromText, toText } from "./credentialText.ts"
import * as ExclusiveStore from "./exclusiveStore.ts"

/**
 * What keeps texts by name, to make a store of credentials of: a database, a keychain, a vault. The texts hold tokens in
 * the clear. Names are URLs with the account after a `#`, in ASCII, and as long as the URL of a server.
 *
 * Whatever a member fails with becomes `CredentialStoreError`, with the error's own name and message, and without the
 * credentials that it may quote.
 *
 * @since 0.1.0
 * @category models
 */
export interface CredentialBackend {
  /** The text of a name; `None`, `undefined` or `null` where there is none. */
  readonly get: (name: string) => Effect.Effect<Option.Option<string> | string | null | undefined, unknown>
  /** Keeps a text, in one step: whoever reads meanwhile finds the old text or the new one. */
  readonly set: (name: string, text: string) => Effect.Effect<unknown, unknown>
  /** Removes a text. One that is not there is no failure. */
  readonly delete: (name: string) => Effect.Effect<unknown, unknown>
  /** The names there are, in no particular order. Others than those of credentials do not matter. @default cannot be listed */
  readonly list?: Effect.Effect<Iterable<string>, unknown> | undefined
  /**
   * Waits for the turn of this name among all who share what is kept, until the scope closes. A holder that dies must not
   * keep it. Without it a change is exclusive within this store alone, and two processes may both spend a refresh token.
   *
   * @default every process for itself
   */
  readonly exclusively?:
    | ((name: string, options?: TurnOptions) => Effect.Effect<Turn | void, unknown, Scope.Scope>)
    | undefined
  /**
   * A value that changes when the text of a name is changed by anybody. It must come at once.
   *
   * @default another one each second and with each change by this store, so that a text is read again in a request if it was
   * not for a second
   */
  readonly revision?: ((name: string) => unknown) | undefined
}

const silent: Turn = { tell: () => Effect.void }

/** A member may throw, die, or be no effect at all: whatever comes of it, it is the store that failed. */
const asked = <A>(
  reason: "Unreadable" | "Unwritable" | "Locked",
  ask: () => Effect.Effect<A, unknown, Scope.Scope>,
  secrets: ReadonlyArray<string> = []
): Effect.Effect<A, CredentialStoreError, Scope.Scope> =>
  Effect.suspend(ask).pipe(
    Effect.catchAllDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) => error instanceof CredentialStoreError ? error : failedBy(reason, error, secrets))
  )

const textOf = (found: unknown): Effect.Effect<Option.Option<string>, CredentialStoreError> => {
  const text = Option.isOption(found) ? Option.getOrUndefined(found) : found
  if (text === undefined || text === null) return Effect.succeedNone
  return typeof text === "string" ? Effect.succeedSome(text) : new CredentialStoreError({
    reason: "Unreadable",
    detail: "the store of this program gave something that is no text. Give the text that was set, or nothing"
  })
}

const entryOf = (key: CredentialKey): string => `what is stored for ${shownServer(key.serverUrl)}`

const cannotList = new CredentialStoreError({
  reason: "Unreadable",
  detail: "the store of this program cannot list what it keeps. Give its backend a `list`"
})

/**
 * A store over a backend.
 *
 * @param backend What keeps the texts.
 */
export const over = (backend: CredentialBackend): CredentialStore => {
  const { exclusively, revision } = backend
  const read = (name: string) => Effect.scoped(Effect.flatMap(asked("Unreadable", () => backend.get(name)), textOf))
  const write = (key: CredentialKey, value: Option.Option<Credentials>) =>
    Option.match(value, {
      onNone: () => asked("Unwritable", () => backend.delete(keyText(key))),
      onSome: (credentials) =>
        Effect.flatMap(toText(key, credentials), (text) =>
          // The error of the store may quote the text that it was given.
          asked("Unwritable", () => backend.set(keyText(key), text), [...secretsOf(credentials), text]))
    }).pipe(Effect.scoped, Effect.asVoid)
  const load = (key: CredentialKey) =>
    Effect.flatMap(
      read(keyText(key)),
      (text) => Option.isNone(text) ? Effect.succeedNone : Effect.asSome(fromText(entryOf(key), text.value))
    )
  const turn = (name: string, options?: TurnOptions) =>
    exclusively === undefined
      ? Effect.succeed(silent)
      : Effect.map(asked("Locked", () => exclusively(name, options)), (turn) => turn ?? silent)
  return ExclusiveStore.make({
    load,
    begin: (key) => Effect.as(turn(keyText(key)), { read: load(key), write: (value) => write(key, value) }),
    list: Effect.gen(function* () {
      if (backend.list === undefined) return yield* cannotList
      const { list } = backend
      // Gone through where it is asked for: what is no list of names, or breaks off, is a failure too.
      const names = yield* Effect.scoped(asked("Unreadable", () => Effect.map(list, (found) => [...found])))
      const keys: Array<CredentialKey> = []
      for (const name of names) {
        const key = Option.map(yield* read(name), keyOf)
        // The name is proof that it is an entry of ours, and not a copy.
        if (Option.isSome(key) && key.value !== undefined && keyText(key.value) === name) keys.push(key.value)
      }
      return keys
    }),
    ...(exclusively !== undefined && { exclusively: turn }),
    // What others change is not seen without waiting, so it is looked at again each second.
    revision: (key, changes) =>
      revision === undefined ? `${Math.floor(Date.now() / 1000)} ${changes()}` : revision(keyText(key))
  })
}
