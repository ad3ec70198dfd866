import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Redacted } from "effect"
import { createHash } from "node:crypto"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import { AuthorizationDenied, InvalidResponse, type InvalidResponseReason } from "../../../src/core/oauth/FlowError.ts"
import * as CallbackPage from "../../../src/core/page/CallbackPage.ts"
import type { PageOptions, PageView } from "../../../src/core/page/PageOptions.ts"
import * as PageStyle from "../../../src/core/page/PageStyle.ts"
import { PageTexts } from "../../../src/core/page/PageTexts.ts"
import { printable } from "../../../src/core/text/SafeText.ts"
import { styleHash } from "../../../src/flow/styleHash.ts"

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

/** Every outcome there is: its name, itself, and the status and title of its page. */
const outcomes: ReadonlyArray<readonly [string, CallbackPage.Outcome, number, string]> = [
  ["SignedIn", { _tag: "SignedIn" }, 200, "Signed in"],
  ["Received", { _tag: "Received" }, 200, "Answer received"],
  ["Denied", denied("access_denied"), 200, "Not signed in"],
  ["Denied with a description", denied("access_denied", "The user said no"), 200, "Not signed in"],
  ["Denied for another reason", denied("server_error"), 200, "Not signed in"],
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
  ["Refused StateMissing", { _tag: "Refused", reason: "StateMissing" }, 400, "Not an answer to this sign-in"],
  ["Refused StateRepeated", { _tag: "Refused", reason: "StateRepeated" }, 400, "Damaged address"],
  ["Refused StateMismatch", { _tag: "Refused", reason: "StateMismatch" }, 400, "Not the current sign-in"]
]

const nobody: CallbackPage.PageRequest = { serverName: undefined, acceptLanguage: undefined }

/** The page as it is when nothing was changed. */
const show = (outcome: CallbackPage.Outcome, request: Partial<CallbackPage.PageRequest> = {}) =>
  CallbackPage.make()(outcome, { ...nobody, ...request })

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64")

