/**
 * For a program that waits for the redirect with a `createServer` of its own. `openCallback` takes its place: the port listens
 * before the address is known, only this sign-in's answer counts, and nothing is left open. Before:
 *
 *     const server = createServer(async (request, response) => {
 *       const query = new URL(request.url, "http://localhost:3000").searchParams
 *       response.end("You can close this tab.")                 // said before it is known whether it worked
 *       tokens = await exchange(query.get("code"))              // whoever sends a code is believed
 *       server.close()                                          // waits for the browser's idle connections
 *     }).listen(3000)                                           // taken by another program, or by a second sign-in
 *     await open(authorizationUrl)
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx fromCreateServer.ts            with your server's addresses and your client id
 *     npx tsx fromCreateServer.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     Got: access_token, refresh_token, token_type, expires_in
 */
import { openCallback } from "effect-oauth-callback/promise"
import { createHash, randomBytes } from "node:crypto"
import "./localServers.ts" // --local

const issuer = process.env.ISSUER ?? "https://auth.example.com"
const clientId = process.env.CLIENT_ID ?? "my-app"

const callback = await openCallback() // { port: 3000 }, where the redirect URI is registered with a port
try {
  const verifier = randomBytes(32).toString("base64url")
  const url = new URL("/authorize", issuer)
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: callback.redirectUri,
    state: callback.state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256"
  }).toString()
  const tokens = await callback.authorize({
    url,
    issuer,
    // What your handler did with the code. The browser's page waits for it, and says whether it worked.
    exchange: async ({ code }, { signal }) => {
      const body = new URLSearchParams({
        grant_type: "authorization_code",
        client_id: clientId,
        code,
        code_verifier: verifier,
        redirect_uri: callback.redirectUri
      })
      const response = await fetch(new URL("/token", issuer), { method: "POST", body, signal })
      if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
      return await response.json() as Record<string, unknown>
    }
  })
  console.log(`Got: ${Object.keys(tokens).join(", ")}`)
} finally {
  await callback.close()
}
