/**
 * `oauth.provider` in a client that asks more of a provider than the MCP SDKs do: the steps of `@ai-sdk/mcp` 1 and 2, which
 * begins no sign-in unless the provider can keep the authorization server's name.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { OAuthClientProvider } from "../../src/mcp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

/** The optional members that such a client looks for. */
interface Hooks {
  readonly saveClientInformation?: (information: object) => Promise<void>
  readonly authorizationServerInformation?: () => Promise<object | undefined>
  readonly invalidateCredentials?: (scope: string) => Promise<void>
  readonly storedState?: () => Promise<string | undefined>
}

/** Sends a request; at a 401 it goes through its own sign-in up to the redirect, as `auth` of that client does. */
const request = async (provider: OAuthClientProvider & Hooks, url: string, issuer: string): Promise<number> => {
  const bearer = (await provider.tokens())?.access_token
  const response = await fetch(url, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } })
  await response.text()
  if (response.status !== 401) return response.status
  const client = await provider.clientInformation()
  if (client === undefined) throw new Error("OAuth client information must be saveable for dynamic registration")
  const tokens = await provider.tokens()
  if (client.issuer !== undefined && client.issuer !== issuer) throw new Error("another issuer")
  // It would refresh with such a token, and then invalidate those of the provider.
  if (tokens !== undefined && "refresh_token" in tokens) throw new Error("no refresh token is given away")
  const information = { authorizationServerUrl: issuer, tokenEndpoint: `${issuer}/token` }
  const { saveAuthorizationServerInformation: save }: { save?: unknown } & Partial<OAuthClientProvider> = provider
  if (save === undefined) throw new Error("OAuth authorization server metadata must be saveable")
  await (save as (information: object) => Promise<void>).call(provider, information)
  const authorize = new URL(`${issuer}/authorize`)
  authorize.searchParams.set("state", provider.state())
  provider.saveCodeVerifier("verifier")
  await provider.redirectToAuthorization(authorize)
  return 401
}

describe("a provider in a client that keeps the authorization server's name", () => {
  it.scopedLive("goes on after the server ended a token early: one refresh, and no window", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, server, windows } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const { provider } = oauth
      const send = Effect.promise(() => request(provider, server.url, authorizationServer.issuer))
      assert.strictEqual(yield* send, 200)
      authorizationServer.expireAll()
      assert.strictEqual(yield* send, 401)
      yield* oauth.ensure
      assert.strictEqual(yield* send, 200)
      assert.strictEqual(authorizationServer.refreshes(), 1)
      assert.strictEqual(windows(), 1)
    }))
})
