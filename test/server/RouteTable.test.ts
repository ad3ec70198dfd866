/** The flows behind one address: which one a request goes to, who hears of one that names none, and what stays after the end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope, TestClock } from "effect"
import { text } from "../../src/core/oauth/Answer.ts"
import type { RequestHead } from "../../src/core/oauth/RequestHead.ts"
import * as RouteTable from "../../src/server/RouteTable.ts"
import { serveFlow } from "../../src/server/serveFlow.ts"
import type { CallbackRoute, Reply } from "../../src/services/CallbackServer.ts"

const get = (target: string): RequestHead => ({ method: "GET", target, hosts: ["127.0.0.1"], header: () => undefined })

/** A flow that takes its own `state` and its own last page, and refuses all else. */
const flow = (name: string, path = "/callback") => {
  const overheard: Array<string> = []
  const handled: Array<string> = []
  const route: CallbackRoute = {
    state: Redacted.make(`state-${name}`),
    done: `done-${name}`,
    paths: new Set([path]),
    takesForms: false,
    overhear: (reason) => void overheard.push(reason),
    handle: ({ target }) => {
      handled.push(target)
      const isOwn = target.includes(`state-${name}`) || target.includes(`done-${name}`)
      return isOwn
        ? { _tag: "Answer", answer: text(200, name) }
        : { _tag: "Answer", answer: text(400, name), refused: "StateMismatch" }
    },
    refuse: () => text(431, name)
  }
  return { route, overheard, handled }
}

/** The status, and who answered. */
const said = (reply: Reply): string =>
  reply._tag === "Answer" ? `${reply.answer.status} ${reply.answer.body.trim()}` : reply._tag

describe("the flows behind one address", () => {
  it("get what carries their state, or asks for their last page, and no other is asked", () => {
    const routes = RouteTable.make()
    const flows = ["a", "b", "c"].map((name) => flow(name))
    for (const { route } of flows) routes.add(route)
    assert.strictEqual(said(routes.handle(get("/callback?state=state-b&code=c"))), "200 b")
    assert.strictEqual(said(routes.handle(get("/done/done-c"))), "200 c")
    assert.deepStrictEqual(flows.map(({ handled }) => handled.length), [0, 1, 1])
    assert.isTrue(routes.knows(get("/callback?state=state-a")))
    for (const target of ["/callback?state=x", "/callback", "/callback?state=__proto__", "/done/constructor"]) {
      assert.isFalse(routes.knows(get(target)), target)
    }
  })

  it("hear of a request that names none of them: the first one at its path answers, and seven more count it", () => {
    const routes = RouteTable.make()
    const flows = Array.from({ length: 20 }, (_, index) => flow(`${index}`, index < 5 ? "/other" : "/callback"))
    for (const { route } of flows) routes.add(route)
    assert.strictEqual(said(routes.handle(get("/callback?state=x"))), "400 5")
    const heard = flows.flatMap(({ overheard }, index) => overheard.map((reason) => `${index} ${reason}`))
    assert.deepStrictEqual(heard, [6, 7, 8, 9, 10, 11, 12].map((index) => `${index} StateMismatch`))
    assert.strictEqual(routes.refuse("HeadersTooLarge").status, 431)
    assert.deepStrictEqual(
      flows.map(({ overheard }) => overheard.filter((each) => each === "HeadersTooLarge").length),
      [
        0,
        ...Array<number>(7).fill(1),
        ...Array<number>(12).fill(0)
      ]
    )
  })

  for (
    const [asked, target, after] of [
      ["its last page", "/done/done-a", "200 a"],
      ["an answer that was brought before", "/callback?state=state-a", "200 a"]
    ] as const
  ) {
    it.effect(`answer ${asked} for a minute after their end, by their clock`, () =>
      Effect.gen(function* () {
        const routes = RouteTable.make()
        const scope = yield* Scope.make()
        yield* Scope.extend(serveFlow(routes, { port: 1 }, () => flow("a").route), scope)
        routes.handle(get("/callback?state=state-a"))
        yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("59 seconds")
        assert.strictEqual(said(routes.handle(get(target))), after)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(said(routes.handle(get(target))), "404 No sign-in is waiting here.")
      }))
  }

  it.effect("are asked for no answer that comes only after their end", () =>
    Effect.gen(function* () {
      const routes = RouteTable.make()
      yield* Effect.scoped(serveFlow(routes, { port: 1 }, () => flow("a").route))
      assert.strictEqual(said(routes.handle(get("/callback?state=state-a"))), "404 No sign-in is waiting here.")
      assert.strictEqual(said(routes.handle(get("/done/done-a"))), "200 a")
    }))
})
