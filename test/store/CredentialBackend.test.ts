import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option, Redacted } from "effect"
import { inspect } from "node:util"
import { vi } from "vitest"
import { keyText } from "../../src/core/mcp/Credentials.ts"
import { type Credentials, CredentialStoreError } from "../../src/services/CredentialStore.ts"
import { CredentialStore } from "../../src/store/CredentialStore.ts"
import type { CredentialBackend } from "../../src/store/CredentialBackend.ts"
import { credentialStoreLaws } from "../fixtures/credentialStoreLaws.ts"
import { assertKept, full, key, put, tokenOf, withToken } from "../fixtures/StoredTokens.ts"

/** What a user writes over a map, or anything like it. */
const overMap = (texts: Map<string, string>): CredentialBackend & Required<Pick<CredentialBackend, "list">> => ({
  get: (name) => Effect.sync(() => texts.get(name)),
  set: (name, text) => Effect.sync(() => texts.set(name, text)),
  delete: (name) => Effect.sync(() => texts.delete(name)),
  list: Effect.sync(() => texts.keys())
})

interface SharedTurn {
  readonly waiting: Set<() => void>
  isHeld: boolean
  told: string | undefined
}

/** The same where others share the map: turns, with what their holders tell, and revisions by a counter. */
const shared = (): CredentialBackend => {
  const texts = new Map<string, string>()
  const turns = new Map<string, SharedTurn>()
  let changes = 0
  const turnOf = (name: string) => {
    const turn = turns.get(name) ??
      { waiting: new Set<() => void>(), isHeld: false, told: undefined }
    turns.set(name, turn)
    return turn
  }
  return {
    ...overMap(texts),
    set: (name, text) => Effect.sync(() => (changes++, texts.set(name, text))),
    delete: (name) => Effect.sync(() => (changes++, texts.delete(name))),
    revision: () => changes,
    exclusively: (name, { onHolder } = {}) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const turn = turnOf(name)
          const inform = () => onHolder?.({ pid: undefined, told: turn.told })
          if (turn.isHeld) inform()
          turn.waiting.add(inform)
          // No semaphore: in Effect 3.22 one loses its permit to a fiber that is interrupted just when it got it.
          const waiting = Effect.gen(function* () {
            while (turn.isHeld) yield* restore(Effect.sleep("1 millis"))
            turn.isHeld = true
          })
          yield* Effect.ensuring(waiting, Effect.sync(() => turn.waiting.delete(inform)))
          yield* Effect.addFinalizer(() => {
            turn.isHeld = false
            turn.told = undefined
            return Effect.void
          })
          return {
            tell: (text: string) =>
              Effect.sync(() => {
                turn.told = text
                turn.waiting.forEach((each) => each())
              })
          }
        })
      )
  }
}

credentialStoreLaws(
  "CredentialStore.make over a map",
  Effect.sync(() => CredentialStore.make(overMap(new Map()))),
  { tells: "within a second" }
)
credentialStoreLaws(
  "CredentialStore.make over a map that two share",
  Effect.sync(() => CredentialStore.make(shared())),
  {
    takesTurns: true,
    pair: Effect.sync(() => {
      const backend = shared()
      return [CredentialStore.make(backend), CredentialStore.make(backend)] as const
    })
  }
)
credentialStoreLaws(
  "CredentialStore.make over a map that cannot list",
  Effect.sync(() => CredentialStore.make({ ...overMap(new Map()), list: undefined })),
  { lists: false, tells: "within a second" }
)

const secrets = /s3cret/
const credentials: Credentials = {
  issuer: "https://as.example",
  client: { clientId: "client", clientSecret: Redacted.make("client-s3cret") },
  tokens: {
    accessToken: Redacted.make("access-s3cret"),
    refreshToken: Redacted.make("refresh-s3cret"),
    extra: Redacted.make({ id_token: "id-s3cret" })
  }
}

