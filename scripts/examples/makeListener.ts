/**
 * A web service whose people sign in to an MCP server, with `node:http` alone. Express takes `serve(hosted.handle)` the same way:
 * `app.all("/oauth/callback", serve(hosted.handle))`.
 */
import type { HostedSignIn } from "effect-oauth-callback/promise"
import type { RequestListener } from "node:http"
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
