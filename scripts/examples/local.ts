/**
 * What the examples are run with by `--local`, in place of servers of others and of a person: an authorization server that agrees
 * to everything, an MCP server behind it, and a browser. They are of `effect-oauth-callback/testing`.
 */
import { makeBrowser, startAuthorizationServer, startMcpServer } from "effect-oauth-callback/testing"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

/** What a person sees. */
export interface Page {
  readonly status: number
  /** The page as it was sent. */
  readonly text: string
}

/** Servers and a person. */
export interface Local {
  /** The MCP server. */
  readonly serverUrl: string
  /** Goes to an address, and wherever that leads; with cookies, which stay from call to call. */
  readonly browse: (url: string) => Promise<Page>
  /** Ends all access tokens, as if their time were over. */
  readonly expireAll: () => void
  /** How many refreshes there were. */
  readonly refreshes: () => number
}

/** The heading of a page. */
export const headingOf = ({ text }: Page): string => /<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1]?.trim() ?? text.trim()

/** Runs something with servers and a person, and stops them. */
export const withLocal = async <A>(use: (local: Local) => Promise<A>): Promise<A> => {
  const authorizationServer = await startAuthorizationServer({ authorize: "approve" })
  const server = await startMcpServer({
    authorizationServer,
    // Whoever asks without JSON-RPC is told who is signed in.
    answer: ({ body, method, path }, who) =>
      body === undefined ? { status: 200, body: { method, path, ...who } } : undefined
  })
  const browser = makeBrowser()
  try {
    return await use({
      serverUrl: server.url,
      browse: async (url) => {
        const { html, status } = await browser.open(url)
        return { status, text: html }
      },
      expireAll: authorizationServer.expireTokens,
      refreshes: authorizationServer.refreshes
    })
  } finally {
    await Promise.all([server.close(), authorizationServer.close()])
  }
}

/** Listens on a free port of this machine while something runs, which is told the address before anything is served. */
export const whileListening = async <A>(
  use: (origin: string, serve: (listener: RequestListener) => void) => Promise<A>
): Promise<A> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return await use(origin, (listener) => void server.on("request", listener))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
