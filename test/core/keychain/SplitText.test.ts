import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import {
  entryLimit,
  type Head,
  joined,
  type Leftovers,
  minLimit,
  noLeftovers,
  pieceName,
  pieceNames,
  readHead,
  removing,
  type Step,
  writing
} from "../../../src/core/keychain/SplitText.ts"

/** As long as the one that is used. */
const digestOf = (text: string): string => {
  let sum = 7
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_000_007
  return String(sum).padStart(64, "0")
}

const write = (text: string, limit: number, before?: Head): ReadonlyArray<Step> =>
  writing("name", text, { before, limit, leftovers: noLeftovers, digestOf })

const apply = (steps: ReadonlyArray<Step>, entries = new Map<string, string>()) => {
  for (const step of steps) {
    if ("set" in step) entries.set(step.set, step.text)
    else entries.delete(step.delete)
  }
  return entries
}

const read = (entries: ReadonlyMap<string, string>): string | undefined => {
  const head = Either.getOrThrow(readHead(entries.get("name") ?? ""))
  return joined(head, pieceNames("name", head).map((name) => entries.get(name)), digestOf)
}

const headIn = (entries: ReadonlyMap<string, string>): Head => Either.getOrThrow(readHead(entries.get("name") ?? ""))

const named = (steps: ReadonlyArray<Step>): ReadonlyArray<string> =>
  steps.map((step) => "set" in step ? `set ${step.set}` : `delete ${step.delete}`)

const text = FastCheck.string({ unit: "grapheme", maxLength: 1500, size: "max" })

describe("writing", () => {
  it.prop("gives back any text under any limit, in entries within it that are well-formed Unicode", [
    text,
    FastCheck.integer({ min: minLimit, max: 700 })
  ], ([text, limit]) => {
    const entries = apply(write(text, limit))
    assert.strictEqual(read(entries), text)
    for (const entry of entries.values()) {
      assert.isAtMost(entry.length, limit)
      assert.strictEqual(new TextDecoder().decode(new TextEncoder().encode(entry)), entry)
    }
  })

  it("puts a text that fits in one entry", () => {
    for (const text of ["", "short", "first\nsecond\n", "half a pair \ud83d"]) {
      const entries = apply(write(text, minLimit))
      assert.deepStrictEqual([...entries.keys()], ["name"])
      assert.strictEqual(read(entries), text)
    }
    assert.deepStrictEqual([...apply(write("x".repeat(1_000_000), entryLimit("linux"))).keys()], ["name"])
  })

  it("never cuts a surrogate pair, at whichever place it stands", () => {
    for (let before = 0; before < 120; before++) {
      const text = `${"x".repeat(before)}${"🔑".repeat(200)}`
      const entries = apply(write(text, minLimit))
      assert.strictEqual(read(entries), text)
      for (const entry of entries.values()) {
        assert.notMatch(entry, /[\ud800-\udbff]$|\n[\udc00-\udfff]|^[\udc00-\udfff]/)
      }
    }
  })

  it("writes to the slot that is not in use, and removes the other one after its head", () => {
    const entries = apply(write("a".repeat(450), minLimit))
    const steps = write("b".repeat(250), minLimit, headIn(entries))
    assert.deepStrictEqual(named(steps), ["set name.b.1", "set name", "delete name.a.2", "delete name.a.1"])
    assert.strictEqual(read(apply(steps, entries)), "b".repeat(250))
    assert.strictEqual(entries.size, 2)
    assert.deepStrictEqual(named(write("c", minLimit, headIn(entries))), ["set name", "delete name.b.1"])
  })

  it("leaves the old text or the new one to be read, whatever dies in between", () => {
    const [old, other] = ["a".repeat(450), "b".repeat(700)]
    const entries = apply(write(old, minLimit))
    const seen = write(other, minLimit, headIn(entries)).map((step) => read(apply([step], entries)))
    assert.deepStrictEqual(seen.filter((each) => each !== old && each !== other), [])
    assert.deepStrictEqual([seen[0], seen.at(-1)], [old, other])
  })

  it("removes what a crash has left in either slot, beyond what is written anew", () => {
    const before = headIn(apply(write("a".repeat(450), minLimit)))
    const over = (leftovers: Leftovers) =>
      named(writing("name", "b".repeat(250), { before, limit: minLimit, leftovers, digestOf }))
    const [set, old] = [["set name.b.1", "set name"], ["delete name.a.2", "delete name.a.1"]]
    assert.deepStrictEqual(over({ a: 1, b: 4 }), [...set, ...old, "delete name.b.3", "delete name.b.2"])
    assert.deepStrictEqual(over({ a: 4, b: 2 }), [...set, "delete name.a.3", ...old])
    assert.deepStrictEqual(over({ a: 2, b: 1 }), [...set, ...old])
  })
})

