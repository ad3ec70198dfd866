/**
 * For a command `my-agent logout`: has the server end the tokens where it can (RFC 7009), and forgets them. They are forgotten here
 * first, so that also a server that cannot be reached leaves nobody signed in; then the error says until when they stay good.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx logout.ts            what this program has stored, of all servers
 *     npx tsx logout.ts --local    with a server of this machine, that was signed in to before
 *
 * It prints:
 *
 *     127.0.0.1:49152: signed out
 *     Nobody is signed in
 */
import { accounts, createMcpOAuth, type McpOAuthFailure } from "effect-oauth-callback/promise"
import { signInFirst } from "./localSteps.ts" // --local

const store = { appName: "my-agent" }
await signInFirst(store) // --local

for (const { account, server, serverUrl } of await accounts({ store })) {
  if (serverUrl === undefined) continue // it has a query, which only the program knows that signed in
  const oauth = await createMcpOAuth({ serverUrl, account, store, interactive: false })
  try {
    await oauth.logout()
    console.log(`${new URL(server).host}: signed out`)
  } catch (error) {
    const failure = error as McpOAuthFailure
    if (failure._tag !== "RevocationError") throw error
    // It is forgotten here; the server did not end these, which may be valid until then.
    console.log(
      `${new URL(server).host}: ${failure.message} (${failure.tokens?.join(", ")}, ${failure.validUntil ?? "?"})`
    )
  } finally {
    await oauth.close()
  }
}
if ((await accounts({ store })).every(({ isSignedIn }) => !isSignedIn)) console.log("Nobody is signed in")
