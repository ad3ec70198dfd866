import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Texts from "../src/core/Texts.ts"

const words: Texts.PendingWords = {
  serverName: "as.example",
  url: new URL("https://as.example/authorize?client_id=x&state=y"),
  redirectUri: "http://127.0.0.1:4321/callback",
  listening: true,
  paste: true
}

describe("pending", () => {
  it("puts the URL alone on its line, so that it can be clicked, or copied whole", () => {
    for (const opening of [true, false]) {
      assert.include(Texts.pending(words, opening).split("\n"), `  ${words.url.href}`)
    }
  })

  it("says whether a browser should open", () => {
    assert.include(Texts.pending(words, true), "your browser should open")
    assert.notInclude(Texts.pending(words, false), "browser should open")
  })

  it("says how to paste from another machine", () => {
    assert.include(Texts.pending(words, false), "on another machine, paste the address it ends on here")
  })

  it("says that only a paste can finish when nothing listens", () => {
    const text = Texts.pending({ ...words, listening: false }, false)
    assert.include(text, `Nothing listens at ${words.redirectUri}`)
    assert.include(text, "paste its address here")
  })

  it("does not ask for a paste where none is read", () => {
    for (const listening of [true, false]) {
      assert.notMatch(Texts.pending({ ...words, paste: false, listening }, false), /paste/i)
    }
  })

  it.prop("lets no server name write on the terminal", [
    FastCheck.array(FastCheck.constantFrom("\u001b[2J", "\r", "\n", "\u202e", "\u0007", "as.example", "😀"))
      .map((parts) => parts.join("")),
    FastCheck.boolean()
  ], ([serverName, opening]) => {
    const text = Texts.pending({ ...words, serverName }, opening)
    assert.notMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u)
    const lines = Texts.pending({ ...words, serverName: "plain" }, opening).split("\n").length
    assert.strictEqual(text.split("\n").length, lines, "a name is no line of its own")
  })
})

describe("pasteOnly", () => {
  it("says what happened and what to do, on one line", () => {
    const text = Texts.pasteOnly(words.redirectUri)
    assert.match(text, /^The port of http:\/\/127\.0\.0\.1:4321\/callback is taken .* paste it here\.\n$/)
  })
})

describe("pasteRefused", () => {
  it("is the message on a line", () => {
    assert.strictEqual(Texts.pasteRefused("Paste the whole address"), "Paste the whole address\n")
  })
})
