/**
 * Servers, a browser and a person who pastes, for tests of your own program, as scoped services and layers. They listen on
 * real sockets, which work under a TestClock as well; tokens expire by that clock.
 *
 * Options and what they do are those of `./testing`.
 *
 * @module
 */
export { TestAuthorizationServer } from "./effect/TestAuthorizationServer.ts"
export { layerPresenter, TestBrowser } from "./effect/TestBrowser.ts"
export { layerServers, TestMcpServer, type TestMcpServerOptions } from "./effect/TestMcpServer.ts"
export { layerPaste, TestPaste } from "./effect/TestPaste.ts"
