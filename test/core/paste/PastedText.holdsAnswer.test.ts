import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { holdsAnswer } from "../../../src/core/paste/PastedText.ts"

const letters = FastCheck.string({ unit: FastCheck.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-_.~%/?&:") })
const name = FastCheck.constantFrom("code", "state", "error", "CODE", "State")

/** The same text over lines, as a terminal or a mail program wraps it. */
const wrapped = (text: string, width: number, lineBreak: string) =>
  Array.from({ length: Math.ceil(text.length / width) }, (_, line) => text.slice(line * width, (line + 1) * width))
    .join(lineBreak)

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
