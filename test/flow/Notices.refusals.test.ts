/** What the person is told of what arrives: pastes that were taken or refused, and requests that were refused. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Queue, Redacted, Stream } from "effect"
import { CallbackFlow, type HttpRefusalReason, type Notice, PasteInput, Refusal } from "../../src/index.ts"
import { answer, authorize, open, start, type World } from "../fixtures/FlowWorld.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

const { answerFor, browse, pause, portOf, until, urlFor } = Harness

const granted = { code: "c0de", iss: "https://as.example" }

const only = <Tag extends Notice["_tag"]>({ notices }: Pick<World, "notices">, tag: Tag) =>
  notices.filter((notice): notice is Extract<Notice, { readonly _tag: Tag }> => notice._tag === tag)

const tags = ({ told }: Pick<World, "told">) => told.map(({ _tag }) => _tag)

/** Counted from outside the code under test. */
const lengthWithoutBreaks = (text: string) => [...text.split(/[\r\n]/)].reduce((sum, part) => sum + part.length, 0)

describe("PasteAccepted", () => {
  const ways: ReadonlyArray<readonly [how: string, (address: string) => string]> = [
    ["as it is", (address) => address],
    ["with line breaks and blanks around it", (address) => `\r\n  ${address}  \r\n\n`],
    ["quoted", (address) => `"${address}"`],
    ["wrapped over lines", (address) => address.replace(/.{30}/g, "$&\n")],
    ["wrapped over indented lines", (address) => address.replace(/.{30}/g, "$&\r\n    ")],
    ["as its parameters alone", (address) => address.slice(address.indexOf("?"))],
    ["coloured", (address) => `\u001b[4;34m${address}\u001b[0m`],
    ["below a line of something else", (address) => `see here: 😀\n\n${address}`],
    [
      "with a code of 16,000 characters, wrapped",
      (address) => address.replace("c0de", "c".repeat(16_000)).replace(/.{80}/g, "$&\n")
    ]
  ]
  for (const [how, copied] of ways) {
    it.scopedLive(`comes before the end, with the length of a text ${how}`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const running = yield* start(world)
        const text = copied(answerFor(world.flow, granted).href)
        yield* world.paste(text)
        yield* Fiber.join(running)
        assert.deepStrictEqual(tags(world), ["Shown", "PasteAccepted", "SignInEnded"])
        const { id } = world.shown[0]!
        const characters = lengthWithoutBreaks(text)
        assert.deepStrictEqual(world.notices[0], { _tag: "PasteAccepted", id, serverName: "Notes", characters })
      }))
  }

  it.scopedLive("comes before the exchange, not after it", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const gate = yield* Deferred.make<void>()
      const running = yield* start(world, { exchange: () => Deferred.await(gate) })
      yield* answer(world, "paste", granted)
      yield* until(() => only(world, "PasteAccepted").length === 1)
      assert.deepStrictEqual(tags(world), ["Shown", "PasteAccepted"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
      assert.deepStrictEqual(tags(world), ["Shown", "PasteAccepted", "SignInEnded"])
    }))

  for (const present of [false, () => Effect.void] as const) {
    it.scopedLive(`comes where the caller shows the flow too (${present === false ? "false" : "a function"})`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const running = yield* Effect.fork(authorize(world.flow, { present }))
        yield* world.paste("nonsense")
        yield* until(() => world.notices.length === 1)
        yield* answer(world, "paste", granted)
        yield* Fiber.join(running)
        assert.deepStrictEqual(tags(world), ["PasteRefused", "PasteAccepted"])
        assert.strictEqual(only(world, "PasteAccepted")[0]?.serverName, "as.example")
      }))
  }

  it.scopedLive("comes to each of two flows that one paste was for", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flows = yield* Effect.provide(Effect.forEach(["a", "b"], () => CallbackFlow.open()), harness.layer)
      const running = yield* Effect.forEach(flows, (flow, index) =>
        Effect.fork(authorize(flow, { serverName: `server-${index}` })))
      yield* until(() =>
        harness.shown.length === 2
      )
      const text = flows.map((flow) => answerFor(flow, granted).href).join("\n")
      yield* harness.paste(text)
      yield* Fiber.joinAll(running)
      const accepted = only(harness, "PasteAccepted")
      assert.deepStrictEqual(
        accepted.map(({ characters, id }) => [id, characters]).sort(),
        harness.shown.map(({ id }) => [id, lengthWithoutBreaks(text)]).sort()
      )
      assert.deepStrictEqual(only(harness, "PasteRefused"), [])
    }))

  it.scopedLive("comes for a paste that was there before `authorize`, since the person did paste it", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const [reading, early] = yield* Effect.provide(
        Effect.all([CallbackFlow.open(), CallbackFlow.open()]),
        harness.layer
      )
      const running = yield* Effect.fork(authorize(reading))
      yield* until(() => harness.shown.length === 1)
      const { href } = answerFor(early, granted)
      yield* harness.paste(href)
      yield* pause(20)
      assert.deepStrictEqual(tags(harness), ["Shown"])
      yield* authorize(early, { serverName: "Early" })
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(
        only(harness, "PasteAccepted").map(({ characters, serverName }) => [characters, serverName]),
        [[href.length, "Early"]]
      )
    }))
})

