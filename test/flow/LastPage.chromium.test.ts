import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import process from "node:process"
import type { Browser, BrowserContext } from "playwright-core"
import * as Chromium from "../fixtures/Chromium.ts"
import * as ChromiumWorld from "../fixtures/ChromiumWorld.ts"

const isHere = Chromium.findChromium() !== undefined
const title = `the last page, in Chromium${isHere ? "" : " (skipped: there is no Chromium here)"}`

/** Where pictures go, if somebody wants to look at them. */
const pictures = process.env["SCREENSHOTS"]
const axe = isHere ? readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8") : ""

describe.skipIf(!isHere)(title, () => {
  const scope = Effect.runSync(Scope.make())
  let browser: Browser
  let world: ChromiumWorld.World

  beforeAll(async () => {
    browser = await Chromium.launch()
    world = await Effect.runPromise(Scope.extend(ChromiumWorld.make, scope))
  })

  afterAll(async () => {
    await browser?.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })

  /** A person with a browser of their own. */
  const person = async (use: (context: BrowserContext) => Promise<void>, options = {}) => {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(10_000)
    try {
      await use(context)
    } finally {
      await context.close()
    }
  }

  const secretsOf = async (signIn: ChromiumWorld.SignIn, requests: ReadonlyArray<{ readonly url: string }>) => {
    await signIn.ended
    const callback = requests.find(({ url }) => url.startsWith(`${signIn.redirectUri}?`))
    return [signIn.state, new URL(callback?.url ?? "http://x").searchParams.get("code") ?? "no code"]
  }

  it("signs in, and says so once the token is there; code and state leave no trace", () =>
    person(async (context) => {
      const { problems, requests } = ChromiumWorld.watch(context, world.server.issuer)
      const page = await context.newPage()
      const signIn = await world.begin({ serverName: "wiki", stays: true })
      await ChromiumWorld.answer(page, signIn.url)
      await page.waitForURL(/\/done\//)
      assert.strictEqual(await page.textContent("h1"), "Signed in to wiki")
      assert(Exit.isSuccess(await signIn.ended))
      const secrets = await secretsOf(signIn, requests)
      const address = page.url()
      const isClean = async () => {
        const seen = await page.evaluate<Array<string>>(
          "[location.href, document.referrer, document.documentElement.outerHTML]"
        )
        for (const text of [page.url(), ...seen]) for (const secret of secrets) assert.notInclude(text, secret)
      }
      await isClean()
      for (const { referer, url } of requests.filter(({ url }) => url.startsWith(new URL(signIn.redirectUri).origin))) {
        if (!url.startsWith(`${signIn.redirectUri}?`)) { for (const secret of secrets) assert.notInclude(url, secret) }
        for (const secret of secrets) assert.notInclude(referer ?? "", secret)
      }
      await page.reload()
      assert.strictEqual(await page.textContent("h1"), "Signed in to wiki")
      await isClean()
      // Back leads to the sign-in page, not to the callback; forward leads to the last page.
      await page.goBack()
      assert.isTrue(page.url().startsWith(world.server.issuer))
      await page.goForward()
      assert.strictEqual(page.url(), address)
      // The browser's own record, as the history page would show it.
      const session = await context.newCDPSession(page)
      const { entries } = await session.send("Page.getNavigationHistory")
      for (const { url } of entries) assert.notInclude(url, secrets[1] ?? "")
      assert.isFalse(entries.some(({ url }) => url.startsWith(signIn.redirectUri)))
      await signIn.close()
      // Later it is the browser's own error page, without the code.
      await page.reload().catch(() => {})
      for (const secret of secrets) assert.notInclude(page.url(), secret)
      assert.deepStrictEqual(problems, [])
    }), 60_000)

  it("shows its page to the end where the program is done at once", () =>
    person(async (context) => {
      const { problems } = ChromiumWorld.watch(context, world.server.issuer)
      const page = await context.newPage()
      for (let round = 0; round < 3; round++) {
        const signIn = await world.begin({ serverName: "wiki" })
        await ChromiumWorld.answer(page, signIn.url)
        await page.waitForURL(/\/done\//)
        assert.strictEqual(await page.textContent("h1"), "Signed in to wiki")
        assert(Exit.isSuccess(await signIn.ended))
      }
      assert.deepStrictEqual(problems, [])
    }), 60_000)

  it("waits for the exchange, and tells the truth where that fails", () =>
    person(async (context) => {
      const page = await context.newPage()
      const signIn = await world.begin({
        serverName: "wiki",
        beforeExchange: Effect.delay(Effect.fail({ _tag: "ExchangeFailed" as const }), "300 millis"),
        describe: () => "The account is <b>locked</b>"
      })
      const begun = Date.now()
      await ChromiumWorld.answer(page, signIn.url)
      await page.waitForURL(/\/done\//)
      assert.strictEqual(await page.textContent("h1"), "Not signed in to wiki")
      assert.strictEqual(await page.textContent("code"), "The account is <b>locked</b>")
      assert.isAtLeast(Date.now() - begun, 300)
      assert.strictEqual(ChromiumWorld.errorOf(await signIn.ended)?._tag, "ExchangeFailed")
    }), 60_000)

  it("tells who declined how to go on, without an error in the console", () =>
    person(async (context) => {
      const { problems } = ChromiumWorld.watch(context, world.server.issuer)
      const page = await context.newPage()
      const signIn = await world.begin({ serverName: "wiki" })
      await ChromiumWorld.answer(page, signIn.url, "deny")
      await page.waitForURL(/\/done\//)
      assert.strictEqual(await page.textContent("h1"), "Not signed in to wiki")
      assert.include(await page.textContent("main") ?? "", "start it again in the program")
      assert.include(await page.textContent("code") ?? "", "access_denied")
      assert.strictEqual(ChromiumWorld.errorOf(await signIn.ended)?._tag, "AuthorizationDenied")
      assert.deepStrictEqual(problems, [])
    }), 60_000)

  it("takes a posted form where it was asked for", () =>
    person(async (context) => {
      const page = await context.newPage()
      const signIn = await world.begin({ serverName: "wiki", options: { responseMode: "form_post" } })
      await ChromiumWorld.answer(page, signIn.url)
      await page.waitForURL(/\/done\//)
      assert.strictEqual(await page.textContent("h1"), "Signed in to wiki")
      assert(Exit.isSuccess(await signIn.ended))
    }), 60_000)

  it(
    "speaks the browser's language where it is given, and shows a page of the program's own",
    () =>
      person(async (context) => {
        const { problems } = ChromiumWorld.watch(context, world.server.issuer)
        const page = await context.newPage()
        const style = "h1{color:rgb(1, 2, 3)}"
        const words = () => ({ title: "Angemeldet <1>", text: "Fertig." })
        const signIn = await world.begin({
          serverName: "wiki",
          options: {
            page: {
              style,
              texts: {
                de: {
                  signedIn: words,
                  received: words,
                  denied: words,
                  invalid: words,
                  failed: words,
                  closed: words,
                  refused: words,
                  serverSaid: "",
                  programSaid: ""
                }
              },
              html: ({ lang, title }) =>
                `<!doctype html><html lang="${lang}"><title>x</title><link rel="icon" href="data:,"><style>${style}</style>` +
                `<h1>${title.replace("<", "&lt;")}</h1>`
            }
          }
        })
        await ChromiumWorld.answer(page, signIn.url)
        await page.waitForURL(/\/done\//)
        assert.strictEqual(await page.textContent("h1"), "Angemeldet <1>")
        assert.strictEqual(await page.getAttribute("html", "lang"), "de")
        const color = await page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        assert.strictEqual(color, "rgb(1, 2, 3)")
        assert.deepStrictEqual(problems, [])
      }, { locale: "de-AT" }),
    60_000
  )

  it("has no violation that axe knows of, light and dark, on a phone and on a screen", async () => {
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true })
    const outcomes: ReadonlyArray<readonly [string, ChromiumWorld.Program, "allow" | "deny" | "stranger"]> = [
      ["signed-in", {}, "allow"],
      [
        "failed",
        { beforeExchange: Effect.fail({ _tag: "ExchangeFailed" }), describe: () => "The disk is full" },
        "allow"
      ],
      ["declined", {}, "deny"],
      ["stranger", {}, "stranger"]
    ]
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [360, 1280]) {
        await person(async (context) => {
          const page = await context.newPage()
          for (const [name, program, how] of outcomes) {
            const signIn = await world.begin({ serverName: "wiki.example.com", stays: true, ...program })
            if (how === "stranger") await page.goto(`${signIn.redirectUri}?code=x&state=other`)
            else {
              await ChromiumWorld.answer(page, signIn.url, how)
              await page.waitForURL(/\/done\//)
            }
            const isWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert.strictEqual(isWide, false, `${name} at ${width} px`)
            // The page's own policy lets no script in, so it is brought in from outside.
            const session = await context.newCDPSession(page)
            await session.send("Page.setBypassCSP", { enabled: true })
            await session.send("Runtime.evaluate", { expression: axe })
            const found = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))")
            assert.deepStrictEqual(found, [], `${name}, ${colorScheme}, ${width} px`)
            if (pictures !== undefined) {
              await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`) })
            }
            await signIn.close()
          }
        }, { colorScheme, viewport: { width, height: 640 } })
      }
    }
  }, 120_000)
})
