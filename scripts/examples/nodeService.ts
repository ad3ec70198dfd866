/**
 * A web service whose people sign in to an MCP server, with `node:http` alone. Express takes `serve(hosted.handle)` the same
 * way: `app.all("/oauth/callback", serve(hosted.handle))`.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     PUBLIC_URL=https://agent.example SERVER_URL=https://mcp.example.com/mcp npx tsx nodeService.ts
 *     npx tsx nodeService.ts --local    with servers of this machine, and nobody in front of it
 *
 * It prints:
 *
 *     Signed in to 127.0.0.1:49152
 */
import { createHostedSignIn, type HostedSignIn, type TextStore } from "effect-oauth-callback/promise"
import { createServer, type RequestListener } from "node:http"
import { toThisMachine, visit } from "./localService.ts" // --local
import { serve } from "./nodeRequest.ts"

/** The service. */
export const makeListener = (hosted: HostedSignIn, serverUrl: string): RequestListener => {
  const callback = serve(hosted.handle)
  return (incoming, outgoing) => {
    const [path] = (incoming.url ?? "/").split("?")
    if (path === "/connect") {
      // The account is that of your session.
      hosted.begin({ serverUrl, account: "ann", bindToBrowser: true }).then(
        ({ cookie = [], url }) => outgoing.writeHead(302, { "set-cookie": cookie, location: url.href }).end(),
        () => outgoing.writeHead(502).end("The server cannot be signed in to now")
      )
    } else if (path === "/oauth/callback") void callback(incoming, outgoing)
    else outgoing.writeHead(404).end()
  }
}

const texts = new Map<string, string>() // stands for your database
const credentials: TextStore = {
  get: (name) => texts.get(name),
  set: (name, text) => texts.set(name, text),
  delete: (name) => texts.delete(name)
}
const { PORT = "8080", PUBLIC_URL = "", SERVER_URL = "" } = process.env
const hosted = await createHostedSignIn({
  guard: toThisMachine, // --local
  redirectUri: `${PUBLIC_URL}/oauth/callback`,
  store: "memory",
  credentials
})
createServer(makeListener(hosted, SERVER_URL)).listen(Number(PORT))
await visit(["/connect"]) // --local
