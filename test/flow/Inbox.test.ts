import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Chunk,
  Deferred,
  Effect,
  Either,
  Exit,
  FastCheck,
  Fiber,
  FiberId,
  Option,
  Queue,
  Redacted,
  Stream
} from "effect"
import { setImmediate } from "node:timers"
import type { Answer } from "../../src/core/oauth/Answer.ts"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../../src/core/oauth/CallbackRoute.ts"
import type { PasteRefusalReason } from "../../src/core/oauth/Refusal.ts"
import * as CallbackPage from "../../src/core/page/CallbackPage.ts"
import { PageTexts } from "../../src/core/page/PageTexts.ts"
import { ReleaseBudget } from "../../src/core/ReleaseBudget.ts"
import { firstOf } from "../../src/effect/firstOf.ts"
import * as Inbox from "../../src/flow/Inbox.ts"
import { steppedScheduler } from "../fixtures/steppedScheduler.ts"

const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const done = "Zk3_v9-QpL0aXcT7yHn4Wg"

interface Request {
  readonly method?: string
  readonly target?: string
  readonly hosts?: ReadonlyArray<string>
  readonly headers?: Readonly<Record<string, string>>
}

const german: PageTexts = {
  ...PageTexts.english,
  signedIn: () => ({ title: "Angemeldet", text: "Fertig." }),
  refused: () => ({ title: "Falsch", text: "Noch einmal." })
}

/** An inbox, the route of its listener, and the ways in which an answer comes. */
const open = (options: { readonly beside?: boolean; readonly formPost?: boolean } = {}) =>
  Effect.gen(function* () {
    const made = yield* Inbox.make({
      state: Redacted.make(state),
      done,
      render: CallbackPage.make({ texts: { de: german } })
    })
    /** As those see it who wait on it. */
    const inbox = {
      ...made,
      request: Deferred.await(made.request),
      paste: Effect.flatten(Queue.take(made.pastes)),
      closed: Deferred.await(made.closed),
      answerNeutrally: Effect.sync(made.answerNeutrally),
      fail: (cause: Cause.Cause<never>) => Deferred.failCause(made.request, cause)
    }
    const route = inbox.route({
      paths: new Set(["/callback"]),
      hosts: new Set(["127.0.0.1:4321"]),
      loopback: true,
      origins: new Set(),
      formPost: options.formPost ?? false,
      beside: options.beside ?? false
    })
    const handle = (request: Request, body?: string) => {
      const { headers = {}, hosts = ["127.0.0.1:4321"], method = "GET", target = "/callback" } = request
      return route.handle({ method, target, hosts, header: (name) => headers[name] }, body)
    }
    /** Sends a request that is answered at once. */
    const answer = (request: Request = {}, body?: string): Answer => {
      const reply = handle(request, body)
      return reply._tag === "Answer" ? reply.answer : assert.fail(reply._tag)
    }
    /** Asks for the last page; what it was given so far. */
    const lastPage = (request: Request = {}) => {
      const reply = handle({ target: `/done/${done}`, ...request })
      if (reply._tag !== "Hold") return assert.fail(reply._tag)
      const pages: Array<Answer> = []
      return { pages, leave: reply.onAnswer((page) => void pages.push(page)) }
    }
    /** What the router of pasted texts does with a text that holds our state. */
    const paste = (query: string, characters?: number) =>
      inbox.waitingFlow.offer(AuthorizationResponse.parse(query), characters)
    return { inbox, route, answer, lastPage, paste }
  })

type World = Effect.Effect.Success<ReturnType<typeof open>>

const query = (code: string, parameters = "") => `code=${code}&state=${state}${parameters}`

/** Brings the answer with a code; whether it was taken, as far as its sender hears of it. */
const ways = {
  http: ({ answer }: World, code: string) =>
    Effect.sync(() => {
      assert.deepStrictEqual(answer({ target: `/callback?${query(code)}` }), CallbackRoute.redirectToDone(done, false))
      return undefined
    }),
  paste: ({ paste }: World, code: string) => Effect.sync(() => paste(query(code), 7)),
  submit: ({ inbox }: World, code: string) =>
    Effect.match(inbox.submit(`http://127.0.0.1:4321/callback?${query(code)}`), {
      onFailure: ({ reason }): PasteRefusalReason | undefined => reason,
      onSuccess: () => undefined
    })
} as const

type Way = keyof typeof ways

