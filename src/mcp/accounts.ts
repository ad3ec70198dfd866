/**
 * Who is signed in where, by what a store keeps.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type CredentialKey, writtenByNewer } from "../core/mcp/Credentials.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import { isShared } from "../core/mcp/SharedKey.ts"
import { printable } from "../core/text/SafeText.ts"
import { CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import { keyId } from "../store/keyId.ts"
import type { Account } from "./Account.ts"
import { statusOf } from "./statusOf.ts"

/** A store may be an object of a program that knows no list. */
const cannotList = new CredentialStoreError({
  reason: "Unreadable",
  detail: "the store of this program cannot list what it keeps. Give it a `list`, or make it by CredentialStore.make"
})

/** Damaged, or of a newer version since it was listed: left out, as the list itself does it. */
const isLeftOut = ({ detail, reason }: CredentialStoreError): boolean =>
  reason === "Damaged" || (reason === "Unreadable" && detail.includes(writtenByNewer))

/** What is stored under one key; `None` where there is nothing any more. */
export const accountOf = (
  store: CredentialStore,
  key: CredentialKey
): Effect.Effect<Option.Option<Account>, CredentialStoreError> =>
  Effect.gen(function* () {
    const credentials = yield* store.load(key).pipe(
      Effect.catchAll((error) => isLeftOut(error) ? Effect.succeedNone : Effect.fail(error))
    )
    // What a store lists is not checked as an option is: it may be the URL of no server.
    const url = Either.getOrUndefined(ServerUrl.parse(key.serverUrl))
    const label = url === undefined ? printable(key.serverUrl.replace(/[?#].*$/s, ""), 2048) : ServerUrl.display(url)
    const now = yield* Clock.currentTimeMillis
    const id = yield* keyId(key)
    return Option.map(credentials, (found): Account => ({
      ...statusOf({ key, label }, false, found, now),
      serverUrl: url === undefined || url.search !== "" ? undefined : url.href,
      id
    }))
  })

const texts = ({ account, id, server }: Account): ReadonlyArray<string> => [server, account, id]

/** By server, then account, in the order of their code units: the same everywhere. */
const order = (left: Account, right: Account): number => {
  const others = texts(right)
  for (const [at, text] of texts(left).entries()) {
    const other = others[at] ?? ""
    if (text !== other) return text < other ? -1 : 1
  }
  return 0
}

/** See `McpOAuth.accounts`. */
export const accounts: Effect.Effect<ReadonlyArray<Account>, CredentialStoreError, CredentialStore> = Effect.gen(
  function* () {
    const store = yield* CredentialStore
    const { list } = store as Partial<CredentialStore>
    const keys = yield* (list ?? cannotList)
    const ofPeople = keys.filter((key) => !isShared(key))
    const found = yield* Effect.forEach(ofPeople, (key) => accountOf(store, key))
    return found.flatMap(Option.toArray).sort(order)
  }
)
