/**
 * The law of flows that share a port: whatever happens to up to two hundred of them, in whatever order, each ends as it may
 * end, an answer reaches the flow whose `state` it carries and no other, and the port is free again when the last one ends.
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
import { CallbackFlow, PasteInput, Presenter } from "../../src/index.ts"
import { layer as nodeLayer } from "../../src/node.ts"
import { answerFor, portOf, urlFor } from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as Ports from "../fixtures/ports/Ports.ts"
import * as RawClient from "../fixtures/RawClient.ts"

/** What comes to the port and may end no flow, though some of it names one. */
const junks = [
  "otherState",
  "noState",
  "favicon",
  "foreignHost",
  "background",
  "prefetch",
  "posted",
  "garbage"
] as const

type Junk = typeof junks[number]

/** How a flow is to end. */
const ends = ["granted", "denied", "pasted", "interrupted", "closed", "timedOut", "waits"] as const

type End = typeof ends[number]

interface Plan {
  readonly host: "127.0.0.1" | "localhost"
  readonly path: string
  /** Interrupts the opening after so many microtasks. */
  readonly cutShort: number | undefined
  /** Turns of the event loop before it opens, and before it ends. */
  readonly opens: number
  readonly ends: number
  readonly end: End
  readonly junk: ReadonlyArray<readonly [Junk, RawClient.Manner]>
  /** A second browser brings the same answer. */
  readonly twice: boolean
}

const plan: fc.Arbitrary<Plan> = fc.record({
  host: fc.constantFrom("127.0.0.1", "127.0.0.1", "127.0.0.1", "localhost"),
  path: fc.constantFrom("/callback", "/callback", "/other"),
  cutShort: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) }
  ),
  opens: fc.integer({ min: 0, max: 12 }),
  ends: fc.integer({ min: 0, max: 12 }),
  end: fc.constantFrom<End>("granted", "granted", "granted", ...ends),
  junk: fc.array(
    fc.tuple(fc.constantFrom<Junk>(...junks), fc.constantFrom<RawClient.Manner>("read", "half", "reset", "silent")),
    { maxLength: 2 }
  ),
  twice: fc.boolean()
})

const junkText = (flow: CallbackFlow, what: Junk): string => {
  const port = portOf(flow)
  const { pathname, search } = answerFor(flow, { code: "wrong" })
  const own = `${pathname}${search}`
  switch (what) {
    case "otherState":
      return RawClient.requestText(port, `${pathname}?code=wrong&state=${Redacted.value(flow.state).slice(1)}x`)
    case "noState":
      return RawClient.requestText(port, `${pathname}?error=access_denied`)
    case "favicon":
      return RawClient.requestText(port, "/favicon.ico")
    case "foreignHost":
      return RawClient.requestText(port, own, { host: `rebound.example:${port}` })
    case "background":
      return RawClient.requestText(port, own, { headers: { "sec-fetch-mode": "no-cors" } })
    case "prefetch":
      return RawClient.requestText(port, own, { headers: { "sec-purpose": "prefetch" } })
    case "posted":
      return RawClient.requestText(port, own, { method: "POST", body: "x" })
    case "garbage":
      return "\u0016\u0003\u0001 not http at all\r\n\r\n"
  }
}

const endOf = (exit: Exit.Exit<string, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return exit.value
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (error !== undefined) return error._tag
  return Cause.isInterruptedOnly(exit.cause) ? "interrupted" : Cause.pretty(exit.cause)
}

/** What must have come of a flow. */
const expected = ({ cutShort, end }: Plan, code: string): ReadonlyArray<string> => {
  const right = {
    granted: `http ${code}`,
    denied: "AuthorizationDenied",
    pasted: `paste ${code}`,
    interrupted: "interrupted",
    closed: "interrupted",
    timedOut: "AuthorizationTimeout",
    waits: "interrupted"
  }[end]
  return cutShort === undefined ? [right] : [right, "cut short"]
}

interface Shared {
  readonly port: number
  readonly pasted: Queue.Queue<string>
  readonly clients: Array<RawClient.Exchange>
  /** What the browsers of each flow were shown. */
  readonly pages: Array<readonly [index: number, tabs: ReadonlyArray<string>]>
}