const everyWay: ReadonlyArray<Way> = ["http", "paste", "submit"]

/** The answer, whichever way it comes, as a flow waits for it. */
const arrival = ({ inbox }: World): Effect.Effect<Inbox.Arrival> =>
  firstOf([inbox.request, Effect.eventually(inbox.paste)])

const codeOf = ({ response }: Inbox.Arrival): string =>
  Redacted.value(Either.getOrThrow(AuthorizationResponse.check(response, {})).code)

/** What the next paste is; undefined while there is none. */
const nextPaste = ({ inbox }: World) =>
  Effect.gen(function* () {
    const taking = yield* Effect.fork(Effect.either(inbox.paste))
    yield* settled
    const exit = Option.getOrUndefined(yield* Fiber.poll(taking))
    yield* Fiber.interrupt(taking)
    return exit === undefined ? undefined : Exit.isSuccess(exit) ? exit.value : assert.fail("it cannot fail")
  })

/** Lets every other fiber go as far as it can. */
const settled = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("the answer", () => {
  it.effect("is the first right one, whichever way it came, and no later one changes it", () =>
    Effect.gen(function* () {
      for (const first of everyWay) {
        for (const second of everyWay) {
          const world = yield* open()
          assert.isFalse(world.inbox.isOver())
          assert.isUndefined(yield* ways[first](world, "winner"))
          assert.isTrue(world.inbox.isOver())
          assert.strictEqual(yield* ways[second](world, "loser"), second === "http" ? undefined : "FlowEnded")
          const taken = yield* arrival(world)
          assert.strictEqual(codeOf(taken), "winner")
          assert.strictEqual(taken.via, first === "http" ? "http" : "paste")
          // There is no second one.
          assert.isUndefined(yield* nextPaste(world))
          if (first !== "http") {
            const requests = yield* Effect.fork(world.inbox.request)
            yield* settled
            assert.isTrue(Option.isNone(yield* Fiber.poll(requests)))
            yield* Fiber.interrupt(requests)
          }
        }
      }
    }))

  it.effect("has the length of the pasted text that held it, where the person is to be told", () =>
    Effect.gen(function* () {
      for (const characters of [undefined, 0, 2812]) {
        const world = yield* open()
        world.paste(query("c"), characters)
        world.paste(query("c"), 7)
        assert.strictEqual((yield* arrival(world)).characters, characters)
      }
      const world = yield* open()
      yield* ways.submit(world, "c")
      assert.isUndefined((yield* arrival(world)).characters)
    }))

  it.effect("wakes what waits already", () =>
    Effect.gen(function* () {
      for (const way of everyWay) {
        const world = yield* open()
        const waiting = yield* Effect.fork(arrival(world))
        yield* settled
        assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
        yield* ways[way](world, "c")
        assert.strictEqual(codeOf(yield* Fiber.join(waiting)), "c")
      }
    }))

  it.effect("is kept for what begins to wait later", () =>
    Effect.gen(function* () {
      const world = yield* open()
      yield* ways.http(world, "c")
      assert.strictEqual(codeOf(yield* world.inbox.request), "c")
      assert.strictEqual(codeOf(yield* world.inbox.request), "c")
    }))

  it.effect("is never one after the outcome is known, or after close", () =>
    Effect.gen(function* () {
      for (const end of ["settle", "close"] as const) {
        for (const way of everyWay) {
          const world = yield* open()
          if (end === "settle") world.inbox.settle({ _tag: "Closed" })
          else yield* world.inbox.close
          assert.isTrue(world.inbox.isOver())
          assert.strictEqual(yield* ways[way](world, "c"), way === "http" ? undefined : "FlowEnded")
          assert.isUndefined(yield* nextPaste(world))
        }
      }
    }))

  it.effect("can still come after patience was lost", () =>
    Effect.gen(function* () {
      const world = yield* open()
      yield* world.inbox.answerNeutrally
      assert.isFalse(world.inbox.isOver())
      yield* ways.http(world, "c")
      assert.strictEqual(codeOf(yield* arrival(world)), "c")
    }))

  it.effect("ends the wait with a defect of what shows the URL, unless it came before", () =>
    Effect.gen(function* () {
      const broken = yield* open()
      yield* broken.inbox.fail(Cause.die("the screen is gone"))
      assert.deepStrictEqual(yield* Effect.exit(arrival(broken)), Exit.die("the screen is gone"))

      const answered = yield* open()
      yield* ways.http(answered, "c")
      yield* answered.inbox.fail(Cause.die("the screen is gone"))
      assert.strictEqual(codeOf(yield* arrival(answered)), "c")
    }))

  // A fiber may be made to yield between any two of its steps, and answers come by plain calls meanwhile: the arm must not
  // go to sleep over one that came between its look and its waiting.
  it.effect("is missed by no arm, whichever of its steps it comes between", () =>
    Effect.gen(function* () {
      const wrong: Array<string> = []
      for (const way of ["http", "paste"] as const) {
        for (let steps = 11; steps <= 40; steps++) {
          for (let before = 0, isWaiting = false; !isWaiting; before++) {
            const { isIdle, run, scheduler } = steppedScheduler(steps)
            const world = yield* open()
            const arm = Effect.runFork(way === "http" ? world.inbox.request : Effect.eventually(world.inbox.paste), {
              scheduler
            })
            run(before)
            isWaiting = isIdle()
            yield* ways[way](world, "c")
            run(1000)
            const exit = arm.unsafePoll()
            if (exit === null || !Exit.isSuccess(exit)) wrong.push(`${way} after ${before} turns of ${steps} steps`)
            arm.unsafeInterruptAsFork(FiberId.none)
            run(1000)
          }
        }
      }
      assert.deepStrictEqual(wrong, [], "an arm went to sleep over the answer")
    }))
})

