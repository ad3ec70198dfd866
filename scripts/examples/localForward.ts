/**
 * What `--local` means in remoteMachine.ts: something that forwards a port, as `ssh -L`, a container's `-p` and a codespace do. The
 * port of the other side is that of REDIRECT_URI; what comes there goes to CALLBACK_PORT. See localServers.ts for the rest.
 */
import { connect, createServer, type Socket } from "node:net"
import process from "node:process"
import { isLocal, listenOn } from "./localServers.ts"

if (isLocal) {
  // A port that was free a moment ago.
  const taken = createServer()
  const callbackPort = await listenOn(taken)
  await new Promise((resolve) => taken.close(resolve))
  const forwarded = await listenOn(createServer((outer: Socket) => {
    const inner = connect(callbackPort, "127.0.0.1")
    inner.unref().pipe(outer).pipe(inner)
    inner.on("error", () => outer.destroy())
    outer.on("error", () => inner.destroy())
  }))
  const redirectUri = `http://localhost:${forwarded}/callback`
  Object.assign(process.env, { CALLBACK_PORT: String(callbackPort), REDIRECT_URI: redirectUri })
}
