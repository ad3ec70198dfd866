/**
 * For a web service with Express whose people sign in to an MCP server. The callback is one route; the account is that of your own
 * session. For several machines give both stores of redisStores.ts in place of these; for another framework see webService.ts.
 *
 *     npm install effect-oauth-callback express@5 && npm pkg set type=module
 *     PUBLIC_URL=https://agent.example SERVER_URL=https://mcp.example/mcp npx tsx expressService.ts
 *     npx tsx expressService.ts --local    with servers of this machine, and nobody in front of it
 *
 * It prints:
 *
 *     Signed in to 127.0.0.1:49152
 *     ann: 200
 */
import { createHostedSignIn, createMcpOAuth, type HostedSignIn, type TextStore } from "effect-oauth-callback/promise"
import express, { type Express } from "express"
import { toThisMachine, visit } from "./localService.ts" // --local
import { serve } from "./nodeRequest.ts"

const texts = new Map<string, string>() // stands for your database
const credentials: TextStore = {
  get: (name) => texts.get(name),
  set: (name, text) => texts.set(name, text),
  delete: (name) => texts.delete(name)
}

export const makeApp = (hosted: HostedSignIn, serverUrl: string): Express => {
  const app = express()
  app.all("/oauth/callback", serve(hosted.handle))
  app.get("/connect", async (_request, response) => {
    const account = "ann" // of your session: whatever a browser could choose itself is no account
    // `bindToBrowser`: only the browser that is sent there can finish it.
    const { cookie = [], url } = await hosted.begin({ serverUrl, account, bindToBrowser: true })
    response.setHeader("set-cookie", cookie).redirect(url.href)
  })
  app.get("/who", async (_request, response) => {
    const oauth = await createMcpOAuth({
      serverUrl,
      account: "ann",
      store: credentials,
      fetch: hosted.fetch,
      interactive: false,
      prompt: false
    })
    try {
      response.send(`ann: ${(await oauth.fetch(serverUrl)).status}`)
    } catch (error) {
      if (Object(error)._tag !== "InteractionRequired") throw error
      response.redirect("/connect")
    } finally {
      await oauth.close()
    }
  })
  return app
}

const { PORT = "8080", PUBLIC_URL = "", SERVER_URL = "" } = process.env
const hosted = await createHostedSignIn({
  guard: toThisMachine, // --local
  redirectUri: `${PUBLIC_URL}/oauth/callback`,
  store: "memory",
  credentials
})
makeApp(hosted, SERVER_URL).listen(Number(PORT))
await visit(["/connect", "/who"]) // --local