describe("close", () => {
  it.effect("interrupts what waits for a request, and for the end", () =>
    Effect.gen(function* () {
      const { inbox } = yield* open()
      const [request, closed] = [yield* Effect.fork(inbox.request), yield* Effect.fork(inbox.closed)]
      yield* settled
      inbox.settle({ _tag: "SignedIn" })
      yield* inbox.answerNeutrally
      yield* settled
      for (const each of [request, closed]) assert.isTrue(Option.isNone(yield* Fiber.poll(each)))
      assert.isFalse(inbox.isClosed())
      yield* inbox.close
      assert.isTrue(inbox.isClosed())
      for (const each of [request, closed]) assert.isTrue(Exit.isInterrupted(yield* Fiber.await(each)))
      for (const each of [inbox.request, inbox.closed]) assert.isTrue(Exit.isInterrupted(yield* Effect.exit(each)))
    }))

  it.effect("leaves the answer that came before as it was", () =>
    Effect.gen(function* () {
      const world = yield* open()
      yield* ways.http(world, "c")
      world.lastPage()
      yield* world.inbox.close
      assert.strictEqual(codeOf(yield* world.inbox.request), "c")
    }))

  it.effect("ends the refusals, and works twice", () =>
    Effect.gen(function* () {
      const { answer, inbox } = yield* open()
      answer({ target: "/favicon.ico" })
      yield* inbox.close
      yield* inbox.close
      answer({ target: "/favicon.ico" })
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(inbox.refusals.stream)), [
        { via: "http", reason: "WrongPath" }
      ])
    }))
})

