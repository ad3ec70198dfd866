/**
 * For a program that waits for the redirect with the package `oauth-callback`. Before:
 *
 *     const result = await getAuthCode({ authorizationUrl, port: 3000, timeout: 60_000 })
 *     if (result.state !== state) throw new Error("somebody else's answer")
 *     const tokens = await exchange(result.code)
 *
 * What changes: the callback is opened first and gives `redirectUri` and `state`, which go into the address; both are compared
 * here, so that your own check can go; a denial is an error with `_tag: "AuthorizationDenied"`. For `browserAuth()`, its provider
 * for MCP, see fromAuthProvider.ts.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx fromOauthCallback.ts            with your server's addresses and your client id
 *     npx tsx fromOauthCallback.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     A code of 32 characters, by http
 */
import { openCallback } from "effect-oauth-callback/promise"
import { createHash, randomBytes } from "node:crypto"
import "./localServers.ts" // --local

const issuer = process.env.ISSUER ?? "https://auth.example.com"
const verifier = randomBytes(32).toString("base64url") // goes with the code to the token endpoint

const callback = await openCallback() // `{ port: 3000 }` as before; by default any free port
const authorizationUrl = new URL("/authorize", issuer)
authorizationUrl.search = new URLSearchParams({
  response_type: "code",
  client_id: process.env.CLIENT_ID ?? "my-app",
  redirect_uri: callback.redirectUri,
  state: callback.state,
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256"
}).toString()
try {
  const { code, via } = await callback.authorize({ url: authorizationUrl, issuer, timeout: 60_000 })
  console.log(`A code of ${code.length} characters, by ${via}`) // const tokens = await exchange(code)
} finally {
  await callback.close()
}
