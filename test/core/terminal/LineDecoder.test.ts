import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { maxPasteLength } from "../../../src/core/paste/PasteLength.ts"
import * as EscapeSequence from "../../../src/core/terminal/EscapeSequence.ts"
import * as LineDecoder from "../../../src/core/terminal/LineDecoder.ts"

const ESC = "\u001b"
const pasted = (text: string) => `${ESC}[200~${text}${ESC}[201~`

/** Decodes pieces, and goes on behind each key as a reader that stays attached does. */
const decoded = (isRaw: boolean, pieces: ReadonlyArray<string>) => {
  const decoder = LineDecoder.make(isRaw)
  const lines: Array<string> = []
  const keys: Array<string> = []
  for (const piece of pieces) {
    for (let rest = piece; rest !== "";) {
      const result = decoder.decode(rest)
      lines.push(...result.lines)
      if (result.key !== undefined && result.key !== "Enter") keys.push(result.key)
      rest = result.rest
    }
  }
  return { lines, keys, unfinished: decoder.unfinished(), isPasting: decoder.isPasting() }
}

const linesOf = (isRaw: boolean, pieces: ReadonlyArray<string>): ReadonlyArray<string> => decoded(isRaw, pieces).lines

describe("a terminal's decoder", () => {
  it.each<[string, string, Array<string>]>([
    ["ends a line at each line break", "a\rb\nc\r\nd\n\r", ["a", "b", "c", "d", ""]],
    ["keeps empty lines", "\r\r\n\n", ["", "", ""]],
    ["keeps letters of every width", "ab é€😀\r", ["ab é€😀"]],
    ["takes a letter back", "abc\u007f\u007f\bd\r", ["d"]],
    ["takes back a letter of two units", "a😀\u007fb\r", ["ab"]],
    ["takes nothing back of nothing", "\u007f\u007fa\r", ["a"]],
    ["takes nothing back of the line before", "a\r\u007fb\r", ["a", "b"]],
    ["takes the line back", "abc\u0015d\r", ["d"]],
    ["knows no key for other controls", "a\u0001\u0000\u009bb\u0085\r", ["ab"]],
    ["keeps a tab", "a\tb\r", ["a\tb"]],
    ["passes over ^D in a line that is not empty", "a\u0004b\r", ["ab"]],
    ["passes over arrows", `a${ESC}[D${ESC}[1;5Cb\r`, ["ab"]],
    ["passes over function keys", `a${ESC}OPb${ESC}[3~c${ESC}[15~\r`, ["abc"]],
    ["passes over keys with Alt", `a${ESC}xb\r`, ["ab"]],
    ["passes over a colour that the terminal answers", `a${ESC}]11;rgb:0/0/0\u0007b\r`, ["ab"]],
    ["passes over an answer that a string terminator ends", `a${ESC}P1$r0m${ESC}\\b\r`, ["ab"]],
    ["passes over the size that the terminal answers", `a${ESC}[8;24;80tb\r`, ["ab"]],
    ["passes over a mouse click", `a${ESC}[<0;12;5Mb\r`, ["ab"]],
    ["passes over the focus that comes and goes", `a${ESC}[Ib${ESC}[O\r`, ["ab"]],
    ["ends a line that an escape breaks off in", `a${ESC}[1\rb\r`, ["a", "b"]],
    ["ends a line that an answer breaks off in", `a${ESC}]11;rgb\rb\r`, ["a", "b"]],
    ["ends a line that the Escape key stands at the end of", `a${ESC}\rb\r`, ["a", "b"]],
    ["joins what was pasted with what was typed", `a${pasted("b")}c\r`, ["abc"]],
    ["joins two pastes", `${pasted("a")}${pasted("b")}\r`, ["ab"]],
    ["keeps the lines of a paste in one", `${pasted("a\r\nb\nc\rd")}\r`, ["a\nb\nc\nd"]],
    ["takes back a letter of a paste", `${pasted("a\rb")}\u007f\u007f\r`, ["a"]],
    ["takes back a whole paste", `${pasted("a\rb")}\u0015c\r`, ["c"]],
    ["passes over the end of a paste that never began", `a${ESC}[201~b\r`, ["ab"]],
    ["passes over escapes within a paste", `${pasted(`a${ESC}[Db`)}\r`, ["ab"]],
    ["takes no other key for a mark", `a${ESC}[20~b${ESC}[202~c${ESC}[210~d\re\r`, ["abcd", "e"]]
  ])("%s", (_what, typed, lines) => {
    assert.deepStrictEqual(decoded(true, [typed]), { lines, keys: [], unfinished: "", isPasting: false })
    // But for those of keys and pastes, a sequence that is cut behind its first letter looks like the Escape key.
    if (!/\u001b[^[]/.test(typed)) assert.deepStrictEqual(linesOf(true, Array.from(typed)), lines)
  })

  it.each<[string, string, string, string]>([
    ["^C", "\u0003", "SIGINT", ""],
    ["^\\", "\u001c", "SIGQUIT", ""],
    ["^Z", "\u001a", "SIGTSTP", ""],
    ["^C behind text", "ab\u0003", "SIGINT", "ab"],
    ["^D", "\u0004", "EOF", ""],
    ["^D in a line that was taken back", "ab\u0015\u0004", "EOF", ""],
    ["^D where the last letter was taken back", "a\u007f\u0004", "EOF", ""],
    ["^D behind the Escape key and a line break", `${ESC}\r\u0004`, "EOF", ""]
  ])("stops at %s, and gives what follows as it came", (_what, typed, key, unfinished) => {
    for (const rest of ["", "a", "rest é😀\r\n", "\u0003", pasted("x")]) {
      const decoder = LineDecoder.make(true)
      const result = decoder.decode(typed + rest)
      assert.deepStrictEqual([result.key, result.rest], [key as LineDecoder.Signal, rest])
      assert.strictEqual(decoder.unfinished(), unfinished)
    }
  })

  it("gives the lines before a key with it", () => {
    const { key, lines, rest } = LineDecoder.make(true).decode("a\rb\rc\u0003d\r")
    assert.deepStrictEqual({ key, lines, rest }, { key: "SIGINT", lines: ["a", "b"], rest: "d\r" })
  })

  it.each([`${ESC}]`, `${ESC}P`, `${ESC}[`])("reads on in a sequence that never ends: %j", (start) => {
    const [first, second, ...others] = linesOf(true, [`a${start}${"1".repeat(2000)}b\rc\r`])
    assert.match(first ?? "", /^a1+b$/)
    assert.deepStrictEqual([second, others], ["c", []])
  })

  it.prop("takes no key from a paste, wherever it is cut, nor where its end never comes", [
    FastCheck.array(
      FastCheck.oneof(
        FastCheck.constantFrom(
          "a",
          "é",
          "\u0003",
          "\u0004",
          "\u0004\u0004",
          "\u001a",
          "\u001c",
          "\u0015",
          "\u007f",
          "\b"
        ),
        FastCheck.constantFrom("99;5u", "27;5;122~", "13u", "127u", "46;3;1;8;1_").map((key) => `${ESC}[67;${key}`),
        FastCheck.constantFrom(ESC, `${ESC}O`, `${ESC}OM`, `${ESC}[13u`, `${ESC}[99;5u`, `${ESC}]0;`)
      )
    ),
    FastCheck.boolean(),
    FastCheck.boolean()
  ], ([letters, ends, cut]) => {
    const text = `x${ESC}[200~${letters.join("")}${ends ? `${ESC}[201~` : ""}`
    const { isPasting, keys, lines, unfinished } = decoded(true, cut ? text.split(/(?<=[^\u001b])/) : [text])
    assert.deepStrictEqual({ isPasting, keys, lines }, { isPasting: !ends, keys: [], lines: [] })
    assert.notMatch(unfinished, /\p{Cc}/u)
    assert.isTrue(unfinished.startsWith("x"))
  })

  it("goes on with keys where it is told that a paste ended whose mark got lost", () => {
    const decoder = LineDecoder.make(true)
    decoder.decode(`${ESC}[200~ab\u0003`)
    decoder.endPaste()
    assert.deepStrictEqual([decoder.isPasting(), decoder.unfinished()], [false, "ab"])
    assert.strictEqual(decoder.decode("\u0003").key, "SIGINT")
    assert.deepStrictEqual(decoder.decode("\rnext"), { lines: ["ab"], key: "Enter", rest: "next" })
  })

  it("says that a paste goes on until its end was marked", () => {
    const decoder = LineDecoder.make(true)
    const said = [ESC, "[20", "0~", "a\r", "b", `${ESC}[201`, "~", "c"].map((piece) => {
      decoder.decode(piece)
      return [decoder.isPasting(), decoder.unfinished()]
    })
    assert.deepStrictEqual(said, [
      [false, ""],
      [false, ""],
      [true, ""],
      [true, "a\n"],
      [true, "a\nb"],
      [true, "a\nb"],
      [false, "a\nb"],
      [false, "a\nbc"]
    ])
  })

  it("forgets a line, and the paste it came in, when told to", () => {
    const decoder = LineDecoder.make(true)
    decoder.decode(`${ESC}[200~a\rb`)
    decoder.discard()
    assert.deepStrictEqual([decoder.isPasting(), decoder.unfinished()], [false, ""])
    assert.deepStrictEqual(decoder.decode("c\r").lines, ["c"])
  })

  it("takes a paste that follows the Escape key", () => {
    assert.deepStrictEqual(linesOf(true, [ESC, "http://x\r"]), ["http://x"])
    assert.deepStrictEqual(linesOf(true, [ESC, pasted("http://x"), "\r"]), ["http://x"])
    assert.deepStrictEqual(linesOf(true, [`${ESC}${pasted("http://x")}\r`]), ["http://x"])
    assert.deepStrictEqual(linesOf(true, [ESC + ESC, `${pasted("http://x")}\r`]), ["http://x"])
  })
})

describe("the Enter behind a paste", () => {
  const keysOf = (text: string) => LineDecoder.make(true).decode(text)

  it("ends the line at once, and what follows is left as it came", () => {
    assert.deepStrictEqual(keysOf(`${pasted("a\rb")}c\rnext\r`), { lines: ["a\nbc"], key: "Enter", rest: "next\r" })
  })

  it("is the first one only", () => {
    const decoder = LineDecoder.make(true)
    const first = decoder.decode(`${pasted("a")}\rb\rc\r`)
    assert.deepStrictEqual(decoder.decode(first.rest), { lines: ["b", "c"], key: undefined, rest: "" })
  })

  it("is none where nothing was pasted, or what was pasted is gone", () => {
    assert.strictEqual(keysOf("a\rb\r").key, undefined)
    const decoder = LineDecoder.make(true)
    decoder.decode(pasted("a"))
    decoder.discard()
    assert.strictEqual(decoder.decode("b\r").key, undefined)
  })
})

/** The same key as escape sequences: of kitty's protocol, of modifyOtherKeys, of Windows' console. */
const written = (code: number, shifted: number, modifiers: number): ReadonlyArray<string> => {
  const forms = [
    `${code};${modifiers}u`,
    `${code};${modifiers}:1u`,
    `${code};${modifiers}:2u`,
    `${code}:${shifted};${modifiers}u`,
    `${code}:${shifted}:${code};${modifiers}:1u`,
    `${code}::${code};${modifiers}u`,
    `${code};${modifiers};u`,
    `27;${modifiers};${code}~`
  ]
  return [...forms, ...modifiers === 1 ? [`${code}u`, `${code};u`, `${code};;u`] : []].map((form) => `${ESC}[${form}`)
}

/** Of caps lock and num lock, which do not matter. */
const locks = [0, 64, 128, 192]

describe("a key that a terminal reports as an escape sequence", () => {
  const control = (letter: string) =>
    locks.flatMap((lock) => written(letter.charCodeAt(0), letter.toUpperCase().charCodeAt(0), 5 + lock))
  const applied = locks.flatMap((lock) => written(13, 13, 1 + lock)).concat(`${ESC}OM`, `${ESC}O5M`, `${ESC}[57414u`)

  it.each(
    [
      ["^C", control("c").concat(`${ESC}[1089::99;5u`, `${ESC}[67;46;3;1;8;1_`, `${ESC}[27;5;67~`), "SIGINT"],
      ["^\\", control("\\").concat(`${ESC}[220;43;28;1;8;1_`), "SIGQUIT"],
      ["^Z", control("z").concat(`${ESC}[1103::122;5u`, `${ESC}[90;44;26;1;8;1_`), "SIGTSTP"],
      ["^D", control("d").concat(`${ESC}[68;32;4;1;8;1_`), "EOF"]
    ] as const
  )("is %s", (_name, forms, key) => {
    for (const form of forms) {
      const decoder = LineDecoder.make(true)
      assert.deepStrictEqual(decoder.decode(`${form}next`), { lines: [], key, rest: "next" }, JSON.stringify(form))
      assert.deepStrictEqual(decoded(true, [`${form.slice(0, 3)}`, form.slice(3)]).keys, [key], JSON.stringify(form))
    }
  })

  it("is Enter, also behind a paste", () => {
    for (const form of [...applied, `${ESC}[13;28;13;1;0;1_`, ...control("m"), ...control("j"), `${ESC}[13;2u`]) {
      assert.deepStrictEqual(linesOf(true, [`ab${form}c\r`]), ["ab", "c"], JSON.stringify(form))
      const { key, lines, rest } = LineDecoder.make(true).decode(`${pasted("a\rb")}${form}rest`)
      assert.deepStrictEqual({ key, lines, rest }, { key: "Enter", lines: ["a\nb"], rest: "rest" })
    }
  })

  it("is Backspace, or takes the line back", () => {
    const backspace = [...locks.flatMap((lock) => written(127, 127, 1 + lock)), ...written(8, 8, 1), ...control("h")]
    for (const form of [...backspace, `${ESC}[8;14;8;1;0;1_`, `${ESC}[127;2u`]) {
      assert.deepStrictEqual(linesOf(true, [`ab${form}c\r`]), ["ac"], JSON.stringify(form))
    }
    for (const form of control("u")) assert.deepStrictEqual(linesOf(true, [`ab${form}c\r`]), ["c"])
  })

  it.each<[string, string, string]>([
    ["letters", `${ESC}[97u${ESC}[98;1:1u${ESC}[99;1:2u`, "abc"],
    ["capitals", `${ESC}[97;2u${ESC}[97:65;2u${ESC}[57:40;2u`, "AA("],
    ["text of its own", `${ESC}[97;;229u${ESC}[0;;233:128512u${ESC}[97;2;65u`, "åé😀A"],
    ["letters of xterm", `${ESC}[27;1;97~${ESC}[27;2;65~`, "aA"],
    ["letters of Windows' console", `${ESC}[65;30;97;1;0;1_${ESC}[65;30;97;0;0;1_${ESC}[16;42;0;1;16;1_`, "a"],
    [
      "a keypad",
      `${ESC}[57400;129u${ESC}[57413u${ESC}[57415u${ESC}Op${ESC}Oy${ESC}Oj${ESC}Ok${ESC}On${ESC}OX`,
      "1+=09*+.="
    ]
  ])("types %s", (_name, typed, line) => {
    assert.deepStrictEqual(linesOf(true, [`${typed}\r`]), [line])
  })

  it.each<[string, ReadonlyArray<string>]>([
    ["a key that is let go", [
      "99;5:3u",
      "13;1:3u",
      "127;1:3u",
      "97;1:3u",
      "27;5:3;99~",
      "122;69:3u",
      "100:68:100;5:3u"
    ]],
    ["a key of Windows' console that is let go", ["67;46;3;0;8;1_", "13;28;13;0;0;1_"]],
    ["Ctrl and Shift or Alt with a letter", ["99:67;6u", "99;7u", "27;6;67~", "27;7;99~", "122;13u", "100;21u"]],
    ["a letter with Alt, Super, Hyper or Meta", ["97;3u", "97;9u", "97;17u", "97;33u", "27;3;97~"]],
    ["Escape", ["27u", "27;1:1u", "27;5;27~", "27;1;27;1;0;1_", "91;5u"]],
    ["a modifier, a lock or a media key", ["57442;5u", "57358;65u", "57428u"]],
    ["controls as text", ["0;;3u", "0;;26:28u", "3;5u", "4u", "26u"]],
    ["numbers that are no key", [
      "1114112u",
      "99999999999999999999;5u",
      "55296u",
      ";5u",
      "u"
    ]],
    ["other sequences", ["27;5~", "27~", "3;5~", "27;5;~", "?1u", ">1u", "=1;1u", "3_", "_"]]
  ])("is none: %s", (_name, forms) => {
    const typed = forms.map((form) => `${ESC}[${form}`).join("")
    assert.deepStrictEqual(decoded(true, [`a${typed}b\r`]), {
      lines: ["ab"],
      keys: [],
      unfinished: "",
      isPasting: false
    })
  })

  it("is text like any other on a pipe", () => {
    assert.deepStrictEqual(linesOf(false, [`${ESC}[99;5u${ESC}OM\n`]), [`${ESC}[99;5u${ESC}OM`])
  })

  it("types the ^D that ends only an empty line, as it does unescaped", () => {
    assert.deepStrictEqual(decoded(true, [`ab${ESC}[100;5u`]).keys, [])
    assert.deepStrictEqual(decoded(true, [`ab${ESC}[100;5u${ESC}[100;5:3u${ESC}[100;5u`]).keys, ["EOF"])
  })
})

describe("an escape sequence", () => {
  it.each<[string, string, "goes on" | "ends" | "is none"]>([
    [ESC, "[", "goes on"],
    [ESC, "x", "ends"],
    [ESC, " ", "ends"],
    [ESC, "\u001f", "is none"],
    [`${ESC}[`, " ", "goes on"],
    [`${ESC}[`, "?", "goes on"],
    [`${ESC}[`, "@", "ends"],
    [`${ESC}[`, "\u001f", "is none"],
    [`${ESC}O`, "5", "goes on"],
    [`${ESC}O`, ";", "goes on"],
    [`${ESC}O`, "+", "ends"],
    [`${ESC}O`, " ", "ends"],
    [`${ESC}[${"1".repeat(62)}`, "1", "goes on"],
    [`${ESC}[${"1".repeat(63)}`, "1", "is none"],
    [`${ESC}]0`, " ", "goes on"],
    [`${ESC}]0`, "\u0007", "ends"],
    [`${ESC}]0`, "\u009c", "ends"],
    [`${ESC}]0`, "\n", "is none"],
    [`${ESC}]${"0".repeat(1022)}`, "0", "goes on"],
    [`${ESC}]${"0".repeat(1023)}`, "0", "is none"]
  ])("%j and %j: %s", (text, char, expected) => {
    assert.deepStrictEqual(
      EscapeSequence.next(text, char),
      expected === "is none" ? undefined : { text: text + char, isComplete: expected === "ends" }
    )
  })

  it.each([ESC, `${ESC}]0;title`])("begins anew with each ESC: %j", (text) => {
    assert.deepStrictEqual(EscapeSequence.next(text, ESC), { text: ESC, isComplete: false })
  })

  it("marks a paste's two ends", () => {
    const marks = ["[200~", "[201~", "[202~"].map((each) => EscapeSequence.pasteMark(ESC + each))
    assert.deepStrictEqual(marks, ["begin", "end", undefined])
  })

  it.each<[string, string]>([
    ["[9u", "\t"],
    ["OI", "\t"],
    ["[1114111u", "\u{10ffff}"],
    ["[160u", "\u00a0"],
    ["[159u", ""],
    ["[128u", ""],
    ["[63744u", "\uf900"],
    ["[63743u", ""],
    ["[55295u", "\ud7ff"],
    ["[32u", " "],
    ["[31u", ""],
    ["[0;0;0;1;0;1_", ""],
    ["[0;0;133;1;0;1_", ""],
    ["[97;30;97;1;0;1_", "a"],
    ["[97ux", ""],
    ["OMx", ""]
  ])("%s is the key %j", (text, key) => {
    assert.strictEqual(EscapeSequence.keyOf(ESC + text), key)
  })
})

describe("a pipe's decoder", () => {
  it("gives controls, keys and escapes as they are", () => {
    const text = `a\u0003\u0004\u001c\u001a\u007f\b\u0015\t\u0000\u009b${pasted("b")}${ESC}[A`
    assert.deepStrictEqual(decoded(false, [`${text}\n`]), { lines: [text], keys: [], unfinished: "", isPasting: false })
  })

  it("ends a line at each line break, also one that two pieces share", () => {
    assert.deepStrictEqual(linesOf(false, ["a\nb", "b\r", "\n", "c\rd\n\ne\n"]), ["a", "bb", "c", "d", "", "e"])
  })
})

describe("every decoder", () => {
  it.each([true, false])("keeps one letter more than may be of a line, and all of the next (raw: %s)", (isRaw) => {
    const decoder = LineDecoder.make(isRaw)
    for (let index = 0; index < 3; index++) decoder.decode("x".repeat(maxPasteLength))
    assert.strictEqual(decoder.unfinished(), "x".repeat(maxPasteLength + 1))
    assert.deepStrictEqual(decoder.decode("\nnext\n").lines, ["x".repeat(maxPasteLength + 1), "next"])
    const exact = "y".repeat(maxPasteLength)
    assert.deepStrictEqual(decoder.decode(`${exact}\n`).lines, [exact])
  })

  const keys = [
    "a",
    "😀",
    " ",
    "\r",
    "\n",
    "\r\n",
    "\u0003",
    "\u0004",
    "\u007f",
    "\u0015",
    `${ESC}[A`,
    `${ESC}OP`,
    `${ESC}[1`
  ]
  const sequences = ["99;5u", "99;5:3u", "13u", "27;5;122~", "127;129u", "97;;229:97u", "46;3;3;1;8;1_"].map((key) =>
    `${ESC}[${key}`
  )
  const marks = [...sequences, `${ESC}OM`, `${ESC}[200~`, `${ESC}[201~`, `${ESC}]0;x\u0007`]
  const input = FastCheck.array(
    FastCheck.oneof(
      { weight: 4, arbitrary: FastCheck.constantFrom(...keys, ...marks) },
      { weight: 1, arbitrary: FastCheck.string({ unit: "binary" }) }
    ),
    { maxLength: 20 }
  ).map((pieces) => pieces.join(""))

  it.prop(
    "finds the same in a text wherever it is cut, but for the Escape key",
    [FastCheck.boolean(), input, FastCheck.array(FastCheck.nat({ max: 200 }))],
    ([isRaw, text, places]) => {
      const letters = Array.from(text)
      const cuts = [0, ...places.map((place) => place % (letters.length + 1)).sort((a, b) => a - b), letters.length]
      const pieces = cuts.slice(1).map((cut, index) => letters.slice(cuts[index], cut).join("")).filter((each) =>
        each !== ""
      )
      // Behind a lone ESC only `[` is known to go on with a sequence.
      FastCheck.pre(!pieces.some((piece, index) => piece.endsWith(ESC) && pieces[index + 1]?.startsWith("[") === false))
      assert.deepStrictEqual(decoded(isRaw, pieces), decoded(isRaw, [text]))
    },
    { fastCheck: { numRuns: 2000 } }
  )

  const printable = FastCheck.string({ unit: "grapheme" }).map((line) => line.replace(/\p{Cc}/gu, ""))

  it.prop("gives back every printable line, typed or pasted", [FastCheck.array(printable)], ([lines]) => {
    const typed = lines.map((line) => `${line}\r`).join("")
    assert.deepStrictEqual(linesOf(true, [typed]), lines)
    assert.deepStrictEqual(linesOf(false, [typed]), lines)
    assert.deepStrictEqual(linesOf(true, [`${pasted(lines.join("\r"))}\r`]), [lines.join("\n")])
  })

  it.prop("never throws, and makes no text longer", [FastCheck.boolean(), input], ([isRaw, text]) => {
    const { lines, unfinished } = decoded(isRaw, [text])
    assert.isAtMost([...lines, unfinished].join("").length, text.length)
  })

  it.prop("lets no control through from a terminal but tabs, and the line breaks of a paste", [input], ([text]) => {
    const { lines, unfinished } = decoded(true, [text])
    for (const line of [...lines, unfinished]) assert.notMatch(line.replace(/[\t\n]/g, ""), /\p{Cc}/u)
  })

  it.prop("edits a line as a list of letters", [
    FastCheck.array(FastCheck.constantFrom("a", "é", "😀", "\u007f", "\b", "\u0015", "\r"))
  ], ([typed]) => {
    const lines: Array<string> = []
    let letters: ReadonlyArray<string> = []
    for (const key of typed) {
      if (key === "\r") lines.push(letters.join(""))
      letters = key === "\r" || key === "\u0015"
        ? []
        : key === "\u007f" || key === "\b"
        ? letters.slice(0, -1)
        : [...letters, key]
    }
    assert.deepStrictEqual(decoded(true, typed), { lines, keys: [], unfinished: letters.join(""), isPasting: false })
  })
})
