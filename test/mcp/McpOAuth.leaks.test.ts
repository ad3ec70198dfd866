/**
 * The law of the whole: whatever happens to the sign-in of a server, in whatever order, every request ends as it may end,
 * no refresh token is spent twice, no more windows open than sign-ins were needed, what was healed works again, and after
 * the close nothing is left.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, FastCheck as fc, Fiber, Supervisor } from "effect"
import process from "node:process"
import { pause } from "../fixtures/Harness.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const { call, word } = McpHarness

/** What happens next. `who` is one of the sign-ins of the plan, which share a store. */
type Step =
  | {
    readonly _tag: "request"
    readonly who: number
    readonly path: "/mcp" | "/write"
    readonly abort: number | undefined
  }
  | { readonly _tag: "ensure" | "login"; readonly who: number; readonly interrupt: number | undefined }
  | { readonly _tag: "logout" | "close"; readonly who: number }
  | { readonly _tag: "expire" | "revoke" | "forget" }
  | {
    readonly _tag: "fault"
    readonly at: "token" | "metadata" | "register" | "resource's metadata"
    readonly fault: Fault
  }
  | { readonly _tag: "store"; readonly what: "read" | "write" }
  | { readonly _tag: "person"; readonly says: "yes" | "no" }
  | { readonly _tag: "millis"; readonly count: number }
  | { readonly _tag: "turns"; readonly count: number }

interface Plan {
  /** Somebody signed in in an earlier run. */
  readonly signedIn: boolean
  /** How many `McpOAuth` of one store and key there are. */
  readonly objects: 1 | 2
  /** How late the token endpoint answers. */
  readonly latency: number
  readonly steps: ReadonlyArray<Step>
}

const who = fc.integer({ min: 0, max: 1 })
const early = fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 2 })
const tagged = <A extends Step>(value: fc.Arbitrary<A>, weight: number) => ({ weight, arbitrary: value })
const step: fc.Arbitrary<Step> = fc.oneof(
  tagged(
    fc.record({
      _tag: fc.constant("request" as const),
      who,
      path: fc.constantFrom("/mcp" as const, "/mcp" as const, "/mcp" as const, "/write" as const),
      abort: early
    }),
    10
  ),
  tagged(
    fc.record({ _tag: fc.constantFrom("ensure" as const, "ensure" as const, "login" as const), who, interrupt: early }),
    2
  ),
  tagged(fc.record({ _tag: fc.constant("logout" as const), who }), 1),
  tagged(fc.record({ _tag: fc.constant("close" as const), who }), 1),
  tagged(
    fc.record({ _tag: fc.constantFrom("expire" as const, "expire" as const, "revoke" as const, "forget" as const) }),
    5
  ),
  tagged(
    fc.record({
      _tag: fc.constant("fault" as const),
      at: fc.constantFrom(
        "token" as const,
        "token" as const,
        "metadata" as const,
        "register" as const,
        "resource's metadata" as const
      ),
      fault: fc.constantFrom<Fault>(
        "hang",
        "reset",
        "lost",
        "html",
        { status: 503 },
        { error: "invalid_grant" },
        { error: "invalid_client" },
        { error: "invalid_request" },
        { delayMillis: 30 }
      )
    }),
    3
  ),
  tagged(
    fc.record({ _tag: fc.constant("store" as const), what: fc.constantFrom("read" as const, "write" as const) }),
    1
  ),
  tagged(fc.record({ _tag: fc.constant("person" as const), says: fc.constantFrom("yes" as const, "no" as const) }), 1),
  tagged(fc.record({ _tag: fc.constant("millis" as const), count: fc.integer({ min: 1, max: 40 }) }), 4),
  tagged(fc.record({ _tag: fc.constant("turns" as const), count: fc.integer({ min: 0, max: 6 }) }), 4)
)
const plan: fc.Arbitrary<Plan> = fc.record({
  signedIn: fc.boolean(),
  objects: fc.constantFrom(1 as const, 1 as const, 2 as const),
  latency: fc.constantFrom(0, 5, 20),
  steps: fc.array(step, { minLength: 2, maxLength: 14 })
})

/** How a request may end that nobody aborted. Faults strike the sign-in only, so the network never fails the request. */
const endings = new Set<number | string>([
  200,
  401,
  403,
  "AuthorizationDenied",
  "AuthorizationTimeout",
  "Closed",
  "CredentialStoreError",
  "DiscoveryError",
  "InteractionRequired",
  "RegistrationError",
  "RevocationError",
  "TokenError"
])

