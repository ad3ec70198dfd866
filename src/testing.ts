/**
 * Servers, a browser and a person who pastes, for tests of your own program. Plain functions, without Effect and without an
 * MCP SDK, for vitest, `node:test`, `Deno.test` and others; with Effect see `./testing/effect`.
 *
 * Everything listens on 127.0.0.1, on real sockets, and nothing waits for time to pass.
 *
 * @module
 */
export type { Answer, JsonDocument } from "./testing/Answer.ts"
export type {
  AuthorizationServerEndpoint,
  AuthorizationServerKnobs,
  MetadataLocation
} from "./testing/AuthorizationServerKnobs.ts"
export type { AuthMethod, Client, ClientKnobs, ClientToAdd } from "./testing/Clients.ts"
export type { Fault, FaultControl, FaultOptions } from "./testing/Fault.ts"
export type { CodeGrant, Family, RefreshToken, Verified } from "./testing/Grants.ts"
export { ListenError } from "./testing/Listener.ts"
export { type Behaviour, type Browser, type BrowserOptions, makeBrowser } from "./testing/makeBrowser.ts"
export type { Page } from "./testing/Navigator.ts"
export type { RunTool, TestTool, TestTools, ToolCall } from "./testing/McpProtocol.ts"
export type { ProtectedResource, RefusedRequest, ResourceEndpoint, ResourceKnobs } from "./testing/ProtectedResource.ts"
export type { RecordedRequest } from "./testing/RecordedRequest.ts"
export {
  BrowserError,
  type BrowserRequestOptions,
  type BrowserResponse,
  requestAsBrowser
} from "./testing/requestAsBrowser.ts"
export { type ScriptedPaste, scriptedPaste } from "./testing/scriptedPaste.ts"
export {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer
} from "./testing/startAuthorizationServer.ts"
export {
  type McpServer,
  type McpServerKnobs,
  type McpServerOptions,
  type ProtectedHandler,
  startMcpServer
} from "./testing/startMcpServer.ts"
export type { TokenKnobs } from "./testing/TokenEndpoint.ts"