describe("what is refused", () => {
  const junk = `http://127.0.0.1:4321/callback?code=x&state=other`

  it.effect("is counted, whichever way it came, and changes nothing", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const { answer, inbox, paste, route } = world
      answer({ target: "/callback?code=x&state=other" })
      answer({ target: `/callback?code=x&state=${state}&state=${state}` })
      route.refuse("HeadersTooLarge")
      assert.strictEqual(paste("code=x&state=other"), "StateMismatch")
      inbox.waitingFlow.refused("StateMismatch", 9)
      assert.strictEqual((yield* Effect.flip(inbox.submit("no address at all"))).reason, "NotAResponse")
      assert.strictEqual((yield* Effect.flip(inbox.submit(junk))).reason, "StateMismatch")
      assert.deepStrictEqual(inbox.refusals.counts(), {
        StateMismatch: 3,
        StateRepeated: 1,
        HeadersTooLarge: 1,
        NotAResponse: 1
      })
      assert.isFalse(inbox.isOver())
      yield* ways.paste(world, "c")
      assert.strictEqual(codeOf(yield* arrival(world)), "c")
    }))

  it.effect("is explained to the person once the wait has begun, and not before", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const { answer, inbox } = world
      answer({ target: junk })
      assert.isFalse(inbox.waitingFlow.refused("NotAResponse", 3))
      assert.isUndefined(yield* nextPaste(world))
      let isKnown = false
      inbox.begin("Example", () => isKnown)
      // A request is only for a person who knows of the sign-in; a paste tells that there is one.
      answer({ target: junk })
      assert.isUndefined(yield* nextPaste(world))
      assert.isTrue(inbox.waitingFlow.refused("NotAResponse", 3))
      assert.deepStrictEqual(
        yield* nextPaste(world),
        Either.left({ via: "paste", reason: "NotAResponse", characters: 3 } as const)
      )
      isKnown = true
      answer({ target: junk })
      assert.deepStrictEqual(yield* nextPaste(world), Either.left({ via: "http", reason: "StateMismatch" } as const))
    }))

  it.effect("is told once for each reason of a request, and for every paste that the person is to hear of", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const { answer, inbox } = world
      inbox.begin("Example", () => true)
      for (let count = 0; count < 3; count++) {
        answer({ target: "/callback?code=x&state=other" })
        answer({ target: "/callback?code=x" })
        // What browsers and scanners ask for by themselves, and the reload of another sign-in's last page.
        answer({ target: "/favicon.ico" })
        answer({ target: "/callback?done=AAAAAAAAAAAAAAAAAAAAAA" })
        answer({ target: `/callback?${query("x")}`, headers: { purpose: "prefetch" } })
        inbox.waitingFlow.refused("Empty", 0)
        assert.isFalse(inbox.waitingFlow.refused("Empty"), "another flow tells it")
        yield* Effect.flip(inbox.submit("the host tells it"))
      }
      const told: Array<string> = []
      for (let next = yield* nextPaste(world); next !== undefined; next = yield* nextPaste(world)) {
        if (Either.isLeft(next)) told.push(`${next.left.via} ${next.left.reason}`)
      }
      assert.deepStrictEqual(told, [
        "http StateMismatch",
        "http StateMissing",
        "paste Empty",
        "paste Empty",
        "paste Empty"
      ])
    }))

  it.effect("is nothing to the person once the answer is here", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const { answer, inbox } = world
      inbox.begin("Example", () => true)
      yield* ways.paste(world, "c")
      answer({ target: "/callback?code=x&state=other" })
      assert.isFalse(inbox.waitingFlow.refused("Empty", 0))
      assert.strictEqual(codeOf(yield* arrival(world)), "c")
      assert.isUndefined(yield* nextPaste(world))
      assert.deepStrictEqual(inbox.refusals.counts(), { StateMismatch: 1 })
    }))
})

