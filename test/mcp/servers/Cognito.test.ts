/** Signing in where a Cognito user pool is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Cognito from "../../fixtures/servers/Cognito.ts"
import { serverLaws, world } from "../../fixtures/servers/serverLaws.ts"

const byHand = { port: "exact", secret: true } as const
const settings = () => ({ unsafe: { allowMissingS256: true } })

serverLaws({
  name: "Cognito",
  make: Cognito.make(),
  byHand,
  settings,
  without: { "unsafe.allowMissingS256": () => ({}) },
  revokes: true
})

describe("Cognito", () => {
  it.scopedLive("is asked for the scope of the MCP server alone, and told the secret by Basic", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Cognito.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      assert.strictEqual(here.emulated.lastAuthorization()?.get("scope"), "mcp-server/invoke")
      const [exchange] = here.emulated.requests.filter(({ endpoint }) => endpoint === "token")
      assert.match(exchange?.headers.authorization ?? "", /^Basic /)
      assert.isNull(exchange?.params.get("client_secret"))
    }))

  it.scopedLive("has no way to revoke an access token, which is no failure of a logout", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Cognito.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      yield* oauth.logout
      const revocations = here.emulated.requests.filter(({ endpoint }) => endpoint === "revoke")
      assert.strictEqual(revocations[0]?.params.get("token_type_hint"), "refresh_token")
      assert.strictEqual(revocations[0]?.status, 200)
    }))
})
