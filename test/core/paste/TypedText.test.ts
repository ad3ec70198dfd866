import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { charactersIn, holdsAnswer, withoutRepetition } from "../../../src/core/paste/TypedText.ts"

const ascii = (characters: string) => FastCheck.string({ unit: FastCheck.constantFrom(...characters) })
const letters = ascii("abcdefghijklmnopqrstuvwxyz0123456789-_.~%/?&:")
const name = FastCheck.constantFrom("code", "state", "error", "CODE", "State")

/** The same text over lines, as a terminal or a mail program wraps it. */
const wrapped = (text: string, width: number, lineBreak: string) =>
  Array.from({ length: Math.ceil(text.length / width) }, (_, line) => text.slice(line * width, (line + 1) * width))
    .join(lineBreak)

describe("charactersIn", () => {
  it.each<[string, number]>([
    ["", 0],
    ["a", 1],
    ["a b", 3],
    ["a\nb", 2],
    ["a\r\nb\r", 2],
    ["\n\n\r\n", 0],
    ["tab\there", 8],
    ["é€", 2],
    ["x".repeat(16_384), 16_384]
  ])("counts %j", (text, count) => {
    assert.strictEqual(charactersIn(text), count)
  })

  it.prop(
    "counts a text the same however it is wrapped",
    [letters, FastCheck.integer({ min: 1, max: 80 }), FastCheck.constantFrom("\n", "\r", "\r\n")],
    ([text, width, lineBreak]) => {
      assert.strictEqual(charactersIn(wrapped(text, width, lineBreak)), text.length)
    }
  )
})

describe("holdsAnswer", () => {
  it.each<string>([
    "http://127.0.0.1:1234/callback?code=abc&state=def",
    "http://127.0.0.1:1234/callback?state=def",
    "http://127.0.0.1:1234/callback?error=access_denied",
    "http://127.0.0.1:1234/callback#code=abc",
    "code=abc",
    "STATE=abc",
    "curl 'http://127.0.0.1/?code=abc'",
    "first line\nhttp://127.0.0.1/?code=abc\nlast line",
    "?code=abc",
    "-code=abc",
    "http://127.0.0.1/?co\nde=abc",
    "http://127.0.0.1/?co\r\nde\r\n=abc",
    "http://127.0.0.1/?x=1&amp;code=abc"
  ])("is true of %j", (text) => {
    assert.isTrue(holdsAnswer(text))
  })

  it.each<string>([
    "",
    "npm run build",
    "code",
    "state of the art",
    "the code is = 3",
    "zipcode=12345",
    "estate=1",
    "git commit -m 'error: = missing'",
    "http://127.0.0.1:1234/callback",
    "const decode = 3",
    "y\n"
  ])("is false of %j", (text) => {
    assert.isFalse(holdsAnswer(text))
  })

  it.prop(
    "is true of every address that carries a code, a state or an error, wherever it is wrapped",
    [letters, name, letters, FastCheck.integer({ min: 1, max: 80 }), FastCheck.constantFrom("\n", "\r", "\r\n")],
    ([path, key, value, width, lineBreak]) => {
      assert.isTrue(holdsAnswer(wrapped(`http://127.0.0.1/${path}?${key}=${value}`, width, lineBreak)))
    }
  )

  it.prop("is false of every text without an equals sign", [FastCheck.string()], ([text]) => {
    assert.isFalse(holdsAnswer(text.replaceAll("=", "")))
  })

  it("takes a time linear in the length of the text", () => {
    assert.isFalse(holdsAnswer("code\n".repeat(200_000)))
    assert.isFalse(holdsAnswer("=".repeat(1_000_000)))
    assert.isTrue(holdsAnswer(`${"code\n".repeat(200_000)}?code=`))
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