describe("a flow's route", () => {
  const secret = "SplxlOBeZQQYbYS6WxSbIA"
  const form = { "content-type": "application/x-www-form-urlencoded" }

  it.effect("sends the browser on at once, to an address that holds neither code nor state", () =>
    Effect.gen(function* () {
      for (const beside of [false, true]) {
        const sent = query(secret, `&iss=${encodeURIComponent("https://as.example")}`)
        for (
          const [request, body, isGranted] of [
            [{ target: `/callback?${sent}` }, undefined, true],
            [{ method: "POST", headers: form, target: "/callback" }, sent, true],
            [
              { target: `/callback?error=access_denied&error_description=${secret}&state=${state}` },
              undefined,
              false
            ]
          ] as const
        ) {
          const { answer, inbox, route } = yield* open({ beside, formPost: true })
          assert.strictEqual(route.done, done)
          const given = answer(request, body)
          assert.deepStrictEqual(given, CallbackRoute.redirectToDone(done, beside))
          for (const text of [secret, state, "as.example", "access_denied"]) {
            assert.notInclude(JSON.stringify(given), text)
          }
          assert.isTrue(inbox.isOver())
          const checked = AuthorizationResponse.check((yield* inbox.request).response, {})
          if (isGranted) assert.strictEqual(Redacted.value(Either.getOrThrow(checked).code), secret)
          else assert.isTrue(Either.isLeft(checked))
        }
      }
    }))

  it.effect("holds the last page until the outcome is known, and gives it again", () =>
    Effect.gen(function* () {
      const { answer, inbox, lastPage } = yield* open()
      inbox.begin("Example", () => false)
      answer({ target: `/callback?${query("c")}` })
      const [first, gone, beside] = [lastPage(), lastPage(), lastPage({ target: `/callback?done=${done}` })]
      gone.leave()
      assert.deepStrictEqual([first.pages, gone.pages, beside.pages], [[], [], []])
      inbox.settle({ _tag: "SignedIn" })
      const page = CallbackPage.make()({ _tag: "SignedIn" }, { serverName: "Example", acceptLanguage: undefined })
      assert.deepStrictEqual([first.pages, gone.pages, beside.pages], [[page], [], [page]])
      assert.deepStrictEqual(lastPage().pages, [page])
      yield* inbox.close
      assert.deepStrictEqual(lastPage().pages, [page])
    }))

  it.effect("gives each browser the last page in its language", () =>
    Effect.gen(function* () {
      const { answer, inbox, lastPage } = yield* open()
      answer({ target: `/callback?${query("c")}` })
      const [german, english] = [
        lastPage({ headers: { "accept-language": "de-CH,de;q=0.9" } }),
        lastPage({ headers: { "accept-language": "tlh" } })
      ]
      inbox.settle({ _tag: "SignedIn" })
      assert.include(german.pages[0]?.body, '<html lang="de">')
      assert.include(german.pages[0]?.body, "<h1>Angemeldet</h1>")
      assert.include(english.pages[0]?.body, "<h1>Signed in</h1>")
      yield* inbox.close
    }))

  it.effect("gives a person a page in words and a program a short text, and neither takes the flow", () =>
    Effect.gen(function* () {
      const { answer, inbox } = yield* open()
      const headers = { "accept-language": "de" }
      const page = answer({ target: "/callback?code=<b>&state=other", headers })
      assert.strictEqual(page.status, 400)
      assert.include(page.body, "<h1>Falsch</h1>")
      assert.match(page.headers["content-type"] ?? "", /^text\/html;/)
      assert.notInclude(page.body, "<b>")
      assert.include(answer({ target: "/callback" }).body, "<h1>Not an answer to this sign-in</h1>")
      for (
        const [request, reason] of [
          [{ target: "/favicon.ico" }, "WrongPath"],
          [{ target: "/done/x" }, "WrongPath"],
          [{ method: "HEAD", target: `/done/${done}` }, "WrongMethod"],
          [{ target: `/done/${done}`, hosts: ["evil.example"] }, "WrongHost"],
          [{ target: `/done/${done}`, headers: { "sec-fetch-dest": "iframe" } }, "NotANavigation"],
          [{ target: `/done/${done}`, headers: { purpose: "prefetch" } }, "Prefetch"]
        ] as const
      ) {
        assert.deepStrictEqual(answer(request), CallbackRoute.refusal(reason))
      }
      assert.isFalse(inbox.isOver())
      yield* inbox.close
    }))

  it.effect.prop("shows no page with anything of what was sent and refused", [
    FastCheck.constantFrom("state", "code", "error", "error_description", "iss", "done"),
    FastCheck.constantFrom("<script>alert('7f3a')</script>", "7f3a", "&lt;7f3a", '"7f3a', "7f3a</style><img src=x>"),
    FastCheck.boolean()
  ], ([name, value, inLanguage]) =>
    Effect.gen(function* () {
      const { answer, inbox } = yield* open()
      const target = `/callback?${new URLSearchParams({ state: "other", [name]: value })}`
      const { body, headers } = answer({ target, ...(inLanguage && { headers: { "accept-language": value } }) })
      assert.notInclude(body + JSON.stringify(headers), "7f3a")
      yield* inbox.close
    }))

  it.effect("waits at its end, and only then, for a browser that was sent on", () =>
    Effect.gen(function* () {
      const target = `/callback?${query("c")}`
      const never = yield* open()
      assert.doesNotThrow(() => Effect.runSync(never.inbox.close), "none was sent on")

      const fetched = yield* open()
      fetched.answer({ target })
      const page = fetched.lastPage()
      assert.doesNotThrow(() => Effect.runSync(fetched.inbox.close), "its page was there to be written")
      assert.strictEqual(page.pages[0]?.status, 503)

      const lost = yield* open()
      lost.answer({ target })
      const started = performance.now()
      yield* lost.inbox.close
      assert.isAtLeast(performance.now() - started, ReleaseBudget.lastPage - 2)

      const late = yield* open()
      late.answer({ target })
      const closing = yield* Effect.fork(late.inbox.close)
      yield* settled
      assert.isTrue(Option.isNone(yield* Fiber.poll(closing)))
      assert.strictEqual(late.lastPage().pages[0]?.status, 503)
      yield* Fiber.join(closing)
    }))
})

