// Stores valid tokens for a server in files, as a sign-in would.
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { CredentialStore } from "effect-oauth-callback"
import process from "node:process"
import { layerFile } from "./services.mjs"

const { accessToken, directory, serverUrl } = JSON.parse(process.argv[2])
const credentials = {
  issuer: new URL(serverUrl).origin,
  client: { clientId: "bench" },
  tokens: {
    accessToken: Redacted.make(accessToken),
    refreshToken: Redacted.make("tGzv3JOkF0XG5Qx2TlKWIA"),
    expiresAt: Date.now() + 86_400_000
  }
}
const store = Effect.flatMap(
  CredentialStore,
  ({ modify }) => modify({ serverUrl }, () => Effect.succeed([undefined, Option.some(credentials)]))
)
await Effect.runPromise(Effect.provide(store, layerFile({ appName: "bench", directory })))
