/**
 * The law of the whole: whatever happens to up to twenty flows at once, in whatever order, each ends as it may end, a code
 * reaches only the flow it was issued for, the person is told how each ended that they know of, and afterwards nothing is left
 * of any of them.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Effect,
  Exit,
  FastCheck as fc,
  Fiber,
  Layer,
  Option,
  Queue,
  Redacted,
  Scope,
  Stream,
  Supervisor,
  TestClock,
  TestContext
} from "effect"
import process from "node:process"
import { CallbackFlow, type FlowError, PasteInput, Presenter, type SignInOutcome } from "../../src/index.ts"
import { layer as nodeLayer } from "../../src/node.ts"
import { answerFor, portOf, urlFor } from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as RawClient from "../fixtures/RawClient.ts"

/** What comes to a flow. The first three carry its own state and end it; the rest must not. */
type Input =
  | "granted"
  | "denied"
  | "codeless"
  | "otherState"
  | "noState"
  | "twoStates"
  | "strangersCode"
  | "favicon"
  | "foreignHost"
  | "background"
  | "prefetch"
  | "posted"
  | "garbage"

type Step =
  | { readonly _tag: "http"; readonly input: Input; readonly manner: RawClient.Manner }
  | { readonly _tag: "paste"; readonly input: Input }
  | { readonly _tag: "submit"; readonly input: Input }
  | { readonly _tag: "turns"; readonly count: number }
  | { readonly _tag: "interrupt" }
  | { readonly _tag: "close" }
  | { readonly _tag: "hour" }

interface Plan {
  /** Interrupts the opening after so many microtasks; `undefined` lets it open. Binding takes a few of them. */
  readonly cutShort: number | undefined
  readonly paste: boolean
  /** How many steps happen between `open` and `authorize`. */
  readonly early: number
  readonly exchange: "none" | "succeeds" | "fails" | "never"
  readonly host: "127.0.0.1" | "localhost"
  readonly present: "service" | "hangs" | "none"
  /** What the presenter does with what it is told. */
  readonly presenter: "works" | "dies"
  readonly turn: "none" | "at once" | "soon" | "never"
  readonly steps: ReadonlyArray<Step>
}

const ending: ReadonlyArray<Input> = ["granted", "denied", "codeless"]
const right = fc.constantFrom<Input>("granted", "granted", "granted", "granted", "granted", "denied", "codeless")
const wrong = fc.constantFrom<Input>(
  "otherState",
  "noState",
  "twoStates",
  "strangersCode",
  "favicon",
  "foreignHost",
  "background",
  "prefetch",
  "posted",
  "garbage"
)
const input = fc.oneof({ weight: 2, arbitrary: right }, { weight: 3, arbitrary: wrong })
const http = (input: fc.Arbitrary<Input>, ...manners: ReadonlyArray<RawClient.Manner>) =>
  fc.record({ _tag: fc.constant("http" as const), input, manner: fc.constantFrom(...manners) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 140, arbitrary: http(right, "read", "read", "half", "silent") },
  // Rare: a browser that is sent on to its page and never comes is waited for, and a thousand runs are no quick test then.
  { weight: 3, arbitrary: http(right, "reset", "deaf") },
  { weight: 220, arbitrary: http(wrong, "read", "read", "half", "reset", "silent", "deaf") },
  { weight: 180, arbitrary: fc.record({ _tag: fc.constant("paste" as const), input }) },
  { weight: 60, arbitrary: fc.record({ _tag: fc.constant("submit" as const), input }) },
  { weight: 180, arbitrary: fc.record({ _tag: fc.constant("turns" as const), count: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 60, arbitrary: fc.constantFrom<Step>({ _tag: "interrupt" }, { _tag: "close" }, { _tag: "hour" }) }
)
const plan: fc.Arbitrary<Plan> = fc.record({
  cutShort: fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }) }
  ),
  paste: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  early: fc.integer({ min: 0, max: 1 }),
  exchange: fc.constantFrom("none", "none", "succeeds", "fails", "never"),
  host: fc.constantFrom("127.0.0.1", "127.0.0.1", "localhost"),
  present: fc.constantFrom("service", "service", "service", "hangs", "none"),
  presenter: fc.constantFrom("works", "works", "dies"),
  turn: fc.constantFrom("none", "none", "none", "at once", "soon", "never"),
  steps: fc.array(step, { maxLength: 7 })
})

