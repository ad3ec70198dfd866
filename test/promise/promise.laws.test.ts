/**
 * The law of the whole, as a program without Effect meets it: whatever happens to up to eight flows at once, in whatever
 * order, each `authorize` ends once, as a model of the flow says, with a code that was meant for it; afterwards nothing is
 * left. The sources and the bundle must not differ.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import process from "node:process"
import { type Callback, openCallback, type RefusedInput } from "../../src/promise.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as RawClient from "../fixtures/RawClient.ts"

/** What ends a flow: an answer with its own state. */
type Right = "granted" | "denied" | "codeless"
/** What must not end it. */
type Wrong = "otherState" | "noState" | "twoStates" | "neighbours" | "elsewhere" | "background" | "junk"
type Input = Right | Wrong
type Channel = "browser" | "submit" | "prompt"

type Step =
  | { readonly _tag: "input"; readonly channel: Channel; readonly input: Input }
  | { readonly _tag: "turns" | "microtasks"; readonly count: number }
  /** Looks whether the flow is where it must be. */
  | { readonly _tag: "look" | "again" | "close" | "abort" | "abortAll" }

interface Plan {
  readonly exchange: "none" | "succeeds" | "fails" | "throws" | "late"
  readonly present: "none" | "ends" | "hangs" | "answers"
  /** Milliseconds; by default more than a run takes. */
  readonly timeout: number | undefined
  /** How many steps come before `authorize`. */
  readonly early: number
  readonly steps: ReadonlyArray<Step>
}

/** How `authorize` ended, in one word. */
type Ending = "granted" | "denied" | "codeless" | "failed" | "tooLate" | "timeout" | "aborted" | "closed"

const rights = ["granted", "granted", "granted", "denied", "codeless"] as const
const wrongs = ["otherState", "noState", "twoStates", "neighbours", "elsewhere", "background", "junk"] as const
const inputs = (weight: number, ...from: ReadonlyArray<Input>) => ({
  weight,
  arbitrary: fc.record({
    _tag: fc.constant("input" as const),
    channel: fc.constantFrom<Channel>("browser", "browser", "submit", "prompt"),
    input: fc.constantFrom(...from)
  })
})
const counted = (_tag: "turns" | "microtasks", weight: number, max: number) => ({
  weight,
  arbitrary: fc.record({ _tag: fc.constant(_tag), count: fc.integer({ min: 1, max }) })
})
const step: fc.Arbitrary<Step> = fc.oneof(
  inputs(6, ...rights),
  inputs(8, ...wrongs),
  counted("turns", 3, 4),
  counted("microtasks", 3, 12),
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step>(
      ...(["look", "look", "again", "close", "abort", "abortAll"] as const).map((_tag) => ({ _tag }))
    )
  }
)
const plan: fc.Arbitrary<Plan> = fc.record({
  exchange: fc.constantFrom("none", "none", "succeeds", "fails", "throws", "late"),
  present: fc.constantFrom("none", "none", "none", "ends", "hangs", "answers"),
  timeout: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 5 }),
  early: fc.integer({ min: 0, max: 2 }),
  steps: fc.array(step, { maxLength: 8 })
})

const reason = { why: "enough" }
const failure = new Error("no token")
const exchangeMillis = 25

/** What an answer comes to once it is the first. */
const endingBy = (input: Right, exchange: Plan["exchange"]): Ending => {
  if (input !== "granted") return input
  return exchange === "late" ? "tooLate" : exchange === "fails" || exchange === "throws" ? "failed" : "granted"
}

const isRight = (input: Input): input is Right => (rights as ReadonlyArray<Input>).includes(input)

/** What is known of a flow from the outside. */
class Model {
  /** How it may end by what is on its way; when there is something, it must end. */
  readonly may = new Set<Ending>()
  /** Codes that it may be given. */
  readonly codes = new Set<string>()
  /** Nothing later changes the end. */
  isOver = false
  #isEnding = false

