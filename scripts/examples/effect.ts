/**
 * For a program written with Effect that calls the tools of an MCP server. The scope closes the client; what was signed in to is
 * kept in files that only you can read.
 *
 *     npm install effect-oauth-callback effect@3 @modelcontextprotocol/sdk && npm pkg set type=module
 *     npx tsx effect.ts            with your server in place of mcp.example.com
 *     npx tsx effect.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     It has these tools: whoami
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Config, Console, Effect } from "effect"
import { McpOAuth } from "effect-oauth-callback/mcp"
import { layerFile } from "effect-oauth-callback/node" // or /deno, or /bun
import "./localServers.ts" // --local

const program = Effect.gen(function* () {
  const serverUrl = yield* Config.withDefault(Config.string("SERVER_URL"), "https://mcp.example.com/mcp")
  const { client } = yield* McpOAuth.connect(new Client({ name: "my-agent", version: "1.0.0" }), { serverUrl })
  const { tools } = yield* Effect.tryPromise(() => client.listTools())
  yield* Console.log("It has these tools:", tools.map(({ name }) => name).join(", "))
}).pipe(
  Effect.scoped,
  // Each error says what happened and what to do; `Effect.catchTag("AuthorizationDenied", …)` and so on tell them apart.
  Effect.tapError(({ message }) => Console.error(message)),
  Effect.provide(layerFile({ appName: "my-agent" }))
)

await Effect.runPromise(program)
