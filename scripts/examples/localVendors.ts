/**
 * What `--local` means in yourServer.ts: an emulation of each server, made from what its documentation and its users say, and a person
 * who signs in. It checks what the real one checks, as far as that is known; `test/fixtures/servers` says from where.
 */
import { createMcpOAuth, type CreateMcpOAuthOptions } from "effect-oauth-callback/promise"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import process from "node:process"
import * as LoopbackHttp from "../../test/fixtures/LoopbackHttp.ts"
import * as Atlassian from "../../test/fixtures/servers/Atlassian.ts"
import * as Auth0 from "../../test/fixtures/servers/Auth0.ts"
import * as Cognito from "../../test/fixtures/servers/Cognito.ts"
import * as Entra from "../../test/fixtures/servers/Entra.ts"
import * as GitHub from "../../test/fixtures/servers/GitHub.ts"
import * as Google from "../../test/fixtures/servers/Google.ts"
import * as Keycloak from "../../test/fixtures/servers/Keycloak.ts"
import * as Notion from "../../test/fixtures/servers/Notion.ts"
import * as Okta from "../../test/fixtures/servers/Okta.ts"
import * as Salesforce from "../../test/fixtures/servers/Salesforce.ts"
import * as Slack from "../../test/fixtures/servers/Slack.ts"
import * as StandInBrowser from "../../test/fixtures/StandInBrowser.ts"
import type { YourServer } from "./yourServer.ts"

const vendors = { Atlassian, Auth0, Cognito, Entra, GitHub, Google, Keycloak, Notion, Okta, Salesforce, Slack }

type Options = Omit<CreateMcpOAuthOptions, "serverUrl">

const freePort = Effect.scoped(Effect.map(LoopbackHttp.listen, ({ port }) => port))

/** Signs in to one, and once more when the access token is over. */
const signIn = (
  name: string,
  { byHand }: YourServer,
  optionsFor: (name: string, client?: CreateMcpOAuthOptions["client"]) => Options
): Effect.Effect<void, LoopbackHttp.FixtureBindError, Scope.Scope> =>
  Effect.gen(function* () {
    const emulated = yield* (vendors[name as keyof typeof vendors] ?? Keycloak).make()
    // The registered port, or another one here: many of these run at once.
    const port = byHand?.redirectUri.includes(":8976/") ? yield* freePort : 0
    const redirectUris = [byHand?.redirectUri.replace(":8976/", `:${port}/`) ?? ""]
    const { clientId, clientSecret } = emulated.addClient({ redirectUris, secret: byHand?.secret ?? false })
    const secret = clientSecret === undefined ? {} : { clientSecret: Redacted.value(clientSecret) }
    const { callback, ...options } = optionsFor(name, { clientId, ...secret })
    const browser = StandInBrowser.make()
    yield* Effect.promise(async () => {
      const oauth = await createMcpOAuth({
        ...options,
        serverUrl: emulated.url,
        callback: { ...callback, port },
        prompt: false,
        present: ({ url }) => void Effect.runPromise(browser.visit(url, { follow: true }))
      })
      const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" }
      const ask = async () => (await oauth.fetch(emulated.url, { method: "POST", headers, body })).status
      const first = await ask()
      emulated.expireAll()
      const isRenewed = await ask() === 200 && emulated.windows() === 1
      console.log(`${name}: ${first === 200 ? "signed in" : first}, ${isRenewed ? "and renewed" : "not renewed"}`)
      await oauth.close()
    })
  })

/** Signs in to each, one after the other, and ends this process. */
export const atEachServer = async (
  yourServers: Readonly<Record<string, YourServer>>,
  optionsFor: Parameters<typeof signIn>[2]
): Promise<void> => {
  if (!process.argv.includes("--local")) return
  await Effect.runPromise(
    Effect.forEach(Object.entries(yourServers), ([name, server]) => Effect.scoped(signIn(name, server, optionsFor)), {
      discard: true
    })
  )
  process.exit()
}