describe("removing", () => {
  it("removes the head first, then the pieces of both slots, from the end", () => {
    const head = headIn(apply(write("a".repeat(450), minLimit)))
    assert.deepStrictEqual(named(removing("name", head, { a: 4, b: 2 })), [
      "delete name",
      "delete name.a.3",
      "delete name.a.2",
      "delete name.a.1",
      "delete name.b.1"
    ])
    assert.deepStrictEqual(named(removing("name", { ...head, slot: "b" }, noLeftovers)), [
      "delete name",
      "delete name.b.2",
      "delete name.b.1"
    ])
    assert.deepStrictEqual(named(removing("name", head, noLeftovers)), [
      "delete name",
      "delete name.a.2",
      "delete name.a.1"
    ])
    assert.deepStrictEqual(named(removing("name", undefined, noLeftovers)), ["delete name"])
  })

  it("knows what is left by the names that the pieces have", () => {
    assert.strictEqual(
      pieceName("name", "a", 1),
      pieceNames("name", headIn(apply(write("a".repeat(250), minLimit))))[0]
    )
  })
})

describe("joined", () => {
  it("never gives out what was changed, is cut short, or is of two texts", () => {
    const entries = apply(write("a".repeat(500), minLimit))
    const others = apply(write("b".repeat(500), minLimit))
    for (const name of [...entries.keys()].filter((name) => name !== "name")) {
      const torn = new Map(entries)
      torn.delete(name)
      assert.isUndefined(read(torn))
      assert.isUndefined(read(new Map([...entries, [name, others.get(name) ?? ""]])))
      assert.isUndefined(read(new Map([...entries, [name, (entries.get(name) ?? "").slice(1)]])))
    }
    assert.isUndefined(read(new Map([...entries, ["name", `${entries.get("name")}a`]])))
  })
})

describe("readHead", () => {
  it("knows what is no head, and what a newer version wrote", () => {
    const head = apply(write("text", minLimit)).get("name") ?? ""
    assert.isTrue(Either.isRight(readHead(head)))
    assert.isTrue(Either.isRight(readHead(head.replace('"pieces":1', '"pieces":2000'))))
    assert.deepStrictEqual(readHead(head.replace('"version":1', '"version":2')), Either.left("newer"))
    const damaged = [
      "",
      "x",
      "{}\n",
      "null\nx",
      '{"version":1}\n',
      head.replace("\n", ""),
      head.replace('"pieces":1', '"pieces":0'),
      head.replace('"pieces":1', '"pieces":2001'),
      head.replace('"pieces":1', '"pieces":1.5'),
      head.replace('"pieces":1', '"pieces":"1"'),
      head.replace('"version":1', '"version":0'),
      head.replace('"version":1', '"version":"2"'),
      head.replace(/"digest":"\w+"/, '"digest":1'),
      "1\n",
      head.replace('"slot":"a"', '"slot":"c"')
    ]
    for (const entry of damaged) assert.deepStrictEqual(readHead(entry), Either.left("damaged"), entry)
  })
})

describe("entryLimit", () => {
  it("is half of the 2,560 bytes that Windows takes, since a code unit has two", () => {
    assert.strictEqual(entryLimit("win32") * 2, 2560)
    assert.strictEqual(entryLimit("darwin"), Number.POSITIVE_INFINITY)
  })
})
