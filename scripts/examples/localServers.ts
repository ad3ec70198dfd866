/**
 * What `--local` means in a recipe: an authorization server, an MCP server behind it, and a browser whose person agrees to
 * everything. All are of this machine, and end with the program. A program of yours leaves out the lines that say --local.
 *
 * Recipes find them where they find those of others: in the variables SERVER_URL, ISSUER, CLIENT_ID (a client that is registered
 * already) and BROWSER. What they store goes into a folder that is removed at the end.
 */
import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo, Server, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

interface Code {
  readonly challenge: string
  readonly redirectUri: string
}

let issued = 0
let refreshed = 0
let opened = 0
const codes = new Map<string, Code>()
const access = new Set<string>()
const refresh = new Set<string>()

/** Ends all access tokens, as if their time was over. */
export const expireAll = (): void => access.clear()
/** Ends all tokens, as an administrator does. */
export const revokeAll = (): void => [access, refresh].forEach((tokens) => tokens.clear())
/** How many refreshes there were. */
export const refreshes = (): number => refreshed
/** How many authorization requests there were: that many windows. */
export const windows = (): number => opened

/** Listens on a free port, and keeps no program running. */
export const listenOn = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.on("connection", (socket: Socket) => socket.unref())
    server.listen(0, "127.0.0.1", () => {
      server.unref()
      resolve((server.address() as AddressInfo).port)
    })
  })

const listen = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listenOn(createServer(listener))}`

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const piece of request.setEncoding("utf8")) text += piece
  return text
}

const newTokens = () => {
  const name = `${++issued}.${randomBytes(8).toString("hex")}`
  access.add(`access.${name}`)
  refresh.add(`refresh.${name}`)
  return { access_token: `access.${name}`, refresh_token: `refresh.${name}`, token_type: "Bearer", expires_in: 3600 }
}

/** Each code and each refresh token is good for once. */
const exchange = (form: URLSearchParams): object | undefined => {
  if (form.get("grant_type") === "refresh_token") {
    if (!refresh.delete(form.get("refresh_token") ?? "")) return undefined
    refreshed++
    return newTokens()
  }
  const code = codes.get(form.get("code") ?? "")
  codes.delete(form.get("code") ?? "")
  const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url")
  const isGood = code?.challenge === challenge && code.redirectUri === form.get("redirect_uri")
  return isGood ? newTokens() : undefined
}

const originOf = ({ headers, socket }: IncomingMessage): string =>
  `${"encrypted" in socket && socket.encrypted === true ? "https" : "http"}://${headers.host}`

/** Answers as an authorization server. */
export const authorizationServer: RequestListener = async (request, response) => {
  const issuer = originOf(request)
  const { pathname, searchParams } = new URL(request.url ?? "/", issuer)
  const body = await bodyOf(request)
  const json = (status: number, value: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
  if (pathname === "/.well-known/oauth-authorization-server") {
    return json(200, {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      revocation_endpoint: `${issuer}/revoke`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["none"],
      authorization_response_iss_parameter_supported: true
    })
  }
  if (pathname === "/register") return json(201, { ...JSON.parse(body), client_id: `client-${++issued}` })
  if (pathname === "/revoke") {
    for (const tokens of [access, refresh]) tokens.delete(new URLSearchParams(body).get("token") ?? "")
    return json(200, {})
  }
  if (pathname === "/token") {
    const tokens = exchange(new URLSearchParams(body))
    return json(tokens === undefined ? 400 : 200, tokens ?? { error: "invalid_grant" })
  }
  if (pathname !== "/authorize") return json(404, {})
  opened++
  const code = randomBytes(16).toString("hex")
  const back = new URL(searchParams.get("redirect_uri") ?? "")
  codes.set(code, { challenge: searchParams.get("code_challenge") ?? "", redirectUri: back.href })
  for (const [name, value] of Object.entries({ code, state: searchParams.get("state") ?? "", iss: issuer })) {
    back.searchParams.set(name, value)
  }
  response.writeHead(302, { location: back.href }).end()
}

const results = (version: string): Readonly<Record<string, object>> => ({
  initialize: {
    protocolVersion: version,
    capabilities: { tools: {} },
    serverInfo: { name: "local", version: "1.0.0" }
  },
  "tools/list": { tools: [{ name: "whoami", description: "Who is signed in", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "ann" }] },
  ping: {}
})

/** Answers as an MCP server that takes the tokens of an authorization server. */
export const mcpServer = (issuer: string): RequestListener => async (request, response) => {
  const origin = originOf(request)
  const json = (status: number, value: object, headers = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))
  const metadata = "/.well-known/oauth-protected-resource/mcp"
  if (request.url === metadata) return json(200, { resource: `${origin}/mcp`, authorization_servers: [issuer] })
  const text = await bodyOf(request)
  if (!access.has(request.headers.authorization?.replace(/^Bearer /i, "") ?? "")) {
    return json(401, {}, { "www-authenticate": `Bearer resource_metadata="${origin}${metadata}"` })
  }
  if (request.method === "GET") return json(405, {})
  const { id, method = "", params } = JSON.parse(text || "{}")
  if (id === undefined) return response.writeHead(202).end()
  const result = results(params?.protocolVersion)[method]
  json(200, { jsonrpc: "2.0", id, ...(result ? { result } : { error: { code: -32601, message: "no such method" } }) })
}

const browserProgram = fileURLToPath(new URL("localBrowser.mjs", import.meta.url))
const browserArgs = ["Deno" in globalThis ? ["run", "-A", "--no-check"] : [], browserProgram].flat()

/** Sends a browser to an address. */
export const browse = (url: string): void => {
  spawn(process.execPath, [...browserArgs, url], { stdio: "ignore" }).unref()
}

/** Whether the servers are those of this process. */
export const isLocal: boolean = process.argv.includes("--local") && process.env.SERVER_URL === undefined

/** What is stored goes here, and is removed when the program ends. */
export const folder: string = isLocal ? mkdtempSync(join(tmpdir(), "recipe-")) : ""

if (isLocal) {
  // No import names it: without it a sign-in would wait for a browser that never comes.
  if (!existsSync(browserProgram)) {
    console.error(`--local needs the file ${browserProgram}: run the recipe in a clone of its repository`)
    process.exit(1)
  }
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const issuer = await listen(authorizationServer)
  const folders = { XDG_CONFIG_HOME: folder, APPDATA: folder, ...(process.platform === "darwin" && { HOME: folder }) }
  const servers = { SERVER_URL: `${await listen(mcpServer(issuer))}/mcp`, ISSUER: issuer, CLIENT_ID: "my-app" }
  const BROWSER = process.env.LOCAL_BROWSER ??
    `"${process.execPath}" ${browserArgs.map((each) => `"${each}"`).join(" ")} %s`
  Object.assign(process.env, { BROWSER, ...folders, ...servers })
}
