/** `McpOAuth.connect` and `connectAll`, interrupted at their steps. Nothing here needs a socket or a timer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, type Scope } from "effect"
import { type CallbackServer, CredentialStore, type PasteInput, type Presenter } from "../../src/index.ts"
import { type ConnectAllOptions, McpOAuth } from "../../src/mcp.ts"
import * as InterruptAtEachStep from "../fixtures/InterruptAtEachStep.ts"
import * as McpInMemory from "../fixtures/McpInMemory.ts"

/** What runs left behind. */
const left: Array<string> = []

type World = McpInMemory.McpInMemory

/** Runs something that holds clients in its scope, and looks afterwards whether all is released. */
const released = <A, E>(
  { context, listeners, transports }: World,
  effect: Effect.Effect<A, E, CallbackServer | CredentialStore | PasteInput | Presenter | Scope.Scope>
): Effect.Effect<A, E> =>
  Effect.scoped(effect).pipe(
    Effect.ensuring(Effect.sync(() => {
      // A defect here would come out of the run that was interrupted.
      if (listeners() + transports() > 0) left.push(`${listeners()} listeners, ${transports()} transports`)
    })),
    Effect.provideServiceEffect(CredentialStore, CredentialStore.memory),
    Effect.provide(context)
  )

/** Connects to two servers, each of which needs a sign-in, and closes everything. */
const connectingAll = (world: World, options: ConnectAllOptions) =>
  Effect.suspend(() => {
    const to = (name: string) => ({
      client: McpInMemory.client(),
      serverUrl: `https://${name}.example/mcp`,
      fetch: world.fetch,
      transport: world.transport
    })
    return released(
      world,
      Effect.tap(McpOAuth.connectAll({ one: to("one"), two: to("two") }, options), (results) => {
        for (const result of Object.values(results)) if (Either.isLeft(result)) throw result.left
        assert.strictEqual(world.transports(), 2)
      })
    )
  })

/** Connects to a server that needs no sign-in, and closes everything. */
const connecting = (world: World) =>
  Effect.suspend(() => {
    const { fetch, transport } = world
    const serverUrl = `https://${McpInMemory.openHost}/mcp`
    return released(world, McpOAuth.connect(McpInMemory.client(), { serverUrl, fetch, transport }))
  })

describe("McpOAuth.connectAll, interrupted at whichever of its steps", () => {
  for (
    const [name, options] of [
      ["one window at a time", {}],
      ["all windows at once, one server after the other", { present: "all", concurrency: 1 }]
    ] satisfies ReadonlyArray<readonly [string, ConnectAllOptions]>
  ) {
    for (const fibers of ["own", "all"] as const) {
      it.live(
        `${name}, ends and leaves nothing (steps of ${fibers === "own" ? "its own fiber" : "all fibers"})`,
        () =>
          Effect.gen(function* () {
            const connect = connectingAll(yield* McpInMemory.make, options)
            yield* connect
            const { steps } = yield* InterruptAtEachStep.interruptedAt(Infinity, connect, { of: fibers })
            // Hundreds or thousands: 60 of them, evenly spread.
            const { hanging, tried } = yield* InterruptAtEachStep.atEachStep(connect, {
              of: fibers,
              stride: Math.ceil(steps / 60)
            })
            assert.deepStrictEqual(hanging, [])
            assert.isAbove(tried, 30)
            assert.deepStrictEqual(left, [])
          }),
        60_000
      )
    }
  }
})

it.live(
  "McpOAuth.connect, interrupted at whichever of its steps, ends and leaves nothing",
  () =>
    Effect.gen(function* () {
      const connect = connecting(yield* McpInMemory.make)
      yield* connect
      const { hanging, tried } = yield* InterruptAtEachStep.atEachStep(connect)
      assert.deepStrictEqual(hanging, [])
      assert.isAbove(tried, 200)
      assert.deepStrictEqual(left, [])
    }),
  60_000
)
