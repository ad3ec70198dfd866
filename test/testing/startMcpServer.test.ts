/** The MCP server of the kit, by real clients and by hand. */
import * as Sdk2 from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { connect } from "effect-oauth-callback/promise"
import {
  makeBrowser,
  type McpServer,
  type McpServerOptions,
  startAuthorizationServer,
  startMcpServer
} from "effect-oauth-callback/testing"
import { assert, describe, it } from "vitest"
import { signIn } from "../fixtures/scripted/PlainClient.ts"

const tools: McpServerOptions["tools"] = {
  greet: ({ name }, { subject }) => `Hello ${name}, says ${subject}`,
  fail: () => {
    throw new Error("it is broken")
  },
  remove: { scope: "files:write", description: "Removes", run: () => ({ content: [], structuredContent: { gone: 1 } }) }
}

/** Runs with a server and a token for it. */
const withServer = async (
  options: Omit<McpServerOptions, "authorizationServer">,
  use: (server: McpServer, token: string) => Promise<void>
) => {
  const authorizationServer = await startAuthorizationServer({ authorize: "approve" })
  const server = await startMcpServer({ authorizationServer, ...options })
  try {
    const { access } = await signIn(authorizationServer, { resource: server.url, scope: "mcp" })
    await use(server, access)
  } finally {
    await Promise.all([server.close(), authorizationServer.close()])
  }
}

const post = (server: McpServer, token: string | undefined, body: unknown, url = server.url) =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
    },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })

const call = (method: string, params: object = {}) => ({ jsonrpc: "2.0", id: 7, method, params })

describe("startMcpServer", () => {
  it("has no options but its own", async () => {
    const error = await startMcpServer({ toolz: {} } as never).then(() => undefined, (reason) => reason)
    assert.instanceOf(error, TypeError)
    assert.match(error.message, /^There is no option of startMcpServer called "toolz"\. There is .*tools/)
  })

  for (const stream of [false, true]) {
    it(`serves clients of both SDKs, ${stream ? "by events" : "by JSON"}`, () =>
      withServer({ tools, stream }, async (server, token) => {
        const requestInit = { headers: { authorization: `Bearer ${token}` } }
        const one = new Client({ name: "one", version: "1.0.0" })
        const two = new Sdk2.Client({ name: "two", version: "1.0.0" })
        await one.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }) as never)
        await two.connect(new Sdk2.StreamableHTTPClientTransport(new URL(server.url), { requestInit }))
        for (const client of [one, two]) {
          assert.deepStrictEqual((await client.listTools()).tools.map(({ name }) => name), ["greet", "fail", "remove"])
          const hello = await client.callTool({ name: "greet", arguments: { name: "Ada" } })
          assert.deepStrictEqual(hello.content, [{ type: "text", text: "Hello Ada, says person" }])
          const failed = await client.callTool({ name: "fail", arguments: {} })
          assert.deepInclude(failed, { isError: true, content: [{ type: "text", text: "it is broken" }] })
          const unknown = await client.callTool({ name: "toString", arguments: {} }).catch((error) => error)
          assert.include(String(unknown), "there is no tool toString")
          await client.ping()
          await client.close()
        }
        assert.deepStrictEqual(server.toolCalls.filter(({ name }) => name === "greet"), [
          { name: "greet", args: { name: "Ada" }, subject: "person" },
          { name: "greet", args: { name: "Ada" }, subject: "person" }
        ])
      }))
  }

  it("says where its metadata is and what it wants, and lets no other token pass", () =>
    withServer({ scope: "mcp files:read" }, async (server, token) => {
      const refused = await post(server, undefined, call("ping"))
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(
        refused.headers.get("www-authenticate"),
        `Bearer scope="mcp files:read", resource_metadata="${server.metadataUrl}"`
      )
      const metadata = await (await fetch(server.metadataUrl)).json() as Record<string, unknown>
      assert.deepStrictEqual([metadata.resource, metadata.scopes_supported], [server.url, ["mcp", "files:read"]])
      assert.strictEqual((await post(server, "access.unknown", call("ping"))).status, 401)
      assert.strictEqual((await post(server, token, call("ping"))).status, 403)
      assert.deepStrictEqual([server.count("resource", 401), server.count("resource", 403)], [2, 1])
    }))

  it("answers what is no call as the specification says", () =>
    withServer({ tools }, async (server, token) => {
      const codeOf = async (body: unknown) => {
        const response = await post(server, token, body)
        return [response.status, (await response.json() as { error: { code: number } }).error.code]
      }
      assert.deepStrictEqual(await codeOf("no json"), [400, -32600])
      assert.deepStrictEqual(await codeOf([call("ping")]), [400, -32600])
      assert.deepStrictEqual(await codeOf(call("resources/list")), [200, -32601])
      assert.deepStrictEqual(await codeOf(call("tools/call", { name: "none" })), [200, -32602])
      assert.strictEqual(
        (await post(server, token, { jsonrpc: "2.0", method: "notifications/initialized" })).status,
        202
      )
      assert.strictEqual((await post(server, token, call("ping"), `${server.origin}/other`)).status, 404)
      const headers = { authorization: `Bearer ${token}` }
      assert.strictEqual((await fetch(server.url, { headers })).status, 405)
    }))

  it("a tool that needs more has the person asked once more, and each fault is seen", async () => {
    const authorizationServer = await startAuthorizationServer()
    const server = await startMcpServer({ authorizationServer, tools })
    const browser = makeBrowser()
    const { client, oauth } = await connect(new Client({ name: "agent", version: "1.0.0" }), {
      serverUrl: server.url,
      present: browser.present,
      prompt: false
    })
    await client.callTool({ name: "greet", arguments: {} })
    assert.strictEqual(authorizationServer.windows(), 1)
    const removed = await client.callTool({ name: "remove", arguments: {} })
    assert.deepStrictEqual(removed.structuredContent, { gone: 1 })
    assert.strictEqual(authorizationServer.windows(), 2)
    const [, again] = authorizationServer.requests.filter(({ endpoint }) => endpoint === "authorize")
    assert.include(again?.params.get("scope"), "files:write")
    authorizationServer.expireTokens()
    await client.callTool({ name: "greet", arguments: {} })
    assert.strictEqual(authorizationServer.refreshes(), 1)
    server.fail("resource", { status: 500, body: "broken" })
    assert.include(String(await client.callTool({ name: "greet", arguments: {} }).catch((error) => error)), "broken")
    await client.close()
    await oauth.close()
    await browser.done()
    await Promise.all([server.close(), authorizationServer.close()])
  })

  it("protects a handler of the user's, which reads the body itself", () =>
    withServer({
      handler: async (request, response, { subject }) => {
        let body = ""
        for await (const chunk of request) body += String(chunk)
        response.writeHead(418).end(`${subject}: ${body}`)
      }
    }, async (server, token) => {
      assert.strictEqual((await post(server, undefined, "secret")).status, 401)
      const answer = await post(server, token, "hello")
      assert.deepStrictEqual([answer.status, await answer.text()], [418, "person: hello"])
      assert.strictEqual(server.count("resource", 418), 1)
      server.fail("resource", { status: 503 })
      assert.strictEqual((await post(server, token, "hello")).status, 503)
      assert.throws(() => server.fail("resource", "lost"), "answers by itself")
    }))
})
