/**
 * The callback flow on servers and stores of `@effect/platform`.
 *
 * @module
 */
export { type CallbackHttpApp, makeHttpApp } from "./platform/CallbackHttpApp.ts"
export { hostedHttpApp, type RequestHandler } from "./platform/HostedHttpApp.ts"
export { layerKeyValueStore } from "./platform/KeyValueCredentialStore.ts"
export { layerHttpServer, type MakeHttpServer } from "./platform/PlatformCallbackServer.ts"
