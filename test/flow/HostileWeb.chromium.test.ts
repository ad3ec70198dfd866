import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import process from "node:process"
import type { Browser, BrowserContext, Page } from "playwright-core"
import * as Chromium from "../fixtures/Chromium.ts"
import * as ChromiumWorld from "../fixtures/ChromiumWorld.ts"

const isHere = Chromium.findChromium() !== undefined
const title = `a hostile page, in Chromium${isHere ? "" : " (skipped: there is no Chromium here)"}`

/** What a hostile page does, and what its script sees of it; `target` is an address of the listener. */
type Attack = readonly [what: string, script: (target: string) => string, sees: ReadonlyArray<string>]

const seen = (promise: string) => `${promise}.then((r) => r.type + " " + r.status, () => "refused")`
const element = (name: string, address: string, target: string) =>
  `new Promise((resolve) => {
    const element = document.createElement("${name}")
    element.onload = () => resolve("loaded")
    element.onerror = () => resolve("refused")
    element.${address} = ${JSON.stringify(target)}
    document.body.append(element)
    setTimeout(() => resolve("nothing"), 1500)
  })`

const attacks: ReadonlyArray<Attack> = [
  ["<img>", (target) => element("img", "src", target), ["refused"]],
  ["<script>", (target) => element("script", "src", target), ["refused"]],
  ["<iframe>", (target) => element("iframe", "src", target), ["loaded", "nothing"]],
  ["<object>", (target) => element("object", "data", target), ["refused", "nothing"]],
  ["<video>", (target) => element("video", "src", target), ["refused"]],
  ["a style sheet", (target) =>
    `document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet",
    href: ${JSON.stringify(target)} })), new Promise((r) => setTimeout(() => r("nothing"), 300))`, ["nothing"]],
  ["fetch", (target) => seen(`fetch(${JSON.stringify(target)})`), ["refused"]],
  ["fetch, no-cors", (target) => seen(`fetch(${JSON.stringify(target)}, { mode: "no-cors" })`), [
    "opaque 0",
    "refused"
  ]],
  ["fetch, with credentials", (target) => seen(`fetch(${JSON.stringify(target)}, { credentials: "include" })`), [
    "refused"
  ]],
  [
    "fetch, with a preflight",
    (target) => seen(`fetch(${JSON.stringify(target)}, { method: "PUT", headers: { "x-a": "b" } })`),
    ["refused"]
  ],
  [
    "fetch of a form",
    (target) =>
      seen(
        `fetch(${JSON.stringify(target)}, { method: "POST", mode: "no-cors", body: new URLSearchParams("code=x") })`
      ),
    ["opaque 0", "refused"]
  ],
  ["sendBeacon", (target) => `navigator.sendBeacon(${JSON.stringify(target)}, "code=x") ? "sent" : "refused"`, [
    "sent"
  ]],
  [
    "an EventSource",
    (target) => `new Promise((r) => { new EventSource(${JSON.stringify(target)}).onerror = () => r("refused") })`,
    ["refused"]
  ],
  [
    "a WebSocket",
    (target) =>
      `new Promise((r) => { new WebSocket(${
        JSON.stringify(target.replace("http", "ws"))
      }).onerror = () => r("refused") })`,
    ["refused"]
  ],
  [
    "a prefetch",
    (target) =>
      `document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch",
      href: ${JSON.stringify(target)} })), new Promise((r) => setTimeout(() => r("nothing"), 500))`,
    ["nothing"]
  ],
  [
    "a prerender",
    (target) =>
      `document.head.append(Object.assign(document.createElement("script"), { type: "speculationrules",
      textContent: JSON.stringify({ prerender: [{ urls: [${JSON.stringify(target)}] }],
        prefetch: [{ urls: [${
        JSON.stringify(target)
      }] }] }) })), new Promise((r) => setTimeout(() => r("nothing"), 500))`,
    ["nothing"]
  ]
]

// Hundreds of requests: on a small machine that tests other things meanwhile, a fifth must do.
const floods = process.env["CI"] === undefined ? 100 : 20