const httpText = (flow: CallbackFlow, what: Input, code: string): string => {
  const port = portOf(flow)
  const state = Redacted.value(flow.state)
  const own = (parameters: Readonly<Record<string, string>>) => {
    const { pathname, search } = answerFor(flow, parameters)
    return `${pathname}${search}`
  }
  switch (what) {
    case "granted":
      return RawClient.requestText(port, own({ code }))
    case "denied":
      return RawClient.requestText(port, own({ error: "access_denied" }))
    case "codeless":
      return RawClient.requestText(port, own({}))
    case "otherState":
      return RawClient.requestText(port, `/callback?code=wrong&state=${state.slice(1)}x`)
    case "noState":
      return RawClient.requestText(port, "/callback?error=access_denied")
    case "twoStates":
      return RawClient.requestText(port, `/callback?code=wrong&state=${state}&state=${state}`)
    case "strangersCode":
      return RawClient.requestText(port, `/callback?code=wrong&state=${"s".repeat(43)}`)
    case "favicon":
      return RawClient.requestText(port, "/favicon.ico")
    case "foreignHost":
      return RawClient.requestText(port, own({ code: "wrong" }), { host: `rebound.example:${port}` })
    case "background":
      return RawClient.requestText(port, own({ code: "wrong" }), { headers: { "sec-fetch-mode": "no-cors" } })
    case "prefetch":
      return RawClient.requestText(port, own({ code: "wrong" }), { headers: { "sec-purpose": "prefetch" } })
    case "posted":
      return RawClient.requestText(port, own({ code: "wrong" }), { method: "POST", body: "x" })
    case "garbage":
      return "\u0016\u0003\u0001 not http at all\r\n\r\n"
  }
}

const pasteText = (flow: CallbackFlow, what: Input, code: string): string => {
  const state = Redacted.value(flow.state)
  switch (what) {
    case "granted":
      return answerFor(flow, { code }).href
    case "denied":
      return answerFor(flow, { error: "access_denied" }).href
    case "codeless":
      return answerFor(flow, {}).href
    case "twoStates":
      return `${flow.redirectUri}?code=wrong&state=${state}&state=${state}`
    case "noState":
      return `${flow.redirectUri}?code=wrong`
    case "otherState":
    case "strangersCode":
      return `${flow.redirectUri}?code=wrong&state=${"s".repeat(43)}`
    case "foreignHost":
    case "background":
    case "prefetch":
    case "posted":
      return urlFor(flow).href
    case "favicon":
    case "garbage":
      return "no address at all"
  }
}

/** How a flow ended, in one word. */
type Ending = "opening" | "granted" | "failed" | "denied" | "codeless" | "timeout" | "interrupted"

const endingOf = (exit: Exit.Exit<string, { readonly _tag: string }>, code: string): Ending | string => {
  if (Exit.isSuccess(exit)) return exit.value === code ? "granted" : `the code of another: ${exit.value}`
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  switch (error?._tag) {
    case "AuthorizationDenied":
      return "denied"
    case "InvalidResponse":
      return "codeless"
    case "AuthorizationTimeout":
      return "timeout"
    case "ExchangeFailed":
      return "failed"
    case undefined:
      return Cause.isInterruptedOnly(exit.cause) ? "interrupted" : Cause.pretty(exit.cause)
    default:
      return error?._tag ?? ""
  }
}

