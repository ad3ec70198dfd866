/**
 * The layers of the services on a real machine, the same for Node, Deno and Bun.
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import { CredentialStore } from "../store/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInputTag.ts"
import { Presenter } from "../services/Presenter.ts"
import type { FileStoreOptions } from "./FileCredentialStore.ts"
import type { KeychainStoreOptions } from "./keychain/KeychainCredentialStore.ts"
import { fileStore, keychainStore, paste, presenter, server, type TerminalOptions } from "./services.ts"

export type { FileStoreOptions } from "./FileCredentialStore.ts"
export type { KeychainStoreOptions } from "./keychain/KeychainCredentialStore.ts"
export type { TerminalOptions } from "./services.ts"

/**
 * Everything a flow needs.
 *
 * @since 0.1.0
 * @category models
 */
export type Services = CallbackServer | PasteInput | Presenter | CredentialStore

/**
 * Listens on the loopback interface.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCallbackServer: Layer.Layer<CallbackServer> = Layer.succeed(CallbackServer, server)

/**
 * Reads stdin while a flow waits.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPasteInput: Layer.Layer<PasteInput> = Layer.succeed(PasteInput, paste)

/**
 * Writes to stderr, and opens the browser. With options: other sentences, or another way to open the browser. Merge it over a
 * layer, or compose your own of the single ones:
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import {
 *   layer,
 *   layerCallbackServer,
 *   layerCredentialStoreFile,
 *   layerPasteInput,
 *   layerPresenter
 * } from "effect-oauth-callback/node"
 *
 * const texts = { pasteClosed: "Hier wird nichts mehr gelesen." }
 * const german = layerPresenter({ texts, openBrowser: () => Effect.void })
 *
 * const over = Layer.merge(layer, german)
 * const composed = Layer.mergeAll(
 *   layerCallbackServer,
 *   layerPasteInput,
 *   german,
 *   layerCredentialStoreFile({ appName: "my-agent" })
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPresenter = (options: TerminalOptions = {}): Layer.Layer<Presenter> =>
  Layer.sync(Presenter, () => presenter(options))

/**
 * Keeps credentials until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCredentialStoreMemory: Layer.Layer<CredentialStore> = Layer.effect(
  CredentialStore,
  CredentialStore.memory
)

/**
 * Keeps credentials in files, between runs: one for each server and account, which only this user can read.
 *
 * They are in the folder `credentials` of `directory`, or of the platform's configuration directory of `appName`:
 * `$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows, each with a folder
 * `appName`. It is looked up, and made, on first use. Processes that share it take turns. On Deno it needs --allow-read and
 * --allow-write, and without `directory` also --allow-env and --allow-sys=homedir.
 *
 * With `encrypt: true` the files are encrypted (AES-256-GCM), with a key that is in the keychain of the person alone, under
 * `appName`: a copy of the folder is worth nothing without it. It needs what {@link layerCredentialStoreKeychain} needs. Where
 * the keychain is not there, is locked, or has the key no more, the store fails with `CredentialStoreError` and leaves the files
 * alone; it never writes in the clear. Files in the clear are read, and encrypted when they are next changed. A program that
 * does not set `encrypt` cannot read encrypted files, and its error says so.
 *
 * Building the layer fails with `InvalidOptions` when `appName` is no name of a folder (empty, `.`, `..`, with a separator or
 * a control character), `directory` is empty, or `encrypt` is neither true nor false.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCredentialStoreFile = (options: FileStoreOptions): Layer.Layer<CredentialStore, InvalidOptions> =>
  Layer.effect(CredentialStore, fileStore(options))

/**
 * Keeps credentials in the keychain of the person: the Keychain of macOS, the Credential Manager of Windows, on Linux whatever
 * provides a Secret Service (GNOME Keyring, KWallet, KeePassXC). The person finds them there under `appName`.
 *
 * It needs the package `@napi-rs/keyring`, an optional peer dependency: `npm install @napi-rs/keyring`. Where that package
 * or the keychain is not there, or is locked, the store fails with `CredentialStoreError`; its `detail` says what is
 * missing, and its `code` begins with `Keychain`. It never keeps credentials anywhere else. The folder `keychain` of the
 * configuration directory of `appName` (see {@link layerCredentialStoreFile}) has what processes need to take turns, and no
 * secret.
 *
 * Reading or writing waits as long as the system asks the person for the keychain's password. On Deno it needs --allow-ffi,
 * --allow-read, --allow-write, --allow-env and --allow-sys.
 *
 * Building the layer fails with `InvalidOptions` when `appName` is no name of a folder (empty, `.`, `..`, with a separator or
 * a control character).
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCredentialStoreKeychain = (
  options: KeychainStoreOptions
): Layer.Layer<CredentialStore, InvalidOptions> => Layer.effect(CredentialStore, keychainStore(options))

/**
 * All services, with credentials kept until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Services> = Layer.mergeAll(
  layerCallbackServer,
  layerPasteInput,
  layerPresenter(),
  layerCredentialStoreMemory
)

/**
 * All services, with credentials kept in files: see {@link layerCredentialStoreFile}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (options: FileStoreOptions): Layer.Layer<Services, InvalidOptions> =>
  Layer.mergeAll(layerCallbackServer, layerPasteInput, layerPresenter(), layerCredentialStoreFile(options))

/**
 * The same with options from `Config`; fails with `ConfigError` too.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { layerFileConfig } from "effect-oauth-callback/node"
 *
 * const services = layerFileConfig({ appName: Config.withDefault(Config.string("AGENT_NAME"), "my-agent") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFileConfig = (
  options: Config.Config.Wrap<FileStoreOptions>
): Layer.Layer<Services, ConfigError | InvalidOptions> =>
  Layer.unwrapEffect(Effect.map(Effect.suspend(() => Config.unwrap(options)), layerFile))

/**
 * All services, with credentials kept in the keychain of the person: see {@link layerCredentialStoreKeychain}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeychain = (options: KeychainStoreOptions): Layer.Layer<Services, InvalidOptions> =>
  Layer.mergeAll(layerCallbackServer, layerPasteInput, layerPresenter(), layerCredentialStoreKeychain(options))
