/** What a flow does, step by step, on the real listener. */
import { assert } from "chai"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Queue, Redacted, Scope, Stream, TestClock } from "effect"
import { CallbackFlow, type Notice, PasteInput, Presenter } from "../../src/index.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import { live, type Scenario, timed } from "../fixtures/Scenario.ts"

const { answerFor, browse, pause, urlFor } = Harness

/** A harness with one open flow. */
const open = (options?: Parameters<typeof CallbackFlow.open>[0]) =>
  Effect.gen(function* () {
    const harness = yield* Harness.make
    const flow = yield* Effect.provide(CallbackFlow.open(options), harness.layer)
    return { ...harness, flow }
  })

const errorOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined

/** Why pastes were refused, as the person was told. */
const pasteReasons = (notices: ReadonlyArray<Notice>) =>
  notices.flatMap((notice) => notice._tag === "PasteRefused" ? [notice.refusal.reason] : [])

const ending: ReadonlyArray<Scenario> = [
  live(
    "is listening when its redirect URI can be read",
    Effect.gen(function* () {
      const { flow } = yield* open()
      assert.match(flow.redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
      assert.isTrue(flow.listening)
      assert.match(Redacted.value(flow.state), /^[0-9a-f]{64}$/)
      assert.strictEqual(RawClient.statusOf(yield* browse(flow, "/favicon.ico")), 404)
    })
  ),
  live(
    "grants the code that came by HTTP",
    Effect.gen(function* () {
      const { flow, shown } = yield* open()
      const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow) }))
      const page = yield* browse(flow, answerFor(flow, { code: "c0de", iss: "https://as.example" }))
      const granted = yield* Fiber.join(waiting)
      assert.strictEqual(Redacted.value(granted.code), "c0de")
      assert.strictEqual(granted.via, "http")
      assert.strictEqual(granted.iss, "https://as.example")
      assert.match(page, /^HTTP\/1\.1 200 /)
      assert.include(page, "Answer received")
      assert.strictEqual(shown.length, 1)
      assert.strictEqual(shown[0]?.serverName, "as.example")
      assert.strictEqual(shown[0]?.redirectUri, flow.redirectUri)
    })
  ),
  live(
    "grants the code that was pasted, after wrong pastes were explained",
    Effect.gen(function* () {
      const { flow, notices, paste } = yield* open()
      const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow) }))
      const other = answerFor(flow, { code: "other", state: "x".repeat(43) })
      for (const text of ["hello there", urlFor(flow).href, other.href]) {
        yield* paste(text)
        yield* pause(10)
      }
      yield* paste(`  "${answerFor(flow, { code: "c0de" })}"\n`)
      const granted = yield* Fiber.join(waiting)
      assert.strictEqual(Redacted.value(granted.code), "c0de")
      assert.strictEqual(granted.via, "paste")
      assert.deepStrictEqual(pasteReasons(notices), ["NotAResponse", "AuthorizationUrl", "StateMismatch"])
    })
  ),
  ...([
    ["quoted", (address) => `"${address}"`],
    ["with HTML's &amp;", (address) => address.replaceAll("&", "&amp;")],
    [
      "coloured and linked by a terminal",
      (address) => `\u001b]8;;x\u0007\u001b[4;34m${address}\u001b[0m\u001b]8;;\u0007`
    ],
    ["in the markers of bracketed paste", (address) => `\u001b[200~${address}\u001b[201~`],
    ["wrapped over lines", (address) => address.replace(/.{30}/g, "$&\n  ")],
    ["as the path a server logs", (address) => `GET ${address.slice(address.indexOf("/callback"))} HTTP/1.1`],
    ["as its parameters alone", (address) => address.slice(address.indexOf("?"))],
    ["with an IDN host", (address) => address.replace("127.0.0.1", "bücher.example")]
  ] satisfies ReadonlyArray<readonly [string, (address: string) => string]>).map(([how, copied]) =>
    live(
      `takes a pasted address ${how}, after a paste of 100 kB was refused`,
      Effect.gen(function* () {
        const { flow, notices, paste, shown } = yield* open()
        const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow) }))
        while (shown.length === 0) yield* pause(1)
        yield* paste("x".repeat(100_000))
        yield* pause(10)
        const code = `4/0A~b.${"c".repeat(80)}=`
        yield* paste(copied(answerFor(flow, { code, iss: "https://as.example/a?b=c" }).href))
        assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), code)
        assert.deepStrictEqual(pasteReasons(notices), ["TooLong"])
      })
    )
  ),
  live(
    "ends with AuthorizationDenied at once, with text that is safe to print",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const waiting = yield* Effect.fork(Effect.exit(flow.authorize({ url: urlFor(flow) })))
      const page = yield* browse(
        flow,
        answerFor(flow, {
          error: "access_denied",
          error_description: "\u001b[31mno\u202e <script>alert(1)</script>\r\nway",
          error_uri: "javascript:alert(1)"
        })
      )
      const error = errorOf(yield* Fiber.join(waiting))
      assert(error?._tag === "AuthorizationDenied")
      assert.strictEqual(error.error, "access_denied")
      assert.strictEqual(error.description, "[31mno <script>alert(1)</script> way")
      assert.isUndefined(error.uri)
      assert.notInclude(page, "<script>")
      assert.include(page, "Not signed in")
    })
  ),
  ...([
    ["a wrong issuer", { code: "c", iss: "https://evil.example" }, "IssuerMismatch"],
    ["a missing issuer", { code: "c" }, "IssuerMissing"],
    ["an error from a wrong issuer", { error: "SECRETTEXT", iss: "https://evil.example" }, "IssuerMismatch"],
    ["no code", { iss: "https://as.example" }, "CodeMissing"]
  ] as const).flatMap(([what, parameters, reason]) =>
    (["http", "paste"] as const).map((via) =>
      live(
        `ends with InvalidResponse on ${what} by ${via}`,
        Effect.gen(function* () {
          const { flow, paste } = yield* open()
          const waiting = yield* Effect.fork(Effect.exit(
            flow.authorize({ url: urlFor(flow), issuer: "https://as.example", issuerRequired: true })
          ))
          const answer = answerFor(flow, parameters)
          if (via === "paste") yield* paste(answer.href)
          const page = via === "http" ? yield* browse(flow, answer) : ""
          const error = errorOf(yield* Fiber.join(waiting))
          assert(error?._tag === "InvalidResponse")
          assert.strictEqual(error.reason, reason)
          assert.notInclude(`${error.message}${JSON.stringify(error)}${page}`, "SECRETTEXT")
        })
      )
    )
  ),
  live(
    "ends with InvalidResponse on a repeated code",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const waiting = yield* Effect.fork(Effect.exit(flow.authorize({ url: urlFor(flow) })))
      yield* browse(flow, `${new URL(answerFor(flow, { code: "a" })).href.replace(/^http:\/\/[^/]+/, "")}&code=b`)
      const error = errorOf(yield* Fiber.join(waiting))
      assert(error?._tag === "InvalidResponse" && error.reason === "RepeatedParameter")
    })
  ),
  live(
    "uses an answer that came before authorize, and shows nothing then",
    Effect.gen(function* () {
      const { flow, shown } = yield* open()
      const page = yield* Effect.fork(browse(flow, answerFor(flow, { code: "early" })))
      yield* pause(50)
      const granted = yield* flow.authorize({ url: urlFor(flow) })
      assert.strictEqual(Redacted.value(granted.code), "early")
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 /)
      assert.strictEqual(shown.length, 0)
    })
  ),
  live(
    "takes text from a host's own input box, before or while it waits",
    Effect.gen(function* () {
      const { flow } = yield* open({ paste: false })
      const refused = yield* Effect.flip(flow.submit("nonsense"))
      assert.strictEqual(refused._tag, "PasteRefused")
      assert.strictEqual(refused.reason, "NotAResponse")
      yield* flow.submit(answerFor(flow, { code: "typed" }).href)
      const granted = yield* flow.authorize({ url: urlFor(flow) })
      assert.strictEqual(Redacted.value(granted.code), "typed")
      assert.strictEqual((yield* Effect.flip(flow.submit(answerFor(flow, { code: "late" }).href))).reason, "FlowEnded")
    })
  ),
  live(
    "takes the first of two answers and tells both browsers the same",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const release = yield* Deferred.make<void>()
      const waiting = yield* Effect.fork(flow.authorize({
        url: urlFor(flow),
        exchange: (granted) => Effect.as(Deferred.await(release), Redacted.value(granted.code))
      }))
      const first = yield* Effect.fork(browse(flow, answerFor(flow, { code: "first" })))
      yield* pause(30)
      const second = yield* Effect.fork(browse(flow, answerFor(flow, { code: "second" })))
      yield* pause(30)
      yield* Deferred.succeed(release, undefined)
      assert.strictEqual(yield* Fiber.join(waiting), "first")
      assert.include(yield* Fiber.join(first), "Signed in")
      assert.include(yield* Fiber.join(second), "Signed in")
    })
  )
]

