import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import { inspect } from "node:util"
import { InvalidOptions } from "../../src/hosted.ts"
import * as HostedWorld from "../fixtures/HostedWorld.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

const answer = "/oauth/callback?code=private-code&state=private-state"

/** A request as `node:http` and Express give it. */
const incoming = (url: string): IncomingMessage =>
  Object.assign(new IncomingMessage(new Socket()), { method: "GET", url, headers: { host: "agent.example" } })

/** What a program may pass where a `Request` belongs. */
const others: Readonly<Record<string, unknown>> = {
  "of node:http": incoming(answer),
  "of node:http behind a proxy": incoming(`https://agent.example${answer}`),
  "that has a header get": Object.assign(incoming(`https://agent.example${answer}`), { headers: { get: "x" } }),
  "without a whole URL": { url: answer, method: "GET", headers: new Headers() },
  "whose URL is an object": { url: new URL(answer, "https://agent.example"), method: "GET", headers: new Headers() },
  "of a router, with the request inside": { req: { raw: HostedWorld.get(`https://agent.example${answer}`) } },
  "that is an address": `https://agent.example${answer}`,
  "that is nothing": undefined
}

describe("a request of another kind", () => {
  for (const [name, request] of Object.entries(others)) {
    it.scopedLive(`${name}: a defect that says what to do, and holds nothing of it`, () =>
      Effect.gen(function* () {
        const world = yield* HostedWorld.make()
        const recorder = SpanRecorder.make()
        const machine = yield* world.machine()
        const exit = yield* Effect.exit(Effect.withTracer(machine.handle(request as Request), recorder.tracer))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(defect, InvalidOptions)
        assert.strictEqual(defect.option, "request")
        assert.include(defect.message, "nodeRequest.ts")
        assert.include(recorder.names, "HostedSignIn.handle")
        const told = [inspect(exit, { depth: 9 }), JSON.stringify(exit), String(exit), defect.message, recorder.text()]
        assert.notInclude(told.join("\n"), "private")
        assert.deepStrictEqual(world.outcomes, [])
      }))
  }

  it.scopedLive("is one that only looks like a Request, as another library's: it is answered", () =>
    Effect.gen(function* () {
      const world = yield* HostedWorld.make()
      const { headers, method, url } = HostedWorld.get(`https://agent.example${answer}`)
      const shown = yield* HostedWorld.ask(yield* world.machine(), { headers, method, url } as Request)
      assert.strictEqual(shown.status, 400)
    }))
})
