import { assert, describe, it } from "@effect/vitest"
import { document, ownHeaders } from "../../../src/core/page/CallbackPage.ts"
import { style } from "../../../src/core/page/PageStyle.ts"
import { reloadPage } from "../../../src/core/page/ReloadPage.ts"

describe("reloadPage", () => {
  it("has the browser come back by itself after a second", () => {
    const { body, headers, status } = reloadPage("GET")
    assert.strictEqual(status, 503)
    assert.deepStrictEqual(headers, { ...ownHeaders, refresh: "1", "retry-after": "1" })
    const text =
      "The program that waits for this sign-in is just coming back. This page reloads by itself; if it does " +
      "not, reload it."
    assert.strictEqual(
      body,
      document({ outcome: "Closed", lang: "en", title: "One moment", text, detailTitle: "" }, style)
    )
  })

  it("leaves it to the person where the answer is a form, which would be lost", () => {
    const { body, headers, status } = reloadPage("POST")
    assert.deepStrictEqual([status, body], [503, reloadPage("GET").body])
    assert.deepStrictEqual(headers, { ...ownHeaders, "retry-after": "1" })
  })
})
