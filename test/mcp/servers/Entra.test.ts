/** Signing in where Microsoft Entra ID is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../../fixtures/McpHarness.ts"
import * as Entra from "../../fixtures/servers/Entra.ts"
import { ping, serverLaws, type Settings, trouble, world } from "../../fixtures/servers/serverLaws.ts"

const byHand = { port: "any" } as const
const waivers = { allowIssuerMismatch: true, allowMissingS256: true, omitResource: true } as const
/** All waivers but one. */
const without = (name: keyof typeof waivers) => (): Settings => ({ unsafe: { ...waivers, [name]: false } })

serverLaws({
  name: "Entra",
  make: Entra.make(),
  byHand,
  settings: () => ({ unsafe: waivers }),
  without: {
    "unsafe.allowIssuerMismatch": without("allowIssuerMismatch"),
    "unsafe.allowMissingS256": without("allowMissingS256"),
    "unsafe.omitResource": without("omitResource")
  },
  revokes: false
})

describe("Entra", () => {
  const settings = () => ({ unsafe: waivers })

  it.scopedLive("is asked for offline_access, and neither for consent nor with a resource anywhere", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Entra.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      here.emulated.expireAll()
      assert.strictEqual(McpHarness.word(yield* ping(oauth, here)), 200)
      const asked = here.emulated.lastAuthorization()
      assert.include(asked?.get("scope")?.split(" ") ?? [], "offline_access")
      assert.isNull(asked?.get("prompt"))
      for (const { endpoint, params } of here.emulated.requests) assert.isNull(params.get("resource"), endpoint)
    }))

  it.scopedLive("gives the token for the MCP server again, because the refresh names the scopes", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Entra.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      here.emulated.expireAll()
      assert.strictEqual(McpHarness.word(yield* ping(oauth, here)), 200)
      const refreshes = here.emulated.requests.filter(({ params }) => params.get("grant_type") === "refresh_token")
      assert.strictEqual(refreshes.length, 1)
      assert.match(refreshes[0]?.params.get("scope") ?? "", /^api:\/\/[^ ]+\/mcp\.access( |$)/)
    }))

  it.scopedLive("is signed in to through one tenant, whose issuer is to the letter, with two waivers", () =>
    Effect.gen(function* () {
      const two = () => ({ unsafe: { allowMissingS256: true, omitResource: true } })
      const here = yield* world({ make: Entra.make({ tenant: "one", sendsIss: true }), byHand, settings: two })
      const oauth = yield* here.open()
      yield* oauth.ensure
      assert.strictEqual(McpHarness.word(yield* ping(oauth, here)), 200)
    }))

  it.scopedLive("may answer with the iss of the real tenant, where the issuer was waived", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Entra.make({ sendsIss: true }), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      assert.strictEqual(McpHarness.word(yield* ping(oauth, here)), 200)
      yield* here.harness.settled
      assert.strictEqual(here.harness.windows(), 1)
    }))

  it.scopedLive("shows people a page for administrators, if they ask for prompt=consent", () =>
    Effect.gen(function* () {
      const consent = () => ({ unsafe: waivers, authorizationParameters: { prompt: "consent" } })
      const here = yield* world({ make: Entra.make(), byHand, settings: consent })
      assert.include(yield* trouble(here), "no answer arrived")
      assert.match(here.emulated.deadPages.join(), /^Need admin approval/)
    }))
})