const runPlan = (plan: Plan, index: number, { clients, pages, pasted, port }: Shared) =>
  Effect.gen(function* () {
    const code = `code-${index}`
    yield* Effect.promise(() => Leaks.turns(plan.opens))
    const scope = yield* Scope.make()
    const opening = yield* Effect.fork(
      Scope.extend(CallbackFlow.open({ port, host: plan.host, path: plan.path }), scope)
    )
    if (plan.cutShort !== undefined) {
      for (let turn = 0; turn < plan.cutShort; turn++) yield* Effect.promise(() => Promise.resolve())
      yield* Fiber.interruptFork(opening)
    }
    const opened = yield* Fiber.await(opening)
    if (Exit.isFailure(opened)) {
      yield* Scope.close(scope, Exit.void)
      return Cause.isInterruptedOnly(opened.cause) ? "cut short" : Cause.pretty(opened.cause)
    }
    const flow = opened.value
    assert.strictEqual(portOf(flow), port)
    const running = yield* Effect.fork(
      Effect.map(
        flow.authorize({
          url: urlFor(flow),
          serverName: `${index}`,
          present: false,
          timeout: plan.end === "timedOut" ? "1 millis" : "2 hours"
        }),
        (granted) => `${granted.via} ${Redacted.value(granted.code)}`
      )
    )
    for (const [junk, manner] of plan.junk) clients.push(RawClient.send(port, junkText(flow, junk), { manner }))
    yield* Effect.promise(() => Leaks.turns(plan.ends))
    const browse = (address: URL) =>
      Effect.sync(() => {
        const client = RawClient.send(port, RawClient.requestText(port, `${address.pathname}${address.search}`))
        clients.push(client)
        return client.received
      })
    switch (plan.end) {
      case "granted":
      case "denied": {
        const answer = answerFor(flow, plan.end === "granted" ? { code } : { error: "access_denied" })
        const tabs = [yield* browse(answer), ...(plan.twice ? [yield* browse(answer)] : [])]
        yield* Fiber.await(running)
        yield* Scope.close(scope, Exit.void)
        pages.push([index, yield* Effect.promise(() => Promise.all(tabs))])
        break
      }
      case "pasted":
        yield* Queue.offer(pasted, answerFor(flow, { code }).href)
        break
      case "interrupted":
        yield* Fiber.interrupt(running)
        break
      case "closed":
        yield* Scope.close(scope, Exit.void)
        break
      case "timedOut": {
        // All in all less than a minute, after which the pages of ended flows are gone.
        const hourglass = Effect.zipRight(Effect.promise(() => Leaks.turns(1)), TestClock.adjust("1 millis"))
        yield* Effect.repeat(hourglass, { until: () => running.unsafePoll() !== null })
        break
      }
      case "waits":
        // Until all others have ended.
        return { scope, running }
    }
    const exit = yield* Fiber.await(running)
    yield* Scope.close(scope, Exit.void)
    return endOf(exit)
  })

const check = async (plans: ReadonlyArray<Plan>): Promise<void> => {
  const before = Leaks.held()
  const unix = Leaks.unixSockets()
  const port = await Ports.free()
  const pasted = Effect.runSync(Queue.unbounded<string>())
  const shared: Shared = { port, pasted, clients: [], pages: [] }
  const fibers = Effect.runSync(Supervisor.track)
  const layer = Layer.mergeAll(
    nodeLayer,
    Layer.succeed(PasteInput, PasteInput.make(Stream.fromQueue(pasted))),
    Layer.succeed(Presenter, Presenter.none)
  )
  const endings = await Effect.runPromise(
    Effect.gen(function* () {
      const first = yield* Effect.forEach(plans, (plan, index) => runPlan(plan, index, shared), {
        concurrency: "unbounded"
      })
      return yield* Effect.forEach(
        first,
        (each) =>
          typeof each === "string" ? Effect.succeed(each) : Effect.gen(function* () {
            assert.isNull(each.running.unsafePoll(), "one that waits has ended")
            yield* Scope.close(each.scope, Exit.void)
            return endOf(yield* Fiber.await(each.running))
          })
      )
    }).pipe(Effect.supervised(fibers), Effect.provide(Layer.merge(layer, TestContext.TestContext)))
  )
  for (const [index, ending] of endings.entries()) {
    assert.include(expected(plans[index]!, `code-${index}`), ending, `flow ${index}`)
  }
  for (const [index, tabs] of shared.pages) {
    const words = plans[index]!.end === "granted" ? "Answer received" : `Not signed in to ${index}`
    // The last flow of a port waits for one browser only, and the port closes before the second one.
    const shown = tabs.filter((page) => page !== "")
    assert.isAtLeast(shown.length, 1, `the pages of flow ${index}`)
    for (const page of shown) assert.include(page, words, `the page of flow ${index}`)
  }
  assert.isTrue(await Leaks.canBind(port), "the port can be bound at once")
  for (const client of shared.clients) client.reset()
  assert.deepStrictEqual(await Leaks.leaked(before), [])
  for (const until = Date.now() + 1000; Leaks.unixSockets() > unix && Date.now() < until;) await Leaks.turns(2)
  assert.strictEqual(Leaks.unixSockets(), unix, "Unix sockets")
  assert.deepStrictEqual(Ports.socketFiles(port), [])
  const alive = () => Effect.runSync(fibers.value).filter((fiber) => fiber.unsafePoll() === null).length
  for (const until = Date.now() + 1000; alive() > 0 && Date.now() < until;) await Leaks.turns(1)
  assert.strictEqual(alive(), 0, "fibers are left")
}

const runs = Number(process.env["PORT_RUNS"] ?? 15)
const seed = process.env["PORT_SEED"] === undefined ? {} : { seed: Number(process.env["PORT_SEED"]) }

describe("CallbackFlow", () => {
  it(
    `gives each flow of one port its own answer, and the port back, over ${runs} random interleavings`,
    async () => {
      await check([]) // Loads what is loaded lazily, so that it counts for no run.
      const some = fc.array(plan, { minLength: 1, maxLength: 12 })
      const many = fc.array(plan, { minLength: 150, maxLength: 200 })
      const plans = fc.oneof({ weight: 19, arbitrary: some }, { weight: 1, arbitrary: many })
      await fc.assert(fc.asyncProperty(plans, check), {
        numRuns: runs,
        ...seed,
        endOnFailure: process.env["PORT_SHRINK"] === undefined
      })
    },
    600_000
  )
})
