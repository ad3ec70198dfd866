/**
 * For a web service with Express whose people sign in to an MCP server. The callback is one route; the account is that of your own
 * session. For several machines give both stores of redisStores.ts in place of these; for another framework see webService.ts.
 *
 *     npm install effect-oauth-callback express@5
 *     PUBLIC_URL=https://agent.example SERVER_URL=https://mcp.example/mcp node expressService.ts
 *     node expressService.ts --local    with servers of this machine, and nobody in front of it
 *
 * It prints:
 *
 *     Signed in to 127.0.0.1:49152
 *     ann: 200
 */
import { createHostedSignIn, createMcpOAuth, type HostedSignIn, type TextStore } from "effect-oauth-callback/promise"
import express, { type Express } from "express"
import { headingOf, whileListening, withLocal } from "./local.ts"
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

const open = (publicUrl: string, guard?: () => boolean): Promise<HostedSignIn> =>
  createHostedSignIn({ redirectUri: `${publicUrl}/oauth/callback`, store: "memory", credentials, guard })

if (process.argv.includes("--local")) {
  await withLocal(({ browse, serverUrl }) =>
    whileListening(async (publicUrl, listen) => {
      const hosted = await open(publicUrl, () => true) // by default nothing is sent to addresses of this machine
      listen(makeApp(hosted, serverUrl))
      console.log(headingOf(await browse(`${publicUrl}/connect`)))
      console.log((await browse(`${publicUrl}/who`)).text)
      await hosted.close()
    })
  )
} else {
  const { PUBLIC_URL = "", SERVER_URL = "" } = process.env
  makeApp(await open(PUBLIC_URL), SERVER_URL).listen(8080)
}
