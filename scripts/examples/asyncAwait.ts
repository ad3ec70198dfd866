/**
 * For an agent that calls the tools of an MCP server. The first run opens the browser; later runs use what the first one stored.
 *
 *     npm install effect-oauth-callback @modelcontextprotocol/sdk && npm pkg set type=module
 *     npx tsx asyncAwait.ts            with your server in place of mcp.example.com
 *     npx tsx asyncAwait.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     It has these tools: whoami
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { connect } from "effect-oauth-callback/promise"
import "./localServers.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const client = new Client({ name: "my-agent", version: "1.0.0" })
try {
  const { oauth } = await connect(client, { serverUrl, store: { appName: "my-agent" } })
  const { tools } = await client.listTools()
  console.log("It has these tools:", tools.map(({ name }) => name).join(", "))
  await oauth.close() // closes the client too
} catch (error) {
  // Each error says what happened and what to do; `_tag` tells them apart.
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
