/** A flow ends, and leaves nothing, at whichever of its steps its caller is interrupted. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer } from "effect"
import { CallbackFlow, type CallbackServer, type PasteInput, type Presenter } from "../../src/index.ts"
import * as Harness from "../fixtures/Harness.ts"
import { interruptedAt, type Options } from "../fixtures/InterruptAtEachStep.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as TestLayers from "../fixtures/TestLayers.ts"

type Services = CallbackServer | PasteInput | Presenter

/** Sign-ins in a flow of their own. Those that wait end by nothing but the interrupt. */
interface Kind {
  readonly waits: boolean
  readonly signIn: (paste: boolean) => Effect.Effect<unknown, unknown, Services>
}

/** Brings the answer as soon as the URL is shown. */
const answered = (flow: CallbackFlow) => () => Effect.orDie(flow.submit(Harness.answerFor(flow, { code: "c" }).href))

const kinds: Readonly<Record<string, Kind>> = {
  "that waits": {
    waits: true,
    signIn: (paste) => CallbackFlow.run({ paste }, (flow) => flow.authorize({ url: Harness.urlFor(flow) }))
  },
  "that waits for its turn": {
    waits: true,
    signIn: (paste) =>
      CallbackFlow.run({ paste }, (flow) => flow.authorize({ url: Harness.urlFor(flow), turn: Effect.never }))
  },
  "that waits, and what shows it never returns": {
    waits: true,
    signIn: (paste) =>
      CallbackFlow.run(
        { paste, host: "localhost" },
        (flow) => flow.authorize({ url: Harness.urlFor(flow), present: () => Effect.never })
      )
  },
  "that is answered": {
    waits: false,
    signIn: (paste) =>
      CallbackFlow.run({ paste }, (flow) => flow.authorize({ url: Harness.urlFor(flow), present: answered(flow) }))
  },
  "that is answered before it waits": {
    waits: false,
    signIn: (paste) =>
      CallbackFlow.run(
        { paste },
        (flow) => Effect.zipRight(answered(flow)(), flow.authorize({ url: Harness.urlFor(flow) }))
      )
  },
  "with an exchange that takes no time": {
    waits: false,
    signIn: (paste) =>
      CallbackFlow.run(
        { paste },
        (flow) => flow.authorize({ url: Harness.urlFor(flow), present: answered(flow), exchange: () => Effect.void })
      )
  },
  "with an exchange that takes its time": {
    waits: false,
    signIn: (paste) =>
      CallbackFlow.run(
        { paste },
        (flow) =>
          flow.authorize({ url: Harness.urlFor(flow), present: answered(flow), exchange: () => Harness.pause(2) })
      )
  },
  "with an exchange that never ends": {
    waits: true,
    signIn: (paste) =>
      CallbackFlow.run(
        { paste },
        (flow) => flow.authorize({ url: Harness.urlFor(flow), present: answered(flow), exchange: () => Effect.never })
      )
  }
}

/** Interrupts at each step in turn; those at which something is wrong, and how many steps there were. */
const tryAll = <R>(effect: Effect.Effect<unknown, unknown, R>, left: () => number, options: Options) =>
  Effect.gen(function* () {
    const wrong: Array<string> = []
    for (let step = 0;; step++) {
      const { ended, steps } = yield* interruptedAt(step, effect, options)
      if (!ended) wrong.push(`it hangs at step ${step}`)
      else if (left() > 0) wrong.push(`it leaves ${left()} listeners at step ${step}`)
      if (steps <= step) return { wrong, steps: step }
    }
  })

/**
 * A clock on which nothing ever rings. `Effect.sleep` of Effect 3.22 leaves its timer behind when it is interrupted between
 * setting it and waiting for it; without it every timer that is left is one of ours.
 */
const stillClock: Clock.Clock = Object.assign(Object.create(Clock.make()), { sleep: () => Effect.never })

/** Fibers beside the test's. What Effect disconnects goes on for a moment. */
const fibersLeft = (before: ReadonlySet<unknown>) =>
  Effect.promise(async () => {
    const left = () => Fiber.unsafeRoots().filter((fiber) => !before.has(fiber)).length
    for (const until = Date.now() + 1000; left() > 0 && Date.now() < until;) await Leaks.turns(2)
    return left()
  })

describe("a flow", () => {
  for (const [kind, { signIn, waits }] of Object.entries(kinds)) {
    for (const paste of [true, false]) {
      for (const which of ["own", "all"] as const) {
        const whose = which === "own" ? "of its caller's steps" : "step of any of its fibers"
        it.live(`${kind}, ${paste ? "with" : "without"} paste, ends at each ${whose}`, () =>
          Effect.gen(function* () {
            const { layer, listeners } = yield* TestLayers.make
            const before = new Set<unknown>(Fiber.unsafeRoots())
            // Built before: to be interrupted while layers are merged is what Effect itself hangs at.
            const services = yield* Effect.scoped(Layer.build(layer))
            const effect = Effect.provide(signIn(paste), services)
            const { steps, wrong } = yield* tryAll(effect, listeners, { of: which, ...(waits && { quiet: 30 }) })
            assert.deepStrictEqual(wrong, [])
            assert.isAbove(steps, 100, "it was not interrupted at all")
            assert.strictEqual(yield* fibersLeft(before), 0)
          }), 120_000)
      }
    }
  }
})

describe("a flow on a real listener", () => {
  for (const kind of ["that waits", "with an exchange that takes its time"] as const) {
    it.scopedLive(`${kind} ends at each step of any of its fibers, and leaves nothing`, () =>
      Effect.gen(function* () {
        const services = yield* Layer.build((yield* Harness.make).layer)
        const { signIn, waits } = kinds[kind]!
        // Loads what is loaded lazily.
        yield* Effect.provide(CallbackFlow.run({}, () => Effect.void), services)
        const before = Leaks.held()
        const { steps, wrong } = yield* tryAll(
          Effect.withClock(Effect.provide(signIn(true), services), stillClock),
          () => 0,
          { of: "all", ...(waits && { quiet: 400 }) }
        )
        assert.deepStrictEqual(wrong, [])
        assert.isAbove(steps, 100, "it was not interrupted at all")
        assert.deepStrictEqual(yield* Effect.promise(() => Leaks.leaked(before)), [])
      }), 180_000)
  }
})
