import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import type { TextStore } from "../../src/promise/TextStore.ts"
import { overTexts } from "../../src/promise/TextCredentialStore.ts"
import type { TurnHolder } from "../../src/services/CredentialStore.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import { assertQuiet, keep, secretCredentials, secretText } from "../fixtures/secretCredentials.ts"

const key = { serverUrl: "https://mcp.example/mcp", account: "me" }
const name = "https://mcp.example/mcp#me"

/** A lock by name, as a program in JavaScript may have one, and what happens to it. */
const locks = () => {
  const held = new Map<string, Promise<void>>()
  const events: Array<string> = []
  const acquire = async (name: string, { signal }: { readonly signal: AbortSignal }) => {
    const before = held.get(name) ?? Promise.resolve()
    let free = () => {}
    held.set(name, before.then(() => new Promise<void>((resolve) => free = resolve)))
    await before
    events.push(signal.aborted ? "late" : "taken")
    return () => {
      events.push("released")
      free()
    }
  }
  return { acquire, events }
}

const overMap = (texts = new Map<string, string>(), more: Partial<TextStore> = {}): TextStore => ({
  get: (name) => Promise.resolve(texts.get(name)),
  set: (name, text) => Promise.resolve(texts.set(name, text)),
  delete: (name) => Promise.resolve(texts.delete(name)),
  ...more
})

credentialStoreLaws("TextStore", Effect.sync(() => overTexts(overMap())), { lists: false, tells: "within a second" })
credentialStoreLaws(
  "TextStore with everything",
  Effect.sync(() => {
    const texts = new Map<string, string>()
    return overTexts(overMap(texts, { list: () => texts.keys(), exclusively: locks().acquire }))
  }),
  { takesTurns: "in silence", tells: "within a second" }
)

/** Of a store whose `exclusively` is this. */
const turnsOf = (exclusively: unknown) => overTexts(overMap(new Map(), { exclusively } as Partial<TextStore>))

describe("list", () => {
  it.effect("takes names in every form that JavaScript has for many", () =>
    Effect.gen(function* () {
      const texts = new Map([[name, secretText(key, "s")], ["other", "text"]])
      const forms: ReadonlyArray<NonNullable<TextStore["list"]>> = [
        () => texts.keys(),
        () => [...texts.keys()],
        () => Promise.resolve([...texts.keys()]),
        () => Promise.resolve(new Set(texts.keys())),
        async function* () {
          yield* texts.keys()
        }
      ]
      for (const list of forms) {
        assert.deepStrictEqual(yield* overTexts(overMap(texts, { list })).list, [key], String(list))
      }
    }))

  it.effect("fails where the store has none, and where what it gives is no list of names", () =>
    Effect.gen(function* () {
      const none = yield* Effect.flip(overTexts(overMap()).list)
      assert.include(none.message, "cannot list what it keeps")
      for (
        const list of [() => name, () => 1, () => Promise.resolve(undefined), () => Promise.reject(new Error("gone"))]
      ) {
        const error = yield* Effect.flip(overTexts(overMap(new Map(), { list } as unknown as Partial<TextStore>)).list)
        assert.strictEqual(error.reason, "Unreadable", String(list))
      }
    }))

  it.effect("leaves out what is no text, damaged, of another name or of a newer version", () =>
    Effect.gen(function* () {
      const texts = new Map([
        [name, secretText(key, "s")],
        ["https://copy.example/#", secretText(key, "s")],
        ["https://damaged.example/#", "{"],
        ["https://newer.example/#", '{"version":2,"server":"https://newer.example/"}']
      ])
      const list = () => [...texts.keys(), 1, undefined] as ReadonlyArray<string>
      assert.deepStrictEqual(yield* overTexts(overMap(texts, { list })).list, [key])
    }))
})

