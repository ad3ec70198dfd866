import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { linesOf, withoutRepetition } from "../../../src/core/paste/PastedLines.ts"

describe("linesOf", () => {
  const textsOf = (text: string) => linesOf(text).map((line) => line.text)

  it.each(["\u001b[", "\u009b", "^[[", "["])("has empty lines where a paste begins and ends: %j", (start) => {
    assert.deepStrictEqual(textsOf(`x${start}200~a${start}201~b`), ["x", "", "a", "", "b"])
  })

  it.each(["\u001b]", "\u001bP", "\u001bX", "\u001b^", "\u001b_", "\u0090", "\u0098", "\u009d", "\u009e", "\u009f"])(
    "has no title that %j begins",
    (start) => {
      for (const end of ["\u0007", "\u001b\\", "\u009c"]) {
        assert.deepStrictEqual(textsOf(`a${start}title${end}b`), ["ab"])
        // One that never ends hides nothing.
        assert.deepStrictEqual(textsOf(`a${start}ti\ntle${end}b`)[0], "ati")
      }
    }
  )

  it.each<[string, string, ReadonlyArray<string>]>([
    ["colours", "\u001b[1;34ma\u009b4:3mb\u001b[mc", ["abc"]],
    ["a cursor's movements", "\u001b[?25ha\u001b[2 qb\u001b(Bc\u001b7d", ["abcd"]],
    ["the begin of a command that never ends", "a\u001b[1;", ["a1;"]],
    ["what is not seen", "\u0000a\u0008b\u200b\u00adc\u202ed\u2060\ufeff\u009f", ["abcd"]],
    ["a frame", "│a─b╿", [" a b "]]
  ])("leaves out %s", (_name, text, lines) => {
    assert.deepStrictEqual(textsOf(text), lines)
  })

  it("ends a line at each line break, and keeps a tab", () => {
    assert.deepStrictEqual(textsOf("a\tb\r\nc\nd\ve\ff\rg\u0085h\u2028i\u2029j"), [
      "a\tb",
      ..."cdefghij"
    ])
  })

  it.each<[string, string]>([
    [String.raw`a\u0026b\x3dc\X3D\U003d`, "a&b=c=="],
    [String.raw`a\u0019b\u0086c\x1f`, String.raw`a\u0019b\u0086c\x1f`],
    [String.raw`\?\&\=\#\%\;\~\*\!\(\)\[\]\{\}\$\'\"\/\^`, `?&=#%;~*!()[]{}$'"/^`],
    [String.raw`a\b\,`, String.raw`a\b\,`],
    ["a\\ &b", "a &b"]
  ])("reads what was escaped: %s", (text, line) => {
    assert.deepStrictEqual(textsOf(text), [line])
  })

  it.each(Array.from('"`<>‘‟‹›«»、。〈】！），；'))("parts words at %s, and says so", (delimiter) => {
    assert.deepStrictEqual(linesOf(`a ${delimiter}b${delimiter} c`), [{
      text: `a ${delimiter}b${delimiter} c`,
      words: [
        { text: "a", before: "", after: "" },
        { text: "b", before: delimiter, after: delimiter },
        { text: "c", before: "", after: "" }
      ],
      hasDelimiter: true
    }])
  })

  it("says of each word what stands on either side of it", () => {
    assert.deepStrictEqual(linesOf('<a"bc> d')[0]?.words, [
      { text: "a", before: "<", after: '"' },
      { text: "bc", before: '"', after: ">" },
      { text: "d", before: "", after: "" }
    ])
  })

  it("keeps together what an address may hold", () => {
    const word = { text: "it's(1)[2]{3}|4\\5,6;7é", before: "", after: "" }
    assert.deepStrictEqual(linesOf(word.text), [{ text: word.text, words: [word], hasDelimiter: false }])
    assert.deepStrictEqual(linesOf(""), [{ text: "", words: [], hasDelimiter: false }])
  })
})

describe("withoutRepetition", () => {
  const answer = "http://127.0.0.1:1234/callback?code=abc&state=def"

  it.each<[string, string]>([
    [answer.repeat(2), answer],
    [answer.repeat(3), answer],
    [` ${answer.repeat(2)}\n`, answer]
  ])("finds what stands in a row in %j", (text, once) => {
    assert.strictEqual(withoutRepetition(text), once)
  })

  it.each<string>([
    "",
    " ",
    answer,
    ` ${answer} `,
    `${answer}x`,
    answer + answer.replace("abc", "abd"),
    // Two lines are read as two.
    `${answer}\n${answer}`,
    // A code may well repeat itself.
    "ab".repeat(8),
    "ab".repeat(16)
  ])("leaves %j as it is", (text) => {
    assert.strictEqual(withoutRepetition(text), text)
  })

  const long = FastCheck.string({ unit: "grapheme", minLength: 17 }).map((text) => `<${text}>`)

  it.prop("gives a text that was pasted once, twice or three times", [long, FastCheck.integer({ min: 1, max: 3 })], ([
    text,
    times
  ]) => {
    assert.strictEqual(withoutRepetition(text.repeat(times)), text)
  })

  it.prop("gives a text as it is, or a part of it that makes it up", [FastCheck.string()], ([text]) => {
    const once = withoutRepetition(text)
    assert.isTrue(once === text || [2, 3].some((times) => once.repeat(times) === text.trim()))
  })
})
