import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type FetchLike, HostedSignIn, type Target, TargetRefused } from "../../src/hosted.ts"
import * as HostedWorld from "../fixtures/HostedWorld.ts"

/** Answers from a table, and writes down where it was sent. */
const scripted = (answers: Readonly<Record<string, () => Response>>) => {
  const sent: Array<string> = []
  const fetch: FetchLike = (url) => {
    sent.push(String(url))
    return Promise.resolve(answers[String(url)]?.() ?? new Response(null, { status: 404 }))
  }
  return { fetch, sent }
}

const json = (document: object) => () => new Response(JSON.stringify(document), { status: 200 })
const names: Readonly<Record<string, ReadonlyArray<string>>> = { "inner.example": ["8.8.8.8", "10.0.0.7"] }
const resolve = (name: string) => Promise.resolve(names[name] ?? ["93.184.215.14"])

const server = "https://mcp.example/mcp"
const metadata = (issuer: string) => ({
  "https://mcp.example/.well-known/oauth-protected-resource/mcp": json({
    resource: server,
    authorization_servers: [issuer]
  })
})
const serverOf = (issuer: string, fields: object = {}) => ({
  [`${issuer}/.well-known/oauth-authorization-server`]: json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ["S256"],
    ...fields
  })
})

describe("the guard of a hosted sign-in", () => {
  /** Begins, and gives the error. */
  const refusedBy = (answers: Readonly<Record<string, () => Response>>, serverUrl = server) =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const { fetch, sent } = scripted(answers)
      const machine = yield* world.machine({ guard: undefined, fetch, resolve })
      const error = yield* Effect.flip(machine.begin({ serverUrl, account: "ann" }))
      return { error, sent }
    })

  it.scopedLive("asks no server that a person names in a private network", () =>
    Effect.gen(function* () {
      for (
        const url of ["https://10.0.0.1/mcp", "https://inner.example/", "https://[fd00:ec2::254]/", "https://nas/"]
      ) {
        const { error, sent } = yield* refusedBy({}, url)
        assert.instanceOf(error, TargetRefused, url)
        assert.deepStrictEqual(sent, [])
      }
    }))

  it.scopedLive("asks no authorization server there, no registration endpoint, and follows no redirect there", () =>
    Effect.gen(function* () {
      const issuer = "https://auth.example"
      const inner = yield* refusedBy(metadata("https://inner.example"))
      const registers = yield* refusedBy({
        ...metadata(issuer),
        ...serverOf(issuer, { registration_endpoint: "https://inner.example/register" })
      })
      const redirects = yield* refusedBy({
        [server]: () => new Response(null, { status: 307, headers: { location: "https://inner.example/" } })
      })
      for (const { error, sent } of [inner, registers, redirects]) {
        assert.instanceOf(error, TargetRefused)
        assert.isNotEmpty(sent)
        assert.isEmpty(sent.filter((url) => url.includes("inner.example")))
      }
    }))

  it.scopedLive("sends no code to a token endpoint there, where the name has moved since", () =>
    Effect.gen(function* () {
      const issuer = "https://auth.example"
      const world = yield* HostedWorld.make()
      const { fetch, sent } = scripted({
        ...metadata(issuer),
        ...serverOf(issuer),
        [`${issuer}/register`]: () => new Response(JSON.stringify({ client_id: "one" }), { status: 201 })
      })
      let moved = false
      const machine = yield* world.machine({
        guard: undefined,
        fetch,
        resolve: () => Promise.resolve(moved ? ["169.254.169.254"] : ["93.184.215.14"])
      })
      const { url } = yield* machine.begin({ serverUrl: server, account: "ann" })
      moved = true
      const state = url.searchParams.get("state")
      const before = sent.length
      const shown = yield* HostedWorld.visit(machine, `${HostedWorld.redirectUri}?code=c0de&state=${state}`)
      assert.strictEqual(shown.status, 500)
      assert.strictEqual(sent.length, before)
      const [outcome] = world.outcomes
      assert.isTrue(outcome?._tag === "Failed" && outcome.error instanceof TargetRefused)
    }))

  it.live("is the caller's own where there is one, which may build on the default; what it throws is a no", () =>
    Effect.gen(function* () {
      const world = yield* Effect.scoped(HostedWorld.make())
      const asked: Array<Target> = []
      const { fetch, sent } = scripted({})
      const machine = yield* world.machine({
        fetch,
        resolve,
        guard: (target) => {
          asked.push(target)
          if (target.url.hostname === "throws.example") throw new Error("no")
          return Promise.resolve(target.url.hostname === "inner.example" || HostedSignIn.isPublic(target))
        }
      })
      const tried = (url: string) =>
        Effect.either(Effect.tryPromise({ try: () => machine.fetch(url), catch: (error) => error as TargetRefused }))
      assert.strictEqual((yield* tried("https://inner.example/a"))._tag, "Right")
      assert.strictEqual((yield* tried("https://mcp.example/b"))._tag, "Right")
      for (const url of ["http://mcp.example/", "https://10.0.0.1/", "https://throws.example/"]) {
        const refused = yield* Effect.flatMap(tried(url), Effect.flip)
        assert.strictEqual(refused.reason, "Guard")
      }
      assert.deepStrictEqual(sent, ["https://inner.example/a", "https://mcp.example/b"])
      assert.deepStrictEqual(asked[0]?.addresses, ["8.8.8.8", "10.0.0.7"])
      assert.deepStrictEqual(asked[3]?.addresses, ["10.0.0.1"])
    }))

  it.live("hands each redirect to who calls, so that it is checked before it is followed", () =>
    Effect.gen(function* () {
      const world = yield* Effect.scoped(HostedWorld.make())
      const modes: Array<unknown> = []
      const machine = yield* world.machine({
        guard: () => true,
        resolve,
        fetch: (_, init) => {
          modes.push(init?.redirect)
          return Promise.resolve(new Response())
        }
      })
      for (const init of [undefined, { redirect: "follow" }, { redirect: "manual" }, { redirect: "error" }] as const) {
        yield* Effect.promise(() => machine.fetch("https://mcp.example/", init))
      }
      assert.deepStrictEqual(modes, ["manual", "manual", "manual", "error"])
    }))

  it.live("looks names up by the system: one of this machine is refused under any name", () =>
    Effect.gen(function* () {
      const world = yield* Effect.scoped(HostedWorld.make())
      const asked: Array<Target> = []
      const machine = yield* world.machine({ guard: (target) => asked.push(target) === 0 })
      yield* Effect.exit(Effect.tryPromise(() => machine.fetch("http://localhost:1/")))
      assert.isNotEmpty(asked[0]?.addresses)
      for (const address of asked[0]?.addresses ?? []) assert.include(["127.0.0.1", "::1"], address)
    }))
})
