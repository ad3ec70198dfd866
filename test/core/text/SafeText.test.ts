import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { isPlain, printable, printableUrl, withoutStop } from "../../../src/core/text/SafeText.ts"

/** Text as a hostile server writes it: terminal commands, reordering marks, halves of characters, and plain words. */
const hostile = FastCheck.array(
  FastCheck.oneof(
    FastCheck.constantFrom(
      "\u0000",
      "\u001b[2J",
      "\u009b31m",
      "\u0007",
      "\r\n",
      "\t",
      "\u0085",
      "\u00ad",
      "\u061c",
      "\u200b",
      "\u202e",
      "\u2028",
      "\u2029",
      "\u2066",
      "\ufeff",
      "\ue000",
      "\u{f0000}",
      "\u{e0041}",
      "\ud83d",
      "\ude00",
      "😀",
      "é",
      "e\u0301",
      "…",
      " ",
      "  ",
      "\u00a0",
      "\u3000",
      "access denied"
    ),
    FastCheck.string(),
    FastCheck.string({ unit: "binary" }),
    FastCheck.array(FastCheck.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
  ),
  { maxLength: 12 }
).map((pieces) => pieces.join(""))

const limit = FastCheck.integer({ min: 1, max: 80 })

/** Written out apart from the module: code point by code point, by what each does to a terminal or to a reader. */
const isUnsafe = (char: string): boolean => {
  const code = char.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || // C0, DEL, C1
    code === 0xad || code === 0x61c || code === 0x180e || // invisible, and an Arabic mark that reorders
    (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || // zero width, lines, reordering
    (code >= 0x2060 && code <= 0x2064) || (code >= 0x2066 && code <= 0x206f) || code === 0xfeff || // joiners, isolates
    (code >= 0xd800 && code <= 0xdfff) || (code >= 0xe000 && code <= 0xf8ff) || // halves, private use
    (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0020 && code <= 0xe007f) ||
    code >= 0xf0000 || (code & 0xfffe) === 0xfffe || // private use, and what is no character
    code === 0x34f || code === 0x115f || code === 0x1160 || code === 0x3164 || code === 0xffa0 || code === 0x2800 ||
    (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0000 && code <= 0xe0fff) // fillers, selectors, tags
}

/** What is dropped without a trace, so that a word stays one. */
const shapeless =
  /(?![\u200b\u202a-\u202e\u2066-\u2069])[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu

const words = (text: string): ReadonlyArray<string> =>
  text.replace(/\p{Cs}/gu, " ").replace(shapeless, "").replaceAll("\u2800", " ").replace(
    /\p{C}|\p{Zl}|\p{Zp}/gu,
    (char) => /\p{Cn}/u.test(char) ? char : " "
  ).split(/\s+/).filter(Boolean)

describe("printable", () => {
  it.each<[string, string, number, string]>([
    ["leaves plain text as it is", "The user said no", 100, "The user said no"],
    ["leaves other scripts and emoji as they are", "Zugriff verweigert: 拒否 😀", 100, "Zugriff verweigert: 拒否 😀"],
    ["turns a terminal command into harmless words", "\u001b[2J\u001b[31mgone", 100, "[2J [31mgone"],
    ["turns a one-byte terminal command into harmless words", "\u009b2Jgone", 100, "2Jgone"],
    ["keeps to one line", "first\r\nsecond\u2028third\u0085fourth", 100, "first second third fourth"],
    ["drops what reverses the order of reading", "user\u202egpj.exe", 100, "user gpj.exe"],
    ["drops what has no width", "pay\u200bpal\ufeff", 100, "pay pal"],
    ["drops text written in invisible tag characters", "ok\u{e0068}\u{e0069}", 100, "ok"],
    ["keeps what joiners hold together in one word", "می\u200cخواهم ශ්\u200dරී", 100, "میخواهم ශ්රී"],
    [
      "keeps each figure of a joined emoji",
      "\u{1f468}\u200d\u{1f469}\u200d\u{1f467} ❤\ufe0f",
      100,
      "\u{1f468}\u{1f469}\u{1f467} ❤"
    ],
    ["keeps a word that may be broken at a soft hyphen", "Zugriffs\u00adverweigerung", 100, "Zugriffsverweigerung"],
    ["keeps Hebrew and Arabic, without their marks of direction", "\u200fשלום\u200e! مرحبا\u061c", 100, "שלום! مرحبا"],
    ["keeps letters with marks of their own", "e\u0301 नमस्ते தமிழ் กรุง", 100, "e\u0301 नमस्ते தமிழ் กรุง"],
    ["keeps letters that are written in parts", "\u1112\u1161\u11ab", 100, "\u1112\u1161\u11ab"],
    ["drops what fills a line with nothing", "a\u3164\u115f\uffa0\u2800b", 100, "a b"],
    ["drops selectors, which can hide a sentence", "a\ufe00\u{e0101}\u{e01ef}b", 100, "ab"],
    ["drops what is no character", "a\uffff\ufdd0\u{1fffe}b", 100, "ab"],
    ["makes no character of two halves that it brings together", "a\udb40\u200d\udd00b", 100, "a b"],
    ["makes one space of a run", "a\u0000\u0001\u0002b", 100, "a b"],
    ["makes one space of any white space", "a \u00a0\u3000 b\u2003c", 100, "a b c"],
    ["leaves no space around", " \u00a0a\t", 100, "a"],
    ["leaves nothing of junk alone", "\u0000\u001b\u200b", 100, ""],
    ["leaves nothing of nothing", "", 100, ""],
    ["keeps what just fits", "12345", 5, "12345"],
    ["keeps what just fits, of a text twice as long", `12345${"\u0000".repeat(5)}`, 5, "12345"],
    ["marks what it cut by an ellipsis", "123456", 5, "1234…"],
    ["cuts no character in half", "123😀567", 5, "123…"],
    ["marks what it cut though little is left of it", `${"\u0000".repeat(20)}late`, 5, "…"]
  ])("%s", (_name, text, limit, expected) => {
    assert.strictEqual(printable(text, limit), expected)
  })

  it.prop(
    "never holds a control, format or separator character, or half a character",
    [hostile, limit],
    ([text, limit]) => {
      const line = printable(text, limit)
      assert.deepStrictEqual(Array.from(line).filter(isUnsafe), [])
      assert.notMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u)
      assert.notMatch(line, /[^\S ]| {2}|^ /, "no white space but single spaces between words")
    },
    { fastCheck: { numRuns: 300 } }
  )

  it.prop("is never longer than asked", [hostile, limit], ([text, limit]) => {
    assert.isAtMost(printable(text, limit).length, limit)
  }, { fastCheck: { numRuns: 300 } })

  it.prop("says all of it, word for word, or ends in an ellipsis", [hostile, limit], ([text, limit]) => {
    const line = printable(text, limit)
    if (!line.endsWith("…")) assert.deepStrictEqual(line.split(/\s+/).filter(Boolean), words(text))
  }, { fastCheck: { numRuns: 300 } })

  it.prop("leaves alone what it already made", [hostile, limit], ([text, limit]) => {
    const line = printable(text, limit)
    assert.strictEqual(printable(line, limit), line)
  }, { fastCheck: { numRuns: 300 } })

  it.each<[string, string]>([
    ["controls", "\u001b".repeat(1 << 20)],
    ["spaces", " ".repeat(1 << 20)],
    ["spaces before a letter", `${" ".repeat(1 << 20)}x`],
    ["letters and controls in turn", "a\u0000".repeat(1 << 19)],
    ["halves of characters", "\ud800".repeat(1 << 20)]
  ])("takes a megabyte of %s in no time, even when none of it is cut", (_name, text) => {
    for (const limit of [500, text.length]) {
      const started = performance.now()
      printable(text, limit)
      // Linear work takes a few milliseconds, on a busy machine some more; quadratic work on a megabyte takes minutes.
      assert.isBelow(performance.now() - started, 2000)
    }
  })
})

describe("withoutStop", () => {
  it.each<[string, string]>([
    ["It failed.", "It failed"],
    ["It failed: \t\r\n. ", "It failed"],
    ["It failed", "It failed"],
    ["v1.2 failed", "v1.2 failed"],
    [". :", ""],
    ["", ""]
  ])("leaves of %j: %j", (text, expected) => {
    assert.strictEqual(withoutStop(text), expected)
  })
})

describe("isPlain", () => {
  it.each<[string, number, boolean]>([
    ["https://as.example/tenant?x=1#y", 100, true],
    ["!~", 2, true],
    ["", 100, false],
    ["abc", 2, false],
    ["a b", 100, false],
    ["a\n", 100, false],
    ["\na", 100, false],
    ["a\u001b[2J", 100, false],
    ["a\u007f", 100, false],
    ["a\u009b", 100, false],
    ["https://bücher.example", 100, false],
    ["a\u202e", 100, false],
    ["a\ud800", 100, false]
  ])("%j of %i letters at most: %s", (text, limit, expected) => {
    assert.strictEqual(isPlain(text, limit), expected)
  })
})

describe("printableUrl", () => {
  it.each<[string, string, string | undefined]>([
    ["keeps https", "https://as.example/why?code=1", "https://as.example/why?code=1"],
    ["keeps http", "http://as.example/why", "http://as.example/why"],
    ["writes it as URL does", "HTTPS://AS.Example:443/a b", "https://as.example/a%20b"],
    ["shows a look-alike host for what it is", "https://аs.example/", "https://xn--s-7sb.example/"],
    ["escapes a terminal command", "https://as.example/\u001b[2J", "https://as.example/%1B[2J"],
    ["refuses script", "javascript:alert(1)", undefined],
    ["refuses script in disguise", "\u0001java\nscript:alert(1)", undefined],
    ["refuses data", "data:text/html,<script>", undefined],
    ["refuses a file", "file:///etc/passwd", undefined],
    ["refuses a relative address", "/why", undefined],
    ["refuses what is no address", "see the manual", undefined],
    ["refuses nothing", "", undefined],
    ["keeps what just fits", `https://as.example/${"a".repeat(2029)}`, `https://as.example/${"a".repeat(2029)}`],
    ["refuses what is too long", `https://as.example/${"a".repeat(2030)}`, undefined],
    ["refuses what is too long as URL writes it", `https://as.example/${"é".repeat(400)}`, undefined],
    ["refuses a long text with a short URL in it", `${" ".repeat(2048)}https://as.example/`, undefined]
  ])("%s", (_name, text, expected) => {
    assert.strictEqual(printableUrl(text), expected)
  })

  const address = FastCheck.oneof(
    hostile,
    FastCheck.tuple(
      FastCheck.constantFrom("https://as.example/", "http://", "https:", "javascript:", "\u0000https://"),
      hostile
    )
      .map((parts) => parts.join(""))
  )

  it.prop("is plain ASCII and http(s), or nothing", [address], ([text]) => {
    const url = printableUrl(text)
    if (url !== undefined) assert.match(url, /^https?:\/\/[\x21-\x7e]+$/)
  }, { fastCheck: { numRuns: 300 } })
})