const aborted = { _tag: "the reason of the signal" }

/**
 * The most windows a plan may open. One for a first sign-in; one for each thing that makes another needed, or spoils one
 * that a person was in the middle of. A sign-in for `/mcp` may have to be followed by one for more scopes, by each object.
 */
const mostWindows = ({ objects, signedIn, steps }: Plan): number => {
  const spoils =
    steps.filter((one) =>
      ["revoke", "forget", "login", "logout", "close", "fault", "store"].includes(one._tag) ||
      (one._tag === "ensure" && one.interrupt !== undefined) ||
      // Without a refresh token left, an expiry is an end as well.
      (one._tag === "expire" && steps.some(({ _tag }) => _tag === "fault" || _tag === "store"))
    ).length
  // Whoever says no is asked again by the next one who needs it.
  const refused = steps.some((one) => one._tag === "person" && one.says === "no")
    ? steps.filter(({ _tag }) => _tag === "request" || _tag === "ensure").length
    : 0
  const needed = (signedIn ? 0 : 1) + spoils + refused
  const more = steps.some((one) => one._tag === "request" && one.path === "/write")
  // The last requests, after everything was healed, may need one each time.
  return 3 + (more ? (needed + 1) * (1 + objects) : needed)
}

/** A refresh token may come a second time only where its answer could be lost, or could not be stored. */
const mayReuse = ({ objects, steps }: Plan): boolean =>
  steps.some((one) =>
    (one._tag === "fault" && one.at === "token" && one.fault === "lost") ||
    (one._tag === "store" && one.what === "write" && (objects > 1 || steps.some(({ _tag }) => _tag === "close")))
  )

