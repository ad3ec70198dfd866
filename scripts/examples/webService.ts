/**
 * A web service whose people sign in to an MCP server, with Hono. Any number of machines may run it behind one address.
 *
 *     npm install effect-oauth-callback hono ioredis && npm pkg set type=module
 *     PUBLIC_URL=https://agent.example SERVER_URL=https://mcp.example.com/mcp REDIS_URL=redis://… npx tsx webService.ts
 *     npx tsx webService.ts --local    with servers of this machine
 *
 * It prints:
 *
 *     Signed in to 127.0.0.1:49152
 *     {…"subject":"person"…}
 */
import {
  createHostedSignIn,
  type CreateHostedSignInOptions,
  createMcpOAuth,
  type HostedSignIn,
  type TextStore
} from "effect-oauth-callback/promise"
import { Hono } from "hono"
import { Redis } from "ioredis"
import { createServer } from "node:http"
import process from "node:process"
import { toThisMachine, visit } from "./localService.ts" // --local
import { serve } from "./nodeRequest.ts"
import { credentials, pendingStore } from "./redisStores.ts"

/** Who asks. It stands for your own session: whatever a browser could choose itself is no account. */
const accountOf = (request: Request): string => request.headers.get("x-signed-in-as") ?? "ann"

/** What it needs. */
export interface ServiceOptions extends Pick<CreateHostedSignInOptions, "guard" | "store"> {
  /** Its own address, as people see it. */
  readonly publicUrl: string
  readonly serverUrl: string
  readonly credentials: TextStore
}

/** The service: its pages, and what ends it. */
export const makeService = async (
  { credentials, guard, publicUrl, serverUrl, store }: ServiceOptions
): Promise<{ readonly app: Hono; readonly hosted: HostedSignIn }> => {
  const hosted = await createHostedSignIn({
    redirectUri: `${publicUrl}/oauth/callback`,
    store,
    credentials,
    guard,
    onOutcome: (outcome) => outcome._tag === "Failed" && console.error(outcome.error.message)
  })
  const app = new Hono()
  app.all("/oauth/callback", ({ req }) => hosted.handle(req.raw))

  app.get("/connect", async (context) => {
    // Only the browser that is sent there can finish it.
    const { cookie, url } = await hosted.begin({ serverUrl, account: accountOf(context.req.raw), bindToBrowser: true })
    if (cookie !== undefined) context.header("set-cookie", cookie)
    return context.redirect(url.href)
  })

  app.get("/who", async (context) => {
    const account = accountOf(context.req.raw)
    const oauth = await createMcpOAuth({
      serverUrl,
      account,
      store: credentials,
      // Requests to the server are guarded too, and nobody is in front of this machine.
      fetch: hosted.fetch,
      interactive: false,
      prompt: false
    })
    try {
      const answer = await oauth.fetch(serverUrl)
      return context.text(await answer.text(), answer.ok ? 200 : 502)
    } catch (error) {
      // Nothing stored, or it cannot be refreshed any more.
      if (Object(error)._tag === "InteractionRequired") return context.redirect("/connect")
      throw error
    } finally {
      await oauth.close()
    }
  })
  return { app, hosted }
}

const memory = (): TextStore => {
  const texts = new Map<string, string>()
  return {
    get: (name) => texts.get(name),
    set: (name, text) => texts.set(name, text),
    delete: (name) => texts.delete(name)
  }
}

const { PORT = "8080", PUBLIC_URL: publicUrl = "", REDIS_URL, SERVER_URL: serverUrl = "" } = process.env
// Without Redis in memory: good for one machine, until it is started again.
const redis = REDIS_URL === undefined ? undefined : new Redis(REDIS_URL)
const { app, hosted } = await makeService({
  guard: toThisMachine, // --local
  publicUrl,
  serverUrl,
  store: redis === undefined ? "memory" : pendingStore(redis),
  credentials: redis === undefined ? memory() : credentials(redis)
})
const server = createServer(serve(async (request) => await app.fetch(request))).listen(Number(PORT))
process.once("SIGTERM", () => {
  server.close()
  // Who has come back already is still signed in.
  void hosted.close().finally(() => redis?.disconnect())
})
await visit(["/connect", "/who"]) // --local
