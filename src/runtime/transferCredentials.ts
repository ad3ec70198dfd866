/**
 * Export and import of stored credentials: for containers, for CI, and to move to another machine. What does it is loaded on
 * first use.
 */
import * as Effect from "effect/Effect"
import type { CredentialKey, CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import type { ExportOptions, ImportOptions } from "./transfer/TransferOptions.ts"

export type { ExportOptions, ImportOptions } from "./transfer/TransferOptions.ts"

/**
 * Writes the credentials of one server and account to a file or a pipe, to be imported elsewhere: tokens, the client and its
 * secret, in the clear. Nothing of them is printed or logged. It refuses stdout, stderr, terminals and symbolic links.
 *
 * **Two places cannot use one refresh token.** Where the authorization server rotates them (OAuth 2.1 has it so), the refresh of
 * the second place looks like that of a stolen token, and both lose their sign-in. So do not use it here any more after the
 * export: pass `move: true`, which also keeps others from refreshing it meanwhile. Or sign in for the other place by itself,
 * under an `account` of its own.
 *
 * @param key What to export: a key of `store.list`, or a server with as much of account and variant as makes it the only one.
 * @returns its key. Fails with `CredentialStoreError` of reason
 *   - `Unreadable` when nothing is stored for it, or more than one thing is, which are named;
 *   - `Unwritable` when the place cannot be written to, must not be used, or is there already (`code` is `EEXIST`).
 *
 * When it fails, or is interrupted, no file is left behind, and the store is as it was.
 *
 * @example
 * ```ts
 * import { exportCredentials, layerFile } from "effect-oauth-callback/node"
 * import { Effect } from "effect"
 *
 * const toContainer = exportCredentials({ serverUrl: "https://example.com/mcp" }, { to: "./login.json", move: true })
 * const program = Effect.provide(toContainer, layerFile({ appName: "my-agent" }))
 * ```
 *
 * @since 0.1.0
 * @category credentials
 */
export const exportCredentials = (
  key: CredentialKey,
  options: ExportOptions
): Effect.Effect<CredentialKey, CredentialStoreError, CredentialStore> =>
  Effect.flatMap(
    Effect.promise(() => import("./transfer/exportCredentials.ts")),
    ({ exportCredentials }) => exportCredentials(key, options)
  )

/**
 * Stores what was exported, under its own server and account. It is checked as what a store reads is. The file stays: remove
 * it, since it holds tokens, and see `exportCredentials` for why only one place can use them.
 *
 * @returns the key that it is stored under. Fails with `CredentialStoreError` of reason
 *   - `Unreadable` when it cannot be read, must not be used, or was written by a newer version of this package;
 *   - `Damaged` when it is not what was exported;
 *   - `Unwritable` when other credentials are stored for the same (`code` is `EEXIST`), or the store cannot be written to.
 *
 * @example
 * ```ts
 * import { importCredentials, layerFile } from "effect-oauth-callback/node"
 * import { Effect } from "effect"
 *
 * const program = Effect.provide(importCredentials({ from: "/dev/stdin" }), layerFile({ appName: "my-agent" }))
 * ```
 *
 * @since 0.1.0
 * @category credentials
 */
export const importCredentials = (
  options: ImportOptions
): Effect.Effect<CredentialKey, CredentialStoreError, CredentialStore> =>
  Effect.flatMap(
    Effect.promise(() => import("./transfer/importCredentials.ts")),
    ({ importCredentials }) => importCredentials(options)
  )