  expect(ending: Ending): void {
    if (!this.isOver) this.may.add(ending)
  }
  /** By a call of the caller's, which is not on the way but there. */
  end(ending: Ending): void {
    this.expect(ending)
    this.#isEnding = true
  }
  turn(): void {
    if (this.#isEnding) this.isOver = true
  }
}

const query = (pairs: ReadonlyArray<readonly [string, string]>) => new URLSearchParams(pairs.map(([...pair]) => pair))
const addressOf = ({ redirectUri, state }: Callback, input: Input, code: string, neighbour: string): string => {
  const own = ["state", state] as const
  const wrong = ["code", "wrong"] as const
  switch (input) {
    case "granted":
      return `${redirectUri}?${query([own, ["code", code]])}`
    case "denied":
      return `${redirectUri}?${query([own, ["error", "access_denied"]])}`
    case "codeless":
      return `${redirectUri}?${query([own])}`
    case "otherState":
      return `${redirectUri}?${query([["state", `${state.slice(1)}x`], wrong])}`
    case "noState":
      return `${redirectUri}?${query([wrong])}`
    case "twoStates":
      return `${redirectUri}?${query([own, own, wrong])}`
    case "neighbours":
      return `${redirectUri}?${query([["state", neighbour], wrong])}`
    case "elsewhere":
      return `${new URL("/elsewhere", redirectUri).href}?${query([["state", "s"], wrong])}`
    case "background":
      return `${redirectUri}?${query([["error", "access_denied"]])}`
    case "junk":
      return "junk"
  }
}

const isTagged = (error: unknown, ...tags: ReadonlyArray<string>): boolean =>
  error instanceof Error && "_tag" in error && tags.includes(String(error._tag))

/** A flow that runs by a plan. */
class Running {
  readonly model = new Model()
  readonly told: Array<RefusedInput> = []
  readonly #plan: Plan
  readonly #index: number
  readonly #whole = new AbortController()
  readonly #own = new AbortController()
  readonly #lines: Array<string> = []
  readonly #sent: Array<Promise<unknown>> = []
  #wake = () => {}
  #callback: Callback | undefined
  #begun = false
  /** What is aborted before it begins can be asked for again. */
  #isUsed = false
  #ending: Ending | string | undefined
  #settled = 0
  #shown = 0
  #exchanges = 0
  #codes = 0
  #wrongs = 0
  #mayBeClosed = false

  constructor(plan: Plan, index: number) {
    this.#plan = plan
    this.#index = index
  }

  get callback(): Callback {
    return this.#callback ?? assert.fail("it is not open")
  }

  get port(): number {
    return Number(new URL(this.callback.redirectUri).port)
  }

