/**
 * The services on Bun: server, paste, presenter, and a credential store. Each loads its parts on first use.
 *
 * @module
 */
export {
  type FileStoreOptions,
  type KeychainStoreOptions,
  layer,
  layerCallbackServer,
  layerCredentialStoreFile,
  layerCredentialStoreKeychain,
  layerCredentialStoreMemory,
  layerFile,
  layerFileConfig,
  layerKeychain,
  layerPasteInput,
  layerPresenter,
  type Services,
  type TerminalOptions
} from "./runtime/layer.ts"
export { InvalidOptions } from "./core/InvalidOptions.ts"
export {
  exportCredentials,
  type ExportOptions,
  importCredentials,
  type ImportOptions
} from "./runtime/transferCredentials.ts"
