import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, FastCheck, Option } from "effect"
import type { HostedSignIn } from "../../src/hosted.ts"
import { PendingStore } from "../../src/hosted.ts"
import * as HostedWorld from "../fixtures/HostedWorld.ts"

const { ask, get, visit } = HostedWorld

/** One thing that happens. Numbers choose the person and the machine. */
type Step = readonly [what: "answer" | "junk" | "page" | "state", person: number, machine: number]

const steps = FastCheck.array(
  FastCheck.tuple(
    FastCheck.constantFrom("answer" as const, "answer" as const, "junk" as const, "page" as const, "state" as const),
    FastCheck.nat(3),
    FastCheck.nat(1)
  ),
  { minLength: 4, maxLength: 16 }
)

describe("HostedSignIn on several machines", () => {
  it.scopedLive("spends each code once and signs everybody in who answered, in whatever order requests come", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machines = [yield* world.machine(), yield* world.machine()] as const
      const at = (index: number): HostedSignIn => machines[index] ?? machines[0]
      let round = 0
      const run = (order: ReadonlyArray<Step>) =>
        Effect.gen(function* () {
          const prefix = `round ${round++}`
          const before = world.authorizationServer.count("token")
          const accounts = Array.from({ length: 4 }, (_, person) => `${prefix} person ${person}`)
          const addresses = yield* Effect.forEach(accounts, (account, index) =>
            Effect.flatMap(world.begin(at(index % 2), account), world.authorize))
          const act = ([what, person, machine]: Step) => {
            const address = addresses[person] ?? ""
            const state = new URL(address).searchParams.get("state")
            switch (what) {
              case "answer":
                return visit(at(machine), address, {}, at(1 - machine))
              case "junk":
                return ask(at(machine), get(address, { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" }))
              case "page":
                return ask(at(machine), get(`${HostedWorld.redirectUri}?done=${"A".repeat(43)}`))
              case "state":
                return ask(at(machine), get(`${HostedWorld.redirectUri}?code=x&state=${state?.replace(/^./, "f")}0`))
            }
          }
          const shown = yield* Effect.forEach(order, act, { concurrency: "unbounded" })
          order.forEach(([what], index) => {
            if (what === "answer") {
              assert.match(shown[index]?.title ?? "", /^Signed in to/)
            }
          })
          const answered = new Set(order.flatMap(([what, person]) =>
            what === "answer" ? [person] : []
          ))
          assert.strictEqual(world.authorizationServer.count("token") - before, answered.size)
          for (const [person, account] of accounts.entries()) {
            const stored = yield* world.credentials.load({ serverUrl: world.server.url, account })
            assert.strictEqual(Option.isSome(stored), answered.has(person))
          }
        })
      const check = FastCheck.asyncProperty(steps, (order) => Effect.runPromise(run(order)))
      yield* Effect.promise(() => FastCheck.assert(check, { numRuns: 8, endOnFailure: true }))
      assert.strictEqual(world.authorizationServer.count("register"), 1)
    }))

  it.scopedLive("waits for the exchange of another machine, and shows its outcome", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const [one, two] = [yield* world.machine(), yield* world.machine()]
      const address = yield* world.authorize(yield* world.begin(one))
      const events: Array<string> = []
      world.authorizationServer.knobs.meanwhile = async ({ endpoint }, moment) => {
        if (endpoint !== "token" || moment !== "received") return
        events.push("token")
        // The same answer comes again while the code is exchanged.
        void Effect.runPromise(Effect.map(visit(two, address), ({ title }) => events.push(title)))
        await new Promise((resolve) => setTimeout(resolve, 300))
        events.push("exchanged")
      }
      const shown = yield* visit(one, address)
      assert.match(shown.title, /^Signed in/)
      yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => events.length >= 3 })
      assert.deepStrictEqual(events.slice(0, 2), ["token", "exchanged"])
      assert.match(events[2] ?? "", /^Signed in/)
      assert.strictEqual(world.authorizationServer.count("token"), 1)
    }))

  it.scopedLive("goes on when the browser goes away while the code is exchanged", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const address = yield* world.authorize(yield* world.begin(machine))
      let isAsked = () => {}
      const asked = new Promise<void>((resolve) => isAsked = resolve)
      let goOn = () => {}
      const going = new Promise<void>((resolve) => goOn = resolve)
      world.authorizationServer.knobs.meanwhile = async ({ endpoint }, moment) => {
        if (endpoint !== "token" || moment !== "received") return
        isAsked()
        await going
      }
      const gone = new AbortController()
      const handled = Effect.runPromiseExit(machine.handle(get(address)), { signal: gone.signal })
      yield* Effect.promise(() => asked)
      gone.abort()
      yield* Effect.promise(() => handled)
      goOn()
      assert.match((yield* visit(machine, address)).title, /^Signed in/)
      assert.strictEqual(world.authorizationServer.count("token"), 1)
    }))

  it.scopedLive(
    "signs a person in whose answer came to a machine that ended before it took the sign-in",
    () =>
      Effect.gen(function* () {
        const world = yield* HostedWorld.make()
        const gone = yield* Deferred.make<Option.Option<never>>()
        const taking = yield* Deferred.make<void>()
        const killed = yield* world.machine({
          store: {
            ...world.pending,
            take: () => Effect.zipRight(Deferred.succeed(taking, undefined), Deferred.await(gone))
          }
        })
        yield* Effect.addFinalizer(() => Deferred.succeed(gone, Option.none()))
        const address = yield* world.authorize(yield* world.begin(killed))
        yield* Effect.fork(ask(killed, get(address)))
        yield* Deferred.await(taking)
        const machine = yield* world.machine()
        // Both look for a page first, and one takes the sign-in.
        const shown = yield* Effect.forEach([1, 2], () => visit(machine, address), { concurrency: 2 })
        for (const { title } of shown) assert.notMatch(title, /^Not/)
        assert.isTrue(shown.some(({ title }) => title.startsWith("Signed in")))
        assert.strictEqual(world.authorizationServer.count("token"), 1)
      }),
    30_000
  )

  it.scopedLive("refuses an answer that comes too late, and one that is new to this machine's store", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      // Whether or not the store forgets in time.
      const late = yield* world.machine({
        store: { ...world.pending, putIfAbsent: (key, text) => world.pending.putIfAbsent(key, text, Duration.hours(1)) }
      })
      const begun = yield* world.begin(late, "ann", { timeout: "20 millis" })
      const address = yield* world.authorize(begun)
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => Date.now() > begun.expiresAt })
      assert.strictEqual((yield* visit(machine, address)).title, "Not the current sign-in")
      const alone = yield* world.machine({ store: yield* PendingStore.memory() })
      const other = yield* world.authorize(yield* world.begin(machine))
      assert.strictEqual((yield* visit(alone, other)).title, "Not the current sign-in")
      assert.match((yield* visit(machine, other)).title, /^Signed in/)
      assert.strictEqual(world.authorizationServer.count("token"), 1)
    }))
})
