import { assert, describe, it } from "@effect/vitest"
import {
  type HttpRefusalReason,
  type PasteRefusalReason,
  PasteRefused,
  Refusal
} from "../../../src/core/oauth/Refusal.ts"

// Records, so that the compiler asks for a reason that is added.
const pasteReasons = Object.keys(
  {
    Empty: 0,
    TooLong: 0,
    NotAResponse: 0,
    AuthorizationUrl: 0,
    WrappedLink: 0,
    BareCode: 0,
    StateMissing: 0,
    DenialWithoutState: 0,
    StateRepeated: 0,
    StateMismatch: 0,
    FlowEnded: 0
  } satisfies Record<PasteRefusalReason, 0>
) as ReadonlyArray<PasteRefusalReason>

const httpReasons = Object.keys(
  {
    Malformed: 0,
    HttpsRequest: 0,
    HeadersTooLarge: 0,
    BodyTooLarge: 0,
    WrongHost: 0,
    WrongPath: 0,
    WrongMethod: 0,
    UninvitedForm: 0,
    WrongContentType: 0,
    NotANavigation: 0,
    Prefetch: 0,
    StateMissing: 0,
    DenialWithoutState: 0,
    StateRepeated: 0,
    StateMismatch: 0
  } satisfies Record<HttpRefusalReason, 0>
) as ReadonlyArray<HttpRefusalReason>

const refusals: ReadonlyArray<Refusal> = [
  ...pasteReasons.map((reason): Refusal => ({ via: "paste", reason })),
  ...httpReasons.map((reason): Refusal => ({ via: "http", reason }))
]

describe("Refusal.describe", () => {
  it.each(refusals)("says what was wrong in one plain line: $via $reason", (refusal) => {
    const sentence = Refusal.describe(refusal)
    assert.match(
      sentence,
      /^[A-Z][\x20-\x7e]{20,230}[A-Za-z`]$/,
      "a sentence, short, on one line, without a final period"
    )
    assert.notMatch(sentence, /n't\b|undefined|\[object/)
    assert.notInclude(sentence, refusal.reason, "the reason is for programs, the sentence for people")
  })

  it("has another sentence for each refusal", () => {
    assert.strictEqual(new Set(refusals.map(Refusal.describe)).size, refusals.length)
  })

  it.each<[PasteRefusalReason, RegExp]>([
    ["Empty", /Nothing was pasted\. Paste the whole address/],
    ["TooLong", /too long.*Paste only the address/],
    ["NotAResponse", /not the address of the page you ended on\. Copy it whole/],
    ["AuthorizationUrl", /the address of the sign-in page\. Sign in there first, then paste the address you ended on/],
    ["BareCode", /code alone.*Paste the whole address/],
    ["WrappedLink", /a mail program or a chat.*Paste what the browser's address bar shows after you have opened it/],
    ["StateMissing", /no `state`.*Paste the whole address.*start the sign-in again/],
    ["DenialWithoutState", /an error.*no `state`.*Start the sign-in again, if this one was declined/],
    ["StateRepeated", /more than one `state`.*Start the sign-in again/],
    ["StateMismatch", /another sign-in.*Paste the one from the newest tab/],
    ["FlowEnded", /already ended\. Nothing more is needed/]
  ])("tells the person what to do about a paste: %s", (reason, words) => {
    assert.match(Refusal.describe({ via: "paste", reason }), words)
  })

  it.each<[HttpRefusalReason, RegExp]>([
    ["HttpsRequest", /by https.*change https to http in its address bar, or paste the whole address/],
    ["WrongHost", /another host.*paste the whole address/],
    ["WrongPath", /another path.*slash.*paste the whole address/],
    ["UninvitedForm", /A form was posted.*start the sign-in again.*`responseMode` set to `form_post`/],
    ["NotANavigation", /in the background.*`allowOrigins`/],
    ["StateMissing", /without `state`.*after a #, paste it whole.*or start again/],
    ["DenialWithoutState", /error.*without `state`.*end it here and start again; else finish there/]
  ])("says what came, and a way on, of a request: %s", (reason, words) => {
    assert.match(Refusal.describe({ via: "http", reason }), words)
  })
})

describe("PasteRefused", () => {
  it.each(pasteReasons)("says as an error what the notice says: %s", (reason) => {
    const error = new PasteRefused({ reason })
    assert.strictEqual(error._tag, "PasteRefused")
    assert.strictEqual(error.reason, reason)
    assert.strictEqual(error.message, Refusal.describe({ via: "paste", reason }))
    assert.include(String(error), error.message)
    assert.instanceOf(error, Error)
  })
})
