/** Several flows behind one address of a server that is the user's own. */
import { HttpRouter } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { createServer } from "node:http"
import { CallbackFlow, type OpenOptions } from "../../src/index.ts"
import { makeHttpApp } from "../../src/platform.ts"
import { answerFor, urlFor } from "../fixtures/Harness.ts"
import { nobody } from "../fixtures/nobody.ts"
import * as RawClient from "../fixtures/RawClient.ts"

/** A server of the user's with the callback mounted, and what sends requests to it. */
const mounted = Effect.gen(function* () {
  const { httpApp, layer } = makeHttpApp({ redirectUri: "https://agent.example/oauth/callback" })
  const router = HttpRouter.empty.pipe(HttpRouter.all("/oauth/callback", httpApp))
  const server = yield* NodeHttpServer.make(() => createServer(), { host: "127.0.0.1", port: 0 })
  yield* server.serve(router)
  const port = server.address._tag === "TcpAddress" ? server.address.port : 0
  const ask = (url: URL | string, host = "agent.example", follow = true) =>
    Effect.promise(() =>
      RawClient.get(port, typeof url === "string" ? url : `${url.pathname}${url.search}`, {
        host,
        headers: { connection: "close" },
        follow
      })
    )
  const post = (body: string, follow = true) =>
    Effect.promise(() =>
      RawClient.get(port, "/oauth/callback", {
        method: "POST",
        host: "agent.example",
        headers: { connection: "close", "content-type": "application/x-www-form-urlencoded" },
        body,
        follow
      })
    )
  const open = (options: OpenOptions) => Effect.provide(CallbackFlow.open(options), Layer.merge(layer, nobody))
  return { ask, post, open }
})

describe("makeHttpApp", () => {
  it.live("gives each flow its own answer, by state, behind one redirect URI", () =>
    Effect.scoped(Effect.gen(function* () {
      const { ask, open } = yield* mounted
      const flows = yield* Effect.forEach([0, 1, 2], () => open({}))
      const waiting = yield* Effect.forEach(
        flows,
        (flow) => Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
      )
      for (const [index, flow] of [...flows.entries()].reverse()) {
        assert.strictEqual(flow.redirectUri, "https://agent.example/oauth/callback")
        const page = yield* ask(answerFor(flow, { code: `code-${index}` }))
        assert.strictEqual(RawClient.statusOf(page), 200)
      }
      const granted = yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(granted.map(({ code }) => Redacted.value(code)), ["code-0", "code-1", "code-2"])
    })))
  it.live("sends each browser on to its own flow's page, beside the callback", () =>
    Effect.scoped(Effect.gen(function* () {
      const { ask, open } = yield* mounted
      const flows = yield* Effect.forEach([0, 1, 2], () => open({}))
      const running = yield* Effect.forEach(flows, (flow, index) =>
        Effect.fork(Effect.exit(flow.authorize({
          url: urlFor(flow),
          present: false,
          serverName: `server ${index}`,
          exchange: () => index === 1 ? Effect.fail("no") : Effect.void
        }))))
      const locations = yield* Effect.forEach(
        flows,
        (flow, index) =>
          Effect.map(ask(answerFor(flow, { code: `s3cret-${index}` }), "agent.example", false), (sentOn) => {
            assert.strictEqual(RawClient.statusOf(sentOn), 303)
            assert.notInclude(sentOn, "s3cret")
            assert.notInclude(sentOn, Redacted.value(flow.state))
            return RawClient.locationOf(sentOn) ?? ""
          })
      )
      yield* Effect.forEach(running, Fiber.join)
      assert.strictEqual(new Set(locations).size, 3)
      for (const [index, location] of locations.entries()) {
        assert.match(location, /^\?done=[0-9a-f]{32}$/)
        for (const _ of ["first", "reload"]) {
          const page = yield* ask(`/oauth/callback${location}`)
          assert.strictEqual(RawClient.statusOf(page), index === 1 ? 500 : 200)
          assert.include(page, `${index === 1 ? "Not signed in" : "Signed in"} to server ${index}<`)
        }
      }
      assert.strictEqual(RawClient.statusOf(yield* ask(`/oauth/callback${locations[0]}x`)), 400)
    })))
  it.live("refuses another host and another state, and every waiting flow counts it", () =>
    Effect.scoped(Effect.gen(function* () {
      const { ask, open } = yield* mounted
      const flow = yield* open({})
      const own = answerFor(flow, { code: "c" })
      assert.strictEqual(RawClient.statusOf(yield* ask(own, "rebound.example")), 421)
      assert.strictEqual(RawClient.statusOf(yield* ask("/oauth/callback?state=x&code=y")), 400)
      const refused = yield* flow.refusals.pipe(Stream.take(2), Stream.runCollect)
      assert.deepStrictEqual(Array.from(refused, ({ reason }) => reason), ["WrongHost", "StateMismatch"])
    })))
  it.live("takes no host but that of its redirect URI, and no path but its own", () =>
    Effect.scoped(Effect.gen(function* () {
      const { ask, open } = yield* mounted
      const flow = yield* open({})
      const own = answerFor(flow, { code: "c" })
      for (const host of ["127.0.0.1:443", "localhost:443", "[::1]:443", "127.0.0.1"]) {
        assert.strictEqual(RawClient.statusOf(yield* ask(own, host)), 421, host)
      }
      assert.strictEqual(RawClient.statusOf(yield* ask(`/callback${own.search}`)), 404)
    })))
  it.live("gives a posted form to the flow it names, beside one that takes none", () =>
    Effect.scoped(Effect.gen(function* () {
      const { open, post } = yield* mounted
      yield* open({})
      const flow = yield* open({ responseMode: "form_post" })
      const waiting = yield* Effect.fork(flow.authorize({ url: urlFor(flow), present: false }))
      const form = answerFor(flow, { code: "posted" }).search.slice(1)
      assert.strictEqual(RawClient.statusOf(yield* post(form)), 200)
      assert.strictEqual(Redacted.value((yield* Fiber.join(waiting)).code), "posted")
      const sentOn = yield* post(form, false)
      assert.strictEqual(RawClient.statusOf(sentOn), 303)
      assert.match(RawClient.locationOf(sentOn) ?? "", /^\?done=[0-9a-f]{32}$/)
    })))
  it.live("answers 404 when no flow waits, and forgets a flow that has ended", () =>
    Effect.scoped(Effect.gen(function* () {
      const { ask, open } = yield* mounted
      assert.strictEqual(RawClient.statusOf(yield* ask("/oauth/callback?state=x&code=y")), 404)
      const answer = yield* Effect.scoped(Effect.map(open({}), (flow) => answerFor(flow, { code: "c" })))
      assert.strictEqual(RawClient.statusOf(yield* ask(answer)), 404)
    })))
  it.live("fails with InvalidOptions for a redirect URI that is none", () =>
    Effect.scoped(Effect.gen(function* () {
      const { layer } = makeHttpApp({ redirectUri: "nonsense" })
      const error = yield* Effect.flip(Effect.provide(CallbackFlow.open(), Layer.merge(layer, nobody)))
      assert.strictEqual(error.reason, "InvalidOptions")
    })))
})
