import { assert, describe, it } from "@effect/vitest"
import { hostedEnglish, hostedReasons } from "../../../src/core/hosted/RefusalWords.ts"
import { callbackReasons, type PageReason } from "../../../src/core/oauth/RefusalReason.ts"
import { PageTexts } from "../../../src/core/page/PageTexts.ts"

const pages: Readonly<Record<PageReason, true>> = {
  DenialWithoutState: true,
  StateMismatch: true,
  StateMissing: true,
  StateRepeated: true,
  UninvitedForm: true,
  WrongPath: true
}

describe("the words of a web service", () => {
  it("ask nobody to paste, or to copy an address, which no web service takes", () => {
    const shown = (Object.keys(pages) as Array<PageReason>).map((reason) => hostedEnglish.refused({ reason }).text)
    for (const text of [...Object.values(hostedReasons), ...shown]) {
      assert.notMatch(text, /past(e|ing)|copy|address bar/i)
    }
  })

  it("have a sentence for each reason, without a full stop", () => {
    assert.deepStrictEqual(Object.keys(hostedReasons).sort(), Object.keys(callbackReasons).sort())
    for (const text of Object.values(hostedReasons)) assert.match(text, /^[A-Z].*[^.]$/)
  })

  it.each([["WrongHost", "hosts"], ["WrongPath", "path"], ["NotANavigation", "allowOrigins"]] as const)(
    "name the option that mends %s",
    (reason, option) => assert.include(hostedReasons[reason], `option \`${option}\``)
  )

  it("are those of other pages in all that is not refused", () => {
    const about = { serverName: "wiki" }
    assert.deepStrictEqual(hostedEnglish.signedIn(about), PageTexts.english.signedIn(about))
    const reason = "StateMismatch"
    assert.deepStrictEqual(hostedEnglish.refused({ reason }), PageTexts.english.refused({ reason }))
  })
})
