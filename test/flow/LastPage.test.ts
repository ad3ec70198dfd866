/** The page that a browser is sent on to: where it is, what it says in which language, and how it looks. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Redacted, Scope, TestClock } from "effect"
import { createHash } from "node:crypto"
import * as net from "node:net"
import { CallbackFlow, type OpenOptions, type PageOptions, PageTexts, type PageView } from "../../src/index.ts"
import { openCallback } from "../../src/promise.ts"
import * as BlockedHost from "../fixtures/BlockedHost.ts"
import { answerFor, browse, make, pause, sleeping, urlFor } from "../fixtures/Harness.ts"
import * as RawClient from "../fixtures/RawClient.ts"

const open = (options?: OpenOptions): Effect.Effect<CallbackFlow, never, Scope.Scope> =>
  Effect.flatMap(make, ({ layer }) => Effect.orDie(Effect.provide(CallbackFlow.open(options), layer)))

const german: PageTexts = {
  ...PageTexts.english,
  signedIn: ({ serverName }) => ({ title: `Bei ${serverName} angemeldet`, text: "Sie können diesen Tab schließen." }),
  denied: ({ error }) => ({ title: "Nicht angemeldet", text: `Abgelehnt, ${error}.` }),
  refused: ({ reason, serverName }) => ({ title: "Anderer Vorgang", text: `${reason} ${serverName}` }),
  serverSaid: "Der Server sagt:",
  programSaid: "Das Programm sagt:"
}

/** The page of a sign-in that succeeds, for a browser with these headers. */
const pageOf = (page: PageOptions, headers: Readonly<Record<string, string>> = {}, serverName?: string) =>
  Effect.gen(function* () {
    const flow = yield* open({ page })
    const running = yield* Effect.fork(
      flow.authorize({ url: urlFor(flow), serverName, present: false, exchange: () => Effect.void })
    )
    const answer = yield* browse(flow, answerFor(flow, { code: "s3cret" }), { headers })
    yield* Fiber.join(running)
    assert.notInclude(answer, "s3cret")
    assert.notInclude(answer, Redacted.value(flow.state))
    return answer
  })

/** A connection that a browser opened ahead of its request. */
const connected = (port: number, host: string): Promise<net.Socket> =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ port, host }, () => resolve(socket))
    socket.on("error", reject)
  })

/** All that comes, until the connection ends in whatever way. */
const read = (socket: net.Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
    })
    socket.on("close", () => resolve(text))
  })

const policyOf = (answer: string): string => /content-security-policy: ([^\r]*)/i.exec(answer)?.[1] ?? ""