describe("exclusively", () => {
  const handed: ReadonlyArray<readonly [string, (release: () => void) => unknown]> = [
    ["a promise of a function", (release) => Promise.resolve(release)],
    ["a function", (release) => release],
    ["a promise of an object", (release) => Promise.resolve({ release })]
  ]
  for (const [what, of] of handed) {
    it.effect(`releases by ${what} when the scope closes, and once`, () =>
      Effect.gen(function* () {
        let released = 0
        const store = turnsOf(() => of(() => void released++))
        yield* Effect.scoped(Effect.tap(store.exclusively?.(name) ?? Effect.void, () => {
          assert.strictEqual(released, 0)
          return Effect.void
        }))
        assert.strictEqual(released, 1)
      }))
  }

  it.effect("holds the turn of a change, of its own name, until all is written", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const store = overTexts({
        get: () => void events.push("get"),
        set: () => events.push("set"),
        delete: () => {},
        exclusively: (name) => {
          events.push(`take ${name}`)
          return Promise.resolve(() => events.push("release"))
        }
      })
      yield* keep(store, key, "s")
      assert.deepStrictEqual(events, [`take ${name}`, "get", "set", "release"])
    }))

  it.effect("lets one in at a time of all that wait", () =>
    Effect.gen(function* () {
      const { acquire, events } = locks()
      const store = turnsOf(acquire)
      const turn = Effect.scoped(Effect.zipRight(store.exclusively?.(name) ?? Effect.void, Effect.yieldNow()))
      yield* Effect.all([turn, turn, turn], { concurrency: "unbounded" })
      assert.deepStrictEqual(events, ["taken", "released", "taken", "released", "taken", "released"])
    }))

  it.live("ends its wait at an interrupt, by the signal, and also where the store does not look at it", () =>
    Effect.gen(function* () {
      for (const looks of [true, false]) {
        const asked = yield* Deferred.make<AbortSignal>()
        const store = turnsOf((_: string, { signal }: { signal: AbortSignal }) => {
          Effect.runSync(Deferred.succeed(asked, signal))
          return new Promise((_, reject) => looks && signal.addEventListener("abort", () => reject(signal.reason)))
        })
        const fiber = yield* Effect.fork(Effect.scoped(store.exclusively?.(name) ?? Effect.void))
        const signal = yield* Deferred.await(asked)
        assert.isFalse(signal.aborted)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
        assert.isTrue(signal.aborted)
      }
    }))

  it.live("releases at once what is handed over after the wait has ended", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const released = yield* Deferred.make<void>()
      let hand = (_: unknown) => {}
      const store = turnsOf(() => {
        Effect.runSync(Deferred.succeed(asked, undefined))
        return new Promise((resolve) => hand = resolve)
      })
      const fiber = yield* Effect.fork(Effect.scoped(store.exclusively?.(name) ?? Effect.void))
      yield* Deferred.await(asked)
      yield* Fiber.interrupt(fiber)
      hand(() => Effect.runSync(Deferred.succeed(released, undefined)))
      yield* Deferred.await(released)
    }))

  it.live("releases it also when it is handed over in the moment of the interrupt", () =>
    Effect.gen(function* () {
      for (let turns = 0; turns < 12; turns++) {
        let taken = 0
        let released = 0
        const store = turnsOf(() => {
          taken++
          return Promise.resolve(() => void released++)
        })
        const fiber = yield* Effect.fork(
          Effect.scoped(Effect.zipRight(store.exclusively?.(name) ?? Effect.void, Effect.never))
        )
        for (let turn = 0; turn < turns; turn++) yield* Effect.promise(() => Promise.resolve())
        yield* Fiber.interrupt(fiber)
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        assert.strictEqual(released, taken, `after ${turns} turns`)
      }
    }))

  it.live("does not wait for ever for a release that hangs, nor mind one that fails", () =>
    Effect.gen(function* () {
      for (const release of [() => new Promise(() => {}), () => Promise.reject(new Error("no")), () => null?.["x"]]) {
        yield* keep(turnsOf(() => release), key, "s")
      }
    }))

  it.effect("says who has the turn and what they tell, as far as it is of the right type", () =>
    Effect.gen(function* () {
      const holders: Array<TurnHolder> = []
      const store = turnsOf((_: string, { onHolder }: { onHolder: (holder: unknown) => void }) => {
        for (const each of [{ pid: 7 }, { pid: 7, told: "url" }, { pid: "7", told: 1 }, undefined, null, 3]) {
          onHolder(each)
        }
        return Promise.resolve(() => {})
      })
      yield* Effect.scoped(store.exclusively?.(name, { onHolder: (each) => holders.push(each) }) ?? Effect.void)
      const unknown = { pid: undefined, told: undefined }
      assert.deepStrictEqual(holders, [
        { ...unknown, pid: 7 },
        { pid: 7, told: "url" },
        unknown,
        unknown,
        unknown,
        unknown
      ])
    }))

  it.effect("tells by the holder's own tell, whatever becomes of that", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const tells = [
        (text: string) => void told.push(text),
        () => Promise.reject(new Error("no")),
        () => new Promise(() => {}),
        undefined
      ]
      for (const tell of tells) {
        const store = turnsOf(() => Promise.resolve({ release: () => {}, tell }))
        yield* Effect.scoped(
          Effect.flatMap(store.exclusively?.(name) ?? Effect.die("none"), (turn) => turn.tell("here"))
        )
      }
      assert.deepStrictEqual(told, ["here"])
    }))

  it.effect("fails, and changes nothing, when it fails or gives nothing to release by", () =>
    Effect.gen(function* () {
      const wrong = [() => undefined, () => Promise.resolve({}), () => "x", () => Promise.reject(new Error("no lock"))]
      for (const exclusively of wrong) {
        const texts = new Map<string, string>()
        const store = overTexts(overMap(texts, { exclusively } as unknown as Partial<TextStore>))
        const error = yield* Effect.flip(keep(store, key, "s"))
        assert.strictEqual(error._tag === "CredentialStoreError" && error.reason, "Locked", String(exclusively))
        assert.strictEqual(texts.size, 0)
      }
      const error = yield* Effect.flip(keep(turnsOf(() => undefined), key, "s"))
      assert.include(error.message, "its exclusively has to give a promise of a function that releases")
    }))
})

