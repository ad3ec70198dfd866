/**
 * What the examples are run with by `--local`, in place of servers of others and of a person: an authorization server that agrees
 * to everything, an MCP server behind it, and a browser.
 */
import * as Effect from "effect/Effect"
import { createServer, type IncomingHttpHeaders, request, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import * as ProtectedServer from "../../test/fixtures/ProtectedServer.ts"
import * as ScriptedAuthorizationServer from "../../test/fixtures/ScriptedAuthorizationServer.ts"

/** What a person reads. */
export interface Page {
  readonly status: number
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

const navigation = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }

interface Answer extends Page {
  readonly headers: IncomingHttpHeaders
}

/** One request, on a connection of its own. Not by `fetch`, which has its own idea of what a navigation is. */
const get = (url: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers: { ...navigation, ...headers } }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk)
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.once("error", reject)
    })
    asked.once("error", reject)
    asked.end()
  })

/** A browser with one jar of cookies for all: every address of an example is of this machine. */
const makeBrowser = (): Local["browse"] => {
  const jar = new Map<string, string>()
  return async (url) => {
    let at = url
    for (let hops = 0; hops < 10; hops++) {
      const cookie = Array.from(jar, ([name, value]) => `${name}=${value}`).join("; ")
      const { headers, status, text } = await get(at, { cookie })
      for (const each of headers["set-cookie"] ?? []) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? []
        jar.set(name, value)
      }
      if (headers.location === undefined) return { status, text }
      at = new URL(headers.location, at).href
    }
    throw new Error("It leads nowhere")
  }
}

/** The heading of a page. */
export const headingOf = ({ text }: Page): string => /<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1]?.trim() ?? text.trim()

/** Runs something with servers and a person, and stops them. */
export const withLocal = <A>(use: (local: Local) => Promise<A>): Promise<A> =>
  Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const authorizationServer = yield* ScriptedAuthorizationServer.make()
    const { url } = yield* ProtectedServer.make({ authorizationServer })
    const { expireAll, refreshes } = authorizationServer
    return yield* Effect.promise(() => use({ serverUrl: url, browse: makeBrowser(), expireAll, refreshes }))
  })))

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
