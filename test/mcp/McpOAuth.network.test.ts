/** Why a server could not be reached, with this runtime's own `fetch` and real sockets. */
import { execFile } from "node:child_process"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { inspect, promisify } from "node:util"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { createMcpOAuth, type CreateMcpOAuthOptions } from "../../src/promise.ts"
import * as Certificates from "../fixtures/Certificates.ts"

let closing: Array<() => Promise<unknown>>

beforeEach(() => {
  closing = []
})

afterEach(async () => {
  for (const close of closing.reverse()) await close()
})

/** The port of a server that listens until the test ends. */
const listen = async (server: Net.Server): Promise<number> => {
  const sockets = new Set<Net.Socket>()
  server.on("connection", (socket: Net.Socket) => sockets.add(socket.on("error", () => socket.destroy())))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as Net.AddressInfo).port
}

const nobody: Http.RequestListener = (_, response) => response.writeHead(404).end()
const withTls = (certificate: Certificates.Certificate) => listen(Https.createServer({ ...certificate }, nobody))
const afterOneRequest = (act: (socket: Net.Socket) => void) =>
  listen(Net.createServer((socket) => socket.once("data", () => act(socket))))

const failureOf = async (options: CreateMcpOAuthOptions): Promise<Error & Record<string, unknown>> => {
  const oauth = await createMcpOAuth({ prompt: false, openBrowser: false, ...options })
  closing.push(() => oauth.close())
  try {
    await oauth.ensure()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error("it did not fail")
}

const at = (scheme: string, port: number) => `${scheme}://127.0.0.1:${port}/mcp?key=hidden`

const places: ReadonlyArray<readonly [string, () => Promise<string>, RegExp, string]> = [
  [
    "whose certificate is its own",
    async () => at("https", await withTls(Certificates.selfSigned)),
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|UnknownIssuer|CaUsedAsEndEntity)$/,
    "set NODE_EXTRA_CA_CERTS to its certificate, or start node with --use-system-ca (Deno: DENO_TLS_CA_STORE=system"
  ],
  [
    "whose certificate is of a private authority",
    async () => at("https", await withTls(Certificates.server)),
    /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UnknownIssuer)$/,
    "its certificate is of an authority that is not trusted here"
  ],
  [
    "that is not running",
    async () => {
      const server = Net.createServer()
      const port = await listen(server)
      await new Promise((resolve) => server.close(resolve))
      return at("http", port)
    },
    /^ECONNREFUSED$/,
    "the connection was refused (ECONNREFUSED). Check the host and the port, and that it is running"
  ],
  [
    "of a name that is not there",
    () => Promise.resolve("https://no-such-name.invalid/mcp"),
    /^(ENOTFOUND|EAI_AGAIN)$/,
    "its name"
  ],
  [
    "that resets the connection",
    async () => at("http", await afterOneRequest((socket) => socket.resetAndDestroy())),
    /^(ECONNRESET|UND_ERR_SOCKET)$/,
    "the connection was closed before an answer came"
  ],
  [
    "that closes the connection",
    async () => at("http", await afterOneRequest((socket) => socket.end())),
    /^(ECONNRESET|UND_ERR_SOCKET)$/,
    "the connection was closed before an answer came"
  ],
  [
    "that speaks no TLS",
    async () => at("https", await listen(Http.createServer(nobody))),
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|InvalidContentType)$/,
    "it does not speak TLS at this port"
  ],
  [
    "that speaks something else than HTTP",
    async () => at("http", await afterOneRequest((socket) => socket.end("SSH-2.0-server\r\n"))),
    /^(HPE_\w+|InvalidHttpVersion)$/,
    "it does not speak HTTP at this port"
  ]
]

