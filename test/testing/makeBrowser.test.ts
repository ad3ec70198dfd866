/** The browser and the pastes of the kit, at real callbacks and at pages of any kind. */
import { FastCheck as fc } from "effect"
import { type Callback, openCallback } from "effect-oauth-callback/promise"
import {
  type AuthorizationServer,
  BrowserError,
  makeBrowser,
  requestAsBrowser,
  scriptedPaste,
  startAuthorizationServer
} from "effect-oauth-callback/testing"
import { assert, describe, it } from "vitest"
import { listen } from "../../src/testing/Listener.ts"
import { authorizeUrl, register } from "../fixtures/scripted/PlainClient.ts"

/** A sign-in that waits: its address, and the callback that it comes back to. */
const withSignIn = async (
  use: (url: string, callback: Callback, server: AuthorizationServer) => Promise<void>,
  prompt: AsyncIterable<string> | false = false
) => {
  const server = await startAuthorizationServer()
  const callback = await openCallback({ present: false, prompt })
  try {
    const { client_id: clientId } = await register(server)
    const url = authorizeUrl(server, clientId, { redirect_uri: callback.redirectUri, state: callback.state })
    await use(url, callback, server)
  } finally {
    await Promise.all([callback.close(), server.close()])
  }
}

/** Serves pages by their path. */
const withPages = async (pages: Readonly<Record<string, string>>, use: (origin: string) => Promise<void>) => {
  const { close, origin, serve } = await listen()
  serve((request, response) => {
    const html = pages[new URL(request.url ?? "", origin).pathname]
    response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html" }).end(html ?? "Not <b>here</b>")
  })
  try {
    await use(origin)
  } finally {
    await close()
  }
}

const failure = async (run: Promise<unknown>): Promise<BrowserError> => {
  const error: unknown = await run.then(() => undefined, (reason) => reason)
  assert.instanceOf(error, BrowserError)
  return error as BrowserError
}

describe("makeBrowser", () => {
  it("has no options and no behaviours but its own", () => {
    assert.throws(
      () => makeBrowser({ behaviour: "denny" } as never),
      TypeError,
      'There is no behaviour "denny". There is approve, comeBackTwice, deny, wanderOff'
    )
    assert.throws(() => makeBrowser({ behavior: "deny" } as never), TypeError, "behaviour, onStuck, signal")
  })

  it("approves, and reads the last page", () =>
    withSignIn(async (url, callback) => {
      const [page, { code }] = await Promise.all([makeBrowser().approve(url), callback.authorize({ url })])
      assert.strictEqual(page.status, 200)
      assert.match(page.text, /^Answer received/)
      assert.match(code, /^code\./)
      assert.notInclude(page.url, code)
    }))

  it("denies", () =>
    withSignIn(async (url, callback) => {
      const [page, error] = await Promise.all([
        makeBrowser().deny(url),
        callback.authorize({ url }).catch((reason) => reason)
      ])
      assert.deepInclude(error, { _tag: "AuthorizationDenied", error: "access_denied" })
      assert.match(page.text, /^Not signed in/)
    }))

  it("wanders off, and the sign-in waits on", () =>
    withSignIn(async (url, callback, server) => {
      const page = await makeBrowser().wanderOff(url)
      assert.include(page.text, "Sign in")
      server.knobs.authorize = "approve"
      assert.strictEqual((await makeBrowser().wanderOff(url)).status, 302)
      const error = await callback.authorize({ url, timeout: 1 }).catch((reason) => reason)
      assert.strictEqual(error._tag, "AuthorizationTimeout")
      assert.deepStrictEqual(error.refusals, {})
    }))

  it("comes back twice, and the sign-in ends once", () =>
    withSignIn(async (url, callback) => {
      const [page, granted] = await Promise.all([makeBrowser().comeBackTwice(url), callback.authorize({ url })])
      assert.match(granted.code, /^code\./)
      assert.notInclude(page.html, granted.code)
      assert.isNotEmpty(page.text)
    }))

  it("comes back twice to the same address, and reads what is said the second time", () =>
    withSignIn(async (_url, _callback, server) => {
      const { close, origin, serve } = await listen()
      const targets: Array<string | undefined> = []
      serve(({ url }, response) => void response.end(`<p>visit ${targets.push(url)}</p>`))
      const client = await register(server)
      const url = authorizeUrl(server, client.client_id, { redirect_uri: `${origin}/callback` })
      const { text } = await makeBrowser().comeBackTwice(url)
      assert.strictEqual(text, "visit 2")
      assert.strictEqual(targets[0], targets[1])
      await close()
    }))

  it("leaves the address to be pasted, of a yes and of a no", () => {
    const prompt = scriptedPaste()
    return withSignIn(async (url, callback) => {
      prompt.paste("something else")
      prompt.paste(await makeBrowser().addressAfter(url))
      assert.strictEqual((await callback.authorize({ url })).via, "paste")
      const denied = await makeBrowser().addressAfter(url, { deny: true })
      assert.strictEqual(new URL(denied).searchParams.get("error"), "access_denied")
    }, prompt)
  })

  it("`present` does what the behaviour says, in the background", () =>
    withSignIn(async (url, callback) => {
      const browser = makeBrowser({ behaviour: "wanderOff" })
      browser.present(url)
      await browser.done()
      browser.behaviour = "approve"
      const { code } = await callback.authorize({ url, present: browser.present })
      assert.match(code, /^code\./)
      await browser.done()
    }))

  it("says where it is stuck, what is read there, and no secret", () =>
    withPages({
      "/dead": "<title>x</title><h1>No</h1> <p>way &amp; out</p>",
      "/no": "<form><button>Cancel</button></form>"
    }, async (origin) => {
      const told: Array<BrowserError> = []
      const browser = makeBrowser({ onStuck: (error) => void told.push(error) })
      const dead = await failure(browser.approve(`${origin}/dead?state=secret`))
      assert.strictEqual(
        dead.message,
        `The browser got stuck on ${origin}/dead: it leads nowhere. The page has status 200 and says: No way & out`
      )
      assert.include((await failure(browser.approve(`${origin}/no`))).message, "no button there says yes")
      assert.include((await failure(browser.approve(`${origin}/missing`))).message, "status 404 and says: Not here")
      browser.present({ url: new URL(`${origin}/dead`) })
      assert.strictEqual((await failure(browser.done())).message, dead.message)
      assert.strictEqual(told[0]?.message, dead.message)
    }))

  it("cannot say no where nobody asks", () =>
    withSignIn(async (url, _callback, server) => {
      server.knobs.authorize = "approve"
      assert.include((await failure(makeBrowser().deny(url))).message, "agreed without asking")
    }))

  it("presses the right button, wherever it is, and sends the forms of scripts", () =>
    withPages({
      "/sign-in": `<form action="/done"><input type='hidden' name="a" value="&lt;1&gt;"><input name="user" value="">` +
        `<button name="b" value="2">Decline</button><input type="submit" name="b" value="Go on"></form>`,
      "/posted": `<form method="post" action="http://127.0.0.1:1/back"><input name="code" value="c"></form>`
    }, async (origin) => {
      const to = (deny: boolean) =>
        makeBrowser({ user: "ada" }).addressAfter(`${origin}/sign-in?redirect_uri=${origin}/done`, { deny })
      assert.strictEqual(await to(false), `${origin}/done?a=%3C1%3E&user=ada&b=Go+on`)
      assert.strictEqual(await to(true), `${origin}/done?a=%3C1%3E&user=ada&b=2`)
      assert.strictEqual(await makeBrowser().addressAfter(`${origin}/posted`), "http://127.0.0.1:1/back?code=c")
    }))
})

