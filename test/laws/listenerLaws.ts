/**
 * What every listener must do, ours and a user's: one suite, run over each. A listener that cannot promise a law names it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Scope, Stream } from "effect"
import * as net from "node:net"
import { ReleaseBudget } from "../../src/core/ReleaseBudget.ts"
import { CallbackFlow, type CallbackServer, type OpenOptions } from "../../src/index.ts"
import { answerFor, browse, pause, portOf, urlFor } from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import { nobody } from "../fixtures/nobody.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

/** Laws that some listeners cannot keep. */
export type Law =
  | "headers up to 64 KiB"
  | "431 for more"
  | "400 for what is not HTTP"
  | "one request a connection"
  | "junk behind a callback"
  | "release within a second"
  | "interrupt while binding"

/** The services of a flow over a listener. */
const services = (server: Layer.Layer<CallbackServer>) => Layer.merge(server, nobody)

/** A socket of a stranger on a port; `undefined` when the machine has no such address or the port is taken. */
const stranger = (port: number, host: "127.0.0.1" | "::1"): Effect.Effect<number | undefined, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<net.Server | undefined>((resume) => {
        const server = net.createServer()
        server.once("error", () => resume(Effect.succeed(undefined)))
        server.listen({ port, host }, () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          if (server === undefined) resume(Effect.void)
          else server.close(() => resume(Effect.void))
        })
    ),
    (server) => (server?.address() as net.AddressInfo | null | undefined)?.port
  )

