import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { withoutRepetition } from "../../../src/core/paste/PastedLines.ts"

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
    "ab".repeat(8)
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