/** How a flow ended, as the person has to be told. */
const outcomeOf = (
  exit: Exit.Exit<string, FlowError | { readonly _tag: "ExchangeFailed" }>,
  exchange: Plan["exchange"]
): SignInOutcome => {
  if (Exit.isSuccess(exit)) return exchange === "none" ? "Received" : "SignedIn"
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  switch (error?._tag) {
    case undefined:
      return "Cancelled"
    case "AuthorizationDenied":
      return "Denied"
    case "InvalidResponse":
      return "Invalid"
    case "AuthorizationTimeout":
      return error.phase === "response" ? "TimedOut" : "Failed"
    default:
      return "Failed"
  }
}

/** What the person is told of one flow, a letter each: Queued, Shown, Refused, Accepted, Ended, and what was shown is Gone. */
interface Told {
  letters: string
  readonly outcomes: Array<SignInOutcome>
}

/** Tells each flow's own record, by the name that it is shown under. */
const recorder = (records: ReadonlyMap<string, Told>, plans: ReadonlyArray<Plan>): Presenter => {
  const record = (name: string, letter: string, outcome?: SignInOutcome) =>
    Effect.suspend(() => {
      const told = records.get(name)
      if (told === undefined) return Effect.dieMessage(`nobody is called ${name}`)
      told.letters += letter
      if (outcome !== undefined) told.outcomes.push(outcome)
      return plans[Number(name)]?.presenter === "dies" ? Effect.die("the presenter broke") : Effect.void
    })
  return {
    show: ({ serverName }) =>
      Effect.zipRight(
        Effect.addFinalizer(() => Effect.ignore(record(serverName, "G"))),
        record(serverName, "S")
      ),
    notice: (notice) => {
      switch (notice._tag) {
        case "SignInQueued":
          return record(notice.pending.serverName, "Q")
        case "CallbackRefused":
          return record(notice.serverName, "R")
        case "PasteAccepted":
          return record(notice.serverName, "A")
        case "SignInEnded":
          return record(notice.serverName, "E", notice.outcome)
        default:
          return Effect.void
      }
    }
  }
}

/** Who was told of a sign-in is told of its end, once and as it was, and of nothing after it. */
const checkTold = ({ present }: Plan, { letters, outcomes }: Told, outcome: SignInOutcome | undefined) => {
  if (present !== "service") return assert.match(letters, /^A?$/)
  assert.match(letters, /^(?:QR*)?(?:SR*)?A?(?:EG?)?$/)
  assert.strictEqual(letters.includes("E"), /[QS]/.test(letters), letters)
  assert.strictEqual(letters.includes("G"), letters.includes("S"), letters)
  assert.deepStrictEqual(outcomes, letters.includes("E") ? [outcome] : [])
}

/** The steps that a flow can hear of: without paste, no pasted text. */
const heard = ({ paste, steps }: Pick<Plan, "paste" | "steps">): ReadonlyArray<Step> =>
  steps.filter((step) => paste || step._tag !== "paste")

/** What a plan allows, worked out from its steps alone. */
const allowed = ({ cutShort, exchange, ...plan }: Plan, hours: boolean): ReadonlySet<Ending> => {
  if (cutShort !== undefined) return new Set<Ending>(["opening", "interrupted"])
  const endings = new Set<Ending>()
  const steps = heard(plan)
  for (const step of steps) {
    if (step._tag === "interrupt" || step._tag === "close") endings.add("interrupted")
    if (!("input" in step) || !ending.includes(step.input)) continue
    if (step._tag === "http" && step.manner !== "read" && step.manner !== "deaf") {
      // A reset or a half-sent request may or may not get through; only a whole one must.
      if (step.manner === "reset") endings.add(step.input as Ending).add("interrupted")
      continue
    }
    if (step.input !== "granted") endings.add(step.input as Ending)
    else if (exchange === "none" || exchange === "succeeds") endings.add("granted")
    else if (exchange === "fails") endings.add("failed")
    else endings.add("interrupted")
  }
  if (steps.some((step) => "input" in step && step.input === "granted") && exchange === "never") {
    endings.add("interrupted").add("timeout")
  }
  if (steps.some((step) => step._tag === "http" && step.manner === "reset" && step.input === "granted")) {
    endings.add(exchange === "fails" ? "failed" : exchange === "never" ? "timeout" : "granted")
  }
  // Nothing ends it: it waits until it is interrupted, at the end.
  if (endings.size === 0) endings.add("interrupted")
  // The clock is common to all flows.
  if (hours) endings.add("timeout")
  return endings
}

