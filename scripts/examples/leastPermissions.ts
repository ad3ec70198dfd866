/**
 * For a program on Deno that is given no more than it needs. Put the hosts of your MCP server and of its authorization server in
 * place of mcp.example.com and auth.example.com (the errors name both), and your own folder in place of ./store.
 *
 * The first sign-in, whose address the person opens:
 *
 *     deno run --allow-net=127.0.0.1,mcp.example.com,auth.example.com --allow-read=./store --allow-write=./store leastPermissions.ts
 *
 * The first sign-in, in the browser that the program opens (macOS: `open`, Windows: `rundll32.exe`):
 *
 *     deno run --allow-net=127.0.0.1,mcp.example.com,auth.example.com --allow-read=./store --allow-write=./store --allow-env --allow-run=xdg-open leastPermissions.ts
 *
 * Later runs. What renews the sign-in needs the authorization server and --allow-write; until then they can be left out:
 *
 *     deno run --allow-net=mcp.example.com,auth.example.com --allow-read=./store --allow-write=./store leastPermissions.ts
 *
 * All of these with servers of this machine, and with a flag less:
 *
 *     deno run -A leastPermissions.ts --local
 *
 * It prints:
 *
 *     The first sign-in: 200, but no browser opens without --allow-env --allow-run=xdg-open
 *     A later run: 200
 *     A later run without --allow-read: CredentialStoreError
 *     In the browser: 200
 *     In the browser without --allow-run: 200, but no browser opens without --allow-env --allow-run=xdg-open
 */
import { createMcpOAuth } from "effect-oauth-callback/promise"
import process from "node:process"

const agent = async (serverUrl = "https://mcp.example.com/mcp") => {
  const oauth = await createMcpOAuth({ serverUrl, store: { appName: "my-agent", directory: "./store" } })
  const response = await oauth.fetch(serverUrl, { method: "POST", body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  console.log(response.status)
  await oauth.close()
}

if (process.argv.includes("--local")) await (await import("./localPermissions.ts")).measure()
await agent(process.argv[2])
