/**
 * For a server that wants more than its address: what to set where one of these signs people in. Take the line of yours; what is not
 * set is found out. `byHand`: nobody can register there, so make a client by hand, with the redirect URI that stands here, and give
 * its id as `client`. The README of this folder has the same as a table, with where to make the client.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     SERVER_URL=https://mcp.example.com/mcp CLIENT_ID=… CLIENT_SECRET=… npx tsx yourServer.ts Entra
 *     npx tsx yourServer.ts --local    signs in at an emulation of each, and renews the sign-in
 *
 * It prints:
 *
 *     Entra: signed in, and renewed
 *     Google: signed in, and renewed
 *     Okta: signed in, and renewed
 *     Auth0: signed in, and renewed
 *     Keycloak: signed in, and renewed
 *     Cognito: signed in, and renewed
 *     GitHub: signed in, and renewed
 *     Slack: signed in, and renewed
 *     Atlassian: signed in, and renewed
 *     Notion: signed in, and renewed
 *     Salesforce: signed in, and renewed
 */
import { createMcpOAuth, type CreateMcpOAuthOptions } from "effect-oauth-callback/promise"
import { atEachServer } from "./localVendors.ts" // --local

/** What to set, and how the client is made. */
export interface YourServer extends Pick<CreateMcpOAuthOptions, "authorizationParameters" | "unsafe"> {
  /** The redirect URI to register. Without a port: any port will do. */
  readonly byHand?: { readonly redirectUri: string; readonly secret?: true }
}

export const yourServers: Readonly<Record<string, YourServer>> = {
  Entra: {
    byHand: { redirectUri: "http://127.0.0.1/callback" },
    // With the address of one tenant in place of `organizations` or `common` without allowIssuerMismatch.
    unsafe: { allowIssuerMismatch: true, allowMissingS256: true, omitResource: true }
  },
  Google: {
    byHand: { redirectUri: "http://127.0.0.1/callback", secret: true },
    authorizationParameters: { access_type: "offline" } // else there is no refresh token
  },
  Okta: { byHand: { redirectUri: "http://127.0.0.1:8976/callback" } },
  Auth0: { authorizationParameters: { audience: "https://mcp.example/api" } }, // the identifier of your API
  Keycloak: {},
  Cognito: { byHand: { redirectUri: "http://localhost:8976/callback" }, unsafe: { allowMissingS256: true } },
  GitHub: { byHand: { redirectUri: "http://127.0.0.1/callback", secret: true } },
  Slack: { byHand: { redirectUri: "http://localhost:8976/callback" }, unsafe: { allowIssuerMismatch: true } },
  Atlassian: { unsafe: { allowIssuerMismatch: true } },
  Notion: {},
  Salesforce: {
    byHand: { redirectUri: "http://localhost:8976/callback" },
    unsafe: { allowIssuerMismatch: true, allowMissingS256: true }
  }
}

/** The options for one of them. */
export const optionsFor = (
  name: string,
  client?: CreateMcpOAuthOptions["client"]
): Omit<CreateMcpOAuthOptions, "serverUrl"> => {
  const { byHand, ...settings } = yourServers[name] ?? {}
  const { hostname, port } = new URL(byHand?.redirectUri ?? "http://127.0.0.1")
  const host = hostname === "localhost" ? "localhost" as const : "127.0.0.1" as const
  return { ...settings, ...(byHand && { client }), callback: { host, port: Number(port) } } // port 0: any
}

const agent = async (name: string) => {
  const { CLIENT_ID: clientId = "", CLIENT_SECRET: clientSecret, SERVER_URL: serverUrl = "" } = process.env
  const oauth = await createMcpOAuth({ serverUrl, ...optionsFor(name, { clientId, clientSecret }) })
  await oauth.ensure()
  console.log(`Signed in to ${serverUrl}`)
  await oauth.close()
}

await atEachServer(yourServers, optionsFor) // --local
await agent(process.argv[2] ?? "")