describe("text from a host's own input box", () => {
  it.scopedLive("is told of by its caller alone, taken or refused", () =>
    Effect.gen(function* () {
      for (const through of ["flow", "service"] as const) {
        const input = PasteInput.make(Stream.never)
        const world = yield* open({}, input)
        const submit = through === "flow" ? world.flow.submit : input.submit
        const running = yield* start(world)
        for (const text of ["", "nonsense", urlFor(world.flow).href, `${answerFor(world.flow, granted)}x&state=x`]) {
          assert.strictEqual((yield* Effect.flip(submit(text)))._tag, "PasteRefused")
        }
        yield* submit(answerFor(world.flow, granted).href)
        yield* Fiber.join(running)
        assert.deepStrictEqual(tags(world), ["Shown", "SignInEnded"])
      }
    }))
})

describe("a host's own PasteInput", () => {
  /** Pastes a wrong text and a right one, and says whether the person was told that pasting works. */
  const run = (input: PasteInput, paste: (text: string) => Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const world = yield* open({}, input)
      const turn = yield* Deferred.make<void>()
      const running = yield* start(world, { turn: Deferred.await(turn) })
      yield* Deferred.succeed(turn, undefined)
      yield* until(() => world.shown.length === 1)
      yield* paste("nonsense\n")
      yield* until(() => only(world, "PasteRefused").length === 1)
      const { href } = answerFor(world.flow, granted)
      yield* paste(`${href}\r\n`)
      yield* Fiber.join(running)
      assert.deepStrictEqual(tags(world), ["SignInQueued", "Shown", "PasteRefused", "PasteAccepted", "SignInEnded"])
      assert.strictEqual(only(world, "PasteRefused")[0]?.characters, "nonsense".length)
      assert.strictEqual(only(world, "PasteAccepted")[0]?.characters, href.length)
      assert.strictEqual(only(world, "SignInQueued")[0]?.pending.paste, world.shown[0]?.paste)
      return world.shown[0]?.paste
    })

  it.scopedLive("with `lines` and `submit` alone", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<string>()
      const paste = (text: string) => Queue.offer(queue, text)
      assert.isTrue(yield* run({ lines: Effect.succeed(queue), submit: () => Effect.void }, paste))
    }))

  it.scopedLive("of a stream", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<string>()
      const paste = (text: string) => Queue.offer(queue, text)
      assert.isTrue(yield* run(PasteInput.make(Stream.fromQueue(queue)), paste))
    }))

  it.scopedLive("where nobody can paste now: it says so, and still takes what comes", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<string>()
      const paste = (text: string) => Queue.offer(queue, text)
      const two: PasteInput = {
        lines: Effect.succeed(queue),
        submit: () => Effect.void,
        available: Effect.succeed(false)
      }
      assert.isFalse(yield* run(two, paste))
      const whole = { ...PasteInput.make(Stream.fromQueue(queue)), available: Effect.succeed(false) }
      assert.isFalse(yield* run(whole, paste))
    }))

  it.scopedLive("is asked whether one can paste while it is held, and for each flow anew", () =>
    Effect.gen(function* () {
      let holders = 0
      const asked: Array<number> = []
      const input: PasteInput = {
        ...PasteInput.make(Stream.never),
        hold: Effect.asVoid(Effect.acquireRelease(
          Effect.zipRight(Effect.yieldNow(), Effect.sync(() => void holders++)),
          () => Effect.sync(() => void holders--)
        )),
        available: Effect.sync(() => asked.push(holders) % 2 === 1)
      }
      for (const [index, paste] of [true, false, true].entries()) {
        const world = yield* open({}, input)
        assert.deepStrictEqual(asked, Array(index).fill(1))
        const running = yield* start(world)
        assert.strictEqual(world.shown[0]?.paste, paste)
        yield* Fiber.interrupt(running)
        assert.strictEqual(holders, 0)
      }
    }))

  it.scopedLive("is neither held nor asked where the flow reads no paste", () =>
    Effect.gen(function* () {
      let touched = 0
      const touch = Effect.sync(() => void touched++)
      const input: PasteInput = {
        ...PasteInput.make(Stream.never),
        hold: Effect.as(touch, touch),
        register: () => Effect.as(touch, touch),
        available: Effect.as(touch, true)
      }
      const world = yield* open({ paste: false }, input)
      const running = yield* start(world)
      assert.isFalse(world.shown[0]?.paste)
      yield* Fiber.interrupt(running)
      assert.strictEqual(touched, 0)
    }))
})

