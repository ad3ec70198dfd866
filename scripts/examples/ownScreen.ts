/**
 * For a program with a window, a web page or a chat of its own: it shows the sign-ins there, and nothing is written to the terminal.
 * Text that the person pastes into your own input box goes to `submit`.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx ownScreen.ts            with your server in place of mcp.example.com
 *     npx tsx ownScreen.ts --local    with a server of this machine, and a person who clicks on the link
 *
 * It prints:
 *
 *     [card] Sign in to wiki
 *     [card] That is not the address of the page you ended on. Copy it whole …
 *     [card] removed: SignedIn
 *     Signed in: true
 */
import { createMcpOAuth, type Notice, type PendingSignIn } from "effect-oauth-callback/promise"
import { click } from "./localSteps.ts" // --local

// Your own screen: here it prints what it shows. The link holds `state`, so write it into no log.
const card = (text: string, _link?: URL) => console.log(`[card] ${text}`)

const present = async ({ serverName, signal, url }: PendingSignIn): Promise<void> => {
  card(`Sign in to ${serverName}`, url) // with an input box
  signal.addEventListener("abort", () => {}) // it has ended, however it did: take the card away
  // What the box is given: what is no answer is explained, and the wait goes on.
  await oauth.submit("is this it?").catch(({ message }: Error) => card(message))
  click(url) // --local
}

const onNotice = (notice: Notice): void => {
  if (notice._tag === "SignInEnded") card(`removed: ${notice.outcome}`)
  if (notice._tag === "CallbackRefused") card(notice.message) // a request that was not the answer; the wait goes on
}

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const oauth = await createMcpOAuth({ serverUrl, name: "wiki", prompt: false, present, onNotice })
await oauth.ensure()
console.log(`Signed in: ${(await oauth.status()).isSignedIn}`)
await oauth.close()
