/** Signing in where Auth0 is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Auth0 from "../../fixtures/servers/Auth0.ts"
import { serverLaws, trouble, world } from "../../fixtures/servers/serverLaws.ts"

const settings = () => ({ authorizationParameters: { audience: Auth0.apiIdentifier } })

serverLaws({
  name: "Auth0",
  make: Auth0.make(),
  settings,
  without: { authorizationParameters: () => ({}) },
  revokes: true
})

describe("Auth0", () => {
  it.scopedLive("is asked for its audience, and for offline_access", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Auth0.make(), settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      const asked = here.emulated.lastAuthorization()
      assert.strictEqual(asked?.get("audience"), Auth0.apiIdentifier)
      assert.deepStrictEqual(asked?.get("scope")?.split(" "), ["read:tools", "offline_access"])
    }))

  it.scopedLive("says which API it does not know, and so does the error", () =>
    Effect.gen(function* () {
      const other = () => ({ authorizationParameters: { audience: "https://mcp.example/other" } })
      const here = yield* world({ make: Auth0.make(), settings: other })
      assert.include(yield* trouble(here), "Service not found: https://mcp.example/other")
    }))
})