describe("PasteRefused", () => {
  it.scopedLive("says why, in words, and how long the text was", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* start(world)
      const state = Redacted.value(world.flow.state)
      const texts = [
        ["TooLong", "x".repeat(100_000)],
        ["NotAResponse", "hello\r\nthere"],
        ["AuthorizationUrl", urlFor(world.flow).href],
        ["BareCode", "SplxlOBeZQQYbYS6WxSbIA"],
        ["StateMissing", `${world.flow.redirectUri}?code=x`],
        ["StateRepeated", `${world.flow.redirectUri}?code=x&state=${state}&state=${state}`],
        ["StateMismatch", `${world.flow.redirectUri}?code=x\n&state=another`]
      ] as const
      for (const [index, [, text]] of texts.entries()) {
        yield* world.paste(text)
        yield* until(() => world.notices.length === index + 1)
      }
      // Every time: it is the person who pastes.
      yield* world.paste("hello\r\nthere")
      yield* until(() => world.notices.length === texts.length + 1)
      assert.deepStrictEqual(
        world.notices,
        [...texts, texts[1]].map(([reason, text]): Notice => {
          const refusal = { via: "paste", reason } as const
          const characters = lengthWithoutBreaks(text)
          return { _tag: "PasteRefused", refusal, message: Refusal.describe(refusal), characters }
        })
      )
      yield* Fiber.interrupt(running)
    }))

  it.scopedLive("is told by a flow that waits, once, also when others are open that do not wait yet, or no more", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flows = yield* Effect.provide(
        Effect.forEach(Array.from({ length: 4 }), () => CallbackFlow.open()),
        harness.layer
      )
      const [, over, waits, waitsToo] = flows
      assert(over !== undefined && waits !== undefined && waitsToo !== undefined)
      yield* over.submit(answerFor(over, granted).href)
      yield* authorize(over)
      yield* Effect.fork(authorize(waits))
      yield* Effect.fork(authorize(waitsToo))
      yield* until(() => harness.shown.length === 2)
      for (const count of [1, 2]) {
        yield* harness.paste("nonsense")
        yield* until(() => harness.notices.length >= count)
        yield* pause(10)
        assert.deepStrictEqual(only(harness, "PasteRefused").length, count)
      }
    }))
})

/** Requests that are refused, by the reason; a form is expected. */
const requests = (flow: CallbackFlow): Readonly<Record<HttpRefusalReason, string>> => {
  const port = portOf(flow)
  const { pathname, search } = answerFor(flow, { code: "c0de" })
  const good = `${pathname}${search}`
  const state = Redacted.value(flow.state)
  const form = { "content-type": "application/x-www-form-urlencoded" }
  const text = (target: string, options?: Parameters<typeof RawClient.requestText>[2]) =>
    RawClient.requestText(port, target, options)
  return {
    Malformed: "not http at all\r\n\r\n",
    HttpsRequest: "\u0016\u0003\u0001 not http at all\r\n\r\n",
    HeadersTooLarge: text(good, { headers: { cookie: "c".repeat(100_000) } }),
    BodyTooLarge: text("/callback", { method: "POST", headers: form, body: "x".repeat(70_000) }),
    WrongHost: text(good, { host: `rebound.example:${port}` }),
    WrongPath: text("/favicon.ico"),
    WrongMethod: text(good, { method: "PUT" }),
    UninvitedForm: text("/callback", { method: "POST", headers: form, body: "code=c0de" }),
    WrongContentType: text(good, { method: "POST", headers: { "content-type": "text/plain" }, body: "x" }),
    NotANavigation: text(good, { headers: { "sec-fetch-mode": "no-cors" } }),
    Prefetch: text(good, { headers: { "sec-purpose": "prefetch" } }),
    StateMissing: text("/callback?code=c0de"),
    DenialWithoutState: text("/callback?error=access_denied"),
    StateRepeated: text(`/callback?code=c0de&state=${state}&state=${state}`),
    StateMismatch: text("/callback?code=c0de&state=another")
  }
}