const waiting: ReadonlyArray<Scenario> = [
  timed(
    "times out, counts what it refused, and then listens no more",
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const uri = yield* Deferred.make<CallbackFlow>()
      const running = yield* CallbackFlow.run(
        {},
        (flow) => Effect.zipRight(Deferred.succeed(uri, flow), flow.authorize({ url: urlFor(flow) }))
      ).pipe(
        Effect.provide(harness.layer),
        Effect.exit,
        Effect.fork
      )
      const flow = yield* Deferred.await(uri)
      yield* browse(flow, "/callback?code=a&state=b")
      yield* browse(flow, "/callback?code=a&state=b")
      yield* browse(flow, "/other")
      while (harness.shown.length === 0) yield* pause(5)
      assert.strictEqual(harness.shown[0]?.deadline, 5 * 60_000)
      yield* TestClock.adjust("299999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* TestClock.adjust("1 millis")
      const error = errorOf(yield* Fiber.join(running))
      assert(error?._tag === "AuthorizationTimeout")
      assert.strictEqual(error.phase, "response")
      assert.deepStrictEqual(error.refusals, { StateMismatch: 2, WrongPath: 1 })
      assert.strictEqual(yield* browse(flow, "/"), "")
    })
  ),
  timed(
    "does not wait for a presenter that hangs, nor fail with one that is slow",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const interrupted = yield* Deferred.make<void>()
      const running = yield* Effect.fork(flow.authorize({
        url: urlFor(flow),
        present: () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      }))
      yield* browse(flow, answerFor(flow, { code: "c" }))
      assert.strictEqual((yield* Fiber.join(running)).via, "http")
      yield* Deferred.await(interrupted)
    })
  ),
  live(
    "hands the very URL to a presenter of one's own",
    Effect.gen(function* () {
      const { flow, shown } = yield* open()
      const url = urlFor(flow)
      const seen = yield* Deferred.make<string>()
      const running = yield* Effect.fork(
        flow.authorize({ url: url.href, present: (url) => Deferred.succeed(seen, url.href) })
      )
      assert.strictEqual(yield* Deferred.await(seen), url.href)
      yield* flow.submit(answerFor(flow, { code: "c" }).href)
      yield* Fiber.join(running)
      assert.strictEqual(shown.length, 0)
    })
  ),
  live(
    "refuses a URL that cannot bring its answer here, and can be asked again",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const variant = (change: (url: URL) => void) => {
        const url = urlFor(flow)
        change(url)
        return url
      }
      const cases = [
        ["not a url", "NotAUrl"],
        [`javascript:alert(1)//?state=${Redacted.value(flow.state)}`, "Scheme"],
        [variant((url) => url.searchParams.set("state", "x")), "StateMismatch"],
        [variant((url) => url.searchParams.append("state", Redacted.value(flow.state))), "StateMismatch"],
        [variant((url) => url.searchParams.delete("state")), "StateMismatch"],
        [variant((url) => url.searchParams.set("redirect_uri", "http://127.0.0.1:1/callback")), "RedirectUriMismatch"]
      ] as const
      for (const [url, reason] of cases) {
        const error = yield* Effect.flip(flow.authorize({ url }))
        assert(error._tag === "InvalidAuthorizationUrl")
        assert.strictEqual(error.reason, reason)
        assert.notInclude(`${error.message}${JSON.stringify(error)}`, Redacted.value(flow.state))
      }
      yield* flow.submit(answerFor(flow, { code: "c" }).href)
      assert.strictEqual((yield* flow.authorize({ url: "https://as.example/?request_uri=urn:x" })).via, "paste")
    })
  ),
  live(
    "works once: a second authorize is a defect that says so",
    Effect.gen(function* () {
      const { flow } = yield* open()
      yield* flow.submit(answerFor(flow, { code: "c" }).href)
      yield* flow.authorize({ url: urlFor(flow) })
      const exit = yield* Effect.exit(flow.authorize({ url: urlFor(flow) }))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    })
  ),
  live(
    "is interrupted when its scope closes, and tells a waiting browser",
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { flow } = yield* Scope.extend(open(), scope)
      const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), exchange: () => Effect.never }))
      const page = yield* Effect.fork(browse(flow, answerFor(flow, { code: "c" })))
      yield* pause(50)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(running)))
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 503 [^]*Nobody is waiting/)
    })
  ),
  ...(["acquireRelease", "uninterruptible"] as const).map((where) =>
    live(
      `ends at once inside ${where}`,
      Effect.gen(function* () {
        const harness = yield* Harness.make
        const started = Date.now()
        const signIn = CallbackFlow.run({}, (flow) =>
          flow.authorize({
            url: urlFor(flow),
            present: () => Effect.fork(browse(flow, answerFor(flow, { code: "c" }))),
            exchange: (granted) => Effect.succeed(granted.via)
          })).pipe(Effect.provide(harness.layer))
        const result = yield* where === "uninterruptible"
          ? Effect.uninterruptible(signIn)
          : Effect.acquireRelease(signIn, () => Effect.void)
        assert.strictEqual(result, "http")
        assert.isBelow(Date.now() - started, 2000)
      })
    )
  ),
  live(
    "says what it refused as a stream that replays, and ends with the flow",
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { flow } = yield* Scope.extend(open(), scope)
      for (let index = 0; index < 70; index++) yield* browse(flow, index < 6 ? "/early" : "/callback")
      const late = yield* Effect.fork(Stream.runCollect(flow.refusals))
      yield* pause(10)
      yield* browse(flow, "/callback?state=x")
      yield* Effect.ignore(flow.submit("junk"))
      yield* pause(10)
      yield* Scope.close(scope, Exit.void)
      const seen = Array.from(yield* Fiber.join(late), ({ reason, via }) => `${via} ${reason}`)
      assert.strictEqual(seen.length, 66)
      assert.isTrue(seen.slice(0, 64).every((line) => line === "http StateMissing"))
      assert.deepStrictEqual(seen.slice(64), ["http StateMismatch", "paste NotAResponse"])
    })
  )
]

