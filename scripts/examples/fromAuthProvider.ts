/**
 * For a client of the MCP SDK with an `authProvider`. `connect` takes the place of the provider, of its seven methods and of the
 * second try after the sign-in. Before:
 *
 *     class Provider implements OAuthClientProvider { redirectUrl; clientMetadata; clientInformation; saveTokens; … }
 *     const transport = new StreamableHTTPClientTransport(url, { authProvider: new Provider() })
 *     try {
 *       await client.connect(transport)
 *     } catch (error) {
 *       if (!(error instanceof UnauthorizedError)) throw error
 *       await transport.finishAuth(await waitForTheCode())
 *       await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }))
 *     }
 *
 *     npm install effect-oauth-callback @modelcontextprotocol/sdk && npm pkg set type=module
 *     npx tsx fromAuthProvider.ts            with your server in place of mcp.example.com
 *     npx tsx fromAuthProvider.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     By connect: ann
 *     By a provider: ann
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { connect, createMcpOAuth } from "effect-oauth-callback/promise"
import "./localServers.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const store = { appName: "my-agent" }
const whoami = async (client: Client) => JSON.stringify((await client.callTool({ name: "whoami" })).content)
const newClient = () => new Client({ name: "my-agent", version: "1.0.0" })

// Where you make the connection yourself.
const { client, oauth } = await connect(newClient(), { serverUrl, store })
console.log(`By connect: ${/"text":"(\w+)"/.exec(await whoami(client))?.[1]}`)
await oauth.close()

// Where a framework makes it, and takes nothing but an `authProvider`. Prefer `fetch: oauth.fetch` where it takes one.
const signIn = await createMcpOAuth({ serverUrl, store })
await signIn.ensure()
const other = newClient()
await other.connect(new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider: signIn.provider }))
console.log(`By a provider: ${/"text":"(\w+)"/.exec(await whoami(other))?.[1]}`)
await other.close()
await signIn.close()