const send = (flow: CallbackFlow, text: string) => Effect.promise(() => RawClient.send(portOf(flow), text).received)

// Where forms are taken none is uninvited.
const everyReason: ReadonlyArray<HttpRefusalReason> = [
  "Malformed",
  "HttpsRequest",
  "HeadersTooLarge",
  "BodyTooLarge",
  "WrongHost",
  "WrongPath",
  "WrongMethod",
  "WrongContentType",
  "NotANavigation",
  "Prefetch",
  "StateMissing",
  "DenialWithoutState",
  "StateRepeated",
  "StateMismatch"
]

// What nobody did who wanted to sign in: browsers and scanners ask for these by themselves.
const untold: ReadonlySet<HttpRefusalReason> = new Set(["WrongPath", "Prefetch", "Malformed"])

describe("CallbackRefused", () => {
  it.scopedLive("comes for the right answer at another path and for a form that was not asked for, each with its page", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* start(world)
      const { search } = answerFor(world.flow, { code: "c0de" })
      for (const target of ["/callback/", "/Callback", "//callback", "/"]) {
        const page = yield* send(world.flow, RawClient.requestText(portOf(world.flow), `${target}${search}`))
        assert.strictEqual(RawClient.statusOf(page), 404)
        assert.match(page, /copy the whole address from the address bar, and paste it into the program/, target)
        assert.notInclude(page, "c0de")
      }
      const form = yield* send(world.flow, requests(world.flow).UninvitedForm)
      assert.strictEqual(RawClient.statusOf(form), 405)
      assert.match(form, /\nallow: GET\r[^]*response_mode=form_post[^]*start the sign-in again/)
      assert.match(
        yield* send(world.flow, RawClient.requestText(portOf(world.flow), "/callback/?state=x")),
        /text\/plain/
      )
      yield* until(() => world.notices.length === 2)
      assert.deepStrictEqual(only(world, "CallbackRefused").map(({ refusal }) => refusal.reason), [
        "WrongPath",
        "UninvitedForm"
      ])
      yield* world.flow.submit(`${world.flow.redirectUri}/${search}`)
      yield* Fiber.join(running)
    }))

  it.scopedLive("comes once for each reason that may concern the person, with words and the flow's own id", () =>
    Effect.gen(function* () {
      const world = yield* open({ responseMode: "form_post" })
      const running = yield* start(world)
      const log = yield* Effect.fork(Stream.runCollect(world.flow.refusals))
      const texts = requests(world.flow)
      for (let round = 0; round < 3; round++) {
        for (const reason of everyReason) assert.notStrictEqual(yield* send(world.flow, texts[reason]), "", reason)
      }
      yield* browse(world.flow, answerFor(world.flow, granted))
      yield* Fiber.join(running)
      yield* world.close
      const { id } = world.shown[0]!
      assert.deepStrictEqual(
        world.notices.slice(0, -1),
        everyReason.filter((reason) => !untold.has(reason)).map((reason): Notice => {
          const refusal = { via: "http", reason } as const
          return { _tag: "CallbackRefused", id, serverName: "Notes", refusal, message: Refusal.describe(refusal) }
        })
      )
      // The log has every one of them.
      const logged = Array.from(yield* Fiber.join(log), ({ reason }) => reason)
      assert.deepStrictEqual(logged, [...everyReason, ...everyReason, ...everyReason])
    }))

  it.scopedLive("comes for each flow of its own", () =>
    Effect.gen(function* () {
      const harness = yield* Harness.make
      const flows = yield* Effect.provide(Effect.forEach(["a", "b"], () => CallbackFlow.open()), harness.layer)
      for (const [index, flow] of flows.entries()) {
        yield* Effect.fork(authorize(flow, { serverName: `server-${index}` }))
        yield* until(() => harness.shown.length === index + 1)
      }
      for (const flow of [...flows, ...flows]) yield* send(flow, requests(flow).StateMismatch)
      yield* until(() => harness.notices.length === 2)
      assert.deepStrictEqual(
        only(harness, "CallbackRefused").map(({ id, serverName }) => [id, serverName]),
        harness.shown.map(({ id, serverName }) => [id, serverName])
      )
      assert.strictEqual(new Set(harness.shown.map(({ id }) => id)).size, 2)
    }))

  it.scopedLive("comes for a sign-in that waits for its turn, whose URL works already", () =>
    Effect.gen(function* () {
      const world = yield* open()
      yield* start(world, { turn: Effect.never })
      yield* send(world.flow, requests(world.flow).StateMismatch)
      yield* until(() => world.notices.length === 2)
      assert.deepStrictEqual(tags(world), ["SignInQueued", "CallbackRefused"])
      assert.strictEqual(only(world, "CallbackRefused")[0]?.id, only(world, "SignInQueued")[0]?.pending.id)
    }))

  for (const present of [false, () => Effect.void, () => Effect.never] as const) {
    it.scopedLive(`does not come where the caller shows the flow: ${present}`, () =>
      Effect.gen(function* () {
        const world = yield* open()
        const running = yield* Effect.fork(authorize(world.flow, { present }))
        yield* pause(10)
        const texts = requests(world.flow)
        for (const reason of ["StateMismatch", "StateMissing", "WrongHost"] as const) {
          yield* send(world.flow, texts[reason])
        }
        yield* browse(world.flow, answerFor(world.flow, granted))
        yield* Fiber.join(running)
        assert.deepStrictEqual(world.told, [])
      }))
  }

  it.scopedLive("comes neither before the person knows of the sign-in nor once the answer is there", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const texts = requests(world.flow)
      yield* send(world.flow, texts.StateMismatch)
      const exchanging = yield* Deferred.make<void>()
      const running = yield* start(world, {
        exchange: () => Effect.zipRight(Deferred.succeed(exchanging, undefined), Effect.never)
      })
      // What came too early counts for nothing: it is told when it happens again.
      yield* send(world.flow, texts.StateMismatch)
      yield* until(() => world.notices.length === 1)
      yield* answer(world, "http", granted)
      yield* Deferred.await(exchanging)
      for (const reason of ["StateMissing", "WrongHost"] as const) yield* send(world.flow, texts[reason])
      yield* pause(10)
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(tags(world), ["Shown", "CallbackRefused", "SignInEnded"])
    }))

  it.scopedLive("does not come while the reader is taken hold of: the person knows of no sign-in yet", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const world = yield* open({}, {
        ...PasteInput.make(Stream.never),
        hold: Effect.as(Deferred.await(gate), Effect.void)
      })
      const running = yield* Effect.fork(authorize(world.flow))
      const { StateMismatch } = requests(world.flow)
      yield* send(world.flow, StateMismatch)
      yield* pause(10)
      yield* Deferred.succeed(gate, undefined)
      yield* until(() => world.shown.length === 1)
      yield* send(world.flow, StateMismatch)
      yield* until(() => world.notices.length === 1)
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(tags(world), ["Shown", "CallbackRefused", "SignInEnded"])
    }))

  it.scopedLive("comes once for 10,000 requests with another state", () =>
    Effect.gen(function* () {
      const services = yield* TestLayers.make
      const flow = yield* Effect.provide(CallbackFlow.open(), services.layer)
      const running = yield* Effect.fork(flow.authorize({ url: urlFor(flow) }))
      yield* until(() => services.shown.length === 1)
      for (let index = 0; index < 10_000; index++) {
        const { status } = yield* services.browse(new URL(`${flow.redirectUri}?code=c&state=${index}`))
        assert.strictEqual(status, 400)
      }
      yield* flow.submit(answerFor(flow, granted).href)
      yield* Fiber.join(running)
      assert.deepStrictEqual(services.notices.map(({ _tag }) => _tag), ["CallbackRefused", "SignInEnded"])
    }))

  it.scopedLive("comes once for 1,000 requests with another state that came by real sockets", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* start(world)
      const one = Effect.map(send(world.flow, requests(world.flow).StateMismatch), RawClient.statusOf)
      const statuses = yield* Effect.all(Array.from({ length: 1000 }, () => one), { concurrency: 20 })
      assert.deepStrictEqual(new Set(statuses), new Set([400]))
      yield* browse(world.flow, answerFor(world.flow, granted))
      yield* Fiber.join(running)
      assert.deepStrictEqual(tags(world), ["Shown", "CallbackRefused", "SignInEnded"])
    }))
})
