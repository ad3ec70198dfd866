/** What is told of a sign-in holds nothing of what was sent: only the address that is shown carries `state`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Layer, Logger, LogLevel, Redacted } from "effect"
import { inspect } from "node:util"
import { CallbackFlow, Presenter } from "../../src/index.ts"
import { answer, authorize, open, type World } from "../fixtures/FlowWorld.ts"
import * as Harness from "../fixtures/Harness.ts"
import * as RawClient from "../fixtures/RawClient.ts"

const { answerFor, browse, pause, portOf, until, urlFor } = Harness

/** Everything that can be seen of a value. */
const printed = (value: unknown) =>
  `${JSON.stringify(value)}${inspect(value, { depth: Infinity, showHidden: true, getters: true })}${String(value)}`

/** A text that is nowhere else. */
const secret = FastCheck.string({
  minLength: 12,
  maxLength: 40,
  unit: FastCheck.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.")
})

const via = FastCheck.constantFrom("http" as const, "paste" as const, "submit" as const)

const ending = FastCheck.constantFrom("granted", "denied", "codeless", "wrongIssuer", "exchangeFails", "interrupt")

/** Lines that are logged while an effect runs, at any level. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ annotations, cause, message, spans }) =>
      void lines.push(printed([message, cause, annotations, spans]))
    )
    return Effect.map(
      effect.pipe(
        Logger.withMinimumLogLevel(LogLevel.All),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      ),
      (value) => [value, lines] as const
    )
  })

/** Everything that is refused, with secrets in it; a paste more after it shows that all of it was read. */
const sendJunk = ({ flow, paste }: World, [code, state, junk]: readonly [string, string, string]) =>
  Effect.gen(function* () {
    const { pathname, search } = answerFor(flow, { code })
    const port = portOf(flow)
    for (
      const text of [
        RawClient.requestText(port, `/callback?code=${code}&state=${state}`),
        RawClient.requestText(port, `/callback?code=${code}&error_description=${junk}`),
        RawClient.requestText(port, `${pathname}${search}&state=${state}`),
        RawClient.requestText(port, `${pathname}${search}`, { host: `${junk}.example` }),
        RawClient.requestText(port, `${pathname}${search}`, { headers: { "sec-fetch-mode": "cors", cookie: junk } }),
        RawClient.requestText(port, `${pathname}${search}`, { method: "DELETE" }),
        RawClient.requestText(port, `/${junk}`)
      ]
    ) yield* Effect.promise(() => RawClient.send(port, text).received)
    for (
      const text of [
        junk,
        code,
        `code=${code}`,
        `${flow.redirectUri}?code=${code}`,
        `${flow.redirectUri}?code=${code}&state=${state}`,
        `${flow.redirectUri}${search}&state=${state}`,
        `${urlFor(flow).href}&login_hint=${junk}`
      ]
    ) yield* paste(text)
  })

describe("what is told", () => {
  it.effect.prop(
    "never holds a code, a state or anything else that was sent, and neither do the logs",
    [
      FastCheck.tuple(secret, secret, secret),
      FastCheck.array(FastCheck.tuple(via, ending), { minLength: 1, maxLength: 6 })
    ],
    ([[code, state, junk], ways]) =>
      Effect.scoped(Effect.gen(function* () {
        const [worlds, lines] = yield* logged(Effect.forEach(ways, ([via, ending]) =>
          Effect.gen(function* () {
            const world = yield* open()
            const { flow, notices } = world
            // Its error is the caller's business, which is not to be logged as one that nobody handled.
            const running = yield* Effect.fork(Effect.exit(authorize(flow, {
              serverName: "Notes",
              issuer: "https://as.example",
              ...ending !== "denied" && { exchange: () => ending === "exchangeFails" ? Effect.fail(code) : Effect.void }
            })))
            yield* until(() => world.shown.length === 1)
            yield* sendJunk(world, [`C${code}`, `S${state}`, `J${junk}`])
            yield* until(() => notices.filter(({ _tag }) => _tag === "PasteRefused").length === 7)
            if (ending === "interrupt") yield* Fiber.interrupt(running)
            else {
              yield* answer(world, via, {
                ...ending === "denied"
                  ? { error: "access_denied", error_description: `J${junk}`, error_uri: `https://J${junk}.example` }
                  : ending === "codeless"
                  ? {}
                  : { code: `C${code}` },
                iss: ending === "wrongIssuer" ? `https://${junk}.example` : "https://as.example"
              })
            }
            yield* Fiber.await(running)
            yield* world.close
            return world
          }), { concurrency: "unbounded" }))
        for (const { flow, notices } of worlds) {
          const told = printed(notices)
          const own = Redacted.value(flow.state)
          for (const [what, text] of Object.entries({ own, code, state, junk })) {
            assert.notInclude(told, text, `a notice holds ${what}`)
            assert.notInclude(lines.join("\n"), text, `a log line holds ${what}`)
          }
          // It would hold them otherwise: all of it was told of.
          for (const tag of ["PasteRefused", "CallbackRefused", "SignInEnded"]) assert.include(told, tag)
        }
      })),
    { fastCheck: { numRuns: 20 } }
  )

  it.scopedLive("of a sign-in that waits for its turn holds `state` in its address alone", () =>
    Effect.gen(function* () {
      const world = yield* open()
      const running = yield* Effect.fork(authorize(world.flow, { turn: Effect.never }))
      yield* until(() => world.notices.length === 1)
      const [notice] = world.notices
      assert(notice?._tag === "SignInQueued")
      const { url, ...rest } = notice.pending
      assert.strictEqual(url.href, urlFor(world.flow).href)
      assert.notInclude(printed({ ...notice, pending: rest }), Redacted.value(world.flow.state))
      yield* Fiber.interrupt(running)
    }))

  it.scopedLive("of nothing, since the presenter broke over the address, is not logged either", () =>
    Effect.gen(function* () {
      const { layer } = yield* Harness.make
      const broken: Presenter = {
        show: ({ url }) =>
          Effect.zipRight(
            Effect.addFinalizer(() => Effect.die(new Error(`cannot close ${url.href}`))),
            Effect.die(new Error(`cannot open ${url.href}`))
          ),
        notice: (notice) => Effect.die(new Error(`cannot say ${printed(notice)}`))
      }
      const signIn = CallbackFlow.run({}, (flow) =>
        Effect.gen(function* () {
          const running = yield* Effect.fork(
            flow.authorize({ url: urlFor(flow), turn: Effect.repeatN(Effect.yieldNow(), 20) })
          )
          yield* pause(20)
          yield* browse(flow, "/callback?state=another")
          yield* browse(flow, answerFor(flow, { code: "c0de" }))
          yield* Fiber.join(running)
          return Redacted.value(flow.state)
        }))
      const [state, lines] = yield* logged(Effect.provide(signIn, Layer.merge(layer, Layer.succeed(Presenter, broken))))
      assert.isNotEmpty(lines)
      assert.notInclude(lines.join("\n"), state)
    }))
})