type Step =
  | { readonly _tag: "Answer"; readonly way: Way }
  | { readonly _tag: "Junk"; readonly way: Way }
  | { readonly _tag: "LosePatience" | "Settle" | "Page" | "Close" }

const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  {
    weight: 3,
    arbitrary: FastCheck.constantFrom(...everyWay).map((way): Step => ({ _tag: "Answer", way }))
  },
  { weight: 3, arbitrary: FastCheck.constantFrom(...everyWay).map((way): Step => ({ _tag: "Junk", way })) },
  {
    weight: 2,
    arbitrary: FastCheck.constantFrom("LosePatience", "Settle", "Page", "Close").map((_tag): Step => ({
      _tag: _tag as "Page"
    }))
  }
)

describe("for any order of calls", () => {
  it.effect.prop("takes the first right answer and no other, and refuses the rest", [
    FastCheck.array(step, { maxLength: 20 }),
    FastCheck.boolean()
  ], ([steps, isEarly]) =>
    Effect.gen(function* () {
      const world = yield* open()
      const { answer, inbox } = world
      inbox.begin("Example", () => true)
      const early = isEarly ? yield* Effect.fork(Effect.exit(arrival(world))) : undefined
      yield* settled

      const model: {
        taken: { readonly code: string; readonly way: Way } | undefined
        isOver: boolean
        outcome: "SignedIn" | "Closed" | undefined
        isClosed: boolean
        refused: number
      } = { taken: undefined, isOver: false, outcome: undefined, isClosed: false, refused: 0 }
      const pages: Array<ReadonlyArray<Answer>> = []

      for (const [place, step] of steps.entries()) {
        switch (step._tag) {
          case "Answer": {
            const code = `code-${place}`
            const reason = yield* ways[step.way](world, code)
            assert.strictEqual(reason, model.isOver && step.way !== "http" ? "FlowEnded" : undefined)
            if (!model.isOver) model.taken = { code, way: step.way }
            model.isOver = true
            break
          }
          case "Junk":
            if (step.way === "http") {
              assert.strictEqual(answer({ target: `/callback?code=x&state=${state.toLowerCase()}` }).status, 400)
              if (!model.isClosed) model.refused++
            } else {
              if (step.way === "paste") inbox.waitingFlow.refused("NotAResponse", 4)
              else yield* Effect.flip(inbox.submit("junk"))
              // After the answer a paste is for no flow any more.
              if (!model.isOver) model.refused++
            }
            break
          case "LosePatience":
            yield* inbox.answerNeutrally
            break
          case "Page":
            pages.push(world.lastPage().pages)
            break
          case "Settle":
            inbox.settle({ _tag: "SignedIn" })
            model.outcome ??= "SignedIn"
            model.isOver = true
            break
          case "Close":
            // A browser at the last page: there is nothing to wait for.
            pages.push(world.lastPage().pages)
            yield* inbox.close
            model.outcome ??= "Closed"
            model.isOver = true
            model.isClosed = true
        }
        assert.strictEqual(inbox.isOver(), model.isOver)
        assert.strictEqual(inbox.isClosed(), model.isClosed)
        if (model.outcome !== undefined) {
          assert.deepStrictEqual(pages.map(({ length }) => length), pages.map(() => 1))
        }
      }
      const counts = Object.values(inbox.refusals.counts()).reduce((sum, count) => sum + count, 0)
      assert.strictEqual(counts, model.refused)

      // After close an answer that came before can be had, and no other.
      pages.push(world.lastPage().pages)
      yield* inbox.close
      const waiting = early ?? (yield* Effect.fork(Effect.exit(arrival(world))))
      const exit = yield* Fiber.join(waiting)
      if (model.taken === undefined) return assert.isTrue(Exit.isInterrupted(exit))
      const taken = Exit.isSuccess(exit) ? exit.value : assert.fail("the answer was lost")
      assert.strictEqual(codeOf(taken), model.taken.code)
      assert.strictEqual(taken.via, model.taken.way === "http" ? "http" : "paste")
      assert.strictEqual(taken.characters, model.taken.way === "paste" ? 7 : undefined)
      for (let next = yield* nextPaste(world); next !== undefined; next = yield* nextPaste(world)) {
        assert.isTrue(Either.isLeft(next), "there is a second answer")
      }
    }), { fastCheck: { numRuns: 200 } })
})
