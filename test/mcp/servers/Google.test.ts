/** Signing in where Google is the authorization server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../../fixtures/McpHarness.ts"
import * as Google from "../../fixtures/servers/Google.ts"
import { ping, serverLaws, trouble, world } from "../../fixtures/servers/serverLaws.ts"

const byHand = { port: "any", secret: true } as const
const settings = () => ({ authorizationParameters: { access_type: "offline" } })

serverLaws({
  name: "Google",
  make: Google.make(),
  byHand,
  settings,
  without: { authorizationParameters: () => ({}) },
  revokes: true
})

describe("Google", () => {
  it.scopedLive("is sent access_type=offline, and no scope that it does not know", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Google.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      const asked = here.emulated.lastAuthorization()
      assert.strictEqual(asked?.get("access_type"), "offline")
      assert.strictEqual(asked?.get("scope"), "https://www.googleapis.com/auth/drive.readonly")
    }))

  it.scopedLive("keeps its refresh token, although a refresh brings no new one", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Google.make(), byHand, settings })
      const oauth = yield* here.open()
      yield* oauth.ensure
      const kept = here.harness.store.peek(here.emulated.url)?.tokens?.refreshToken
      here.emulated.expireAll()
      assert.strictEqual(McpHarness.word(yield* ping(oauth, here)), 200)
      assert.isDefined(kept)
      assert.deepStrictEqual(here.harness.store.peek(here.emulated.url)?.tokens?.refreshToken, kept)
    }))

  it.scopedLive("wants the secret of a desktop app, and the error names the option", () =>
    Effect.gen(function* () {
      const here = yield* world({ make: Google.make(), byHand, settings })
      const { clientId } = here.options.client ?? { clientId: "" }
      const open = () => here.open({ client: { clientId } })
      assert.include(yield* trouble({ ...here, open }), "client.clientSecret")
    }))
})
