/** A user's agent, tested with the kit: what README shows. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { connect, type PendingSignIn } from "effect-oauth-callback/promise"
import { makeBrowser, requestAsBrowser, startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
import { expect, test } from "vitest"

const agent = async (options: { readonly serverUrl: string; readonly present: (pending: PendingSignIn) => void }) => {
  const { client, oauth } = await connect(new Client({ name: "agent", version: "1.0.0" }), {
    prompt: false,
    ...options
  })
  try {
    return await client.callTool({ name: "greet", arguments: { name: "Ada" } })
  } finally {
    await client.close()
    await oauth.close()
  }
}

test("signs in and greets", async () => {
  const authorizationServer = await startAuthorizationServer()
  const server = await startMcpServer({ authorizationServer, tools: { greet: ({ name }) => `Hello ${name}` } })
  const browser = makeBrowser()
  const { content } = await agent({ serverUrl: server.url, present: browser.present })
  expect(content).toEqual([{ type: "text", text: "Hello Ada" }])
  expect(authorizationServer.windows()).toBe(1)
  await Promise.all([browser.done(), server.close(), authorizationServer.close()])
})

test("fails when its user says no, and the servers end together", async () => {
  const server = await startMcpServer()
  const [issuer = ""] = server.knobs.authorizationServers
  const { done, present } = makeBrowser({ behaviour: "deny" })
  await expect(agent({ serverUrl: server.url, present })).rejects.toMatchObject({ _tag: "AuthorizationDenied" })
  await Promise.all([done(), server.close()])
  await expect(requestAsBrowser(issuer)).rejects.toThrow()
})

test("reads a page also when its user comes back twice, and the agent is done after the first", async () => {
  const server = await startMcpServer({ tools: { greet: ({ name }) => `Hello ${name}` } })
  const { done, present } = makeBrowser({ behaviour: "comeBackTwice" })
  await agent({ serverUrl: server.url, present })
  await done()
  await server.close()
})
