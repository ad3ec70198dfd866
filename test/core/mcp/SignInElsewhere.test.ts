import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as SignInElsewhere from "../../../src/core/mcp/SignInElsewhere.ts"

describe("what a process tells of its sign-in", () => {
  it("is read as it was written", () => {
    for (
      const said of [
        { _tag: "Shown", url: new URL("https://as.example/authorize?state=x") },
        { _tag: "Shown", url: new URL("http://127.0.0.1:1/authorize") },
        ...(["Declined", "Failed", "Rejected", "TimedOut"] as const).map((reason) =>
          ({ _tag: "InVain", reason }) as const
        )
      ] as const
    ) {
      assert.deepStrictEqual(SignInElsewhere.decode(SignInElsewhere.encode(said)), said)
    }
  })

  it("is text that another version reads", () => {
    const url = new URL("https://as.example/authorize")
    assert.deepStrictEqual(
      [undefined, { _tag: "Shown", url } as const, { _tag: "InVain", reason: "Failed" } as const].map((said) =>
        SignInElsewhere.encode(said, 2)
      ),
      ['{"beat":2}', '{"url":"https://as.example/authorize","beat":2}', '{"inVain":"Failed","beat":2}']
    )
  })

  it("is nothing where a process tells only that it runs, and another text each time", () => {
    assert.isUndefined(SignInElsewhere.decode(SignInElsewhere.encode(undefined)))
    assert.notStrictEqual(SignInElsewhere.encode(undefined), SignInElsewhere.encode(undefined, 1))
  })

  it.each([
    "",
    "null",
    "[]",
    "1",
    "{}",
    `{"url":1}`,
    `{"url":["https://as.example/"]}`,
    `{"url":"no url"}`,
    `{"url":"javascript:alert(1)"}`,
    `{"url":"file:///etc/passwd"}`,
    `{"inVain":"Whatever"}`,
    `{"inVain":"toString"}`
  ])("is nothing that it is not: %s", (text) => {
    assert.isUndefined(SignInElsewhere.decode(text))
  })

  it.prop("throws at no text", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    SignInElsewhere.decode(text)
  })
})
