// One sign-in from process start to exit: the callback server of @mastra/mcp.
import { createOAuthCallbackServer } from "@mastra/mcp"
import process from "node:process"

const state = "lVUvcD6rlTRZ3m6rSt6U0-4u6Fq8vXWwEo0bfT5Hn6w"
const server = await createOAuthCallbackServer({
  redirectUrl: `http://127.0.0.1:${process.argv[2]}/callback`,
  state
})
process.stdout.write(`${server.url} ${state}\n`)
await server.waitForCode()
await server.close()
