import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { type Block, layOut, plain, type Style, widthOf, wrap } from "../../../src/core/terminal/Layout.ts"

/** Letters whose width every terminal agrees on, with that width. */
const letters: ReadonlyArray<readonly [string, number]> = [
  ["a", 1],
  ["W", 1],
  [".", 1],
  ["é", 1],
  ["e\u0301", 1],
  ["ü\u0323\u0302", 1],
  ["я", 1],
  ["ع", 1],
  ["日", 2],
  ["か", 2],
  ["カ", 2],
  ["한", 2],
  ["Ａ", 2],
  ["、", 2],
  ["。", 2],
  ["「", 2],
  ["￥", 2],
  ["𠮷", 2],
  ["😀", 2],
  ["🚀", 2]
]

/** A word, with its width found apart from the module. */
const word = FastCheck.array(FastCheck.constantFrom(...letters), { minLength: 1, maxLength: 12 }).map((chosen) => ({
  text: chosen.map(([letter]) => letter).join(""),
  width: chosen.reduce((sum, [, width]) => sum + width, 0)
}))

const words = FastCheck.array(word, { maxLength: 60 })

const columns = FastCheck.oneof(FastCheck.integer({ min: 1, max: 130 }), FastCheck.constantFrom(1, 2, 40, 80, 100, 120))

describe("widthOf", () => {
  it.each(letters)("knows how wide %s is", (letter, width) => {
    assert.strictEqual(widthOf(letter), width)
  })

  it("is nothing for nothing", () => {
    assert.strictEqual(widthOf(""), 0)
  })

  it.prop("is the sum of the letters", [words], ([all]) => {
    assert.strictEqual(widthOf(all.map(({ text }) => text).join("")), all.reduce((sum, { width }) => sum + width, 0))
  })
})

describe("wrap", () => {
  it.each<[string, string, number | undefined, ReadonlyArray<string>]>([
    ["leaves a short text on its line", "one two", 80, ["one two"]],
    ["breaks between words", "one two three", 9, ["one two", "three"]],
    ["leaves the last column free, where some terminals break by themselves", "one two", 7, ["one", "two"]],
    ["fills a line up to that", "one two", 8, ["one two"]],
    ["gives a word that is too long a line of its own", "to http://127.0.0.1:49152/x now", 10, [
      "to",
      "http://127.0.0.1:49152/x",
      "now"
    ]],
    ["begins with a word that is too long", "http://127.0.0.1:49152/x now", 10, ["http://127.0.0.1:49152/x", "now"]],
    ["counts wide letters as two", "日本 日本 日本", 10, ["日本 日本", "日本"]],
    ["counts combining marks as nothing", "e\u0301e\u0301 e\u0301e\u0301", 6, ["e\u0301e\u0301 e\u0301e\u0301"]],
    ["wraps nothing where nothing is known", "one two three ".repeat(50).trim(), undefined, [
      "one two three ".repeat(50).trim()
    ]],
    ["makes one empty line of nothing", "", 80, [""]],
    ["keeps the line breaks of a text", "one\ntwo three four", 10, ["one", "two three", "four"]],
    ["keeps a no-break space", "one\u00a0two three", 9, ["one\u00a0two", "three"]]
  ])("%s", (_name, text, columns, lines) => {
    assert.deepStrictEqual(wrap(text, columns), lines)
  })

  it("makes no line longer than is good to read, however wide the terminal is", () => {
    const lines = wrap("word ".repeat(200).trim(), 400)
    assert.isAbove(lines.length, 1)
    for (const line of lines) assert.isAtMost(line.length, 100)
  })

  it.prop("keeps every word, in order, and fits each line unless it is a single word", [words, columns], ([
    all,
    columns
  ]) => {
    const lines = wrap(all.map(({ text }) => text).join(" "), columns)
    assert.deepStrictEqual(lines.flatMap((line) => line.split(" ")), all.length === 0 ? [""] : all.map((w) => w.text))
    const widths = new Map(all.map(({ text, width }) => [text, width]))
    for (const line of lines) {
      const parts = line.split(" ")
      const width = parts.reduce((sum, part) => sum + (widths.get(part) ?? 0), parts.length - 1)
      if (parts.length > 1) assert.isBelow(width, columns, line)
    }
  })

  it.prop("begins no line where the one above had room", [words, columns], ([all, columns]) => {
    const lines = wrap(all.map(({ text }) => text).join(" "), columns)
    const limit = Math.min(columns, 100)
    lines.slice(1).forEach((line, index) => {
      const [first = ""] = line.split(" ")
      assert.isAtLeast(widthOf(`${lines[index]} ${first}`), limit)
    })
  })
})

const url = `https://as.example/authorize?client_id=x&state=${"y".repeat(300)}`

const text = (text: string): Block => ({ _tag: "Text", text })
const heading = (text: string): Block => ({ _tag: "Heading", text })
const command = (text: string): Block => ({ _tag: "Command", text })
const link: Block = { _tag: "Link", url, id: "a1-b_2" }

