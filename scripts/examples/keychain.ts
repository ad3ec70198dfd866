/**
 * For tokens that no file of the disk holds in the clear: in the keychain of the person (macOS, Windows, a Secret Service of Linux).
 * Where there is none, or it is locked, this fails with `CredentialStoreError` and keeps nothing elsewhere. For long tokens and many
 * servers take `{ appName, encrypt: true }`: encrypted files, whose key alone is in the keychain.
 *
 *     npm install effect-oauth-callback @napi-rs/keyring && npm pkg set type=module
 *     npx tsx keychain.ts            with your server in place of mcp.example.com
 *     npx tsx keychain.ts --local    with a server of this machine, and the keychain that is there
 *
 * It prints:
 *
 *     In the keychain: 127.0.0.1:49152
 *     Encrypted in files: 127.0.0.1:49152
 *     Taken out again
 */
import { accounts, createMcpOAuth, type CreateMcpOAuthOptions } from "effect-oauth-callback/promise"
import "./localServers.ts" // --local

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
const inKeychain = { appName: "my-agent", keychain: true } as const
const encrypted = { appName: "my-agent", encrypt: true } as const

const signIn = async (store: NonNullable<CreateMcpOAuthOptions["store"]>): Promise<string> => {
  const oauth = await createMcpOAuth({ serverUrl, store })
  await oauth.ensure().finally(oauth.close)
  return (await accounts({ store })).map(({ server }) => new URL(server).host).join()
}
console.log(`In the keychain: ${await signIn(inKeychain)}`)
console.log(`Encrypted in files: ${await signIn(encrypted)}`)

for (const store of [inKeychain, encrypted]) {
  const oauth = await createMcpOAuth({ serverUrl, store })
  await oauth.logout().finally(oauth.close)
}
console.log("Taken out again")