const policy = (style: string): string =>
  `default-src 'none'; style-src ${style}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" }

const textOf = (html: string): string => html.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name) => entities[name] ?? "")

const own: ReadonlySet<string> = new Set([
  "<!doctype html>",
  '<meta charset="utf-8">',
  '<meta name="viewport" content="width=device-width,initial-scale=1">',
  '<link rel="icon" href="data:,">',
  '<svg viewBox="0 0 24 24" aria-hidden="true">',
  "</svg>",
  '<circle cx="12" cy="12" r="10"/>',
  '<path d="m7.5 12.5 3 3 6-6.5"/>',
  '<path d="m9 9 6 6m0-6-6 6"/>',
  '<path d="M12 11.5V16m0-8v.01"/>',
  "</html>",
  ...["good", "bad", "calm"].map((tone) => `<main class="${tone}">`),
  "</main>",
  ...["head", "title", "style", "body", "h1", "p", "code"].flatMap((name) => [`<${name}>`, `</${name}>`])
])

/** Reads a page back as a browser would, and fails on any tag that is not the page's own. */
const parse = (body: string) => {
  const tags = body.match(/<[^>]*>/g) ?? []
  const lang = tags.filter((tag) => tag.startsWith("<html ")).map((tag) => /^<html lang="([^"]*)">$/.exec(tag)?.[1])
  for (const tag of tags) if (!tag.startsWith("<html ")) assert.isTrue(own.has(tag), tag)
  assert.strictEqual(body.match(/</g)?.length, tags.length, "every < begins a tag of the page")
  assert.strictEqual(lang.length, 1)
  const inside = (name: string): ReadonlyArray<string> =>
    Array.from(body.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g")), ([, html = ""]) => textOf(html))
  return {
    lang: textOf(lang[0] ?? ""),
    title: inside("title"),
    h1: inside("h1"),
    p: inside("p"),
    detailTitle: Array.from(body.matchAll(/<p>([^<]*)<code>/g), ([, html = ""]) => textOf(html)),
    code: inside("code"),
    style: inside("style")
  }
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
    const answer = show(outcome)
    assert.strictEqual(answer.status, status)
    const page = parse(answer.body)
    assert.deepStrictEqual([page.title, page.h1], [[title], [title]])
    assert.strictEqual(page.p.length, 1)
    assert.match(page.p[0] ?? "", /^[A-Z].+\.$/)
    assert.strictEqual(page.lang, "en")
  })

  it("says that a person is signed in only when that is known", () => {
    for (const [name, outcome] of outcomes) {
      for (const serverName of [undefined, "Example"]) {
        const { body } = show(outcome, { serverName })
        assert.strictEqual(/you are signed in|<h1>signed in/i.test(body), name === "SignedIn", name)
        assert.strictEqual(body.includes('<main class="good">'), name === "SignedIn", name)
      }
    }
  })

  it("shows a tick for success, a cross for a failure, and what calls for calm for the rest", () => {
    const good = '<path d="m7.5 12.5 3 3 6-6.5"/>'
    const bad = '<path d="m9 9 6 6m0-6-6 6"/>'
    const calm = '<path d="M12 11.5V16m0-8v.01"/>'
    const figures = {
      SignedIn: good,
      Received: calm,
      Denied: bad,
      Invalid: bad,
      Failed: bad,
      Closed: calm,
      Refused: calm
    }
    for (const [name, outcome] of outcomes) {
      const [, figure] = /<svg [^>]*><circle [^>]*>(<path [^>]*>)<\/svg><h1>/.exec(show(outcome).body) ?? []
      assert.strictEqual(figure, figures[outcome._tag], name)
    }
  })

  it.each(outcomes)(
    "names the server where it tells how the sign-in to it ended: %s",
    (_name, outcome, _status, title) => {
      const named = /signed in$/i.test(title) ? [`${title} to Example Mail`] : [title]
      const page = parse(show(outcome, { serverName: "Example Mail" }).body)
      assert.deepStrictEqual([page.title, page.h1], [named, named])
    }
  )

  it("cuts a server's name that is longer than a line", () => {
    const page = parse(show({ _tag: "SignedIn" }, { serverName: "n".repeat(5000) }).body)
    assert.deepStrictEqual(page.h1, [`Signed in to ${"n".repeat(79)}…`])
  })

  it.each(outcomes)("has every header: %s", (_name, outcome) => {
    const { headers } = show(outcome)
    assert.deepStrictEqual(headers, {
      "cache-control": "no-store",
      "content-security-policy": policy(`'sha256-${PageStyle.styleHash}'`),
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff"
    })
  })

  it.each(outcomes)("allows its own style, by its hash, and nothing else: %s", (_name, outcome) => {
    const { body, headers } = show(outcome)
    const [style = ""] = /(?<=<style>)[^<]*/.exec(body) ?? []
    assert.strictEqual(style, PageStyle.style)
    assert.strictEqual(headers["content-security-policy"], policy(`'sha256-${sha256(style)}'`))
  })

  it.each(outcomes)("fetches nothing, runs nothing and stays under 4 KB: %s", (_name, outcome) => {
    const { body } = show(outcome, { serverName: "Example" })
    const rest = body.replace('<link rel="icon" href="data:,">', "")
    assert.notStrictEqual(rest, body, "an empty icon, so that the browser asks for none")
    assert.notMatch(
      rest,
      /<(script|img|link|iframe|form|a|base|object|image|use)\b|\b(src|href|on[a-z]+|style)=|url\(|@import/i
    )
    assert.isBelow(new TextEncoder().encode(body).length, 4096)
  })

  it.prop("shows a server's error as text, and nothing of it as HTML", [hostile, hostile], ([error, description]) => {
    const page = parse(show(denied(error, description)).body)
    assert.deepStrictEqual(page.code, [`${error}: ${description}`])
    assert.deepStrictEqual(page.detailTitle, ["The server said:"])
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows a caller's reason as text, printable and cut, and nothing of it as HTML", [hostile], ([reason]) => {
    const page = parse(show({ _tag: "Failed", reason }).body)
    const said = printable(reason, 500)
    assert.deepStrictEqual(page.code, said === "" ? [] : [said])
    assert.deepStrictEqual(page.detailTitle, said === "" ? [] : ["The program said:"])
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows a server's name as text, printable and cut, and nothing of it as HTML", [
    hostile,
    FastCheck.constantFrom(...outcomes)
  ], ([serverName, [, outcome, , title]]) => {
    const page = parse(show(outcome, { serverName }).body)
    const named = /signed in$/i.test(title) ? `${title} to ${printable(serverName, 80)}` : title
    assert.deepStrictEqual([page.title, page.h1], [[named], [named]])
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows nothing at all of what a browser says of its languages", [
    hostile,
    FastCheck.constantFrom(...outcomes)
  ], ([acceptLanguage, [, outcome]]) => {
    assert.deepStrictEqual(show(outcome, { acceptLanguage }), show(outcome))
  }, { fastCheck: { numRuns: 300 } })

  it("shows nothing in place of what is not known", () => {
    for (const [name, outcome] of outcomes) {
      const { body } = show(outcome)
      const says = outcome._tag === "Denied" || (outcome._tag === "Failed" && outcome.reason !== undefined)
      assert.strictEqual(body.includes("<code>"), says, name)
      assert.strictEqual(body.endsWith(".</p></main></body></html>"), !says, name)
      assert.notInclude(body, "undefined", name)
    }
    for (const reason of ["", " ", "\u001b", "\u202e\n"]) {
      assert.deepStrictEqual(show({ _tag: "Failed", reason }), show({ _tag: "Failed" }))
    }
  })

  const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
  const code = "SplxlOBeZQQYbYS6WxSbIA"

  it.prop("holds no code and no state of the response it answers, and hands none to a caller's page", [
    FastCheck.record({
      code: FastCheck.constantFrom([], [code], [code, code]),
      error: FastCheck.constantFrom([], ["access_denied"], [state], [`${code}!`]),
      error_description: FastCheck.constantFrom(
        [],
        ["no"],
        [`no session for ${state}, ${code}`],
        [state + code],
        [`<b>${state}</b><script>${code}</script>`]
      ),
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
    const ours = show(outcome).body
    parse(ours)
    const asked: Array<unknown> = []
    const texts: PageTexts = {
      ...PageTexts.english,
      denied: (about) => {
        asked.push(about)
        return PageTexts.english.denied(about)
      },
      invalid: (about) => {
        asked.push(about)
        return PageTexts.english.invalid(about)
      }
    }
    const theirs = CallbackPage.make({
      texts: { en: texts },
      html: (view) => JSON.stringify(view)
    })(outcome, nobody).body
    for (const text of [ours, theirs, JSON.stringify(asked)]) {
      if (parts.code.length > 0) assert.notInclude(text, code)
      assert.notInclude(text, state)
      assert.notInclude(text, "evil.example")
    }
  })
})

describe("a caller's page", () => {
  const signedIn: CallbackPage.Outcome = { _tag: "SignedIn" }
  const request = { serverName: "Example", acceptLanguage: "de-AT, en;q=0.5" }
  const ours = show(signedIn, { serverName: "Example" })

  const words = FastCheck.record({ title: hostile, text: hostile })

  it.prop("shows its texts as text, and nothing of them as HTML", [
    words,
    hostile,
    hostile,
    hostile,
    FastCheck.constantFrom(...outcomes)
  ], ([words, serverSaid, programSaid, reason, [, outcome]]) => {
    const say = () => words
    const texts: PageTexts = {
      signedIn: say,
      received: say,
      denied: say,
      invalid: say,
      failed: say,
      closed: say,
      refused: say,
      serverSaid,
      programSaid
    }
    const shown = outcome._tag === "Failed" ? { ...outcome, reason } : outcome
    const page = parse(CallbackPage.make({ texts: { de: texts } })(shown, request).body)
    assert.strictEqual(page.lang, "de")
    assert.deepStrictEqual([page.title, page.h1, page.p], [[words.title], [words.title], [words.text]])
    const title = { Denied: [serverSaid], Failed: [programSaid] }[outcome._tag as string] ?? []
    assert.deepStrictEqual(page.detailTitle, page.code.length === 0 ? [] : title)
    assert.strictEqual(page.code.length, outcome._tag === "Denied" || printable(reason, 500) !== "" ? title.length : 0)
  }, { fastCheck: { numRuns: 300 } })

  it.prop("shows its tag of a language as text", [hostile], ([lang]) => {
    const view: PageView = { outcome: "Closed", lang, title: "title", text: "text", detailTitle: "said:" }
    assert.strictEqual(parse(CallbackPage.document(view, "")).lang, lang)
  }, { fastCheck: { numRuns: 300 } })

  it("has its own style, by its hash, in our page", () => {
    const style = "h1{color:red}"
    const { body, headers } = CallbackPage.make({ style }, sha256(style))(signedIn, request)
    assert.deepStrictEqual(parse(body).style, [style])
    assert.strictEqual(headers["content-security-policy"], policy(`'sha256-${sha256(style)}'`))
    assert.strictEqual(body, ours.body.replace(PageStyle.style, style))
  })

  it("may have no style at all", () => {
    const { body, headers } = CallbackPage.make({ style: "" }, sha256(""))(signedIn, request)
    assert.deepStrictEqual(parse(body).style, [""])
    assert.strictEqual(headers["content-security-policy"], policy(`'sha256-${sha256("")}'`))
  })

  it("allows no style that has no hash", () => {
    const { headers } = CallbackPage.make({ style: "h1{color:red}" })(signedIn, request)
    assert.strictEqual(headers["content-security-policy"], policy("'none'"))
  })

  it.each(outcomes)("is the whole document, with every header and our status: %s", (_name, outcome, status) => {
    const views: Array<PageView> = []
    const html = (view: PageView) => {
      views.push(view)
      return "<p>mine</p>"
    }
    const answer = CallbackPage.make({ html })(outcome, request)
    assert.deepStrictEqual(answer, {
      status,
      headers: { ...ours.headers, "content-security-policy": policy("'none'") },
      body: "<p>mine</p>"
    })
    const page = parse(show(outcome, request).body)
    assert.deepStrictEqual(views, [{
      outcome: outcome._tag,
      lang: "en",
      title: page.title[0] ?? "",
      text: page.p[0] ?? "",
      detail: page.code[0],
      detailTitle: outcome._tag === "Failed" ? "The program said:" : "The server said:",
      serverName: "Example"
    }])
  })

  it("is told everything in its reader's language, and as plain text", () => {
    const texts = { ...PageTexts.english, failed: () => ({ title: "<b>", text: "&" }), programSaid: "Gesagt:" }
    const views: Array<PageView> = []
    CallbackPage.make({ texts: { de: texts }, html: (view) => views.push(view) + "" })(
      { _tag: "Failed", reason: "a\n\u001b[2J<i>" },
      { ...request, serverName: `A\r\n"B"` }
    )
    assert.deepStrictEqual(views, [{
      outcome: "Failed",
      lang: "de",
      title: "<b>",
      text: "&",
      detail: "a [2J<i>",
      detailTitle: "Gesagt:",
      serverName: `A "B"`
    }])
  })

  it("takes the style that was given with it, and no other", () => {
    const style = "h1{color:red}"
    const html = () => `<style>${style}</style>`
    const { body, headers } = CallbackPage.make({ style, html }, sha256(style))(signedIn, request)
    assert.strictEqual(body, html())
    assert.strictEqual(headers["content-security-policy"], policy(`'sha256-${sha256(style)}'`))
  })

  const fail = (thrown: unknown) => (): never => {
    throw thrown
  }

  it.each<[string, PageOptions]>([
    ["throws", { html: fail(new Error("no page")) }],
    ["throws, with a style of its own", { html: fail(new Error("no page")), style: "h1{color:red}" }],
    ["throws what is no error", { html: fail(undefined) }],
    ["is no function", { html: "<p>mine</p>" as unknown as () => string }],
    ["throws, with texts of its own", { html: fail(new Error("no page")), texts: { fr: PageTexts.english } }]
  ])("is ours, whole and with our style, where html %s", (_name, options) => {
    for (const [, outcome] of outcomes) {
      const hash = options.style === undefined ? undefined : sha256(options.style)
      const answer = CallbackPage.make(options, hash)(outcome, request)
      assert.deepStrictEqual(answer, show(outcome, { serverName: "Example" }))
      assert.include(answer.headers["content-security-policy"], sha256(parse(answer.body).style[0] ?? ""))
    }
  })

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 7],
    ["a promise", Promise.resolve("<p>mine</p>")],
    ["an object", {}]
  ])("shows ours where html gives no text: %s", (_name, given) => {
    assert.deepStrictEqual(CallbackPage.make({ html: () => given as string })(signedIn, request), ours)
  })

  it("is made anew for each request", () => {
    let count = 0
    const render = CallbackPage.make({ html: () => `${++count}` })
    assert.deepStrictEqual([1, 2].map(() => render(signedIn, request).body), ["1", "2"])
  })
})

describe("the style", () => {
  it("has the hash that is written beside it", () => {
    assert.strictEqual(PageStyle.styleHash, sha256(PageStyle.style))
  })

  it("is read by HTML as it is written, and loads nothing", () => {
    assert.notMatch(PageStyle.style, /[<\r\0]|url\(|@import|@font-face|image-set|expression/i)
  })

  it("is for a dark screen as for a light one", () => {
    const [, dark = ""] = /@media\(prefers-color-scheme:dark\)\{:root\{([^}]*)\}\}/.exec(PageStyle.style) ?? []
    const [, light = ""] = /^:root\{([^}]*)\}/.exec(PageStyle.style) ?? []
    const names = (rules: string) => (rules.match(/--[a-z]+(?=:)/g) ?? []).sort()
    assert.deepStrictEqual(names(dark), names(light))
    for (const [, used = ""] of PageStyle.style.matchAll(/var\((--[a-z]+)\)/g)) assert.include(names(light), used)
  })
})

describe("styleHash", () => {
  it.effect("is the SHA-256 that a policy names", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* styleHash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
      assert.strictEqual(yield* styleHash(PageStyle.style), PageStyle.styleHash)
    }))

  // HTML knows no carriage return: a browser hashes what it has read.
  it.effect.each(["h1{\r\ncolor:red}\r\n", "h1{\rcolor:red}\r", "h1{\r\n\rcolor:red}", "\r\r\n\n"])(
    "is that of the style as a browser reads it: %j",
    (style) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* styleHash(style), sha256(style.replace(/\r\n?/g, "\n")))
      })
  )

  it.effect.prop("is that of any text", [
    FastCheck.oneof(
      FastCheck.string({ unit: "binary" }),
      FastCheck.string({ unit: "binary", minLength: 50, maxLength: 300 }),
      FastCheck.array(FastCheck.constantFrom("\r", "\n", "a", "😀", "\ud800")).map((parts) => parts.join(""))
    )
  ], ([style]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* styleHash(style), sha256(style.replace(/\r\n?/g, "\n")))
    }), { fastCheck: { numRuns: 300 } })
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
