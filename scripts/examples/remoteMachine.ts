/**
 * For a program whose browser is on another machine: SSH, a container, WSL, a codespace. There are three ways.
 *
 * 1. Nothing to set: the address that the browser ended on is pasted into the terminal. Always there.
 * 2. The same port on both sides: `ssh -L 8976:127.0.0.1:8976 host`, `docker run --network host`; WSL does it by itself. Set `port`.
 * 3. Another address on the browser's side, as a codespace has it (`https://…-8976.app.github.dev/callback`): this recipe. Docker's
 *    `-p` alone does not reach the program, which listens on 127.0.0.1 of the container: paste, or use `--network host`.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     CALLBACK_PORT=8976 REDIRECT_URI=https://…/callback npx tsx remoteMachine.ts
 *     npx tsx remoteMachine.ts --local    with a server of this machine, and a port that is forwarded to another
 *
 * It prints:
 *
 *     The answer came to http://localhost:49152/callback
 *     Signed in: true
 */
import { createMcpOAuth } from "effect-oauth-callback/promise"
import "./localForward.ts" // --local

const { CALLBACK_PORT = "8976", REDIRECT_URI, SERVER_URL: serverUrl = "https://mcp.example.com/mcp" } = process.env
const oauth = await createMcpOAuth({
  serverUrl,
  callback: {
    port: Number(CALLBACK_PORT),
    // What the browser is sent to, and what is registered. Left out: http://127.0.0.1:8976/callback.
    redirectUri: REDIRECT_URI === undefined ? undefined : () => REDIRECT_URI
  },
  onNotice: (notice) => {
    if (notice._tag === "SignInEnded" && notice.outcome === "SignedIn") {
      console.log(`The answer came to ${REDIRECT_URI}`)
    }
  }
})
await oauth.ensure()
console.log(`Signed in: ${(await oauth.status()).isSignedIn}`)
await oauth.close()
