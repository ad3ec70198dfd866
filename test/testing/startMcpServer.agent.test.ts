/** A user's agent, tested with the kit: what README shows. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { connect } from "effect-oauth-callback/promise"
import { makeBrowser, startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
import { expect, test } from "vitest"

const agent = async (serverUrl: string, options: { readonly present: (pending: { readonly url: URL }) => void }) => {
  const { client, oauth } = await connect(new Client({ name: "agent", version: "1.0.0" }), { serverUrl, prompt: false, ...options })
  const { content } = await client.callTool({ name: "greet", arguments: { name: "Ada" } })
  await client.close()
  await oauth.close()
  return content
}

test("the agent signs in and greets", async () => {
  const authorizationServer = await startAuthorizationServer()
  const server = await startMcpServer({ authorizationServer, tools: { greet: ({ name }) => `Hello ${name}` } })
  const browser = makeBrowser()
  expect(await agent(server.url, browser)).toEqual([{ type: "text", text: "Hello Ada" }])
  expect(authorizationServer.windows()).toBe(1)
  await Promise.all([browser.done(), server.close(), authorizationServer.close()])
})

test("the agent gives up when its user says no", async () => {
  const authorizationServer = await startAuthorizationServer()
  const server = await startMcpServer({ authorizationServer })
  const browser = makeBrowser({ behaviour: "deny" })
  await expect(agent(server.url, browser)).rejects.toMatchObject({ _tag: "AuthorizationDenied" })
  await Promise.all([browser.done(), server.close(), authorizationServer.close()])
})
