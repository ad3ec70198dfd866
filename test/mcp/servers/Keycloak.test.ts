/** Signing in where Keycloak is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Keycloak from "../../fixtures/servers/Keycloak.ts"
import { serverLaws, world } from "../../fixtures/servers/serverLaws.ts"

serverLaws({ name: "Keycloak", make: Keycloak.make(), revokes: true })

describe("Keycloak", () => {
  it.scopedLive("refuses to register scopes, and is asked once more without them, with the same window", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Keycloak.make() })
      const oauth = yield* here.open()
      yield* oauth.ensure
      const registrations = here.emulated.requests.filter(({ endpoint }) => endpoint === "register")
      assert.deepStrictEqual(registrations.map(({ status }) => status), [403, 201])
      assert.notProperty(registrations[1]?.body, "scope")
      assert.include(here.emulated.lastAuthorization()?.get("scope")?.split(" ") ?? [], "mcp:tools")
      assert.strictEqual(here.emulated.windows(), 1)
    }))
})
