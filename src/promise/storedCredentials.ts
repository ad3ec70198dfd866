/**
 * What is stored, for async/await: listed, exported and imported.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CredentialKey, keyText } from "../core/mcp/Credentials.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import type { Account } from "../mcp/Account.ts"
import * as Accounts from "../mcp/accounts.ts"
import * as Transfer from "../runtime/transferCredentials.ts"
import { CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import { keyId } from "../store/keyId.ts"
import { checkGiven } from "./checkGiven.ts"
import { checkOptions, type OptionsOf } from "./checkOptions.ts"
import type { AccountsOptions, ExportCredentialsOptions, ImportCredentialsOptions } from "./Credentials.ts"
import { guarded } from "./guarded.ts"
import { runToPromise } from "./runToPromise.ts"
import { storeFor } from "./storeFor.ts"

/** Checks the options, and runs what needs their store. */
const withStore = <Options extends AccountsOptions, A>(
  of: OptionsOf,
  options: Options,
  names: ReadonlyArray<string>,
  run: (options: Options) => Effect.Effect<A, unknown, CredentialStore>
): Promise<A> =>
  guarded(() => options?.signal, async () => {
    checkOptions(of, options)
    checkGiven(options, names)
    const effect = Effect.suspend(() => run(options))
    return await runToPromise(Effect.provideServiceEffect(effect, CredentialStore, storeFor(options.store)), [
      options.signal
    ])
  })

/** See `accounts` of the entry. */
export const accounts = (options: AccountsOptions): Promise<ReadonlyArray<Account>> =>
  withStore("accounts", options, ["store"], () => Accounts.accounts)

const byId = (id: string): Effect.Effect<CredentialKey, CredentialStoreError, CredentialStore> =>
  Effect.gen(function* () {
    const { list } = yield* CredentialStore
    for (const key of yield* list) if ((yield* keyId(key)) === id) return key
    return yield* new CredentialStoreError({
      reason: "Unreadable",
      detail: "nothing is stored under this id. Look at `accounts` again"
    })
  })

const byServer = ({ account, serverUrl }: ExportCredentialsOptions): Effect.Effect<CredentialKey, unknown> =>
  Effect.map(ServerUrl.parse(serverUrl ?? ""), ({ href }) => ({ serverUrl: href, account }))

/** See `exportCredentials` of the entry. */
export const exportCredentials = (options: ExportCredentialsOptions): Promise<void> =>
  withStore(
    "exportCredentials",
    options,
    ["store", "to", ...options?.id === undefined ? ["serverUrl"] : []],
    ({ id, move, overwrite, to }) =>
      Effect.flatMap(
        id === undefined ? byServer(options) : byId(id),
        (key) => Effect.asVoid(Transfer.exportCredentials(key, { to, overwrite, move }))
      )
  )

/** See `importCredentials` of the entry. */
export const importCredentials = (options: ImportCredentialsOptions): Promise<Account> =>
  withStore("importCredentials", options, ["store", "from"], ({ from, overwrite }) =>
    Effect.gen(function* () {
      const key = yield* Transfer.importCredentials({ from, overwrite })
      const account = yield* Accounts.accountOf(yield* CredentialStore, key)
      return yield* Option.match(account, {
        onSome: Effect.succeed,
        onNone: () =>
          new CredentialStoreError({
            reason: "Unreadable",
            detail: `what was imported is not stored any more under ${ServerUrl.display(new URL(keyText(key)))}`
          })
      })
    }))
