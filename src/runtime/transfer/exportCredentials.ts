/**
 * Credentials of one key, out of a store.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as CredentialChoice from "../../core/mcp/CredentialChoice.ts"
import { type CredentialKey, CredentialStore, CredentialStoreError } from "../../services/CredentialStore.ts"
import { toText } from "../../store/credentialText.ts"
import { keyId } from "../../store/keyId.ts"
import { shownPath } from "../shownPath.ts"
import type { ExportOptions } from "./TransferOptions.ts"
import * as ExportTarget from "./ExportTarget.ts"

const named = (keys: ReadonlyArray<CredentialKey>) =>
  Effect.forEach(keys, (key) => Effect.map(keyId(key), (id) => ({ id, key })))

const nothingFor = (wanted: CredentialKey, found: string) =>
  new CredentialStoreError({
    reason: "Unreadable",
    detail: `nothing is stored for ${CredentialChoice.shownServer(wanted.serverUrl)}${
      wanted.account === undefined || wanted.account === "" ? "" : " and this account"
    }. ${found}`
  })

/** The key that is meant. A store that cannot list is asked for exactly this one. */
const chosen = (
  store: CredentialStore,
  wanted: CredentialKey
): Effect.Effect<CredentialKey, CredentialStoreError> =>
  Effect.gen(function* () {
    if (Option.isSome(yield* store.load(wanted))) return wanted
    const { list } = store as Partial<CredentialStore>
    const keys = list === undefined ? [] : yield* Effect.orElseSucceed(list, () => [])
    const choice = CredentialChoice.choose(keys, wanted)
    if (Either.isRight(choice)) return choice.right
    const there = CredentialChoice.shownKeys(yield* named(choice.left.length > 0 ? choice.left : keys))
    if (choice.left.length === 0) {
      return yield* nothingFor(wanted, there === "" ? "Sign in first" : `There is: ${there}`)
    }
    return yield* new CredentialStoreError({
      reason: "Unreadable",
      detail: `${choice.left.length} sign-ins are stored for ${CredentialChoice.shownServer(wanted.serverUrl)}. ` +
        `Name one by its account, its id or its whole key: ${there}`
    })
  })

const textFor = (store: CredentialStore, key: CredentialKey) =>
  Effect.flatMap(
    store.load(key),
    Option.match({
      onNone: () => Effect.fail(nothingFor(key, "It was removed meanwhile")),
      onSome: (credentials) => toText(key, credentials)
    })
  )

/** Writes within the turn of the key, so that nobody refreshes what is given away, and removes it when it is whole. */
const move = (store: CredentialStore, key: CredentialKey, to: string, target: ExportTarget.ExportTarget) =>
  Effect.suspend(() => {
    let isWritten = false
    return Effect.mapError(
      store.modify(key, (current) =>
        Effect.gen(function* () {
          if (Option.isNone(current)) return yield* nothingFor(key, "It was removed meanwhile")
          yield* target.write(yield* toText(key, current.value))
          isWritten = true
          return [undefined, Option.none()] as const
        })),
      (error) =>
        !isWritten ? error : new CredentialStoreError({
          reason: "Unwritable",
          detail:
            `they are exported to ${shownPath(to)}, but could not be removed here, so that two places have them. ` +
            `Sign out in one. ${error.detail}`,
          ...(error.code !== undefined && { code: error.code }),
          cause: error.cause
        })
    )
  })

/** See `exportCredentials` of the entries. */
export const exportCredentials = (
  wanted: CredentialKey,
  options: ExportOptions
): Effect.Effect<CredentialKey, CredentialStoreError, CredentialStore> =>
  Effect.scoped(Effect.gen(function* () {
    const store = yield* CredentialStore
    const key = yield* chosen(store, wanted)
    const target = yield* ExportTarget.open(options.to, options.overwrite === true)
    // Read after the wait for the reader of a pipe: they may have been refreshed meanwhile.
    if (options.move === true) yield* move(store, key, options.to, target)
    else yield* Effect.flatMap(textFor(store, key), target.write)
    return key
  }))
