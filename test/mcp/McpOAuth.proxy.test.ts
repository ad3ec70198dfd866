/** A sign-in to a server that only a proxy reaches, with certificates of a private authority. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { connect, type ConnectOptions, createMcpOAuth, type TextStore } from "../../src/promise.ts"
import * as Certificates from "../fixtures/Certificates.ts"
import * as PrivateNetwork from "../fixtures/PrivateNetwork.ts"
import * as ProxyFetch from "../fixtures/ProxyFetch.ts"
import { rejection } from "../fixtures/rejection.ts"

let network: PrivateNetwork.PrivateNetwork
let closing: Array<() => Promise<unknown>>

beforeEach(async () => {
  network = await PrivateNetwork.open()
  closing = [network.close]
})

afterEach(async () => {
  for (const close of closing.reverse()) await close()
})

const fetchBy = async (options: ProxyFetch.ProxyFetchOptions) => {
  const opened = await ProxyFetch.open(options)
  closing.push(opened.close)
  return opened.fetch
}

const store = (): TextStore => {
  const kept = new Map<string, string>()
  return {
    get: (name) => kept.get(name),
    set: (name, text) => kept.set(name, text),
    delete: (name) => kept.delete(name)
  }
}

const options = (more: Pick<ConnectOptions, "fetch" | "store">): ConnectOptions => ({
  serverUrl: network.serverUrl,
  prompt: false,
  openBrowser: PrivateNetwork.agree,
  ...more
})

const ask = async (client: Client): Promise<unknown> => {
  const { content: [first] } = CallToolResultSchema.parse(await client.callTool({ name: "whoami" }))
  return first?.type === "text" ? first.text : undefined
}

describe("by a proxy, with a private authority", () => {
  it("goes every request of a sign-in, a refresh, a call and a sign-out", async () => {
    const fetch = await fetchBy({ proxy: network.proxyUrl, ca: Certificates.authority.cert })
    const kept = store()
    const { client, oauth } = await connect(
      new Client({ name: "test", version: "1.0.0" }),
      options({ fetch, store: kept })
    )
    assert.strictEqual(await ask(client), "from inside")
    // The server takes the token no more: it is refreshed.
    network.knobs.tokens.clear()
    assert.strictEqual(await ask(client), "from inside")
    await oauth.logout()
    await oauth.close()
    const seen = new Set(network.requests)
    for (
      const request of [
        "POST mcp.test/mcp server/discover",
        "GET mcp.test/.well-known/oauth-protected-resource/mcp",
        "GET as.test/.well-known/oauth-authorization-server",
        "POST as.test/register",
        "POST as.test/token authorization_code",
        "POST mcp.test/mcp initialize",
        "POST mcp.test/mcp tools/call",
        "POST as.test/token refresh_token",
        "POST as.test/revoke"
      ]
    ) assert.isTrue(seen.has(request), `${request} in ${[...seen].join(", ")}`)
    assert.sameMembers([...new Set(network.tunnels)], ["mcp.test:443", "as.test:443"])
  })

  it("is told apart what is wrong: no credentials for the proxy, no authority, no proxy at all", async () => {
    const failing = async (more: ProxyFetch.ProxyFetchOptions) => {
      const oauth = await createMcpOAuth(options({ fetch: await fetchBy(more) }))
      closing.push(() => oauth.close())
      return rejection(oauth.ensure())
    }
    const ca = Certificates.authority.cert
    const stranger = await failing({ proxy: network.strangerUrl, ca })
    assert.include(stranger, { _tag: "DiscoveryError", reason: "Unreachable", code: "407" })
    assert.match(stranger.message, /the proxy wants a name and a password \(HTTP 407\)\. Set HTTPS_PROXY/)
    const untrusting = await failing({ proxy: network.proxyUrl })
    assert.match(
      String(untrusting.code),
      /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UnknownIssuer)$/
    )
    assert.include(untrusting.message, "NODE_EXTRA_CA_CERTS")
    const direct = await failing({ ca })
    assert.match(String(direct.code), /^(ENOTFOUND|EAI_AGAIN)$/)
    assert.include(direct.message, "HTTPS_PROXY")
    assert.deepStrictEqual(network.requests, [])
  })

  for (
    const [token, code, words] of [
      ["resets", /^(ECONNRESET|UND_ERR_SOCKET)$/, "the connection was closed before an answer came"],
      ["sends a page", /^403$/, "answered with a web page, not JSON (HTTP 403)"]
    ] as const
  ) {
    it(`says why there is no token: the token endpoint ${token}`, async () => {
      const fetch = await fetchBy({ proxy: network.proxyUrl, ca: Certificates.authority.cert })
      network.knobs.token = token
      const oauth = await createMcpOAuth(options({ fetch }))
      closing.push(() => oauth.close())
      const error = await rejection(oauth.ensure())
      assert.strictEqual(error._tag, "TokenError")
      assert.match(String(error.code), code)
      assert.include(error.message, words)
    })
  }
})

// Deno's `node:https` asks no client for a certificate.
describe.skipIf("Deno" in globalThis)("with a client certificate", () => {
  it("gets as far as the server lets it, and without one hears why", async () => {
    const server = Https.createServer(
      { ...Certificates.server, ca: Certificates.authority.cert, requestCert: true, rejectUnauthorized: true },
      (_, response) => response.writeHead(404).end()
    )
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const serverUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
    const ca = Certificates.authority.cert
    const outcome = async (more: ProxyFetch.ProxyFetchOptions) => {
      const oauth = await createMcpOAuth({ ...options({ fetch: await fetchBy(more) }), serverUrl })
      closing.push(() => oauth.close())
      return await oauth.ensure().then(() => undefined, (error) => error)
    }
    assert.isUndefined(await outcome({ ca, client: Certificates.client }))
    assert.strictEqual((await outcome({ ca }))?.reason, "Unreachable")
  })
})