describe("a server", () => {
  for (const [which, place, code, words] of places) {
    it(`${which} is told so, by the code and in words`, async () => {
      const error = await failureOf({ serverUrl: await place() })
      assert.include(error, { _tag: "DiscoveryError", reason: "Unreachable" })
      assert.match(String(error.code), code)
      assert.include(error.message, words)
      assert.include(error.message, `(${error.code})`)
      assert.instanceOf(error.cause, Error)
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "hidden")
    })
  }

  it("that has a page where its metadata should be is told so", async () => {
    const port = await listen(
      Http.createServer((request, response) =>
        request.url === "/mcp"
          ? response.writeHead(401).end()
          : response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Sign in to the network")
      )
    )
    const error = await failureOf({ serverUrl: `http://127.0.0.1:${port}/mcp` })
    assert.include(error, { _tag: "DiscoveryError", reason: "NoMetadata", isWebPage: true })
    assert.include(error.message, "it answered with a web page, not JSON. Check the URL")
  })

  it("whose authorization server is not running is told so, with that one's URL", async () => {
    const closed = Net.createServer()
    const port = await listen(closed)
    await new Promise((resolve) => closed.close(resolve))
    const json = { "content-type": "application/json" }
    const server = Http.createServer((request, response) =>
      request.url === "/mcp" ? response.writeHead(401).end() : response.writeHead(200, json).end(JSON.stringify({
        resource: `http://${request.headers.host}/mcp`,
        authorization_servers: [`http://127.0.0.1:${port}`]
      }))
    )
    const error = await failureOf({ serverUrl: `http://127.0.0.1:${await listen(server)}/mcp` })
    assert.include(error, { _tag: "DiscoveryError", reason: "Unreachable", code: "ECONNREFUSED" })
    assert.include(String(error.url), `http://127.0.0.1:${port}/`)
  })
})

describe("a fetch of the user's own", () => {
  it("that throws keeps its name, its message and its code", async () => {
    class VaultError extends Error {
      override readonly name = "VaultError"
      readonly code = "VAULT_SEALED"
      readonly headers = { authorization: "Bearer hidden" }
    }
    const error = await failureOf({
      serverUrl: "https://mcp.test/mcp",
      fetch: () => Promise.reject(new VaultError("the vault is sealed, said https://vault.test/?key=hidden"))
    })
    assert.include(error, { _tag: "DiscoveryError", reason: "Unreachable", code: "VAULT_SEALED" })
    assert.include(
      error.message,
      "(VAULT_SEALED): VaultError: the vault is sealed, said https://vault.test/?***. Check"
    )
    assert.include(error.cause as Error, {
      name: "VaultError",
      message: "the vault is sealed, said https://vault.test/?***"
    })
    assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "hidden")
  })

  it("may bring the answer of a proxy in place of the server's", async () => {
    const error = await failureOf({
      serverUrl: "https://mcp.test/mcp",
      fetch: () => Promise.resolve(new Response(null, { status: 407 }))
    })
    assert.include(error, { _tag: "DiscoveryError", reason: "Unreachable", code: "407", status: 407 })
    assert.include(error.message, "the proxy wants a name and a password (HTTP 407)")
  })

  it("may throw anything at all", async () => {
    for (const thrown of [undefined, null, 0, "no network", Symbol("x"), Object.create(null), new Proxy({}, {})]) {
      const error = await failureOf({
        serverUrl: "https://mcp.test/mcp",
        // What is thrown need not be an error, which is the point here.
        fetch: () => Promise.reject<Response>(thrown)
      })
      assert.include(error, { _tag: "DiscoveryError", reason: "Unreachable" })
      assert.include(error.message, "it could not be reached")
    }
  })
})

// Only Deno asks for permissions.
describe.runIf("Deno" in globalThis)("without the permission to connect", () => {
  it("is told which one to grant", async () => {
    const program = fileURLToPath(new URL("../fixtures/programs/signInUnpermitted.ts", import.meta.url))
    const flags = ["run", "--quiet", "--no-check", "--no-prompt", "--allow-env", "--allow-read"]
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program])
    const { code, message } = JSON.parse(stdout)
    assert.strictEqual(code, "NotCapable")
    assert.match(message, /On Deno, grant --allow-net=mcp\.test:443$/i)
  })
})
