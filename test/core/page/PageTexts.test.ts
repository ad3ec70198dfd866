import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as CallbackPage from "../../../src/core/page/CallbackPage.ts"
import { languageFor, PageTexts, type PageWords } from "../../../src/core/page/PageTexts.ts"

const { english } = PageTexts

/** Sentences that can be told from all others. */
const inTheWordsOf = (tag: string): PageTexts => {
  const words = () => ({ title: `title ${tag}`, text: `text ${tag}` })
  return {
    signedIn: words,
    received: words,
    denied: words,
    invalid: words,
    failed: words,
    closed: words,
    refused: words,
    serverSaid: `server ${tag}`,
    programSaid: `program ${tag}`
  }
}

const languages = (...tags: ReadonlyArray<string>) => Object.fromEntries(tags.map((tag) => [tag, inTheWordsOf(tag)]))

const known = languages("de", "fr", "pt", "pt-BR", "zh-Hant")

describe("languageFor", () => {
  it.each<[name: string, header: string | undefined, tag: string]>([
    ["no header", undefined, "en"],
    ["an empty header", "", "en"],
    ["blanks", " \t ", "en"],
    ["commas alone", ",,,", "en"],
    ["English", "en", "en"],
    ["English of a country", "en-GB", "en"],
    ["a language", "de", "de"],
    ["a language in capitals", "DE", "de"],
    ["a language of a country", "de-AT", "de"],
    ["a language of a country and a script", "de-Latn-CH-1996", "de"],
    ["a language whose country there is", "pt-BR", "pt-BR"],
    ["a language whose country there is, in small letters", "pt-br", "pt-BR"],
    ["more than what there is", "pt-BR-x-abc", "pt-BR"],
    ["a language whose country there is not", "pt-PT", "pt"],
    ["a language with its script", "zh-Hant-TW", "zh-Hant"],
    ["a language whose other script there is", "zh-Hans-CN", "en"],
    ["a language that is there only in a script", "zh", "en"],
    ["a language that begins with the letters of another", "deu", "en"],
    ["the first letter of a language", "d", "en"],
    ["a language nobody has", "tlh", "en"],
    ["a language nobody has, then another", "tlh, fr", "fr"],
    ["the first of two", "de, fr", "de"],
    ["the first of two, without a blank", "fr,de", "fr"],
    ["the first of two, with blanks", "  fr  ,  de  ", "fr"],
    ["what Chrome sends", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"],
    ["what Firefox sends", "fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3", "fr"],
    ["English first", "en-US,en;q=0.9,de;q=0.8", "en"],

    ["the better one", "de;q=0.4, fr;q=0.5", "fr"],
    ["one without quality, which is the best", "de;q=0.9, fr", "fr"],
    ["equal ones in their order", "fr;q=0.5, de;q=0.5", "fr"],
    ["the better one of English and another", "en;q=0.1, de;q=0.2", "de"],
    ["a quality of three digits", "de;q=0.123, fr;q=0.124", "fr"],
    ["a quality in a capital", "de;Q=0.1, fr;Q=0.2", "fr"],
    ["a quality with blanks", "de ; q=0.1 , fr ; q=0.2", "fr"],
    ["a quality behind another parameter", "de;level=1;q=0.1, fr;q=0.2", "fr"],
    ["a quality behind another parameter, which counts", "de;level=1;q=0.3, fr;q=0.2", "de"],
    ["what stands within 1,024 letters", `${"x,".repeat(511)}de`, "de"],
    ["nothing of what stands behind", `${"x,".repeat(512)}de`, "en"],
    ["a quality of 1.000", "de;q=0.999, fr;q=1.000", "fr"],
    ["the smallest quality", "de;q=0.001", "de"],

    ["a refused one", "de;q=0", "en"],
    ["a refused one in digits", "de;q=0.000", "en"],
    ["a refused one, then another", "de;q=0, fr;q=0.1", "fr"],
    ["English refused, and another wanted", "en;q=0, de;q=0.1", "de"],
    ["English refused, and nothing else there", "en;q=0, tlh", "en"],
    ["all refused", "*;q=0", "en"],

    ["any", "*", "en"],
    ["any, after one", "de, *;q=0.5", "de"],
    ["any, before one", "*, de;q=0.5", "de"],
    ["any, after one that nobody has", "tlh, *;q=0.1", "en"],
    ["any country", "de-*", "en"],

    ["a quality that is no number", "de;q=best, fr;q=0.1", "fr"],
    ["an empty quality", "de;q=, fr;q=0.1", "fr"],
    ["a quality above one", "de;q=2, fr;q=0.1", "fr"],
    ["a quality below nothing", "de;q=-1, fr;q=0.1", "fr"],
    ["a quality without end", "de;q=Infinity, fr;q=0.1", "fr"],
    ["two in one", "de fr, pt", "pt"],
    ["an underscore", "pt_BR, fr", "fr"],
    ["markup", "<script>, de", "de"],
    ["hyphens alone", "-, --, de", "de"],
    ["a hyphen in front", "-de", "en"],
    ["a hyphen behind", "de-", "de"],
    ["a name that every object has", "constructor, toString, __proto__", "en"],
    ["a line break", "de\r\nfr", "en"],
    ["a NUL", "de\u0000", "en"],
    ["letters like ours", "ｄｅ, fr", "fr"]
  ])("answers %s", (_name, header, tag) => {
    const language = languageFor(header, known)
    assert.strictEqual(language.tag, tag)
    assert.strictEqual(language.texts, tag === "en" ? english : known[tag])
  })

  it("knows English alone where no others are given", () => {
    for (const header of [undefined, "", "de", "en", "*", "en;q=0, de"]) {
      assert.deepStrictEqual(languageFor(header), { tag: "en", texts: english })
      assert.deepStrictEqual(languageFor(header, {}), { tag: "en", texts: english })
    }
  })

  it("lets a caller write English anew", () => {
    const own = languages("en")
    for (const header of [undefined, "en-GB", "de", "*"]) {
      assert.deepStrictEqual(languageFor(header, own), { tag: "en", texts: own["en"] })
    }
    const capitals = languages("EN")
    assert.strictEqual(languageFor("en", capitals).texts, capitals["EN"])
    assert.strictEqual(languageFor(undefined, capitals).texts, capitals["EN"])
  })

  it("takes English of a country only for who asks for it", () => {
    const british = languages("en-GB")
    assert.strictEqual(languageFor("en-GB", british).tag, "en-GB")
    assert.strictEqual(languageFor("en-US", british).tag, "en")
    assert.strictEqual(languageFor(undefined, british).tag, "en")
  })

  it("writes the tag as the caller does", () => {
    assert.strictEqual(languageFor("pt-br", languages("PT-br")).tag, "PT-br")
  })

  it("finds nothing in what an object inherits", () => {
    const inherited: Record<string, PageTexts> = Object.create(languages("de"))
    assert.strictEqual(languageFor("de", inherited).tag, "en")
  })

  const tag = FastCheck.constantFrom(
    "de",
    "de-AT",
    "fr",
    "pt",
    "pt-BR",
    "PT-br-x-y",
    "zh-Hant-TW",
    "zh",
    "en-GB",
    "tlh"
  )
  const thousandths = FastCheck.integer({ min: 0, max: 1000 })

  it.prop("gives the best of what is accepted and there, the first of equals", [
    FastCheck.array(FastCheck.tuple(tag, thousandths, FastCheck.constantFrom("", " ", "\t")), { maxLength: 8 })
  ], ([wanted]) => {
    const header = wanted.map(([tag, quality, blank]) => `${blank}${tag}${blank};${blank}q=${quality / 1000}`).join(",")
    const served = (tag: string) => {
      const lower = tag.toLowerCase()
      return ["pt-BR", "zh-Hant", "de", "fr", "pt", "en"].find((one) =>
        lower === one.toLowerCase() || lower.startsWith(`${one.toLowerCase()}-`)
      )
    }
    let best: readonly [tag: string, quality: number] = ["en", 0]
    for (const [tag, quality] of wanted) {
      const found = served(tag)
      if (found !== undefined && quality > best[1]) best = [found, quality]
    }
    assert.strictEqual(languageFor(header, known).tag, best[0])
  }, { fastCheck: { numRuns: 500 } })

  const junk = FastCheck.oneof(
    FastCheck.string({ unit: "binary" }),
    FastCheck.array(
      FastCheck.constantFrom(
        "de",
        "en",
        "*",
        "-",
        ";",
        "q=",
        "=",
        ",",
        " ",
        "0.5",
        "1e999",
        "NaN",
        "\u0000",
        "x",
        "😀"
      ),
      { maxLength: 30 }
    ).map((parts) => parts.join(""))
  )

  it.prop("never throws, and gives what is there", [junk], ([header]) => {
    const language = languageFor(header, known)
    assert.strictEqual(language.texts, language.tag === "en" ? english : known[language.tag])
    assert.isDefined(language.texts)
  }, { fastCheck: { numRuns: 500 } })

  it("reads a megabyte of header in no time", () => {
    for (const piece of ["de,", "a-", "-", ";", "q=", " ", ";q=0.1,", "*,"]) {
      const started = performance.now()
      languageFor(piece.repeat((1 << 20) / piece.length), known)
      assert.isBelow(performance.now() - started, 1000)
    }
  })
})

/** Every page there is in the words of a language, by what it is about. */
const pages = (texts: PageTexts, serverName?: string): ReadonlyArray<readonly [string, PageWords]> => {
  const about = { serverName }
  return [
    ["signedIn", texts.signedIn(about)],
    ["received", texts.received(about)],
    ["denied, declined", texts.denied({ ...about, error: "access_denied" })],
    ["denied, otherwise", texts.denied({ ...about, error: "server_error" })],
    ...(["RepeatedParameter", "IssuerMismatch", "IssuerMissing", "CodeMissing"] as const).map((reason) =>
      [`invalid, ${reason}`, texts.invalid({ ...about, reason })] as const
    ),
    ["failed", texts.failed(about)],
    ["closed", texts.closed(about)],
    ...([
      "StateMissing",
      "DenialWithoutState",
      "StateRepeated",
      "StateMismatch",
      "WrongPath",
      "UninvitedForm"
    ] as const).map((reason) => [`refused, ${reason}`, texts.refused({ ...about, reason })] as const)
  ]
}

describe("the English texts", () => {
  it("are complete", () => {
    assert.deepStrictEqual(Object.keys(english).sort(), Object.keys(inTheWordsOf("en")).sort())
    for (const serverName of [undefined, "Example"]) {
      for (const [name, words] of pages(english, serverName)) {
        assert.deepStrictEqual(Object.keys(words).sort(), ["text", "title"], name)
        assert.notMatch(words.title + words.text, /undefined|null|\[object|NaN/, name)
      }
    }
  })

  it("begin with a capital and end as a title, a sentence and an introduction do", () => {
    for (const [name, { text, title }] of [...pages(english), ...pages(english, "Example")]) {
      assert.match(title, /^[A-Z].*[A-Za-z]$/, name)
      assert.match(text, /^[A-Z].*[a-z]\.$/, name)
      assert.notMatch(`${title}\n${text}`, /\s\s|\s[.,:]|\.\.|[\r\t]/, name)
    }
    for (const said of [english.serverSaid, english.programSaid]) assert.match(said, /^[A-Z].*[a-z]:$/)
  })

  it("escape nothing themselves: that is for where they are shown", () => {
    const name = `<b>&"'`
    for (const [page, { text, title }] of pages(english, name)) {
      assert.notMatch(title + text, /&(amp|lt|gt|quot|#)/, page)
      const bare = (title + text).replaceAll(name, "")
      assert.notMatch(bare, /[<>&]/, page)
    }
    assert.notMatch(english.serverSaid + english.programSaid, /[<>&]/)
  })

  it("name the server on every page that tells how the sign-in to it ended", () => {
    for (const [page, { title }] of pages(english, "Example Mail")) {
      assert.strictEqual(title.endsWith(" to Example Mail"), /^(signedIn|denied|invalid|failed)/.test(page), page)
    }
  })

  it("say that somebody is signed in only where that is known", () => {
    for (const [page, { text, title }] of pages(english, "Example")) {
      assert.strictEqual(/^signed in|you are signed in/im.test(`${title}\n${text}`), page === "signedIn", page)
    }
  })

  it("tell who said what is shown below", () => {
    assert.match(english.serverSaid, /\bserver\b/)
    assert.match(english.programSaid, /\bprogram\b/)
  })

  it("tell what to do next, on every page", () => {
    for (const [page, { text }] of pages(english)) {
      assert.match(text, /\b(go back|start|finish|close this tab|do not try)\b/i, page)
    }
  })

  it("advise against another try where the answer may be a stranger's, and only there", () => {
    for (const reason of ["RepeatedParameter", "IssuerMismatch", "IssuerMissing", "CodeMissing"] as const) {
      const { text } = english.invalid({ reason })
      assert.strictEqual(/do not try again/i.test(text), reason.startsWith("Issuer"), reason)
    }
  })

  it("blame nobody for a server's trouble, and say so where the person declined", () => {
    assert.match(english.denied({ error: "access_denied" }).text, /declined/)
    for (const error of ["server_error", "temporarily_unavailable", "Access_Denied", ""]) {
      assert.notMatch(english.denied({ error }).text, /declined/, error)
    }
  })
})

describe("a caller's texts", () => {
  const request = { serverName: "Example", acceptLanguage: "de" }
  const signedIn: CallbackPage.Outcome = { _tag: "SignedIn" }
  const fallback = CallbackPage.make()(signedIn, { ...request, acceptLanguage: undefined })

  it("are shown to who asks for their language, and to nobody else", () => {
    const render = CallbackPage.make({ texts: known })
    assert.include(render(signedIn, request).body, '<html lang="de">')
    assert.include(render(signedIn, request).body, "<h1>title de</h1><p>text de</p>")
    assert.deepStrictEqual(render(signedIn, { ...request, acceptLanguage: "tlh" }), fallback)
  })

  it.each<[string, () => PageWords]>([
    ["throws", () => {
      throw new Error("no words")
    }],
    ["throws what is no error", () => {
      throw undefined
    }],
    ["gives nothing", () => undefined as unknown as PageWords],
    ["gives no title", () => ({ text: "text" }) as PageWords],
    ["gives no paragraph", () => ({ title: "title" }) as PageWords],
    ["gives a number", () => ({ title: 1, text: 2 }) as unknown as PageWords]
  ])("fall back to English where one %s", (_name, signedInText) => {
    const texts = { de: { ...inTheWordsOf("de"), signedIn: signedInText } }
    const render = CallbackPage.make({ texts })
    assert.deepStrictEqual(render(signedIn, request), fallback)
    const html = CallbackPage.make({ texts, html: () => "mine" })
    assert.deepStrictEqual(html(signedIn, request), fallback, "a page of the caller's own is not asked for it")
    assert.include(render({ _tag: "Closed" }, request).body, "title de", "the other texts stay")
  })

  it("fall back to English where one is missing, and where a language has none", () => {
    const { signedIn: _, ...rest } = inTheWordsOf("de")
    assert.deepStrictEqual(CallbackPage.make({ texts: { de: rest as PageTexts } })(signedIn, request), fallback)
    const none = { de: undefined } as unknown as Record<string, PageTexts>
    assert.deepStrictEqual(CallbackPage.make({ texts: none })(signedIn, request), fallback)
  })

  it("fall back to our English, where the caller's own English throws", () => {
    const broken = {
      ...inTheWordsOf("en"),
      signedIn: (): PageWords => {
        throw new Error("no words")
      }
    }
    assert.deepStrictEqual(CallbackPage.make({ texts: { en: broken } })(signedIn, request), fallback)
  })
})
