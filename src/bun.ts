/**
 * The services on Bun: server, paste, presenter, and a credential store. Each loads its parts on first use.
 *
 * @module
 */
export {
  layer,
  layerFile,
  layerKeychain,
  layerPresenter,
  type Services,
  type TerminalOptions
} from "./runtime/layer.ts"
export {
  exportCredentials,
  type ExportOptions,
  importCredentials,
  type ImportOptions
} from "./runtime/transferCredentials.ts"