const exchanging: ReadonlyArray<Scenario> = [
  live(
    "keeps the page waiting until the exchange has succeeded",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const gate = yield* Deferred.make<void>()
      const running = yield* Effect.fork(flow.authorize({
        url: urlFor(flow),
        exchange: ({ code }) => Effect.as(Deferred.await(gate), `token for ${Redacted.value(code)}`)
      }))
      const page = yield* Effect.fork(browse(flow, answerFor(flow, { code: "c" })))
      yield* pause(50)
      assert.isTrue(Option.isNone(yield* Fiber.poll(page)))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(running), "token for c")
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 [^]*<h1>Signed in to as\.example</)
    })
  ),
  live(
    "fails as the exchange fails, and the page says so in the caller's words only",
    Effect.gen(function* () {
      for (const describe of [undefined, (error: string) => `<b>${error.length} letters</b>`]) {
        const { flow } = yield* open()
        const running = yield* Effect.fork(Effect.exit(flow.authorize({
          url: urlFor(flow),
          exchange: () => Effect.fail("SECRET from the token endpoint"),
          describe
        })))
        const page = yield* browse(flow, answerFor(flow, { code: "c" }))
        assert.strictEqual(errorOf(yield* Fiber.join(running)), "SECRET from the token endpoint")
        assert.notInclude(page, "SECRET")
        assert.match(page, /^HTTP\/1\.1 500 [^]*<h1>Not signed in to as\.example<[^]*the last step failed/)
        assert.strictEqual(page.includes("&lt;b&gt;30 letters&lt;/b&gt;"), describe !== undefined)
      }
    })
  ),
  live(
    "goes on when the presenter breaks over a wrong paste, and when describe returns no text",
    Effect.gen(function* () {
      const { layer, paste, shown } = yield* Harness.make
      const broken = Layer.succeed(Presenter, {
        show: (pending) => Effect.sync(() => void shown.push(pending)),
        notice: () => Effect.die("broken")
      })
      const flow = yield* Effect.provide(CallbackFlow.open(), Layer.merge(layer, broken))
      const running = yield* Effect.fork(Effect.exit(flow.authorize({
        url: urlFor(flow),
        exchange: () => Effect.fail("no"),
        describe: (() => 42) as never
      })))
      while (shown.length === 0) yield* pause(1)
      yield* paste("nonsense")
      yield* pause(10)
      assert.include(yield* browse(flow, answerFor(flow, { code: "c" })), "<code>42</code>")
      assert.strictEqual(errorOf(yield* Fiber.join(running)), "no")
    })
  ),
  live(
    "works with a paste service of two members, and with a source that cannot be stopped",
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const queue = yield* Queue.unbounded<string>()
      const two: PasteInput = { lines: Effect.succeed(queue), submit: () => Effect.void }
      const flow = yield* Effect.provide(CallbackFlow.open(), Layer.merge(layer, Layer.succeed(PasteInput, two)))
      const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
      yield* Queue.offer(queue, "nonsense")
      yield* Queue.offer(queue, answerFor(flow, { code: "pasted" }).href)
      assert.strictEqual((yield* Fiber.join(running)).via, "paste")
      const endless = async function* () {
        await new Promise(() => {})
        yield ""
      }
      const stuck = PasteInput.make(Stream.orDie(Stream.fromAsyncIterable(endless(), String)))
      const started = Date.now()
      const via = yield* CallbackFlow.run({}, (flow) =>
        Effect.gen(function* () {
          const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
          yield* pause(20)
          yield* browse(flow, answerFor(flow, { code: "c" }))
          return (yield* Fiber.join(running)).via
        })).pipe(Effect.provide(Layer.merge(layer, Layer.succeed(PasteInput, stuck))))
      assert.strictEqual(via, "http")
      assert.isBelow(Date.now() - started, 1000)
    })
  ),
  live(
    "leaves what the exchange acquires to the caller's scope",
    Effect.gen(function* () {
      const { flow } = yield* open()
      let released = false
      yield* flow.submit(answerFor(flow, { code: "c" }).href)
      yield* flow.authorize({
        url: urlFor(flow),
        exchange: () => Effect.acquireRelease(Effect.void, () => Effect.sync(() => void (released = true)))
      })
      assert.isFalse(released)
    })
  ),
  live(
    "tells the page of an exchange that throws",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const running = yield* Effect.fork(Effect.exit(flow.authorize({
        url: urlFor(flow),
        exchange: (): Effect.Effect<never> => {
          throw new Error("SECRET")
        }
      })))
      const page = yield* browse(flow, answerFor(flow, { code: "c" }))
      const exit = yield* Fiber.join(running)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.match(page, /^HTTP\/1\.1 500 [^]*<h1>Not signed in to as\.example<[^]*the last step failed/)
      assert.notInclude(page, "SECRET")
    })
  ),
  timed(
    "turns the page neutral after 10 seconds, and gives the exchange up after 30",
    Effect.gen(function* () {
      const { flow } = yield* open()
      const running = yield* Effect.fork(Effect.exit(
        flow.authorize({ url: urlFor(flow), exchange: () => Effect.never })
      ))
      const page = yield* Effect.fork(browse(flow, answerFor(flow, { code: "c" })))
      // The exchange's time, and the patience of the page.
      yield* Harness.sleeping(2)
      yield* TestClock.adjust("9 seconds")
      yield* pause(20)
      assert.isTrue(Option.isNone(yield* Fiber.poll(page)))
      yield* TestClock.adjust("1 seconds")
      assert.match(yield* Fiber.join(page), /^HTTP\/1\.1 200 [^]*Answer received/)
      yield* TestClock.adjust("20 seconds")
      const error = errorOf(yield* Fiber.join(running))
      assert(error?._tag === "AuthorizationTimeout")
      assert.strictEqual(error.phase, "exchange")
    })
  )
]

/** All scenarios of one flow. */
export const scenarios: ReadonlyArray<Scenario> = [...ending, ...waiting, ...exchanging]