const turns: Readonly<Record<Exclude<Plan["turn"], "none">, Effect.Effect<void>>> = {
  "at once": Effect.void,
  "soon": Effect.promise(() => Leaks.turns(2)),
  "never": Effect.never
}

const runPlan = (
  plan: Plan,
  serverName: string,
  code: string,
  pasted: Queue.Queue<string>,
  ports: Array<number>,
  clients: Array<RawClient.Exchange>
) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const opening = yield* Effect.fork(Scope.extend(CallbackFlow.open({ host: plan.host, paste: plan.paste }), scope))
    if (plan.cutShort !== undefined) {
      const microtasks = plan.cutShort
      yield* Effect.promise(async () => {
        for (let count = 0; count < microtasks; count++) await null
      })
      const exit = yield* Fiber.interrupt(opening)
      yield* Scope.close(scope, Exit.void)
      return { ending: Exit.isSuccess(exit) ? "opening" : "interrupted", outcome: undefined }
    }
    const flow = yield* Fiber.join(opening)
    ports.push(portOf(flow))
    const act = (step: Step, running: Fiber.RuntimeFiber<unknown, unknown> | undefined): Effect.Effect<void> => {
      switch (step._tag) {
        case "http":
          return Effect.sync(() => {
            clients.push(RawClient.send(portOf(flow), httpText(flow, step.input, code), { manner: step.manner }))
          })
        case "paste":
          return Effect.asVoid(Queue.offer(pasted, pasteText(flow, step.input, code)))
        case "submit":
          return Effect.ignore(flow.submit(pasteText(flow, step.input, code)))
        case "turns":
          return Effect.promise(() => Leaks.turns(step.count))
        case "interrupt":
          return running === undefined ? Effect.void : Effect.asVoid(Fiber.interruptFork(running))
        case "close":
          return Scope.close(scope, Exit.void)
        case "hour":
          return TestClock.adjust("1 hour")
      }
    }
    for (const step of plan.steps.slice(0, plan.early)) yield* act(step, undefined)
    const request = {
      url: urlFor(flow),
      serverName,
      ...(plan.turn !== "none" && { turn: turns[plan.turn] }),
      ...(plan.present === "hangs" && { present: () => Effect.never }),
      ...(plan.present === "none" && { present: false as const })
    }
    const exchanges = {
      succeeds: (code: string) => Effect.succeed(code),
      fails: () => Effect.fail({ _tag: "ExchangeFailed" as const }),
      never: () => Effect.never
    }
    const exchange = plan.exchange
    const running = yield* Effect.fork(
      exchange === "none"
        ? Effect.map(flow.authorize(request), (granted) => Redacted.value(granted.code))
        : flow.authorize({
          ...request,
          exchange: (granted): Effect.Effect<string, { readonly _tag: "ExchangeFailed" }> =>
            exchanges[exchange](Redacted.value(granted.code))
        })
    )
    for (const step of plan.steps.slice(plan.early)) yield* act(step, running)
    // Real time for real sockets: what was sent whole must have its effect before the end is forced.
    const inputs = heard(plan).filter((step) =>
      "input" in step && (step._tag !== "http" || step.manner === "read" || step.manner === "deaf")
    ).map((step) => "input" in step ? step.input : undefined)
    const mustEnd = inputs.some((what) => what === "denied" || what === "codeless") ||
      (inputs.includes("granted") && plan.exchange !== "never")
    yield* Effect.promise(async () => {
      const until = Date.now() + (mustEnd ? 2000 : 0)
      await Leaks.turns(4)
      while (running.unsafePoll() === null && Date.now() < until) await Leaks.turns(2)
    })
    yield* Fiber.interruptFork(running)
    const exit = yield* Fiber.await(running)
    yield* Scope.close(scope, Exit.void)
    return { ending: endingOf(exit, code), outcome: outcomeOf(exit, plan.exchange) }
  })

