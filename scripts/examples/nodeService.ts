/**
 * A web service whose people sign in to an MCP server, with `node:http` alone. Express takes `serve(hosted.handle)` the same
 * way: `app.all("/oauth/callback", serve(hosted.handle))`.
 *
 *     node nodeService.ts --local      (with servers of this machine, and nobody in front of it)
 *
 * It prints:
 *
 *     Signed in to 127.0.0.1:49152
 */
import { createHostedSignIn, type HostedSignIn, type TextStore } from "effect-oauth-callback/promise"
import type { RequestListener } from "node:http"
import { headingOf, whileListening, withLocal } from "./local.ts"
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

await withLocal(({ browse, serverUrl }) =>
  whileListening(async (publicUrl, listen) => {
    const texts = new Map<string, string>()
    const credentials: TextStore = {
      get: (name) => texts.get(name),
      set: (name, text) => texts.set(name, text),
      delete: (name) => texts.delete(name)
    }
    const hosted = await createHostedSignIn({
      redirectUri: `${publicUrl}/oauth/callback`,
      store: "memory",
      credentials,
      // Only here: by default nothing is sent to addresses of this machine.
      guard: () => true
    })
    listen(makeListener(hosted, serverUrl))
    console.log(headingOf(await browse(`${publicUrl}/connect`)))
    await hosted.close()
  })
)