  async open(): Promise<void> {
    const next = async (): Promise<IteratorResult<string>> => {
      while (this.#lines.length === 0) await new Promise<void>((resolve) => this.#wake = resolve)
      return { done: false, value: this.#lines.shift() ?? "" }
    }
    const prompt = { [Symbol.asyncIterator]: () => ({ next }) }
    const onRefusal = (refusal: RefusedInput) => void this.told.push(refusal)
    this.#callback = await openCallback({ prompt, onRefusal, openBrowser: false, signal: this.#whole.signal })
  }

  async run(neighbour: string): Promise<void> {
    const { early, steps } = this.#plan
    for (const step of steps.slice(0, early)) await this.#act(step, neighbour)
    this.#authorize()
    for (const step of steps.slice(early)) await this.#act(step, neighbour)
    await this.#look()
    if (this.#ending === undefined) {
      this.model.end("closed")
      this.#mayBeClosed = true
      void this.callback.close()
      await this.#look()
    }
    this.#mayBeClosed = true
    await this.callback.close()
    await Promise.all(this.#sent)
    await Leaks.turns(1)
    assert.strictEqual(this.#settled, 1, "it ends once")
    assert.isAtMost(this.#shown, 1, "shown")
    assert.isAtMost(this.#exchanges, 1, "exchanged")
    assert.isAtMost(this.told.length, this.#wrongs, "refused")
    const isExchanged = this.#plan.exchange !== "none" &&
      ["granted", "failed", "tooLate"].includes(this.#ending ?? "")
    if (isExchanged) assert.strictEqual(this.#exchanges, 1)
  }

  #authorize(): void {
    const { exchange, present, timeout } = this.#plan
    const { redirectUri, state } = this.callback
    this.#begun = true
    if (this.#own.signal.aborted || this.#whole.signal.aborted) {
      this.model.may.clear()
      this.model.may.add("aborted")
      this.model.isOver = true
    } else {
      this.#isUsed = true
      if (timeout !== undefined) this.model.expect("timeout")
      if (present === "answers") this.#expect("granted")
    }
    const show = {
      none: false,
      ends: () => void this.#shown++,
      hangs: () => {
        this.#shown++
        return new Promise(() => {})
      },
      answers: () => {
        this.#shown++
        return this.callback.submit(addressOf(this.callback, "granted", this.#nextCode(), "")).catch(() => {})
      }
    } as const
    const request = {
      url: `https://as.example/authorize?${query([["state", state], ["redirect_uri", redirectUri]])}`,
      present: show[present],
      signal: this.#own.signal,
      timeout
    }
    const ways = {
      succeeds: (code: string) => Promise.resolve(code),
      fails: () => Promise.reject(failure),
      throws: () => {
        throw failure
      },
      late: () => new Promise<string>(() => {})
    }
    const waiting = exchange === "none"
      ? this.callback.authorize(request).then(({ code }) => code)
      : this.callback.authorize({
        ...request,
        exchangeTimeout: exchangeMillis,
        exchange: ({ code }) => {
          this.#exchanges++
          return ways[exchange](code)
        }
      })
    const settle = (ending: Ending | string) => {
      this.#settled++
      this.#ending = ending
    }
    waiting.then(
      (code) => settle(this.model.codes.has(code) ? "granted" : `a code that is not its own: ${code}`),
      (error) => settle(this.#endingOf(error))
    )
  }

  #endingOf(error: unknown): Ending | string {
    if (error === reason) return "aborted"
    if (error === failure) return "failed"
    if (isTagged(error, "AuthorizationDenied")) return "denied"
    if (isTagged(error, "InvalidResponse")) return "codeless"
    if (isTagged(error, "Closed")) return "closed"
    if (isTagged(error, "AuthorizationTimeout")) {
      return (error as { readonly phase?: unknown }).phase === "exchange" ? "tooLate" : "timeout"
    }
    return String(error)
  }

  #nextCode(): string {
    const code = `code-${this.#index}-${this.#codes++}`
    if (!this.model.isOver) this.model.codes.add(code)
    return code
  }

  #expect(input: Right): void {
    this.model.expect(endingBy(input, this.#plan.exchange))
  }

  /** Whether it certainly waits: no end is on its way. */
  get #waits(): boolean {
    return this.#begun && this.model.may.size === 0 && this.#ending === undefined && !this.#mayBeClosed
  }

  async #act(step: Step, neighbour: string): Promise<void> {
    switch (step._tag) {
      case "input":
        return this.#input(step.channel, step.input, neighbour)
      case "microtasks":
        for (let count = 0; count < step.count; count++) await null
        return
      case "turns":
        await Leaks.turns(step.count)
        return this.model.turn()
      case "look":
        return this.#begun ? await this.#look() : await Leaks.turns(2)
      case "again":
        return await this.#again()
      case "close":
        this.model.end("closed")
        this.#mayBeClosed = true
        return void this.callback.close()
      case "abort":
        // Before `authorize` nobody hears of it yet.
        if (this.#begun) this.model.end("aborted")
        return this.#own.abort(reason)
      case "abortAll":
        this.model.end("aborted")
        this.#mayBeClosed = true
        return this.#whole.abort(reason)
    }
  }

  #input(channel: Channel, input: Input, neighbour: string): void {
    const waits = this.#waits
    const address = addressOf(this.callback, input, input === "granted" ? this.#nextCode() : "", neighbour)
    if (isRight(input)) this.#expect(input)
    else this.#wrongs++
    if (channel === "prompt") {
      this.#lines.push(address)
      return this.#wake()
    }
    if (channel === "submit") {
      this.#sent.push(
        this.callback.submit(address).then(
          () => assert.isTrue(isRight(input), `${input} was taken`),
          (error) => {
            if (error === reason) return assert.isTrue(this.#mayBeClosed)
            assert.isTrue(isTagged(error, "PasteRefused"), String(error))
            if (waits) assert.isFalse(isRight(input), `${input} was refused: ${error.reason}`)
          }
        )
      )
      return
    }
    const { port } = this
    const { pathname, search } = new URL(address, this.callback.redirectUri)
    const headers: Record<string, string> = input === "background" ? { "sec-fetch-mode": "no-cors" } : {}
    const page = RawClient.get(port, input === "junk" ? "/junk" : `${pathname}${search}`, { headers })
    this.#sent.push(page.then((text) => {
      const isOpen = this.#ending === undefined && !this.#mayBeClosed
      if (isOpen) assert.notStrictEqual(RawClient.statusOf(text), 0, `${input} was not answered`)
      assert.notInclude(text, this.callback.state)
      if (!isRight(input)) assert.notMatch(text, /^HTTP\/1\.1 [23]/, `${input} was taken`)
    }))
  }

  async #again(): Promise<void> {
    if (!this.#isUsed) return
    const mayBeClosed = this.#mayBeClosed
    const url = `https://as.example/?${
      query([["state", this.callback.state], ["redirect_uri", this.callback.redirectUri]])
    }`
    const error = await this.callback.authorize({ url, present: false }).then(() => "granted", (error) => error)
    if (error === reason || isTagged(error, "Closed")) return assert.isTrue(mayBeClosed, String(error))
    assert.isTrue(isTagged(error, "AlreadyUsed"), String(error))
  }

  /** What had to end it has ended it, as it may; and nothing else has. */
  async #look(): Promise<void> {
    const { may } = this.model
    if (may.size === 0 && this.#ending === undefined) {
      await Promise.all(this.#sent)
      for (const until = Date.now() + 3000; this.told.length < this.#wrongs && Date.now() < until;) await Leaks.turns(1)
      if (may.size === 0) assert.strictEqual(this.told.length, this.#wrongs, "it tells of each that it refused")
    }
    for (const until = Date.now() + 5000; may.size > 0 && this.#ending === undefined && Date.now() < until;) {
      await Leaks.turns(1)
    }
    if (may.size === 0) return assert.isUndefined(this.#ending, "nothing was to end it")
    assert.isTrue(
      may.has(this.#ending as Ending),
      `ended with "${this.#ending}", and may with ${[...may].join(" or ")}`
    )
    this.model.isOver = true
  }
}

const events = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCONT", "exit", "beforeExit"]
const processListeners = () => events.map((event) => process.listenerCount(event)).join()

/** The property has to say which run it was that came to no end. */
const inTime = <A>(promise: Promise<A>, what: string): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} comes to no end`)), 15_000)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const check = async (plans: ReadonlyArray<Plan>): Promise<void> => {
  const before = Leaks.held()
  const listeners = processListeners()
  const flows = plans.map((plan, index) => new Running(plan, index))
  await Promise.all(flows.map((flow) => flow.open()))
  const stateAfter = (index: number) => flows.length === 1 ? "s".repeat(43) : flows.at(index - 1)?.callback.state ?? ""
  const results = await Promise.allSettled(flows.map((flow, index) => inTime(flow.run(stateAfter(index)), "it")))
  await inTime(Promise.all(flows.map(({ callback }) => callback.close())), "a close")
  for (const [index, result] of results.entries()) {
    if (result.status === "rejected") throw new Error(`flow ${index}: ${result.reason}`, { cause: result.reason })
  }
  assert.deepStrictEqual(await Leaks.leaked(before), [])
  assert.strictEqual(processListeners(), listeners)
  for (const { port } of flows) {
    // Another program of this machine may be given the port meanwhile; it does not keep it for long.
    for (const until = Date.now() + 2000; !(await Leaks.canBind(port)) && Date.now() < until;) await Leaks.turns(10)
    assert.isTrue(await Leaks.canBind(port), `port ${port} cannot be bound again`)
  }
}

const runs = Number(process.env["PROMISE_RUNS"] ?? 100)
const seed = process.env["PROMISE_SEED"] === undefined ? {} : { seed: Number(process.env["PROMISE_SEED"]) }

describe("up to eight callbacks", () => {
  it(
    `end as they may and leave nothing, over ${runs} random interleavings`,
    async () => {
      const { stderr } = process
      const { write } = stderr
      // What the terminal says of pastes is for a person.
      stderr.write = ((_text: string, done?: () => void) => {
        done?.()
        return true
      }) as typeof write
      try {
        await check([]) // Loads what is loaded lazily, so that it counts for no run.
        await fc.assert(fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 8 }), check), {
          numRuns: runs,
          ...seed,
          endOnFailure: process.env["PROMISE_SHRINK"] === undefined
        })
      } finally {
        stderr.write = write
      }
    },
    // Shrinking, and runs by the thousand, take their time.
    600_000
  )
})