describe("the last page", () => {
  describe("its address", () => {
    it.scopedLive("is beside the callback for a redirect URI that is no loopback address, whatever its query", () =>
      Effect.gen(function* () {
        for (const query of ["", "?tenant=a%20b"]) {
          let port = 0
          const flow = yield* open({
            redirectUri: (bound) => {
              port = bound
              return `https://proxy.example/oauth/cb${query}`
            }
          })
          const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          const { pathname, search } = answerFor(flow, { code: "s3cret" })
          const ask = (target: string, host = "proxy.example") =>
            Effect.promise(() => RawClient.get(port, target, { host, follow: false }))
          const sentOn = yield* ask(`${pathname}${search}`)
          assert.strictEqual(RawClient.statusOf(sentOn), 303)
          const location = RawClient.locationOf(sentOn) ?? ""
          assert.match(location, /^\?done=[0-9a-f]{32}$/)
          assert.notInclude(sentOn, "s3cret")
          yield* Fiber.join(running)
          const page = yield* ask(`/oauth/cb${location}`)
          assert.match(page, /^HTTP\/1\.1 200 [^]*Answer received/)
          for (const target of [`/oauth/cb${location}`, `/callback${location}`]) {
            assert.strictEqual(RawClient.bodyOf(yield* ask(target)), RawClient.bodyOf(page))
          }
          assert.strictEqual(RawClient.statusOf(yield* ask(`/oauth/cb${location}`, "rebound.example")), 421)
          assert.strictEqual(RawClient.statusOf(yield* ask(`/oauth/cb${location}x`)), 400)
          assert.strictEqual(RawClient.statusOf(yield* ask(`/other${location}`)), 404)
        }
      }))
    it.scopedLive("is beside the callback for a forwarded port of this machine: a proxy there may know no other path", () =>
      Effect.gen(function* () {
        let port = 0
        const flow = yield* open({
          redirectUri: (bound) => {
            port = bound
            return "http://localhost:9999/proxy/1234/cb"
          }
        })
        const { search } = answerFor(flow, { code: "c" })
        // The proxy takes its prefix off, and some write the host anew.
        for (
          const [path, host] of [["/proxy/1234/cb", "localhost:9999"], ["/callback", `127.0.0.1:${port}`]] as const
        ) {
          const ask = (query: string) =>
            Effect.promise(() => RawClient.get(port, `${path}${query}`, { host, follow: false }))
          const location = RawClient.locationOf(yield* ask(search)) ?? ""
          assert.match(location, /^\?done=[0-9a-f]{32}$/)
          const page = yield* Effect.fork(ask(location))
          if (path !== "/callback") yield* flow.authorize({ url: urlFor(flow), present: false })
          assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 [^]*Answer received/)
        }
      }))
    it.scopedLive("is another one for each flow", () =>
      Effect.gen(function* () {
        const locations = new Set<string | undefined>()
        for (let count = 0; count < 5; count++) {
          const flow = yield* open()
          locations.add(RawClient.locationOf(yield* browse(flow, answerFor(flow, { code: "c" }), { follow: false })))
        }
        assert.strictEqual(locations.size, 5)
        assert.isFalse(locations.has(undefined))
      }))
  })

  it.scoped("promises nothing after 10 seconds, and tells the truth to who reloads it", () =>
    Effect.gen(function* () {
      const flow = yield* open()
      const running = yield* Effect.fork(
        flow.authorize({ url: urlFor(flow), present: false, exchange: () => Effect.sleep("20 seconds") })
      )
      const sentOn = yield* browse(flow, answerFor(flow, { code: "c" }), { follow: false })
      const reload = browse(flow, RawClient.locationOf(sentOn) ?? "")
      const page = yield* Effect.fork(reload)
      // The exchange, its time, and the patience of the page.
      yield* sleeping(3)
      yield* TestClock.adjust("9 seconds")
      yield* pause(20)
      assert.isTrue(Option.isNone(yield* Fiber.poll(page)))
      yield* TestClock.adjust("1 seconds")
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 [^]*Answer received/)
      assert.match(yield* reload, /^HTTP\/1\.1 200 [^]*Answer received/)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(running)
      for (const _ of ["once", "again"]) assert.match(yield* reload, /^HTTP\/1\.1 200 [^]*Signed in to as\.example/)
    }))
  it.scopedLive("tells a browser that comes when the program has stopped waiting", () =>
    Effect.gen(function* () {
      const page = yield* Effect.scoped(Effect.gen(function* () {
        const flow = yield* open()
        return yield* Effect.fork(Effect.delay(browse(flow, answerFor(flow, { code: "c" })), 0)).pipe(
          Effect.zipLeft(pause(30))
        )
      }))
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 503 [^]*Nobody is waiting/)
    }))

  it.live.each([300, 900])(
    "reaches a browser that asked for it before the host kept the process from running for %d ms",
    (millis) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const flow = yield* Scope.extend(open(), scope)
        const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const sentOn = yield* browse(flow, answerFor(flow, { code: "c" }), { follow: false })
        yield* Fiber.join(running)
        const { hostname, port } = new URL(flow.redirectUri)
        const socket = yield* Effect.promise(() => connected(Number(port), hostname))
        const page = read(socket)
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* pause(20)
        const request = RawClient.requestText(Number(port), RawClient.locationOf(sentOn) ?? "")
        yield* Effect.promise(() => BlockedHost.sendAndBlock(socket, request, millis))
        yield* Fiber.join(closing)
        assert.match(yield* Effect.promise(() => page), /^HTTP\/1\.1 200 [^]*Answer received/)
      })
  )

  describe("its language", () => {
    it.scopedLive("is the browser's, for every page of the flow, and English where there is no other", () =>
      Effect.gen(function* () {
        const flow = yield* open({ page: { texts: { de: german } } })
        const running = yield* Effect.fork(flow.authorize({
          url: urlFor(flow),
          serverName: "Notes",
          present: false,
          exchange: () => Effect.void
        }))
        yield* pause(5)
        const ask = (target: URL | string, language?: string) =>
          browse(flow, target, language === undefined ? {} : { headers: { "accept-language": language } })
        const refused = yield* ask("/callback?code=a&state=b", "de-AT, en;q=0.5")
        assert.match(refused, /^HTTP\/1\.1 400 [^]*<html lang="de">[^]*<h1>Anderer Vorgang<[^]*StateMismatch Notes</)
        assert.match(yield* ask("/callback?code=a&state=b", "fr"), /<html lang="en">[^]*Not the current sign-in/)
        const own = answerFor(flow, { code: "c" })
        const location = RawClient.locationOf(yield* browse(flow, own, { follow: false })) ?? ""
        yield* Fiber.join(running)
        assert.match(yield* ask(own, "fr, de;q=0.9"), /<html lang="de">[^]*<h1>Bei Notes angemeldet</)
        for (const language of ["fr", "en, de;q=0.9", "*", "de;q=0", ";;,", undefined]) {
          assert.match(yield* ask(location, language), /<html lang="en">[^]*<h1>Signed in to Notes</, language)
        }
        assert.match(yield* ask(location, "DE"), /<html lang="de">/)
      }))
    it.scopedLive("is also that of what stands above the server's own words", () =>
      Effect.gen(function* () {
        const flow = yield* open({ page: { texts: { de: german } } })
        yield* Effect.fork(Effect.exit(flow.authorize({ url: urlFor(flow), present: false })))
        const denied = answerFor(flow, { error: "access_denied", error_description: "not <you>" })
        const page = yield* browse(flow, denied, { headers: { "accept-language": "de" } })
        assert.include(page, "<p>Der Server sagt:<code>access_denied: not &lt;you&gt;</code></p>")
        assert.include(page, "Abgelehnt, access_denied.")
        const failing = yield* open({ page: { texts: { de: german } } })
        yield* Effect.fork(Effect.exit(failing.authorize({
          url: urlFor(failing),
          present: false,
          exchange: () => Effect.fail("no"),
          describe: (error) => `it said ${error}`
        })))
        const failed = yield* browse(failing, answerFor(failing, { code: "c" }), {
          headers: { "accept-language": "de" }
        })
        assert.include(failed, "<p>Das Programm sagt:<code>it said no</code></p>")
      }))
    it.scopedLive("is English, in our own page, where a text of the caller's throws", () =>
      Effect.gen(function* () {
        const broken = {
          ...german,
          signedIn: () => {
            throw new Error("s3cret")
          }
        }
        const page = yield* pageOf({ texts: { de: broken } }, { "accept-language": "de" })
        assert.match(page, /^HTTP\/1\.1 200 [^]*<html lang="en">[^]*<h1>Signed in to as\.example</)
      }))
  })

  describe("its server", () => {
    it.scopedLive("is named as the program names it, or by its host, and stays text", () =>
      Effect.gen(function* () {
        assert.include(yield* pageOf({}), "<h1>Signed in to as.example</h1>")
        assert.include(yield* pageOf({}, {}, "Notes"), "<title>Signed in to Notes</title>")
        const nasty = yield* pageOf({}, {}, `<script>alert("1")</script>\n\u001b[31m\u202e${"x".repeat(500)}`)
        assert.include(nasty, "Signed in to &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;")
        // deno-lint-ignore no-control-regex
        assert.notMatch(RawClient.bodyOf(nasty), /<script|[\u0000-\u001f\u202e]|x{100}/)
      }))
    it.scopedLive("has no name before the program has said it", () =>
      Effect.gen(function* () {
        const views: Array<PageView> = []
        const flow = yield* open({ page: { html: (view) => (views.push(view), "own") } })
        assert.match(yield* browse(flow, "/callback?code=a"), /^HTTP\/1\.1 400 [^]*\r\n\r\nown$/)
        assert.deepInclude(views[0], { outcome: "Refused", serverName: undefined, lang: "en" })
      }))
  })

  describe("its look", () => {
    it.scopedLive("is the caller's style, which the policy lets in, and nothing else", () =>
      Effect.gen(function* () {
        const style = "body{color:rebeccapurple;content:'ü'}"
        const page = yield* pageOf({ style })
        assert.include(page, `<style>${style}</style>`)
        const hash = createHash("sha256").update(style).digest("base64")
        assert.include(policyOf(page), `default-src 'none'; style-src 'sha256-${hash}'; img-src data:;`)
        const own = yield* pageOf({})
        const shown = /<style>([^]*)<\/style>/.exec(own)?.[1] ?? ""
        assert.include(policyOf(own), `'sha256-${createHash("sha256").update(shown).digest("base64")}'`)
        assert.notMatch(policyOf(own) + policyOf(page), /unsafe|script-src|https?:|\*/)
      }))
    it.scopedLive("is a document of the caller's, under the same policy", () =>
      Effect.gen(function* () {
        const views: Array<PageView> = []
        const html = (view: PageView) => {
          views.push(view)
          return `<!doctype html><title>${view.title}</title><p>${view.text}`
        }
        const page = yield* pageOf({ html, texts: { de: german } }, { "accept-language": "de" }, "Notes")
        assert.strictEqual(
          RawClient.bodyOf(page),
          "<!doctype html><title>Bei Notes angemeldet</title><p>Sie können diesen Tab schließen."
        )
        assert.match(page, /^HTTP\/1\.1 200 [^]*content-type: text\/html; charset=utf-8/i)
        assert.match(policyOf(page), /default-src 'none'; style-src 'none'; .*frame-ancestors 'none'$/)
        assert.deepInclude(views.at(-1), { outcome: "SignedIn", lang: "de", serverName: "Notes", detail: undefined })
        const style = "p{color:red}"
        const styled = yield* pageOf({ html, style })
        assert.include(policyOf(styled), createHash("sha256").update(style).digest("base64"))
      }))
    it.scopedLive("is ours where the caller's document throws, and the flow goes on", () =>
      Effect.gen(function* () {
        const html = () => {
          throw new Error("s3cret")
        }
        const page = yield* pageOf({ html, style: "p{color:red}" })
        assert.match(page, /^HTTP\/1\.1 200 [^]*<h1>Signed in to as\.example</)
        const shown = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? ""
        assert.include(policyOf(page), createHash("sha256").update(shown).digest("base64"))
      }))
    it("is what `openCallback` is given too", async () => {
      await using callback = await openCallback({ paste: false, page: { html: ({ outcome }) => `own ${outcome}` } })
      const { href, port, search } = new URL(callback.redirectUri)
      assert.strictEqual(search, "", href)
      assert.match(await RawClient.get(Number(port), "/callback?code=a"), /\r\n\r\nown Refused$/)
    })
  })
})
