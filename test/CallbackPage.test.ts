import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { createHash } from "node:crypto"
import * as AuthorizationResponse from "../src/core/AuthorizationResponse.ts"
import * as CallbackPage from "../src/core/CallbackPage.ts"
import { AuthorizationDenied, InvalidResponse, type InvalidResponseReason } from "../src/core/FlowError.ts"
import { printable } from "../src/core/SafeText.ts"

const invalidReasons: ReadonlyArray<InvalidResponseReason> = [
  "RepeatedParameter",
  "IssuerMismatch",
  "IssuerMissing",
  "CodeMissing"
]

const denied = (error: string, description?: string): CallbackPage.Outcome => ({
  _tag: "Denied",
  error: new AuthorizationDenied({ error, description })
})

/** Every outcome there is, with texts as they come. */
const outcomes: ReadonlyArray<readonly [string, CallbackPage.Outcome, number, string]> = [
  ["SignedIn", { _tag: "SignedIn" }, 200, "Signed in"],
  ["Received", { _tag: "Received" }, 200, "Answer received"],
  ["Denied", denied("access_denied"), 200, "Not signed in"],
  ["Denied with a description", denied("access_denied", "The user said no"), 200, "Not signed in"],
  ...invalidReasons.map((reason) =>
    [
      `Invalid ${reason}`,
      { _tag: "Invalid", error: new InvalidResponse({ reason, parameter: "code" }) },
      400,
      "Not signed in"
    ] as const
  ),
  ["Failed", { _tag: "Failed" }, 500, "Not signed in"],
  ["Failed with a reason", { _tag: "Failed", reason: "The account is locked" }, 500, "Not signed in"],
  ["Closed", { _tag: "Closed" }, 503, "Nobody is waiting"],
  ["Refused", { _tag: "Refused", reason: "This tab belongs to another sign-in." }, 400, "Not the current sign-in"]
]

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" }

const textOf = (html: string): string => html.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name) => entities[name] ?? "")

