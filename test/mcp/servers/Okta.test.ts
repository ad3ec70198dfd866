/** Signing in where Okta is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Okta from "../../fixtures/servers/Okta.ts"
import { serverLaws, world } from "../../fixtures/servers/serverLaws.ts"

const byHand = { port: "exact" } as const

serverLaws({ name: "Okta", make: Okta.make(), byHand, revokes: true })

describe("Okta", () => {
  it.scopedLive("is found by its issuer with a path, and asked for offline_access, without an option", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Okta.make(), byHand })
      const oauth = yield* here.open()
      yield* oauth.ensure
      const asked = here.emulated.lastAuthorization()
      assert.deepStrictEqual(asked?.get("scope")?.split(" "), ["mcp.tools", "offline_access"])
      assert.strictEqual(here.emulated.count("register"), 0)
    }))
})
