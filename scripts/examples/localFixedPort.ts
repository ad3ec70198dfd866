/**
 * What `--local` means in fixedPort.ts: a free port of this machine is the one that is registered, and the browser comes back from
 * all sign-ins when the last one is shown. See localServers.ts for the rest.
 */
import type { PendingSignIn } from "effect-oauth-callback/promise"
import { createServer } from "node:net"
import process from "node:process"
import { browse, isLocal, listenOn } from "./localServers.ts"

const shown: Array<string> = []

const show = ({ redirectUri, url }: PendingSignIn): void => {
  shown.push(url.href)
  const isRegistered = redirectUri === `http://127.0.0.1:${process.env.PORT}/callback`
  console.log(`${shown.length} of 2 is shown, and comes back to ${isRegistered ? redirectUri : "another address"}`)
  if (shown.length === 2) shown.forEach(browse)
}

/** Shows a sign-in. Without `--local` it is shown on stderr, and in the system's browser. */
export const present: typeof show | undefined = isLocal ? show : undefined

if (isLocal) {
  // A port that was free a moment ago.
  const taken = createServer()
  process.env.PORT = String(await listenOn(taken))
  await new Promise((resolve) => taken.close(resolve))
}
