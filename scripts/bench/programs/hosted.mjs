// Signing people in from a web service: prints sign-ins a second (`begin` and `handle` together), requests sent for each, and
// KiB of heap for each sign-in that waits. Servers are functions in this process, so that only the service is measured.
import * as Effect from "effect/Effect"
import { CredentialStore } from "effect-oauth-callback"
import { HostedSignIn, PendingStore } from "effect-oauth-callback/hosted"
import { Hono } from "hono"
import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

const { pending, rounds, signIns, way } = JSON.parse(process.argv[2])

const redirectUri = "https://agent.example/oauth/callback"
const serverUrl = "https://mcp.example/mcp"
const issuer = "https://as.example"

const json = (body) => () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } })
const refused = () =>
  new Response(null, {
    status: 401,
    headers: {
      "www-authenticate": `Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"`
    }
  })
const answers = {
  [serverUrl]: refused,
  "https://mcp.example/.well-known/oauth-protected-resource/mcp": json({
    resource: serverUrl,
    authorization_servers: [issuer],
    scopes_supported: ["mcp"]
  }),
  [`${issuer}/.well-known/oauth-authorization-server`]: json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    authorization_response_iss_parameter_supported: true
  }),
  [`${issuer}/token`]: json({
    access_token: "access-token",
    token_type: "Bearer",
    expires_in: 3600,
    refresh_token: "refresh-token"
  })
}
let sent = 0
const send = (input) => {
  sent++
  return Promise.resolve((answers[String(input)] ?? (() => new Response(null, { status: 404 })))())
}
const client = { clientId: "agent", issuer }

/** A service written by hand, with Hono: discovery for each sign-in, and the checks of RFC 6749, 7636 and 9207. */
const byHand = () => {
  const waiting = new Map()
  const pages = new Map()
  const tokens = new Map()
  const text = (bytes) => Buffer.from(bytes).toString("base64url")
  const digest = async (value) => text(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value)))
  const read = async (url) => {
    const response = await send(url)
    if (!response.ok) throw new Error(`${url}: ${response.status}`)
    return await response.json()
  }
  const guard = (url) => {
    const { hostname, protocol } = new URL(url)
    if (protocol !== "https:" || hostname === "localhost" || /^[\d.]+$|^\[/.test(hostname)) throw new Error("refused")
    return url
  }
  const begin = async ({ account, serverUrl }) => {
    await send(guard(serverUrl))
    const { origin, pathname } = new URL(serverUrl)
    const resource = await read(guard(`${origin}/.well-known/oauth-protected-resource${pathname}`))
    if (resource.resource !== serverUrl) throw new Error("another resource")
    const [issuer] = resource.authorization_servers
    const metadata = await read(guard(`${issuer}/.well-known/oauth-authorization-server`))
    if (metadata.issuer !== issuer) throw new Error("another issuer")
    if (!metadata.code_challenge_methods_supported.includes("S256")) throw new Error("no PKCE")
    const state = text(crypto.getRandomValues(new Uint8Array(32)))
    const verifier = text(crypto.getRandomValues(new Uint8Array(32)))
    const key = await digest(state)
    const expiresAt = Date.now() + 600_000
    const timer = setTimeout(() => waiting.delete(key), 600_000)
    timer.unref?.()
    waiting.set(key, { account, serverUrl, issuer, verifier, tokenEndpoint: guard(metadata.token_endpoint), timer })
    const url = new URL(metadata.authorization_endpoint)
    url.search = String(
      new URLSearchParams({
        response_type: "code",
        client_id: client.clientId,
        redirect_uri: redirectUri,
        state,
        code_challenge: await digest(verifier),
        code_challenge_method: "S256",
        scope: resource.scopes_supported.join(" "),
        resource: serverUrl
      })
    )
    return { url, expiresAt }
  }
  const page = (context, title, status = 200) =>
    context.html(`<!doctype html><title>${title}</title><h1>${title}</h1><p>You can close this tab.</p>`, status, {
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff"
    })
  const app = new Hono()
  app.get("/oauth/callback", async (context) => {
    const parameters = context.req.queries()
    if (Object.values(parameters).some((values) => values.length > 1)) return page(context, "Not signed in", 400)
    const { code, error, iss, state } = context.req.query()
    const key = await digest(state ?? "")
    const kept = pages.get(key)
    if (kept !== undefined) return page(context, kept)
    const found = waiting.get(key)
    if (found === undefined || !waiting.delete(key)) return page(context, "No sign-in is waiting here", 404)
    clearTimeout(found.timer)
    if (iss !== found.issuer || error !== undefined || code === undefined) return page(context, "Not signed in", 400)
    const response = await send(found.tokenEndpoint, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        redirect_uri: redirectUri,
        client_id: client.clientId,
        code_verifier: found.verifier,
        resource: found.serverUrl
      })
    })
    const granted = await response.json()
    if (!response.ok || granted.token_type !== "Bearer") return page(context, "Not signed in", 400)
    tokens.set(`${found.serverUrl}#${found.account}`, JSON.stringify(granted))
    const title = "Signed in"
    pages.set(key, title)
    const timer = setTimeout(() => pages.delete(key), 60_000)
    timer.unref?.()
    return page(context, title)
  })
  return { begin, handle: async (request) => await app.fetch(request) }
}

const ours = async () => {
  const store = await Effect.runPromise(PendingStore.memory())
  const credentials = await Effect.runPromise(CredentialStore.memory)
  const hosted = await Effect.runPromise(
    Effect.provideService(
      HostedSignIn.make({ redirectUri, store, fetch: send, resolve: () => Promise.resolve(["93.184.215.14"]) }),
      CredentialStore,
      credentials
    )
  )
  return {
    begin: (options) => Effect.runPromise(hosted.begin({ ...options, client })),
    handle: (request) => Effect.runPromise(hosted.handle(request))
  }
}

const make = async () => (way === "ours" ? await ours() : byHand())
const service = await make()
let count = 0

const signIn = async () => {
  const { url } = await service.begin({ account: `person-${count++}`, serverUrl })
  const back = new URL(redirectUri)
  back.search = String(new URLSearchParams({ code: "code", state: url.searchParams.get("state"), iss: issuer }))
  const headers = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }
  let response = await service.handle(new Request(back, { headers }))
  const location = response.headers.get("location")
  if (location !== null) response = await service.handle(new Request(new URL(location, back), { headers }))
  const page = await response.text()
  if (!page.includes("Signed in")) throw new Error(`not signed in: ${response.status} ${page.slice(0, 200)}`)
}

/** Bytes in use after garbage collection. */
const used = async () => {
  for (let times = 0; times < 3; times++) {
    await sleep(30)
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

/** So many times, sixteen at the same time: as a service is asked, whose work goes on while keys are derived elsewhere. */
const repeat = async (times, run) => {
  let left = times
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (left-- > 0) await run()
  }))
}

// What is loaded and compiled once.
await repeat(200, signIn)
const perSecond = []
sent = 0
for (let round = 0; round < rounds; round++) {
  const start = performance.now()
  await repeat(signIns, signIn)
  perSecond.push((signIns / (performance.now() - start)) * 1000)
}
const requests = sent / signIns / rounds
const another = await make()
const before = await used()
await repeat(pending, () => another.begin({ account: `person-${count++}`, serverUrl }))
const kib = ((await used()) - before) / pending / 1024
process.stdout.write(`${JSON.stringify({ perSecond, requests, kib, kept: typeof another.handle })}\n`)
process.exit()