describe("revision", () => {
  it("is the store's own, and never fails nor is a promise", () => {
    let revision = 1
    const of = (revision: (name: string) => unknown) => overTexts(overMap(new Map(), { revision })).revision?.(key)
    assert.strictEqual(of((given) => `${given} ${revision}`), `${name} 1`)
    revision = 2
    assert.strictEqual(of((given) => `${given} ${revision}`), `${name} 2`)
    for (
      const wrong of [() => Promise.resolve(1), () => {
        throw new Error("no")
      }]
    ) assert.isNumber(of(wrong))
  })
})

describe("members", () => {
  it.effect("are called as methods", () =>
    Effect.gen(function* () {
      class OfClass implements TextStore {
        readonly texts = new Map<string, string>()
        get(name: string) {
          return this.texts.get(name)
        }
        set(name: string, text: string) {
          this.texts.set(name, text)
        }
        delete(name: string) {
          this.texts.delete(name)
        }
        list() {
          return this.texts.keys()
        }
        exclusively() {
          const { texts } = this
          return Promise.resolve({ release: () => texts.delete("taken") })
        }
        revision() {
          return this.texts.size
        }
      }
      const store = overTexts(new OfClass())
      yield* keep(store, key, "s")
      assert.deepStrictEqual(yield* store.list, [key])
      assert.strictEqual(store.revision?.(key), 1)
    }))

  it.effect("that fail and quote what they were given show none of it", () =>
    Effect.gen(function* () {
      const set = (_: string, text: string) => Promise.reject(new Error(`cannot store ${text}`))
      const error = yield* Effect.flip(keep(overTexts(overMap(new Map(), { set })), key, "s3cr3t"))
      assertQuiet(error, "s3cr3t")
      assert.strictEqual(secretCredentials("x").issuer, "https://as.example")
    }))
})