const within = <A>(what: string, millis: number, effect: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.timeoutFailCause(Effect.disconnect(effect), {
    duration: millis,
    onTimeout: () => Cause.die(new Error(`${what} took more than ${millis} ms`))
  })

const runPlan = (plan: Plan, ports: Set<number>): Effect.Effect<void> =>
  Effect.scoped(Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { refreshLatency: plan.latency } })
    const { authorizationServer, server, store } = world
    server.knobs.requiredScopes = ({ path }) => path === "/write" ? ["write"] : []
    if (plan.signedIn) yield* world.signedIn
    const before = world.windows()
    const opened = yield* Effect.all(
      Array.from({ length: plan.objects }, () =>
        world.open({
          requestTimeout: "250 millis",
          callback: { timeout: "300 millis" },
          // What spends a token is waited for until the network gives it up; that is not to take a minute.
          fetch: (url, init) => {
            const signals = [init?.signal, AbortSignal.timeout(2000)]
            return fetch(url, {
              ...init,
              signal: AbortSignal.any(signals.filter((each) => each instanceof AbortSignal))
            })
          }
        }))
    )
    const closed = new Set<number>()
    const running: Array<Fiber.RuntimeFiber<void>> = []
    const index = (one: number) => one % plan.objects

    const request = (one: number, path: string, abort: number | undefined) =>
      Effect.gen(function* () {
        const aborter = new AbortController()
        const timer = abort === undefined ? undefined : setTimeout(() => aborter.abort(aborted), abort)
        const outcome = yield* call(opened[one]!.oauth, `${server.origin}${path}`, {
          method: "POST",
          body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
          signal: aborter.signal
        })
        clearTimeout(timer)
        if (outcome === aborted) assert.isDefined(abort)
        else assert.isTrue(endings.has(word(outcome)), `a request ended with ${word(outcome)}: ${outcome}`)
        return outcome
      })

    const act = (step: Step): Effect.Effect<void> => {
      switch (step._tag) {
        case "request":
          return Effect.map(
            Effect.fork(Effect.asVoid(request(index(step.who), step.path, step.abort))),
            (fiber) => void running.push(fiber)
          )
        case "ensure":
        case "login": {
          const { oauth } = opened[index(step.who)]!
          const effect = Effect.match(oauth[step._tag], {
            onSuccess: () => {},
            onFailure: ({ _tag }) => assert.isTrue(endings.has(_tag), `${step._tag} failed with ${_tag}`)
          })
          const { interrupt } = step
          return Effect.map(
            Effect.fork(
              interrupt === undefined ? effect : Effect.flatMap(
                Effect.fork(effect),
                (fiber) => Effect.zipRight(pause(interrupt), Effect.asVoid(Fiber.interrupt(fiber)))
              )
            ),
            (fiber) => void running.push(fiber)
          )
        }
        case "logout":
          return Effect.map(
            Effect.fork(Effect.ignore(opened[index(step.who)]!.oauth.logout)),
            (fiber) => void running.push(fiber)
          )
        case "close":
          closed.add(index(step.who))
          return within("a close", 1000, opened[index(step.who)]!.close)
        case "expire":
          return Effect.sync(authorizationServer.expireAll)
        case "revoke":
          return Effect.sync(authorizationServer.revokeAll)
        case "forget":
          return Effect.sync(() => {
            for (const { client_id: id } of authorizationServer.clients()) authorizationServer.forgetClient(id)
          })
        case "fault":
          return Effect.sync(() =>
            step.at === "resource's metadata"
              ? server.fail("metadata", step.fault)
              : authorizationServer.fail(step.at, step.fault)
          )
        case "store":
          return Effect.sync(() => store.fail(step.what))
        case "person":
          return Effect.sync(() => {
            authorizationServer.knobs.authorize = step.says === "yes" ? "approve" : { error: "access_denied" }
          })
        case "millis":
          return pause(step.count)
        case "turns":
          return Effect.promise(() => Leaks.turns(step.count))
      }
    }
    for (const step of plan.steps) yield* act(step)
    // The faults that are left must not spoil the check that all works again.
    yield* Effect.forEach(running, (fiber) => within("a request", 15_000, Fiber.join(fiber)))
    authorizationServer.heal()
    authorizationServer.knobs.authorize = "approve"
    server.heal()
    store.heal()
    for (const [one, { oauth }] of opened.entries()) {
      // A sign-in that was in vain is not repeated before the program asks. The first may join what was spoilt before; the
      // next finds a program that the server forgot, gets no further than a page there, and has it registered anew.
      const again = Effect.zipRight(
        within("ensure", 15_000, Effect.ignore(oauth.ensure)),
        within("the last request", 15_000, request(one, "/mcp", undefined))
      )
      let outcome = yield* again
      for (let tries = 1; tries < 3 && outcome !== 200; tries++) outcome = yield* again
      assert.strictEqual(word(outcome), closed.has(one) ? "Closed" : 200, `the last request: ${outcome}`)
    }
    yield* Effect.forEach(opened, ({ close }) => within("the last close", 1000, close), { concurrency: "unbounded" })
    const windows = world.windows() - before
    assert.isAtMost(windows, mostWindows(plan), "windows")
    if (!mayReuse(plan)) assert.strictEqual(authorizationServer.reuses(), 0, "a refresh token was spent twice")
    assert.strictEqual(world.waiting(), 0)
    const writes = store.writes.length
    yield* pause(30)
    assert.strictEqual(store.writes.length, writes, "writes after the close")
    assert.strictEqual(world.windows() - before, windows, "windows after the close")
    for (const { redirectUri } of world.shown) ports.add(Number(new URL(redirectUri).port))
    yield* world.settled
  })).pipe(
    Effect.catchAllCause((cause) => Effect.dieMessage(`${JSON.stringify(plan)}: ${Cause.pretty(cause)}`))
  )

const runs = Math.ceil(Number(process.env["LEAK_RUNS"] ?? 1000) / 50)
const seed = process.env["LEAK_SEED"] === undefined ? {} : { seed: Number(process.env["LEAK_SEED"]) }

const check = async (plans: ReadonlyArray<Plan>): Promise<void> => {
  const before = Leaks.held()
  const ports = new Set<number>()
  const fibers = Effect.runSync(Supervisor.track)
  await Effect.runPromise(
    Effect.forEach(plans, (one) => runPlan(one, ports), { concurrency: "unbounded", discard: true }).pipe(
      Effect.supervised(fibers)
    )
  )
  assert.deepStrictEqual(await Leaks.leaked(before), [])
  const alive = () => Effect.runSync(fibers.value).filter((fiber) => fiber.unsafePoll() === null).length
  for (const until = Date.now() + 1000; alive() > 0 && Date.now() < until;) await Leaks.turns(1)
  assert.strictEqual(alive(), 0, "fibers are left")
  for (const port of ports) assert.isTrue(await Leaks.canBind(port), `port ${port} cannot be bound again`)
}

describe("McpOAuth", () => {
  it(
    `ends every request and leaves nothing, over ${runs} random interleavings`,
    async () => {
      await check([]) // Loads what is loaded lazily, so that it counts for no run.
      await fc.assert(fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), check), {
        numRuns: runs,
        ...seed,
        endOnFailure: process.env["LEAK_SHRINK"] === undefined
      })
    },
    600_000
  )
})
