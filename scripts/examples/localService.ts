/**
 * What `--local` means in a web service: an authorization server that agrees to everything and an MCP server behind it (both of
 * `effect-oauth-callback/testing`), a free port for the service, and a person who visits its pages. The service finds them where it
 * finds those of others: in the variables SERVER_URL, PUBLIC_URL and PORT.
 */
import { makeBrowser, startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import process from "node:process"

const isLocal = process.argv.includes("--local")

/** The guard of the service, which by default sends nothing to addresses of this machine. */
export const toThisMachine: (() => boolean) | undefined = isLocal ? () => true : undefined

const start = async () => {
  const authorizationServer = await startAuthorizationServer({ authorize: "approve" })
  const server = await startMcpServer({
    authorizationServer,
    // Whoever asks without JSON-RPC is told who is signed in.
    answer: ({ body, method, path }, who) =>
      body === undefined ? { status: 200, body: { method, path, ...who } } : undefined
  })
  // A port that was free a moment ago.
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const { port } = taken.address() as AddressInfo
  await new Promise((resolve) => taken.close(resolve))
  const PUBLIC_URL = `http://127.0.0.1:${port}`
  Object.assign(process.env, { SERVER_URL: server.url, PUBLIC_URL, PORT: String(port) })
  return { authorizationServer, publicUrl: PUBLIC_URL }
}

const local = isLocal ? await start() : undefined

/** The heading of a page, or the text that is no page. */
const headingOf = (text: string): string => /<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1]?.trim() ?? text.trim()

/**
 * A person visits pages, one after the other. Then, where `often` names one, eight come to it at once, and eight more when the access
 * tokens have ended. What they see is printed, and this process ends.
 */
export const visit = async (paths: ReadonlyArray<string>, often?: string): Promise<void> => {
  if (local === undefined) return
  const browser = makeBrowser()
  const see = async (path: string) => headingOf((await browser.open(`${local.publicUrl}${path}`)).html)
  for (const path of paths) console.log(await see(path))
  if (often !== undefined) {
    const eight = () => Promise.all(Array.from({ length: 8 }, () => see(often)))
    const before = await eight()
    local.authorizationServer.expireTokens()
    const answers = new Set([...before, ...await eight()])
    console.log(`${answers.size} answer to 16 requests, ${local.authorizationServer.refreshes()} refresh`)
  }
  process.exit()
}
