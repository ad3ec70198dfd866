import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, MetricState, Redacted } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { CallbackFlow } from "../../src/flow/CallbackFlow.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as HostedWorld from "../fixtures/HostedWorld.ts"

type Counts = Readonly<Record<string, number>>

/** The counts of our metrics, by name and labels. They are of the whole process: a test looks at what was added. */
const counts: Effect.Effect<Counts> = Effect.map(
  Metric.snapshot,
  (pairs) =>
    Object.fromEntries(
      pairs.flatMap(({ metricKey, metricState }) =>
        MetricState.isCounterState(metricState) && /oauth/.test(metricKey.name)
          ? [[
            [metricKey.name, ...metricKey.tags.map(({ key, value }) => `${key}=${value}`)].join(" "),
            Number(metricState.count)
          ]]
          : []
      )
    )
)

const added = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Counts, E, R> =>
  Effect.gen(function* () {
    const before = yield* counts
    yield* effect
    const after = yield* counts
    return Object.fromEntries(
      Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
        .filter(([, count]) => count !== 0)
    )
  })

const { urlFor } = Harness
const submit = (flow: CallbackFlow, query: string) =>
  flow.submit(`${flow.redirectUri}?${query}&state=${Redacted.value(flow.state)}`)
const signIn = (query: string, timeout = "1 minute" as "1 minute" | "1 millis") =>
  Effect.exit(CallbackFlow.run({ paste: false }, (flow) =>
    flow.authorize({
      url: urlFor(flow),
      timeout,
      present: () => query === "" ? Effect.never : Effect.orDie(submit(flow, query))
    })))

describe("the metrics of flows", () => {
  it.scopedLive("count each sign-in once, by how it ended, however many run at once", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const all = Effect.forEach(
        Array.from({ length: 10 }),
        () =>
          [signIn("code=hunter2"), signIn("error=access_denied"), signIn("iss=x"), signIn("", "1 millis")]
            .reduce((left, right) => Effect.zipRight(left, right, { concurrent: true })),
        { concurrency: "unbounded" }
      )
      const count = yield* Effect.provide(added(all), layer)
      assert.deepStrictEqual(count, {
        "oauth_callback_sign_ins outcome=granted via=paste": 10,
        "oauth_callback_sign_ins outcome=denied via=paste": 10,
        "oauth_callback_sign_ins outcome=invalid_response via=paste": 10,
        "oauth_callback_sign_ins outcome=timed_out via=none": 10
      })
      assert.notInclude(JSON.stringify(yield* Metric.snapshot), "hunter2")
    }))

  it.scopedLive("count each refused text once, and nothing of it", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const junk = CallbackFlow.run({ paste: false }, (flow) =>
        Effect.all([Effect.ignore(flow.submit("hunter2")), Effect.ignore(flow.submit(`${flow.redirectUri}?code=c`))], {
          concurrency: "unbounded"
        }))
      const count = yield* Effect.provide(added(junk), layer)
      assert.strictEqual(
        Object.values(count).reduce((sum, each) =>
          sum + each, 0),
        2,
        JSON.stringify(count)
      )
      assert.strictEqual(count["oauth_callback_refusals reason=StateMissing via=paste"], 1)
    }))

  it.scopedLive("count the sign-ins and the refusals of a web service too", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const machine = yield* world.machine()
      const address = Effect.flatMap(world.begin(machine), world.authorize)
      const count = yield* added(Effect.gen(function* () {
        yield* HostedWorld.visit(machine, yield* address)
        yield* HostedWorld.visit(machine, `${yield* address}&iss=https://evil.example`)
        world.authorizationServer.knobs.authorize = { error: "access_denied" }
        const denied = yield* address
        yield* HostedWorld.visit(machine, denied)
        yield* HostedWorld.ask(machine, HostedWorld.get(`${HostedWorld.redirectUri}?code=x`))
      }))
      const { "mcp_oauth_registrations outcome=registered": _, ...ofFlows } = count
      assert.deepStrictEqual(ofFlows, {
        "oauth_callback_refusals reason=StateMissing via=http": 1,
        "oauth_callback_sign_ins outcome=denied via=http": 1,
        "oauth_callback_sign_ins outcome=granted via=http": 1,
        "oauth_callback_sign_ins outcome=invalid_response via=http": 1
      })
    }))
})

it("the guide has every span and metric of the sources, and no other", () => {
  const guide = readFileSync(".github/OBSERVABILITY.md", "utf8")
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`src/${name}`, "utf8")).join("\n")
  const inSources = [
    ...sources.matchAll(/withSpan\("([\w.]+)"/g),
    ...sources.matchAll(/"((?:oauth_callback|mcp_oauth)_\w+)"/g)
  ].map(([, name]) => name).sort()
  const inGuide = [...guide.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name).sort()
  assert.deepStrictEqual(inGuide, inSources)
})
