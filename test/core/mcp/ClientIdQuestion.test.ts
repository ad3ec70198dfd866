import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { readAnswer } from "../../../src/core/mcp/ClientIdQuestion.ts"

describe("readAnswer", () => {
  it.each<[unknown, string]>([
    ["by-hand", "ClientId by-hand"],
    ["  by-hand\r\n", "ClientId by-hand"],
    ["https://app.example/client.json", "ClientId https://app.example/client.json"],
    ["with space", "ClientId with space"],
    ["x".repeat(4096), `ClientId ${"x".repeat(4096)}`],
    ["x".repeat(4097), "NotAClientId"],
    ["two\nlines", "NotAClientId"],
    ["clé", "NotAClientId"],
    ["\u001b[2J", "NotAClientId"],
    ["", "Nothing"],
    [" \t\n", "Nothing"],
    [undefined, "Nothing"],
    [null, "Nothing"],
    [42, "NotAClientId"],
    [{}, "NotAClientId"]
  ])("%j is %s", (given, expected) => {
    const answer = readAnswer(given)
    assert.strictEqual(answer._tag === "ClientId" ? `ClientId ${answer.clientId}` : answer._tag, expected)
  })

  it.prop(
    "takes printable ASCII without space around it, and nothing else",
    { text: FastCheck.string() },
    ({ text }) => {
      const answer = readAnswer(text)
      if (answer._tag === "ClientId") assert.match(answer.clientId, /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/)
      else assert.strictEqual(answer._tag === "Nothing", text.trim() === "")
    }
  )
})