describe.skipIf(!isHere)(title, () => {
  const scope = Effect.runSync(Scope.make())
  let browser: Browser
  let world: ChromiumWorld.World
  let server: Server
  let context: BrowserContext

  beforeAll(async () => {
    browser = await Chromium.launch(["--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1"])
    world = await Effect.runPromise(Scope.extend(ChromiumWorld.make, scope))
    server = createServer((_request, response) => {
      response.setHeader("content-type", "text/html")
      response.end("<!doctype html><title>evil</title><body>")
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
  })

  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })

  const evilPage = async (): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(`http://evil.example:${(server.address() as AddressInfo).port}/`)
    return page
  }

  /** The flow goes on: its person signs in as if nothing had been. */
  const signsIn = async (signIn: ChromiumWorld.SignIn) => {
    const page = await context.newPage()
    await ChromiumWorld.answer(page, signIn.url)
    await page.waitForURL(/\/done\//)
    assert.include(await page.textContent("h1") ?? "", "Signed in")
    assert(Exit.isSuccess(await signIn.ended))
    await page.close()
  }

  // Even who had learned the state could do nothing in the background.
  for (const knows of ["another state", "the right state"]) {
    it(`cannot settle a flow by anything but a navigation, though it knows ${knows}`, async () => {
      const signIn = await world.begin()
      const state = knows === "the right state" ? signIn.state : "x".repeat(43)
      const page = await evilPage()
      for (const [what, script, sees] of attacks) {
        const target = `${signIn.redirectUri}?code=stolen&state=${state}&a=${encodeURIComponent(what)}`
        assert.include(sees, await page.evaluate(script(target)), what)
      }
      await page.close()
      assert.isAbove(signIn.refusals().length, 5)
      for (const reason of signIn.refusals()) {
        assert.include(["NotANavigation", "Prefetch", "WrongMethod", "StateMismatch"], reason)
      }
      await signsIn(signIn)
    }, 60_000)
  }

  it("gets nothing by navigating there with another state, a form, or HTML in every parameter", async () => {
    const signIn = await world.begin()
    const bad = encodeURIComponent(
      "<script>document.title='pwned'</script><img src=x onerror=document.title='pwned'>\"'>"
    )
    const page = await evilPage()
    await page.goto(`${signIn.redirectUri}?code=${bad}&state=${bad}&error=${bad}&error_description=${bad}&iss=${bad}`)
    assert.strictEqual(await page.title(), "Not the current sign-in")
    assert.strictEqual(await page.locator("img, script").count(), 0)
    assert.notInclude(await page.content(), "pwned")
    await page.goto(`http://evil.example:${(server.address() as AddressInfo).port}/`)
    await Promise.all([
      page.waitForURL(`${signIn.redirectUri}**`),
      page.evaluate(`{ const form = document.createElement("form"); form.method = "post"
        form.action = ${JSON.stringify(`${signIn.redirectUri}?code=x&state=${signIn.state}`)}
        document.body.append(form); form.submit() }`)
    ])
    assert.strictEqual(await page.title(), "The answer came as a form")
    await page.close()
    assert.include(signIn.refusals(), "UninvitedForm")
    await signsIn(signIn)
  }, 60_000)

  it("is shown as text where the server sends HTML in its error, with the right state", async () => {
    const signIn = await world.begin()
    const bad = "<script>document.title='pwned'</script><img src=x onerror=document.title='pwned'>"
    const page = await context.newPage()
    const target = new URL(signIn.redirectUri)
    target.search = String(
      new URLSearchParams({
        state: signIn.state,
        iss: world.server.issuer,
        error: "access_denied",
        error_description: bad
      })
    )
    await page.goto(target.href)
    await page.waitForURL(/\/done\//)
    assert.include(await page.textContent("code") ?? "", "<script>")
    assert.strictEqual(await page.locator("img, script").count(), 0)
    assert.notInclude(await page.title(), "pwned")
    assert.strictEqual(ChromiumWorld.errorOf(await signIn.ended)?._tag, "AuthorizationDenied")
    await page.close()
  }, 60_000)

  it("reaches nothing by a name of its own that points here (DNS rebinding)", async () => {
    const signIn = await world.begin()
    const page = await context.newPage()
    const rebound = new URL(signIn.redirectUri)
    rebound.hostname = "rebound.example"
    const response = await page.goto(`${rebound.href}?code=x&state=${signIn.state}`)
    assert.strictEqual(response?.status(), 421)
    const inside = await page.evaluate(
      `fetch("/callback?code=x&state=${signIn.state}").then((r) => r.status, () => "refused")`
    )
    // Our own policy stands in the way already.
    assert.include([421, "refused"], inside)
    assert.notInclude(await page.content(), signIn.state)
    await page.close()
    assert.deepStrictEqual(Array.from(new Set(signIn.refusals())), ["WrongHost"])
    await signsIn(signIn)
  }, 60_000)

  it("cannot put the page into a frame, nor keep a hold on a window that goes there", async () => {
    const signIn = await world.begin({ stays: true })
    const page = await evilPage()
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      page.evaluate(`void (globalThis.opened = open(${JSON.stringify(`${signIn.redirectUri}?code=x&state=other`)}))`)
    ])
    await popup.waitForLoadState()
    assert.strictEqual(await popup.title(), "Not the current sign-in")
    assert.strictEqual(await popup.evaluate("opener"), null)
    assert.strictEqual(await page.evaluate("opened.closed"), true)
    await popup.close()
    await page.close()
    await signsIn(signIn)
    await signIn.close()
  }, 60_000)

  it("does not stop a sign-in by thousands of requests of one page, and an old tab is told so", async () => {
    const signIn = await world.begin({ stays: true })
    const page = await evilPage()
    const flood = page.evaluate(`(async () => {
      for (let index = 0; index < ${floods}; index++) {
        await Promise.all(Array.from({ length: 100 }, () =>
          fetch(${
      JSON.stringify(`${signIn.redirectUri}?state=x&code=`)
    } + Math.random(), { mode: "no-cors" }).catch(() => {})))
      }
    })()`)
    await signsIn(signIn)
    await flood
    const old = await context.newPage()
    await old.goto(`${signIn.redirectUri}?code=x&state=older`)
    assert.strictEqual(await old.title(), "Not the current sign-in")
    await old.close()
    await page.close()
    await signIn.close()
  }, 120_000)

  it("is not even heard where it is on the internet, from which a sign-in comes back all the same", async () => {
    const { port } = server.address() as AddressInfo
    // Private and Local Network Access: to the browser this page is of the public address space.
    const other = await Chromium.launch([`--ip-address-space-overrides=127.0.0.1:${port}=public`])
    try {
      const signIn = await world.begin({ stays: true })
      const target = `${signIn.redirectUri}?code=stolen&state=${signIn.state}`
      const page = await (await other.newContext()).newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      for (const mode of ["cors", "no-cors"]) {
        assert.strictEqual(
          await page.evaluate(seen(`fetch(${JSON.stringify(target)}, { mode: "${mode}" })`)),
          "refused"
        )
      }
      assert.deepStrictEqual(signIn.refusals().filter((reason) => reason !== "WrongMethod"), [])
      // As a server on the internet does at the end of a sign-in.
      const denied = new URLSearchParams({ state: signIn.state, iss: world.server.issuer, error: "access_denied" })
      await page.evaluate(`void (location.href = ${JSON.stringify(`${signIn.redirectUri}?${denied}`)})`)
      await page.waitForURL(/\/done\//)
      assert.include(await page.textContent("code") ?? "", "access_denied")
      assert.strictEqual(ChromiumWorld.errorOf(await signIn.ended)?._tag, "AuthorizationDenied")
      await signIn.close()
    } finally {
      await other.close()
    }
  }, 60_000)

  it(
    "delivers the answer by fetch where its origin is allowed, and hears that it arrived; no other page does",
    async () => {
      const { port } = server.address() as AddressInfo
      const origin = `http://localhost:${port}`
      const signIn = await world.begin({ options: { allowOrigins: [origin] } })
      const denied = new URLSearchParams({ state: signIn.state, iss: world.server.issuer, error: "access_denied" })
      const fetched = (address: string, options: string) =>
        `fetch(${
          JSON.stringify(address)
        }, ${options}).then(async (r) => r.status + " " + await r.text(), () => "refused")`
      const evil = await evilPage()
      const consent = await context.newPage()
      await consent.goto(`${origin}/`)
      const own = `${signIn.redirectUri}?${denied}`
      for (const options of ["{}", '{ headers: { "x-a": "b" } }', '{ mode: "no-cors" }']) {
        const seen = await evil.evaluate(fetched(own, options))
        assert.include(["refused", "0 "], seen)
      }
      for (const options of ['{ mode: "no-cors" }', '{ credentials: "include" }', '{ method: "PUT" }']) {
        const elsewhere = await consent.evaluate(fetched(own.replace(signIn.state, "other"), options))
        assert.include(["refused", "0 "], elsewhere, options)
      }
      // The page may read what was wrong.
      const wrong = await consent.evaluate(fetched(own.replace(signIn.state, "other"), "{}"))
      assert.match(String(wrong), /^400 An answer came for another sign-in/)
      // With a header of its own, so that a preflight comes first.
      const right = await consent.evaluate(fetched(own, '{ headers: { "x-requested-with": "consent" } }'))
      assert.match(String(right), /^200 The answer has arrived/)
      assert.strictEqual(ChromiumWorld.errorOf(await signIn.ended)?._tag, "AuthorizationDenied")
      await evil.close()
      await consent.close()
    },
    60_000
  )

  it("settles nothing where a link scanner fetches the address of the sign-in and of the callback first", async () => {
    const signIn = await world.begin()
    await fetch(signIn.url, { redirect: "manual" })
    await fetch(signIn.redirectUri)
    await fetch(signIn.redirectUri, { method: "HEAD" })
    await signsIn(signIn)
  }, 60_000)
})