/** Reads a page back as a browser would, and fails on any tag that is not the page's own. */
const parse = (body: string) => {
  const tags = body.match(/<[^>]*>/g) ?? []
  const own = [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    ...["html", "head", "title", "style", "body", "main", "h1", "p", "code"].flatMap((
      name
    ) => [`<${name}>`, `</${name}>`])
  ]
  for (const tag of tags) assert.include(own, tag)
  assert.strictEqual(body.match(/</g)?.length, tags.length, "every < begins a tag of the page")
  const inside = (name: string): ReadonlyArray<string> =>
    Array.from(body.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g")), ([, html = ""]) => textOf(html))
  return { title: inside("title"), h1: inside("h1"), p: inside("p"), code: inside("code"), style: inside("style") }
}

const hostile = FastCheck.oneof(
  FastCheck.string({ unit: "binary" }),
  FastCheck.array(
    FastCheck.constantFrom(
      "<script>alert(1)</script>",
      "</code>",
      "</p>",
      "<",
      ">",
      "&",
      "&lt;",
      "&#60;",
      "&amp;lt;",
      '"',
      "'",
      "`",
      "<!--",
      "]]>",
      "</style>",
      "$&",
      "$1",
      "😀",
      " "
    ),
    { maxLength: 8 }
  ).map((parts) => parts.join(""))
)

describe("make", () => {
  it.each(outcomes)("has a status and a title that tell the truth: %s", (_name, outcome, status, title) => {
    const answer = CallbackPage.make(outcome)
    assert.strictEqual(answer.status, status)
    const page = parse(answer.body)
    assert.deepStrictEqual([page.title, page.h1], [[title], [title]])
    assert.strictEqual(page.p.length, 1)
    assert.match(page.p[0] ?? "", /^[A-Z].+\.$/)
  })

  it("says that a person is signed in only when that is known", () => {
    for (const [name, outcome] of outcomes) {
      const { body } = CallbackPage.make(outcome)
      assert.strictEqual(/you are signed in|<h1>signed in/i.test(body), name === "SignedIn", name)
    }
  })

  it.each(outcomes)("has every header: %s", (_name, outcome) => {
    const { headers } = CallbackPage.make(outcome)
    assert.deepStrictEqual(Object.keys(headers).sort(), [
      "cache-control",
      "content-security-policy",
      "content-type",
      "cross-origin-opener-policy",
      "referrer-policy",
      "x-content-type-options"
    ])
    assert.strictEqual(headers["cache-control"], "no-store")
    assert.strictEqual(headers["content-type"], "text/html; charset=utf-8")
    assert.strictEqual(headers["cross-origin-opener-policy"], "same-origin")
    assert.strictEqual(headers["referrer-policy"], "no-referrer")
    assert.strictEqual(headers["x-content-type-options"], "nosniff")
  })

  it.each(outcomes)("allows its own style, by its hash, and nothing else: %s", (_name, outcome) => {
    const { body, headers } = CallbackPage.make(outcome)
    const [style = ""] = /(?<=<style>)[^<]*/.exec(body) ?? []
    const hash = createHash("sha256").update(style).digest("base64")
    assert.strictEqual(style, CallbackPage.style)
    assert.strictEqual(
      headers["content-security-policy"],
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
    )
  })

  it.each(outcomes)("fetches nothing, runs nothing and stays under 4 KB: %s", (_name, outcome) => {
    const { body } = CallbackPage.make(outcome)
    assert.notMatch(
      body,
      /<(script|img|link|iframe|form|a|base|object|svg)\b|\b(src|href|on[a-z]+|style)=|url\(|@import/i
    )
    assert.isBelow(new TextEncoder().encode(body).length, 4096)
  })

  it.prop("shows a server's error as text, and nothing of it as HTML", [hostile, hostile], ([error, description]) => {
    const page = parse(CallbackPage.make(denied(error, description)).body)
    assert.deepStrictEqual(page.code, [`${error}: ${description}`])
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows a caller's reason as text, printable and cut, and nothing of it as HTML", [hostile], ([reason]) => {
    const page = parse(CallbackPage.make({ _tag: "Failed", reason }).body)
    assert.deepStrictEqual(page.code, [printable(reason, 500)])
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows why a request was refused as text, and nothing of it as HTML", [hostile], ([reason]) => {
    assert.deepStrictEqual(parse(CallbackPage.make({ _tag: "Refused", reason }).body).p, [reason])
  }, { fastCheck: { numRuns: 300 } })

  it("shows nothing in place of what is not known", () => {
    for (const outcome of [{ _tag: "Failed" }, { _tag: "Closed" }, { _tag: "SignedIn" }] as const) {
      assert.notInclude(CallbackPage.make(outcome).body, "<code>")
      assert.notInclude(CallbackPage.make(outcome).body, "undefined")
    }
  })

  const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
  const code = "SplxlOBeZQQYbYS6WxSbIA"

  it.prop("holds no code and no state of the response it answers", [
    FastCheck.record({
      code: FastCheck.constantFrom([], [code], [code, code]),
      error: FastCheck.constantFrom([], ["access_denied"], [state], [`${code}!`]),
      error_description: FastCheck.constantFrom([], ["no"], [`no session for ${state}, ${code}`], [state + code]),
      error_uri: FastCheck.constantFrom([], [`https://as.example/?${state}`]),
      iss: FastCheck.constantFrom([], [], ["https://as.example"], ["https://evil.example"])
    }),
    FastCheck.boolean()
  ], ([parts, issuerRequired]) => {
    const query = new URLSearchParams({ state })
    for (const [name, values] of Object.entries(parts)) for (const value of values) query.append(name, value)
    const parameters = AuthorizationResponse.parse(query.toString())
    const matched = Either.getOrThrow(AuthorizationResponse.matchState(parameters, Redacted.make(state)))
    const checked = AuthorizationResponse.check(matched, { issuer: "https://as.example", issuerRequired })
    const outcome: CallbackPage.Outcome = Either.isRight(checked)
      ? { _tag: "Received" }
      : checked.left._tag === "AuthorizationDenied"
      ? { _tag: "Denied", error: checked.left }
      : { _tag: "Invalid", error: checked.left }
    const { body } = CallbackPage.make(outcome)
    if (parts.code.length > 0) assert.notInclude(body, code)
    assert.notInclude(body, state)
    assert.notInclude(body, "evil.example")
  })
})

describe("escapeHtml", () => {
  it("escapes all five characters, and only those", () => {
    assert.strictEqual(
      CallbackPage.escapeHtml(`<a href="x" title='y'>&amp;`),
      "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;"
    )
    assert.strictEqual(CallbackPage.escapeHtml("ä 😀 `$&"), "ä 😀 `$&amp;")
  })

  it.prop("can be read back, and leaves no character that HTML reads", [hostile], ([text]) => {
    const html = CallbackPage.escapeHtml(text)
    assert.strictEqual(textOf(html), text)
    assert.notMatch(html, /[<>"']/)
    assert.notMatch(html, /&(?!(amp|lt|gt|quot|#39);)/)
  }, { fastCheck: { numRuns: 300 } })
})