const narrow: Style = { columns: 40, bold: false, links: false }
const rich: Style = { columns: 40, bold: true, links: true }

describe("layOut", () => {
  it("puts blocks below each other, with one blank line between them and none at either end", () => {
    assert.strictEqual(
      layOut([heading("Sign in"), link, text("Back"), text("Then"), command("ssh x"), text("Or")], plain),
      ["Sign in", "", url, "", "Back", "", "Then", "", "ssh x", "", "Or", ""].join("\n")
    )
  })

  it("is nothing for nothing", () => {
    assert.strictEqual(layOut([], rich), "")
  })

  it("leaves out a text that was replaced by nothing", () => {
    for (const style of [plain, narrow, rich]) {
      assert.strictEqual(layOut([heading(""), text("Back"), text(""), text("Then"), text("")], style), "Back\n\nThen\n")
    }
  })

  it.each([1, 2, 10, 40, 80])("never wraps a link or a command, at %d columns", (columns) => {
    const long = `ssh -N -L ${"word ".repeat(50).trim()}`
    const lines = layOut([heading("a b"), link, command(long)], { ...narrow, columns }).split("\n")
    assert.include(lines, url)
    assert.include(lines, long)
    const clickable = layOut([link], { ...rich, columns }).split("\n")
    assert.strictEqual(clickable.length, 2)
    assert.include(clickable[0] ?? "", url)
  })

  it("wraps headings and texts", () => {
    const lines = layOut([heading("word ".repeat(30).trim()), text("word ".repeat(30).trim())], narrow).trimEnd().split(
      "\n"
    )
    assert.isAbove(lines.length, 6)
    for (const line of lines) assert.isBelow(line.length, 40)
  })

  it("is plain for a file: no escape, and no line broken", () => {
    const long = "word ".repeat(100).trim()
    assert.strictEqual(layOut([heading(long), link, text(long)], plain), `${long}\n\n${url}\n\n${long}\n`)
  })

  it("ends bold type on the line that it began on", () => {
    const [bold = "", ...rest] = layOut([heading("word ".repeat(30).trim()), text("plain")], rich).split("\n\n")
    assert.isAbove(bold.split("\n").length, 3)
    for (const line of bold.split("\n")) assert.match(line, /^\u001b\[1m[a-z ]+\u001b\[22m$/)
    assert.deepStrictEqual(rest, ["plain\n"])
  })

  it("makes bold type and links of their own accord", () => {
    const blocks = [heading("Sign in"), link]
    assert.notInclude(layOut(blocks, { ...rich, bold: false }), "\u001b[")
    assert.include(layOut(blocks, { ...rich, bold: false }), "\u001b]8;")
    assert.notInclude(layOut(blocks, { ...rich, links: false }), "\u001b]")
    assert.include(layOut(blocks, { ...rich, links: false }), "\u001b[1m")
  })

  it("writes a link as terminals want it: the address, what is shown of it, and an end", () => {
    const found = /^\u001b\]8;([^;]*);([^\u001b]*)\u001b\\([^\u001b]*)\u001b\]8;;\u001b\\\n$/.exec(layOut([link], rich))
    assert.deepStrictEqual(found?.slice(1), ["id=a1-b_2", url, url])
  })

  /** Only what is written here: bold type, and links. */
  const withoutEscapes = (text: string) => text.replace(/\u001b\[(?:1|22)m|\u001b\]8;[^;]*;[^\u001b]*\u001b\\/g, "")

  const anyText = words.map((all) => all.map(({ text }) => text).join(" "))
  const anyBlock: FastCheck.Arbitrary<Block> = FastCheck.oneof(
    anyText.map(heading),
    anyText.map(text),
    anyText.map(command),
    FastCheck.webUrl({ withQueryParameters: true, withFragments: true })
      .map((address): Block => ({ _tag: "Link", url: new URL(address).href, id: "id" }))
  )
  const anyStyle = FastCheck.record({
    columns: FastCheck.option(columns, { nil: undefined }),
    bold: FastCheck.boolean(),
    links: FastCheck.boolean()
  })

  it.prop("shows the same with and without escapes, and ends each line", [
    FastCheck.array(anyBlock, { maxLength: 8 }),
    anyStyle
  ], ([blocks, style]) => {
    const laid = layOut(blocks, style)
    const bare = layOut(blocks, { ...style, bold: false, links: false })
    assert.strictEqual(withoutEscapes(laid), bare)
    assert.notMatch(bare.replaceAll("\n", ""), /\p{Cc}/u)
    assert.isTrue(laid === "" || laid.endsWith("\n"))
    assert.notInclude(laid, "\n\n\n", "no more than one blank line")
    // What is opened is closed on the same line, in every line.
    for (const line of laid.split("\n")) {
      assert.strictEqual(line.split("\u001b[1m").length, line.split("\u001b[22m").length)
      assert.strictEqual(line.split("\u001b]8;id=").length, line.split("\u001b]8;;\u001b\\").length)
    }
  })
})