describe("what a backend gives", () => {
  it.effect("is a text as such or in an Option, and no text as undefined, null or none", () =>
    Effect.gen(function* () {
      const texts = new Map<string, string>()
      yield* put(CredentialStore.make(overMap(texts)), key, Option.some(full))
      const [text = ""] = texts.values()
      const giving = (found: string | Option.Option<string> | null | undefined) =>
        CredentialStore.make({ ...overMap(texts), get: () => Effect.succeed(found) }).load(key)
      for (const found of [text, Option.some(text)]) assertKept(yield* giving(found), Option.some(full))
      for (const none of [undefined, null, Option.none()]) assertKept(yield* giving(none), Option.none())
    }))

  const wrong: ReadonlyArray<unknown> = [42, {}, [], true, new Uint8Array(3), Option.some(42), { issuer: "x" }]
  it.effect("fails where it is something else, and is left as it is", () =>
    Effect.gen(function* () {
      for (const found of wrong) {
        let wrote = false
        const store = CredentialStore.make({
          ...overMap(new Map()),
          get: (): Effect.Effect<string> => Effect.succeed(found as string),
          set: () => Effect.sync(() => void (wrote = true))
        })
        for (const act of [store.load(key), put(store, key, Option.some(credentials))]) {
          const error = yield* Effect.flip(act)
          assert.strictEqual(error.reason, "Unreadable", inspect(found))
          assert.match(error.message, /no text/)
        }
        assert.isFalse(wrote)
      }
    }))

  it.effect("fails where it is no text of ours, without quoting it, and can be removed", () =>
    Effect.gen(function* () {
      const newer = JSON.stringify({ version: 2, issuer: "https://as.example" })
      for (
        const [text, reason] of [["refresh-s3cret", "Damaged"], ['{"a":"x-s3cret"}', "Damaged"], ["", "Damaged"], [
          newer,
          "Unreadable"
        ]] as const
      ) {
        const texts = new Map([[keyText(key), text]])
        const store = CredentialStore.make(overMap(texts))
        const error = yield* Effect.flip(store.load(key))
        assert.strictEqual(error.reason, reason, text)
        assert.notMatch(inspect(error, { depth: null }), secrets)
        assert.include(error.message, "https://mcp.example/mcp")
        assert.strictEqual(texts.get(keyText(key)), text)
      }
    }))
})

describe("names of a backend", () => {
  it.effect("are the server's address and the account, in ASCII, and tell no query in an error", () =>
    Effect.gen(function* () {
      const texts = new Map<string, string>()
      const store = CredentialStore.make(overMap(texts))
      const odd = { serverUrl: "https://mcp.example/mcp?key=query-s3cret", account: "m\u00e9 \ud83d\ude00#" }
      yield* put(store, odd, Option.some(credentials))
      const [name = ""] = texts.keys()
      assert.strictEqual(name, keyText(odd))
      assert.match(name, /^[\x21-\x7e]+$/)
      texts.set(name, "damaged")
      assert.notMatch(inspect(yield* Effect.flip(store.load(odd)), { depth: null }), secrets)
    }))

  it.effect("are listed where they are of credentials, and not of copies, damaged ones and others", () =>
    Effect.gen(function* () {
      const texts = new Map<string, string>()
      const store = CredentialStore.make(overMap(texts))
      yield* put(store, key, Option.some(full))
      texts.set("a copy", texts.get(keyText(key)) ?? "")
      texts.set("https://damaged.example/#", "damaged")
      texts.set("settings of the program", "{}")
      assert.deepStrictEqual((yield* store.list).map(keyText), [keyText(key)])
    }))
})

/** Everything that a member can do in place of its work, with the text or name that it was given. */
const faults: Readonly<Record<string, (given: string) => Effect.Effect<never, unknown>>> = {
  "fails with an error": (given) => Effect.fail(Object.assign(new Error(`it broke at ${given}`), { code: "EBROKEN" })),
  "fails with a text": (given) => Effect.fail(`it broke at ${given}`),
  "dies": (given) => Effect.die(new Error(`it broke at ${given}`)),
  "throws": (given) => {
    throw new Error(`it broke at ${given}`)
  },
  "fails with a value that quotes it deep inside": (given) =>
    Effect.fail(
      Object.assign(new Error("it broke", { cause: new Error(given) }), { request: { body: given }, args: [given] })
    )
}
const nothings: ReadonlyArray<unknown> = [undefined, null, 42, {}, Promise.resolve("text")]