// Deno takes three times as long for each.
const runs = Number(process.env["LEAK_RUNS"] ?? ("Deno" in globalThis ? 250 : 600))
const seed = process.env["LEAK_SEED"] === undefined ? {} : { seed: Number(process.env["LEAK_SEED"]) }

/**
 * Runs plans at once, as the sign-ins of one agent would be, and looks at what is left. With `stdin` the flows hold the
 * real one, on which nothing arrives; else they share a scripted paste.
 */
const check = async (drawn: ReadonlyArray<Plan>, stdin: boolean): Promise<void> => {
  const plans = stdin
    ? drawn.map((plan) => ({ ...plan, steps: plan.steps.filter(({ _tag }) => _tag !== "paste") }))
    : drawn
  const before = Leaks.held()
  const ports: Array<number> = []
  const clients: Array<RawClient.Exchange> = []
  const pasted = Effect.runSync(Queue.unbounded<string>())
  const fibers = Effect.runSync(Supervisor.track)
  const records = new Map(plans.map((_plan, index) => [`${index}`, { letters: "", outcomes: [] } as Told]))
  const real = Layer.merge(nodeLayer, Layer.succeed(Presenter, recorder(records, plans)))
  const scripted = Layer.succeed(PasteInput, PasteInput.make(Stream.fromQueue(pasted)))
  const layer = stdin ? real : Layer.merge(real, scripted)
  const endings = await Effect.runPromise(
    Effect.forEach(plans, (plan, index) => runPlan(plan, `${index}`, `code-${index}`, pasted, ports, clients), {
      concurrency: "unbounded"
    }).pipe(
      Effect.supervised(fibers),
      Effect.provide(Layer.merge(layer, TestContext.TestContext))
    )
  )
  const hours = plans.some(({ cutShort, steps }) => cutShort === undefined && steps.some(({ _tag }) => _tag === "hour"))
  for (const [index, { ending, outcome }] of endings.entries()) {
    checkTold(plans[index]!, records.get(`${index}`)!, outcome)
    const may = allowed(plans[index]!, hours)
    assert.isTrue(
      may.has(ending as Ending),
      `flow ${index} ended with "${ending}", and may end with ${[...may].join(" or ")}`
    )
  }
  for (const client of clients) client.reset()
  assert.deepStrictEqual(await Leaks.leaked(before), [])
  const alive = () => Effect.runSync(fibers.value).filter((fiber) => fiber.unsafePoll() === null).length
  for (const until = Date.now() + 1000; alive() > 0 && Date.now() < until;) await Leaks.turns(1)
  assert.strictEqual(alive(), 0, "fibers are left")
  for (const port of ports) {
    // Another program of this machine may be given the port meanwhile; it does not keep it for long.
    for (const until = Date.now() + 2000; !(await Leaks.canBind(port)) && Date.now() < until;) await Leaks.turns(10)
    assert.isTrue(await Leaks.canBind(port), `port ${port} cannot be bound again`)
  }
}

describe("CallbackFlow", () => {
  it(
    `leaves nothing and mixes nothing up, over ${runs} random interleavings`,
    async () => {
      await check([], true) // Loads what is loaded lazily, so that it counts for no run.
      await fc.assert(fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 20 }), fc.boolean(), check), {
        numRuns: runs,
        ...seed,
        endOnFailure: process.env["LEAK_SHRINK"] === undefined
      })
    },
    600_000
  )
})