describe("requestAsBrowser", () => {
  it("is let in where the `fetch` of Node is refused", () =>
    withSignIn(async (_url, callback) => {
      const address = `${callback.redirectUri}?state=wrong&code=c`
      const [byFetch, byBrowser] = [await fetch(address), await requestAsBrowser(address)]
      // That of Deno does not say that it is no navigation.
      assert.strictEqual(byFetch.status, "Deno" in globalThis ? 400 : 403)
      assert.strictEqual(byBrowser.status, 400)
      await byFetch.text()
    }))

  it("waits for an answer however long its time is", async () => {
    const { close, origin, serve } = await listen()
    serve((_, response) => void setTimeout(() => response.end("late"), 50))
    for (const timeout of [2 ** 31, Infinity]) {
      assert.strictEqual((await requestAsBrowser(origin, { timeout })).body, "late")
    }
    await close()
  })

  it("gives up after its time, when it is told to, and where nobody listens", async () => {
    const { close, origin, serve } = await listen()
    serve(() => {})
    const late = await failure(requestAsBrowser(`${origin}/a?code=secret`, { timeout: 20 }))
    assert.strictEqual(late.message, `The browser cannot open ${origin}/a: no answer within 20 ms`)
    const signal = AbortSignal.abort(new Error("enough"))
    assert.include((await failure(requestAsBrowser(origin, { signal }))).message, "told to give up")
    await close()
    assert.include((await failure(requestAsBrowser(origin))).message, "ECONNREFUSED")
  })
})

describe("scriptedPaste", () => {
  it("gives each text once and in order, whoever reads and goes", async () => {
    const step = fc.oneof(fc.constant("paste"), fc.constant("read"), fc.constant("leave"))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const prompt = scriptedPaste()
        const read: Array<string> = []
        const pending: Array<Promise<unknown>> = []
        let pasted = 0
        let reader = prompt[Symbol.asyncIterator]()
        for (const what of steps) {
          if (what === "paste") prompt.paste(String(pasted++))
          if (what === "read") {
            pending.push(reader.next().then(({ done, value }) => done === true ? undefined : read.push(value)))
          }
          if (what === "leave") {
            await reader.return?.()
            reader = prompt[Symbol.asyncIterator]()
          }
        }
        prompt.end()
        await Promise.all(pending)
        for await (const text of prompt) read.push(text)
        assert.deepStrictEqual(read, Array.from({ length: pasted }, (_, index) => String(index)))
      }),
      { numRuns: 300 }
    )
    const prompt = scriptedPaste()
    prompt.end()
    assert.throws(() => prompt.paste("late"), "after end()")
  })
})