describe("a member of a backend", () => {
  const acts = {
    get: (store: CredentialStore) => Effect.asVoid(store.load(key)),
    set: (store: CredentialStore) => put(store, key, Option.some(credentials)),
    delete: (store: CredentialStore) =>
      Effect.zipRight(put(store, key, Option.some(credentials)), put(store, key, Option.none())),
    list: (store: CredentialStore) => Effect.asVoid(store.list),
    exclusively: (store: CredentialStore) => put(store, key, Option.some(credentials))
  }
  const reasons = {
    get: "Unreadable",
    set: "Unwritable",
    delete: "Unwritable",
    list: "Unreadable",
    exclusively: "Locked"
  } as const
  const members = ["get", "set", "delete", "list", "exclusively"] as const
  const doing = (member: keyof typeof acts, fault: (given: string) => Effect.Effect<never, unknown>) =>
    CredentialStore.make({
      ...overMap(new Map()),
      [member]: member === "list"
        ? Effect.suspend(() => fault("the list"))
        : (name: string, text?: string) => fault(typeof text === "string" ? text : name)
    })

  for (const member of members) {
    it.effect.each(Object.keys(faults))(
      `that %s is a failure without a secret: ${member}`,
      (fault) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(acts[member](doing(member, faults[fault] ?? Effect.die)))
          assert.instanceOf(error, CredentialStoreError)
          assert.strictEqual(error.reason, reasons[member])
          assert.include(error.message, "it broke")
          assert.notMatch(`${inspect(error, { depth: null, showHidden: true })} ${JSON.stringify(error)}`, secrets)
          if (fault === "fails with an error") assert.strictEqual(error.code, "EBROKEN")
        })
    )

    it.effect(`that gives no effect is a failure: ${member}`, () =>
      Effect.gen(function* () {
        for (const nothing of nothings) {
          const wrong = member === "list" ? nothing ?? null : () => nothing
          const store = CredentialStore.make({ ...overMap(new Map()), [member]: wrong })
          const exit = yield* Effect.exit(acts[member](store))
          assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Fail", `${member}: ${inspect(nothing)}`)
        }
      }))

    it.effect(`that fails with an error of ours fails with that one: ${member}`, () =>
      Effect.gen(function* () {
        const mine = new CredentialStoreError({ reason: "Locked", detail: "somebody has it. Wait" })
        assert.strictEqual(yield* Effect.flip(acts[member](doing(member, () => Effect.fail(mine)))), mine)
      }))
  }

  it.live("that waits can be interrupted when it reads, and is waited for when it writes", () =>
    Effect.gen(function* () {
      const reading = CredentialStore.make({ ...overMap(new Map()), get: () => Effect.never })
      const loading = yield* Effect.fork(reading.load(key))
      yield* Effect.sleep("2 millis")
      yield* Effect.timeout(Fiber.interrupt(loading), "1 second")
      const began = yield* Deferred.make<void>()
      const texts = new Map<string, string>()
      const writing = CredentialStore.make({
        ...overMap(texts),
        set: (name, text) =>
          Effect.zipRight(
            Deferred.succeed(began, undefined),
            Effect.delay(Effect.sync(() => texts.set(name, text)), "20 millis")
          )
      })
      const changing = yield* Effect.fork(put(writing, key, Option.some(withToken("late"))))
      yield* Deferred.await(began)
      yield* Fiber.interrupt(changing)
      assert.strictEqual(tokenOf(yield* writing.load(key)), "late")
    }))

  it.effect("may leave out the revision: each change by the store has another one, also within a second", () =>
    Effect.gen(function* () {
      const store = CredentialStore.make(overMap(new Map()))
      const now = vi.spyOn(Date, "now").mockReturnValue(1_795_000_000_000)
      yield* Effect.addFinalizer(() => Effect.sync(() => now.mockRestore()))
      const seen = [store.revision?.(key)]
      for (const value of [Option.some(full), Option.some(withToken("next")), Option.none()]) {
        yield* put(store, key, value)
        seen.push(store.revision?.(key), store.revision?.(key))
      }
      assert.strictEqual(new Set(seen).size, 4)
      now.mockReturnValue(1_795_000_001_000)
      assert.notStrictEqual(store.revision?.(key), seen.at(-1))
    }).pipe(Effect.scoped))

  it.effect("that lists something else than names is a failure", () =>
    Effect.gen(function* () {
      for (const listed of [undefined, null, 42, {}, true]) {
        const store = CredentialStore.make({
          ...overMap(new Map()),
          list: Effect.succeed(listed as unknown as Iterable<string>)
        })
        assert.strictEqual((yield* Effect.flip(store.list)).reason, "Unreadable", inspect(listed))
      }
    }))

  it.scoped("`exclusively` may give nothing to tell with", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const store = CredentialStore.make({
        ...overMap(new Map()),
        exclusively: (name) => Effect.sync(() => void names.push(name))
      })
      assert.isDefined(store.exclusively)
      if (store.exclusively === undefined) return
      const turn = yield* store.exclusively("sign in")
      yield* turn.tell("text")
      yield* put(store, key, Option.some(full))
      assert.deepStrictEqual(names, ["sign in", keyText(key)])
    }))
})
