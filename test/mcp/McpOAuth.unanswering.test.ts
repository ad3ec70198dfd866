/** What a host plugs in and what does not answer: it holds up no close, no abort, and nobody who comes later. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { CredentialStore, CredentialStoreError, Presenter } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import { timed } from "../fixtures/Harness.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"

const { call, isPortFree, started, word } = McpHarness

interface Plug {
  readonly store?: Partial<CredentialStore>
  readonly presenter?: Partial<Presenter>
  readonly options?: Partial<McpOAuthOptions>
}

/** Something that is plugged in; `hang` never answers, and a test knows when it is asked. */
interface Plugged {
  readonly what: string
  readonly isSignedIn: boolean
  readonly plug: (world: McpHarness.World, hang: Effect.Effect<never>) => Plug
}

const plugged: ReadonlyArray<Plugged> = [
  { what: "a store whose load never answers", isSignedIn: true, plug: (_, hang) => ({ store: { load: () => hang } }) },
  {
    what: "a store whose modify never answers, at a registration",
    isSignedIn: false,
    plug: (_, hang) => ({ store: { modify: () => hang } })
  },
  {
    what: "a store whose modify never answers, at a refresh",
    isSignedIn: true,
    plug: (_, hang) => ({ store: { modify: () => hang } })
  },
  {
    what: "a store that never writes, at a sign-in",
    isSignedIn: false,
    plug: ({ store }, hang) => {
      let isFirst = true
      return {
        store: {
          modify: (key, change) => {
            // The registration is written.
            if (!isFirst) return Effect.zipRight(change(Option.none()), hang)
            isFirst = false
            return store.modify(key, change)
          }
        }
      }
    }
  },
  {
    what: "a store that never writes, at a refresh",
    isSignedIn: true,
    plug: ({ store }, hang) => ({
      store: { modify: (key, change) => store.modify(key, (current) => Effect.zipRight(change(current), hang)) }
    })
  },
  {
    what: "a presenter that never returns",
    isSignedIn: false,
    plug: (_, hang) => ({ presenter: { show: () => hang, notice: () => hang } })
  },
  { what: "a turn that never comes", isSignedIn: false, plug: (_, hang) => ({ options: { turn: hang } }) },
  ...(["/register", "/token", "/.well-known/oauth-authorization-server"] as const).map((path): Plugged => ({
    what: `a fetch that knows no signal and never answers at ${path}`,
    isSignedIn: false,
    plug: (_, hang) => ({
      options: { fetch: (url, init) => String(url).endsWith(path) ? Effect.runPromise(hang) : fetch(url, init) }
    })
  }))
]

/** An `McpOAuth` that is in the middle of what never answers, with a request and an `ensure` that wait. */
const arrange = ({ isSignedIn, plug }: Plugged, forEver: Effect.Effect<never>) =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world()
    if (isSignedIn) {
      yield* world.signedIn
      world.editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
    }
    const reached = yield* Deferred.make<void>()
    const hang = Effect.zipRight(Deferred.succeed(reached, undefined), forEver)
    const { options, presenter, store } = plug(world, hang)
    const over = Layer.merge(
      Layer.succeed(CredentialStore, { ...world.store, ...store }),
      presenter === undefined
        ? Layer.empty
        : Layer.succeed(Presenter, { show: () => Effect.void, notice: () => Effect.void, ...presenter })
    ) as Layer.Layer<McpHarness.Services>
    const layer = Layer.merge(world.layer, over)
    const open = McpHarness.open({ layer }, { serverUrl: world.server.url, ...options })
    const { close, oauth } = yield* open
    const aborter = new AbortController()
    const request = yield* started(call(oauth, world.server.url, { signal: aborter.signal }))
    const ensuring = yield* Effect.fork(Effect.flip(oauth.ensure))
    yield* Deferred.await(reached)
    return { ...world, aborter, close, ensuring, oauth, request }
  })

const ways = [
  ["and can be interrupted", Effect.never],
  ["and cannot be interrupted", Effect.uninterruptible(Effect.never)]
] as const

describe("McpOAuth, with what never answers", () => {
  for (const each of plugged) {
    for (const [how, forEver] of ways) {
      it.scopedLive(`closes within a second over ${each.what} ${how}, and all who wait get Closed`, () =>
        Effect.gen(function* () {
          const { close, ensuring, request, shown } = yield* arrange(each, forEver)
          const status = yield* timed(close)
          assert.isBelow(status.millis, 1100)
          const waited = yield* timed(Effect.all([request, Fiber.join(ensuring)]))
          assert.strictEqual(word(waited.value[0]), "Closed")
          assert.strictEqual(waited.value[1]._tag, "Closed")
          assert.isBelow(waited.millis, 1000)
          assert.isTrue(shown.length === 0 || (yield* isPortFree({ shown })))
        }))

      it.scopedLive(`lets a caller abort over ${each.what} ${how}`, () =>
        Effect.gen(function* () {
          const { aborter, ensuring, request } = yield* arrange(each, forEver)
          aborter.abort()
          const aborted = yield* timed(request)
          assert.strictEqual(word(aborted.value), "AbortError")
          assert.isBelow(aborted.millis, 1100)
          const { millis } = yield* timed(Fiber.interrupt(ensuring))
          assert.isBelow(millis, 1100)
        }))
    }
  }

  it.scopedLive("tells the status to nobody who closed meanwhile, and holds up no close", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      const layer = Layer.merge(
        world.layer,
        Layer.succeed(CredentialStore, { ...world.store, load: () => Effect.never })
      )
      const { close, oauth } = yield* McpHarness.open({ layer }, { serverUrl: world.server.url })
      const status = yield* Effect.fork(Effect.exit(oauth.status))
      yield* Effect.yieldNow()
      assert.isBelow((yield* timed(close)).millis, 1000)
      yield* Fiber.await(status)
    }))

  it.scopedLive("a write that fails after the close fails for nobody, and what it was to write is not lost before", () =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world()
      yield* world.signedIn
      world.editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
      const writing = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const failed = yield* Deferred.make<void>()
      const late = Effect.zipRight(
        Deferred.succeed(writing, undefined),
        Effect.zipRight(Deferred.await(goOn), new CredentialStoreError({ reason: "Unwritable", detail: "late" }))
      )
      const layer = Layer.merge(
        world.layer,
        Layer.succeed(CredentialStore, {
          ...world.store,
          modify: (key, change) =>
            Effect.ensuring(
              world.store.modify(key, (current) => Effect.zipLeft(change(current), Effect.uninterruptible(late))),
              Deferred.succeed(failed, undefined)
            )
        })
      )
      const { close, oauth } = yield* McpHarness.open({ layer }, { serverUrl: world.server.url })
      const first = yield* started(call(oauth, world.server.url))
      yield* Deferred.await(writing)
      // The new token is known, though it is not stored.
      assert.strictEqual(yield* call(oauth, world.server.url), 200)
      assert.isBelow((yield* timed(close)).millis, 1100)
      assert.strictEqual(word(yield* first), "Closed")
      yield* Deferred.succeed(goOn, undefined)
      yield* Deferred.await(failed)
    }))
})
