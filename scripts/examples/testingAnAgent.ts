/**
 * For the tests of an agent: servers on this machine, and a browser that says yes, says no, or never comes back. It needs no
 * account and no test runner; in node:test, vitest or Deno.test each of the three is a test.
 *
 *     npm install effect-oauth-callback @modelcontextprotocol/sdk && npm pkg set type=module
 *     npx tsx testingAnAgent.ts            the servers are its own anyway
 *     npx tsx testingAnAgent.ts --local    the same
 *
 * It prints:
 *
 *     says yes: Hello Ada
 *     says no: AuthorizationDenied
 *     never comes back: AuthorizationTimeout
 *     1 window, 1 refresh
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { connect, type ConnectOptions } from "effect-oauth-callback/promise"
import { makeBrowser, startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
import assert from "node:assert/strict"

/** What is tested: it signs in and calls a tool, twice. */
const agent = async (options: ConnectOptions, meanwhile = () => {}): Promise<string> => {
  const client = new Client({ name: "my-agent", version: "1.0.0" })
  const { oauth } = await connect(client, options)
  const greet = async () => {
    const { content } = await client.callTool({ name: "greet", arguments: { name: "Ada" } })
    return (content as ReadonlyArray<{ readonly text: string }>)[0]?.text ?? ""
  }
  await greet()
  meanwhile()
  const greeting = await greet()
  await client.close()
  await oauth.close()
  return greeting
}

const tagOf = (error: { readonly _tag: string }) => error._tag
const authorizationServer = await startAuthorizationServer()
const server = await startMcpServer({ authorizationServer, tools: { greet: ({ name }) => `Hello ${name}` } })
const options = { serverUrl: server.url, prompt: false } as const

const yes = makeBrowser()
const greeting = await agent({ ...options, present: yes.present }, () => authorizationServer.expireTokens())
assert.equal(greeting, "Hello Ada")
console.log(`says yes: ${greeting}`)
const counts = `${authorizationServer.windows()} window, ${authorizationServer.refreshes()} refresh`

const no = makeBrowser({ behaviour: "deny" })
console.log(`says no: ${await agent({ ...options, present: no.present }).catch(tagOf)}`)

const gone = makeBrowser({ behaviour: "wanderOff" })
const soon = { callback: { timeout: 500 } } // milliseconds, in place of 5 minutes
console.log(`never comes back: ${await agent({ ...options, ...soon, present: gone.present }).catch(tagOf)}`)

console.log(counts)
await Promise.all([yes.done(), no.done(), gone.done(), server.close(), authorizationServer.close()])
