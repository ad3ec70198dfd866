/**
 * The callback flow on servers and stores of `@effect/platform`, and its clients: under a sign-in, and over one.
 *
 * @module
 */
export { type CallbackHttpApp, makeHttpApp } from "./platform/CallbackHttpApp.ts"
export { hostedHttpApp, type RequestHandler } from "./platform/HostedHttpApp.ts"
export { fetchFromHttpClient } from "./platform/HttpClientFetch.ts"
export { layerKeyValueStore } from "./platform/KeyValueCredentialStore.ts"
export { layerHttpServer, type MakeHttpServer } from "./platform/PlatformCallbackServer.ts"
export { layerFetch, layerHttpClient, makeHttpClient } from "./platform/SignedInHttpClient.ts"