/** Requests that must cost their sender an answer and the flow nothing: what is sent, and the status it gets. */
const junk = (
  flow: CallbackFlow
): ReadonlyArray<readonly [name: string, status: number, text: string | Uint8Array]> => {
  const port = portOf(flow)
  const own = `/callback?code=stolen&state=${Redacted.value(flow.state)}`
  const request = (target: string, options?: Parameters<typeof RawClient.requestText>[2]) =>
    RawClient.requestText(port, target, options)
  return [
    ["a favicon", 404, request("/favicon.ico")],
    ["the path in other letters", 404, request(own.replace("callback", "CALLBACK"))],
    ["a path that hides a host", 404, request(`//evil.example${own}`)],
    ["no state", 400, request("/callback?code=a")],
    ["an error without our state", 400, request("/callback?error=access_denied&state=other")],
    ["two states", 400, request(`${own}&state=${Redacted.value(flow.state)}`)],
    ["broken percent-escapes", 400, request("/callback?code=%zz&state=%E0%A4%A")],
    ["NUL, escaped", 400, request("/callback?code=%00&state=%00")],
    ["a foreign host", 421, request(own, { host: `rebound.example:${port}` })],
    ["our host with what is no port", 421, request(own, { host: "127.0.0.1:65536" })],
    ["an IDN host", 421, request(own, { host: "xn--bcher-kva.example" })],
    ["an absolute target elsewhere", 421, request(`http://evil.example${own}`)],
    ["HEAD", 405, request(own, { method: "HEAD" })],
    ["POST", 405, request(own, { method: "POST", body: "code=stolen" })],
    ["a preflight", 405, request(own, { method: "OPTIONS", headers: { "access-control-request-method": "GET" } })],
    ["a last page that is not ours", 404, request("/done/AAAAAAAAAAAAAAAAAAAAAA")],
    ["a last page that is not ours, beside the callback", 400, request("/callback?done=AAAAAAAAAAAAAAAAAAAAAA")],
    ["an <iframe>", 403, request(own, { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" } })],
    ["an <img>", 403, request(own, { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" } })],
    ["a fetch", 403, request(own, { headers: { "sec-fetch-mode": "cors" } })],
    ["a prefetch", 403, request(own, { headers: { "sec-purpose": "prefetch", "sec-fetch-mode": "navigate" } })]
  ]
}

/** Registers the suite for one listener. */
export const listenerLaws = (
  name: string,
  server: Layer.Layer<CallbackServer>,
  options: { readonly cannot: ReadonlyArray<Law> }
): void => {
  const layer = services(server)
  const open = (options?: OpenOptions) => Effect.provide(CallbackFlow.open({ paste: false, ...options }), layer)
  const test = <E>(name: string, run: Effect.Effect<void, E, Scope.Scope>) => it.live(name, () => Effect.scoped(run))
  const law = <E>(which: Law, name: string, run: Effect.Effect<void, E, Scope.Scope>) =>
    it.live.skipIf(options.cannot.includes(which))(`${name} (${which})`, () => Effect.scoped(run))

  /** The flow is alive: its own answer still ends it, with its own code. */
  const completes = (flow: CallbackFlow, code = "own") =>
    Effect.gen(function* () {
      const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
      const page = yield* browse(flow, answerFor(flow, { code }))
      assert.strictEqual(RawClient.statusOf(page), 200)
      assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), code)
    })

  describe(name, () => {
    test(
      "answers junk with its own status, and the flow goes on",
      Effect.gen(function* () {
        const flow = yield* open()
        for (const [what, status, text] of junk(flow)) {
          const answer = yield* Effect.promise(() => RawClient.send(portOf(flow), text).received)
          assert.strictEqual(RawClient.statusOf(answer), status, what)
          assert.match(answer, /cache-control: no-store/i, what)
          assert.match(answer, /x-content-type-options: nosniff/i, what)
          assert.notMatch(answer, /access-control-|stolen/i, what)
          assert.strictEqual(/\nallow: GET\r/i.test(answer), status === 405, what)
        }
        yield* completes(flow)
      })
    )
    test(
      "takes a code of 8 kB and one of strange characters",
      Effect.gen(function* () {
        yield* completes(yield* open(), "c".repeat(8192))
        yield* completes(yield* open(), "a+b/c= \u0000%&#ü🎉")
      })
    )
    test(
      "answers 10,000 junk requests in a row, and the flow goes on",
      Effect.gen(function* () {
        const flow = yield* open()
        const text = RawClient.requestText(portOf(flow), "/callback?code=a&state=b")
        yield* Effect.forEach(
          Array.from({ length: 10_000 }),
          () => Effect.promise(() => RawClient.send(portOf(flow), text).received),
          { concurrency: 20, discard: true }
        )
        yield* completes(flow)
      })
    )
    test(
      "answers the same callback twice with the same page",
      Effect.gen(function* () {
        const flow = yield* open()
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const first = yield* browse(flow, answerFor(flow, { code: "c" }))
        yield* Fiber.join(waiting)
        const second = yield* browse(flow, answerFor(flow, { code: "c" }))
        assert.strictEqual(RawClient.bodyOf(second), RawClient.bodyOf(first))
      })
    )
    test(
      "sends the browser on to an address without code and state, where the truth waits, for whoever comes again too",
      Effect.gen(function* () {
        const flow = yield* open()
        const gate = yield* Deferred.make<void>()
        const running = yield* Effect.fork(
          flow.authorize({ url: urlFor(flow), present: false, exchange: () => Deferred.await(gate) })
        )
        const sentOn = yield* browse(flow, answerFor(flow, { code: "s3cret" }), { follow: false })
        assert.strictEqual(RawClient.statusOf(sentOn), 303)
        const location = RawClient.locationOf(sentOn) ?? ""
        assert.match(location, /^\/done\/[0-9a-f]{32}$/)
        assert.notInclude(sentOn, "s3cret")
        assert.notInclude(sentOn, Redacted.value(flow.state))
        for (const header of [/cache-control: no-store/i, /referrer-policy: no-referrer/i]) {
          assert.match(sentOn, header)
        }
        const page = yield* Effect.fork(browse(flow, location))
        const again = yield* Effect.fork(browse(flow, answerFor(flow, { code: "another" })))
        for (
          const [status, target, options] of [
            [405, location, { method: "HEAD" }],
            [405, location, { method: "POST", body: "code=x" }],
            [421, location, { host: `rebound.example:${portOf(flow)}` }],
            [403, location, { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" } }],
            [403, location, { headers: { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" } }],
            [403, location, { headers: { "sec-purpose": "prefetch" } }],
            [404, `${location}x`, {}],
            [404, location.slice(0, -1), {}],
            [404, `${location}/`, {}]
          ] as const
        ) {
          assert.strictEqual(RawClient.statusOf(yield* browse(flow, target, options)), status, JSON.stringify(options))
        }
        assert.isTrue(Option.isNone(yield* Fiber.poll(page)), "it waits for the exchange")
        assert.isTrue(Option.isNone(yield* Fiber.poll(again)))
        yield* Deferred.succeed(gate, undefined)
        const shown = yield* Fiber.join(page)
        assert.match(shown, /^HTTP\/1\.1 200 [^]*<h1>Signed in to as\.example</)
        assert.notInclude(shown, "s3cret")
        assert.notInclude(shown, Redacted.value(flow.state))
        assert.strictEqual(RawClient.bodyOf(yield* Fiber.join(again)), RawClient.bodyOf(shown))
        yield* Fiber.join(running)
        for (const address of [location, location, answerFor(flow, { code: "late" })]) {
          assert.strictEqual(RawClient.bodyOf(yield* browse(flow, address)), RawClient.bodyOf(shown))
        }
      })
    )
    test(
      "holds every outcome ready at the address that the browser was sent on to",
      Effect.gen(function* () {
        for (
          const [parameters, status, title] of [
            [{ code: "c" }, 500, "Not signed in to as.example"],
            [{ error: "access_denied" }, 200, "Not signed in to as.example"],
            [{}, 400, "Not signed in to as.example"]
          ] as const
        ) {
          const flow = yield* open()
          const running = yield* Effect.fork(Effect.exit(
            flow.authorize({ url: urlFor(flow), present: false, exchange: () => Effect.fail("no") })
          ))
          const location = RawClient.locationOf(yield* browse(flow, answerFor(flow, parameters), { follow: false }))
          yield* Fiber.join(running)
          const page = yield* browse(flow, location ?? "")
          assert.strictEqual(RawClient.statusOf(page), status)
          assert.include(page, `<h1>${title}</h1>`)
          assert.strictEqual(
            yield* browse(flow, location ?? "").pipe(Effect.map(RawClient.bodyOf)),
            RawClient.bodyOf(page)
          )
        }
      })
    )
    test(
      "shows the page of a flow that ends at once, and is released as soon as the browser has it",
      Effect.gen(function* () {
        const taken: Array<number> = []
        for (let attempt = 0; attempt < 3; attempt++) {
          const scope = yield* Scope.make()
          const flow = yield* Scope.extend(open(), scope)
          const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          const page = yield* Effect.fork(browse(flow, answerFor(flow, { code: "c" })))
          yield* Fiber.join(waiting)
          const started = Date.now()
          yield* Scope.close(scope, Exit.void)
          taken.push(Date.now() - started)
          assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 [^]*Answer received[^]*<\/html>/)
        }
        // Other work on the machine may be in one's way, not in that of each.
        assert.isBelow(Math.min(...taken), 350)
      })
    )
    test(
      "waits less than half a second for a browser that was sent on and does not come, and for no other",
      Effect.gen(function* () {
        const release = (act: (flow: CallbackFlow) => Effect.Effect<unknown>) =>
          Effect.gen(function* () {
            const scope = yield* Scope.make()
            const flow = yield* Scope.extend(open(), scope)
            const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
            yield* act(flow)
            yield* pause(5)
            const started = Date.now()
            yield* Scope.close(scope, Exit.void)
            yield* Fiber.await(running)
            return Date.now() - started
          })
        const absent = yield* release((flow) => browse(flow, answerFor(flow, { code: "c" }), { follow: false }))
        assert.isAtLeast(absent, ReleaseBudget.lastPage - 20)
        assert.isBelow(absent, 900)
        for (
          const act of [
            () => Effect.void,
            (flow) => browse(flow, answerFor(flow, { state: "another" })),
            (flow) => Effect.ignore(flow.submit(answerFor(flow, { code: "c" }).href)),
            (flow) => browse(flow, answerFor(flow, { code: "c" }))
          ] satisfies ReadonlyArray<(flow: CallbackFlow) => Effect.Effect<unknown>>
        ) {
          const taken = yield* Effect.replicateEffect(release(act), 3)
          assert.isBelow(Math.min(...taken), 350, `${act}`)
        }
      })
    )
    test(
      "takes a posted form only where it was asked for",
      Effect.gen(function* () {
        const flow = yield* open({ responseMode: "form_post" })
        const { search } = answerFor(flow, { code: "posted" })
        const post = (body: string, type = "application/x-www-form-urlencoded") =>
          browse(flow, "/callback", { method: "POST", body, headers: { "content-type": type } })
        assert.strictEqual(RawClient.statusOf(yield* post("code=a&state=b")), 400)
        assert.strictEqual(RawClient.statusOf(yield* post(search.slice(1), "text/plain")), 415)
        assert.strictEqual(RawClient.statusOf(yield* post(`a=${"a".repeat(70_000)}`)), 413)
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const page = yield* post(search.slice(1))
        assert.strictEqual(RawClient.statusOf(page), 200)
        assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "posted")
        const sentOn = yield* browse(flow, "/callback", {
          method: "POST",
          body: search.slice(1),
          headers: { "content-type": "application/x-www-form-urlencoded" },
          follow: false
        })
        assert.strictEqual(RawClient.statusOf(sentOn), 303, "so that the form is not posted again there")
        const reloaded = yield* browse(flow, RawClient.locationOf(sentOn) ?? "")
        assert.strictEqual(RawClient.bodyOf(reloaded), RawClient.bodyOf(page))
      })
    )
    test(
      "goes on to the next port of a list, and says which were taken when none is left",
      Effect.gen(function* () {
        const taken = (yield* stranger(0, "127.0.0.1")) ?? 0
        const flow = yield* open({ port: [taken, 0] })
        assert.notStrictEqual(portOf(flow), taken)
        yield* completes(flow)
        const other = (yield* stranger(0, "127.0.0.1")) ?? 0
        const error = yield* Effect.flip(open({ port: [taken, other] }))
        assert.strictEqual(error.reason, "PortInUse")
        assert.deepStrictEqual(error.ports, [taken, other])
        assert.include(error.message, String(taken))
      })
    )
    test(
      "is shared by flows that ask for one port, until the last of them is closed",
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const first = yield* Scope.extend(open(), scope)
        const port = portOf(first)
        const [second, third] = [yield* open({ port }), yield* open({ port: [port, 0] })]
        assert.deepStrictEqual([portOf(second), portOf(third)], [port, port])
        yield* completes(third)
        yield* completes(first)
        yield* Scope.close(scope, Exit.void)
        yield* completes(second)
      })
    )
    test(
      "binds both families for localhost, on one port",
      Effect.gen(function* () {
        const flow = yield* open({ host: "localhost" })
        assert.match(flow.redirectUri, /^http:\/\/localhost:\d+\/callback$/)
        for (const address of ["127.0.0.1", "::1"] as const) {
          const text = RawClient.requestText(portOf(flow), "/x", { host: `localhost:${portOf(flow)}` })
          const answer = yield* Effect.promise(() => RawClient.send(portOf(flow), text, { address }).received)
          assert.strictEqual(RawClient.statusOf(answer), 404, address)
        }
      })
    )
    test(
      "does not use a port for localhost whose other family a stranger holds",
      Effect.gen(function* () {
        const theirs = (yield* stranger(0, "::1")) ?? 0
        const error = yield* Effect.flip(open({ host: "localhost", port: theirs }))
        assert.strictEqual(error.reason, "PortInUse")
        assert.isTrue(yield* Effect.promise(() => Leaks.canBind(theirs)), "the half that was bound is released")
        const flow = yield* open({ host: "localhost", port: [theirs, 0] })
        assert.notStrictEqual(portOf(flow), theirs)
        yield* completes(yield* open({ port: theirs }))
      })
    )
    test(
      "leaves the port free when its scope has closed",
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const flow = yield* Scope.extend(open(), scope)
        yield* completes(flow)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(yield* Effect.promise(() => Leaks.canBind(portOf(flow))))
        yield* open({ port: portOf(flow) })
      })
    )
    test(
      "keeps the code out of every span",
      Effect.gen(function* () {
        const recorder = SpanRecorder.make()
        const state = yield* Effect.scoped(Effect.gen(function* () {
          const flow = yield* open()
          const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          yield* browse(flow, "/callback?code=s3cret-stranger&state=x")
          yield* browse(flow, answerFor(flow, { code: "s3cret-code" }))
          yield* Fiber.join(waiting)
          return Redacted.value(flow.state)
        })).pipe(SpanRecorder.record(recorder))
        assert.includeMembers(recorder.names, ["CallbackFlow.open", "CallbackFlow.authorize"])
        assert.notMatch(recorder.text(), /s3cret/)
        assert.notInclude(recorder.text(), state)
      })
    )
    law(
      "junk behind a callback",
      "delivers the page though junk, or the end of the client's side, comes before it",
      Effect.gen(function* () {
        for (const behind of ["GARBAGE\r\n\r\n", "end"]) {
          const flow = yield* open()
          const { pathname, search } = answerFor(flow, { code: "c" })
          const text = RawClient.requestText(portOf(flow), `${pathname}${search}`)
          const client = RawClient.send(portOf(flow), behind === "end" ? text : text + behind, {
            manner: behind === "end" ? "ends" : "read"
          })
          yield* pause(50)
          const granted = yield* flow.authorize({ url: urlFor(flow), present: false })
          assert.strictEqual(Redacted.value(granted.code), "c")
          assert.match(yield* Effect.promise(() => client.received), /^HTTP\/1\.1 200 [^]*<\/html>$/, behind)
        }
      })
    )
    law(
      "400 for what is not HTTP",
      "says that a browser came by https, whichever version of TLS it speaks",
      Effect.gen(function* () {
        const flow = yield* open()
        for (const version of [0, 1, 3]) {
          const hello = Uint8Array.from([
            22,
            3,
            version,
            2,
            0,
            1,
            0,
            1,
            252,
            3,
            3,
            ...Array.from({ length: 500 }, (_, n) => n % 256)
          ])
          const answer = yield* Effect.promise(() => RawClient.send(portOf(flow), hello).received)
          assert.match(answer, /^HTTP\/1\.1 400 [^]*change https to http/)
        }
        const refused = yield* flow.refusals.pipe(Stream.take(3), Stream.runCollect)
        assert.deepStrictEqual(
          Array.from(refused, ({ reason }) => reason),
          Array.from({ length: 3 }, () => "HttpsRequest")
        )
        yield* completes(flow)
      })
    )
    test(
      "takes an answer that comes over a forwarded port of another number",
      Effect.gen(function* () {
        for (const host of ["127.0.0.1:51999", "localhost:9000", "[::1]:1", "localhost"]) {
          const flow = yield* open()
          const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          const sentOn = yield* browse(flow, answerFor(flow, { code: "far" }), { host, follow: false })
          assert.strictEqual(RawClient.statusOf(sentOn), 303, host)
          assert.match(RawClient.locationOf(sentOn) ?? "", /^\/done\//, "it stays on the port that the browser knows")
          assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "far")
        }
      })
    )
    test(
      "lets a page of an allowed origin deliver the answer by fetch, and no other page",
      Effect.gen(function* () {
        const flow = yield* open({ allowOrigins: ["https://accounts.x.ai"] })
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const from = (origin: string) => ({ headers: { origin, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" } })
        const preflight = (origin: string) => ({
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "GET",
            "access-control-request-private-network": "true"
          }
        })
        const own = answerFor(flow, { code: "fetched" })
        for (const request of [from("https://evil.example"), from("null"), preflight("https://evil.example")]) {
          const answer = yield* browse(flow, own, request)
          assert.include([403, 405], RawClient.statusOf(answer))
          assert.match(answer, /`allowOrigins`/)
          assert.notMatch(answer, /access-control-/i)
        }
        const allowed = yield* browse(flow, own, preflight("https://accounts.x.ai"))
        assert.strictEqual(RawClient.statusOf(allowed), 200)
        assert.match(allowed, /access-control-allow-private-network: true/i)
        assert.match(yield* browse(flow, "/callback?state=x", from("https://accounts.x.ai")), /^HTTP\/1\.1 400 /)
        const delivered = yield* browse(flow, own, { ...from("https://accounts.x.ai"), follow: false })
        assert.strictEqual(RawClient.statusOf(delivered), 200)
        assert.match(delivered, /access-control-allow-origin: https:\/\/accounts\.x\.ai\r/i)
        assert.notMatch(allowed + delivered, /access-control-allow-(?:origin: \*|credentials)|fetched/i)
        assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "fetched")
        const refused = yield* flow.refusals.pipe(Stream.take(4), Stream.runCollect)
        assert.deepStrictEqual(Array.from(refused, ({ reason }) => reason), [
          ...Array.from({ length: 3 }, () => "NotANavigation"),
          "StateMismatch"
        ])
      })
    )
    law(
      "400 for what is not HTTP",
      "answers a tunnel and an unknown expectation like any other request, and counts them",
      Effect.gen(function* () {
        const flow = yield* open()
        const port = portOf(flow)
        const tunnel = RawClient.requestText(port, `127.0.0.1:${port}`, { method: "CONNECT" })
        const expecting = RawClient.requestText(port, "/callback", { headers: { expect: "a-miracle" } })
        assert.match(
          yield* Effect.promise(() => RawClient.send(port, tunnel).received),
          /^HTTP\/1\.1 405 [^]*allow: GET/i
        )
        assert.strictEqual(
          RawClient.statusOf(yield* Effect.promise(() => RawClient.send(port, expecting).received)),
          400
        )
        const refused = yield* flow.refusals.pipe(Stream.take(2), Stream.runCollect)
        assert.deepStrictEqual(Array.from(refused, ({ reason }) => reason), ["WrongMethod", "StateMissing"])
        yield* completes(flow)
      })
    )
    law(
      "release within a second",
      "is released within a second for localhost, whatever peers on both families hold open after junk",
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const flow = yield* Scope.extend(open({ host: "localhost" }), scope)
        const held = (["127.0.0.1", "::1"] as const).flatMap((address) =>
          Array.from({ length: 5 }, () => RawClient.send(portOf(flow), "GARBAGE\r\n\r\n", { manner: "stays", address }))
        )
        yield* pause(50)
        const started = Date.now()
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(Date.now() - started, 900)
        for (const client of held) client.reset()
      })
    )
    law(
      "headers up to 64 KiB",
      "takes a code of 40 kB",
      Effect.flatMap(open(), (flow) => completes(flow, "c".repeat(40_000)))
    )
    law(
      "431 for more",
      "answers headers of 1 MB with 431",
      Effect.gen(function* () {
        const flow = yield* open()
        const text = RawClient.requestText(portOf(flow), "/callback", { headers: { x: "x".repeat(1_000_000) } })
        const answer = yield* Effect.promise(() => RawClient.send(portOf(flow), text).received)
        assert.strictEqual(RawClient.statusOf(answer), 431)
        yield* completes(flow)
      })
    )
    law(
      "400 for what is not HTTP",
      "answers what is not HTTP with 400",
      Effect.gen(function* () {
        const flow = yield* open()
        const state = Redacted.value(flow.state)
        const host = `Host: 127.0.0.1:${portOf(flow)}\r\n`
        for (
          const text of [
            "\u0016\u0003\u0001\u0002\u0000 a TLS hello\r\n\r\n",
            `GET /callback?code=\u0000&state=${state} HTTP/1.1\r\n${host}\r\n`,
            `get /callback HTTP/1.1\r\n${host}\r\n`,
            `GET /callback\r\n\r\n`,
            `GET /callback?code=a&state=${state} HTTP/1.1\r\n${host}${host}\r\n`,
            `GET /callback?code=a&state=${state} HTTP/1.1\r\n\r\n`,
            `OPTIONS * HTTP/1.1\r\n${host}\r\n`
          ]
        ) {
          const answer = yield* Effect.promise(() => RawClient.send(portOf(flow), text).received)
          assert.strictEqual(RawClient.statusOf(answer), 400, JSON.stringify(text.slice(0, 30)))
        }
        yield* completes(flow)
      })
    )
    law(
      "one request a connection",
      "answers the first of pipelined callbacks and ignores the rest",
      Effect.gen(function* () {
        const flow = yield* open()
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const text = (code: string) => {
          const { pathname, search } = answerFor(flow, { code })
          return RawClient.requestText(portOf(flow), `${pathname}${search}`)
        }
        const answer = yield* Effect.promise(() =>
          RawClient.send(portOf(flow), text("first") + text("second")).received
        )
        assert.strictEqual(answer.split("HTTP/1.1 200").length - 1, 1)
        assert.match(answer, /connection: close/i)
        assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "first")
      })
    )
    law(
      "release within a second",
      "is released within a second, whatever peers hold open, and the page arrives whole",
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const flow = yield* Scope.extend(open(), scope)
        const port = portOf(flow)
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
        const whole = RawClient.requestText(port, "/callback?code=a&state=b")
        const posting = RawClient.requestText(port, "/callback", { method: "POST", body: "x".repeat(1000) })
        const held = [
          ...Array.from({ length: 20 }, () => RawClient.send(port, "", { manner: "silent" })),
          RawClient.send(port, whole, { manner: "half" }),
          RawClient.send(port, posting, { manner: "half" }),
          RawClient.send(port, whole, { manner: "deaf" })
        ]
        yield* pause(50)
        yield* completesWith(waiting, flow)
        const started = Date.now()
        const page = RawClient.get(port, `${answerFor(flow, {}).pathname}${answerFor(flow, { code: "x" }).search}`)
        yield* pause(5)
        yield* Scope.close(scope, Exit.void)
        assert.isBelow(Date.now() - started, 1000)
        const text = yield* Effect.promise(() => page)
        if (text !== "") assert.match(text, /<\/html>$/)
        for (const client of held) client.reset()
        assert.strictEqual(yield* browse(flow, "/"), "", "nothing listens any more")
      })
    )
    law(
      "release within a second",
      "is released within a second when a browser was sent on and does not come, and peers hold connections open",
      Effect.gen(function* () {
        for (const host of ["127.0.0.1", "localhost"] as const) {
          const scope = yield* Scope.make()
          const flow = yield* Scope.extend(open({ host }), scope)
          const port = portOf(flow)
          const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          const { pathname, search } = answerFor(flow, { code: "c" })
          const own = RawClient.requestText(port, `${pathname}${search}`, { host: `${host}:${port}` })
          const held = [
            RawClient.send(port, "", { manner: "silent" }),
            ...(host === "localhost" ? [RawClient.send(port, own, { manner: "deaf", address: "::1" as const })] : []),
            RawClient.send(port, own, { manner: "half" }),
            RawClient.send(port, own, { manner: "deaf" }),
            RawClient.send(port, own, { manner: "stays", follow: false })
          ]
          yield* Fiber.join(waiting)
          const started = Date.now()
          yield* Scope.close(scope, Exit.void)
          assert.isBelow(Date.now() - started, 1000)
          for (const client of held) client.reset()
          assert.isTrue(yield* Effect.promise(() => Leaks.canBind(port)))
        }
      })
    )
    law(
      "interrupt while binding",
      "leaves nothing when it is interrupted at any turn of binding",
      Effect.gen(function* () {
        yield* Effect.scoped(open())
        const before = Leaks.held()
        for (let turn = 0; turn < 60; turn++) {
          const opening = yield* Effect.fork(
            Effect.scoped(Effect.zipRight(open({ host: turn % 2 === 0 ? "localhost" : "127.0.0.1" }), Effect.never))
          )
          for (let count = 0; count < turn / 4; count++) {
            yield* Effect.promise(() => turn % 3 === 0 ? Leaks.turns(1) : Promise.resolve())
          }
          yield* Fiber.interrupt(opening)
        }
        assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
      })
    )
  })

  const completesWith = (waiting: Fiber.Fiber<unknown, unknown>, flow: CallbackFlow) =>
    Effect.gen(function* () {
      assert.match(yield* browse(flow, answerFor(flow, { code: "own" })), /<\/html>$/)
      yield* Fiber.join(waiting)
    })
}
