// Connects with stored tokens by `./mcp`, as an Effect program.
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import * as Effect from "effect/Effect"
import { McpOAuth } from "effect-oauth-callback/mcp"
import process from "node:process"
import { layerFile } from "./services.mjs"

const { directory, serverUrl } = JSON.parse(process.argv[2])
const client = new Client({ name: "bench", version: "1.0.0" })
const program = Effect.zipRight(
  McpOAuth.connect(client, { serverUrl }),
  Effect.sync(() => process.stdout.write("connected\n"))
)
await Effect.runPromise(Effect.provide(Effect.scoped(program), layerFile({ appName: "bench", directory })))
