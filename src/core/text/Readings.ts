/**
 * All that a text may stand for: as it is, and with percent-encoding, forms, JSON, HTML, Base64, hexadecimal digits and line
 * breaks undone, in any order. Each reading knows where in the text its letters come from.
 */

/** A text after some encodings were undone. */
export interface Reading {
  /** Its UTF-8, one letter for each byte. */
  readonly bytes: string
  /** For each byte, where the letters of the text that it comes from begin, and where they end. */
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

/** A reading while it is made. */
class Draft implements Reading {
  bytes = ""
  readonly starts: Array<number> = []
  readonly ends: Array<number> = []

  add(bytes: string, start: number, end: number): void {
    this.bytes += bytes
    for (let count = 0; count < bytes.length; count++) {
      this.starts.push(start)
      this.ends.push(end)
    }
  }

  /** Adds what a part of another reading stands for. */
  addPart(bytes: string, { ends, starts }: Reading, from: number, to: number): void {
    this.add(bytes, starts[from] ?? 0, ends[to - 1] ?? 0)
  }
}

const encoder = new TextEncoder()

/** The UTF-8 of a text, one letter for each byte. */
export const bytesOf = (text: string): string => {
  let bytes = ""
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

const ofText = (text: string, isRead: (letter: string) => boolean): Reading => {
  const draft = new Draft()
  let at = 0
  for (const letter of text) {
    if (isRead(letter)) draft.add(letter < "\u0080" ? letter : bytesOf(letter), at, at + letter.length)
    at += letter.length
  }
  return draft
}

/** What a secret may be broken by: it would stand there whole when that is left out or cannot be seen. */
const isVisible = (letter: string): boolean =>
  !/[\s\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u.test(letter)

/** Ways to undo one encoding; `undefined` where nothing is encoded so. */
type Decoder = (reading: Reading) => Reading | undefined

/** Undoes what a pattern finds. */
const replacing =
  (pattern: RegExp, meaning: (found: ReadonlyArray<string | undefined>) => string): Decoder => (reading) => {
    const draft = new Draft()
    let at = 0
    const copyTo = (end: number) => {
      for (; at < end; at++) draft.addPart(reading.bytes.charAt(at), reading, at, at + 1)
    }
    for (const found of reading.bytes.matchAll(pattern)) {
      copyTo(found.index)
      at += found[0].length
      draft.addPart(meaning(found), reading, found.index, at)
    }
    if (at === 0) return undefined
    copyTo(reading.bytes.length)
    return draft
  }

const codePoint = (code: number): string => code <= 0x10ffff ? bytesOf(String.fromCodePoint(code)) : ""

const hexByte = (digits = ""): string => String.fromCharCode(Number.parseInt(digits, 16))

/** What HTML calls the signs of ASCII: a name, and the sign behind it. */
const named: ReadonlyMap<string, string> = new Map(
  (
    "amp& apos' ast* bsol\\ colon: comma, commat@ dollar$ equals= excl! grave` gt> Hat^ lbrace{ lbrack[ lcub{ lowbar_ lpar( " +
    'lsqb[ lt< num# percnt% period. plus+ quest? quot" rbrace} rbrack] rcub} rpar) rsqb] semi; sol/ verbar| vert|'
  ).split(" ").map((each) => [each.slice(0, -1), each.slice(-1)])
)

const controls: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }

const digits64 = new Map(
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((digit, value) => [digit, value])
).set("-", 62).set("_", 63)

/**
 * Undoes Base64 or hexadecimal digits, wherever some stand together; the letters in front of them may be such digits too.
 *
 * @param skipped How many digits of each run are such letters.
 */
const decodingDigits =
  (run: RegExp, bits: 4 | 6, valueOf: (digit: string) => number, skipped: number): Decoder => (reading) => {
    const draft = new Draft()
    for (const found of reading.bytes.matchAll(run)) {
      // No byte of one run is next to a byte of another.
      if (draft.bytes !== "") draft.addPart("\n", reading, found.index, found.index)
      const end = found.index + found[0].replace(/={1,2}$/, "").length
      let buffer = 0
      let held = 0
      for (let at = found.index + skipped; at < end; at++) {
        buffer = (buffer << bits | valueOf(reading.bytes.charAt(at))) & 0xffff
        held += bits
        if (held < 8) continue
        held -= 8
        // It begins with this digit or the one before. The signs that fill Base64 up belong to its last byte.
        const to = at + 1 === end ? found.index + found[0].length : at + 1
        draft.addPart(String.fromCharCode(buffer >> held & 0xff), reading, at - 1, to)
      }
    }
    return draft.bytes === "" ? undefined : draft
  }

/** Undoes lists of bytes, as programs print buffers. */
const decodingLists = (run: RegExp, radix: 10 | 16): Decoder => (reading) => {
  const draft = new Draft()
  for (const found of reading.bytes.matchAll(run)) {
    for (const each of found[0].matchAll(/(?:0x)?([\da-f]+)/gi)) {
      const at = found.index + each.index
      const byte = Number.parseInt(each[1] ?? "", radix) & 0xff
      draft.addPart(String.fromCharCode(byte), reading, at, at + each[0].length)
    }
  }
  return draft.bytes === "" ? undefined : draft
}

// With fewer than six digits they hold no secret.
const base64 = /[A-Za-z\d+/_-]{6,}={0,2}/g
const hexadecimal = /[\da-f]{6,}/gi

const decoders: ReadonlyArray<Decoder> = [
  // Percent-encoding, then that of forms, in which a space is a plus sign.
  replacing(/%([\da-f]{2})/gi, ([, digits]) => hexByte(digits)),
  replacing(/%([\da-f]{2})|\+/gi, ([, digits]) => digits === undefined ? " " : hexByte(digits)),
  // JSON, and what else JavaScript writes in a string.
  replacing(
    /\\(?:u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|u([\da-f]{4})|x([\da-f]{2})|([^]))/gi,
    ([, high, low, unit, byte, sign]) =>
      high !== undefined && low !== undefined
        ? bytesOf(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)))
        : sign !== undefined
        ? controls[sign] ?? sign
        : codePoint(Number.parseInt(unit ?? byte ?? "", 16))
  ),
  replacing(
    /&(?:#x([\da-f]{1,6});?|#(\d{1,7});?|([a-z]{2,6});)/gi,
    ([whole = "", hex, decimal, name]) =>
      name !== undefined
        ? named.get(name) ?? whole
        : codePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
  ),
  // Broken inside of what was undone: into lines, or by what has no width (U+00AD, U+200B to U+200F, U+2060, U+FEFF).
  replacing(/(?:[\s\0-\x1f\x7f]|\xc2\xad|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf)+/g, () => ""),
  ...[0, 1, 2, 3].map((skipped) => decodingDigits(base64, 6, (digit) => digits64.get(digit) ?? 0, skipped)),
  // Escapes of other languages, and of mail (quoted-printable).
  replacing(
    /(?:\\u\{([\da-f]{1,6})\}|%u([\da-f]{4})|=([\da-f]{2})|\\([0-3][0-7]{2})|=\r?\n)/gi,
    ([, point, unit, byte, octal]) =>
      byte !== undefined
        ? hexByte(byte)
        : octal !== undefined
        ? String.fromCharCode(Number.parseInt(octal, 8))
        : codePoint(Number.parseInt(point ?? unit ?? "0", 16))
  ),
  decodingLists(/(?:0x)?[\da-f]{2}(?:[\s:,.-]{1,2}(?:0x)?[\da-f]{2}){5,}/gi, 16),
  decodingLists(/\d{1,3}(?:[\s,]{1,2}\d{1,3}){5,}/g, 10),
  ...[0, 1].map((skipped) => decodingDigits(hexadecimal, 4, (digit) => Number.parseInt(digit, 16), skipped))
]

/** How many readings there are at the most, those with the fewest encodings first: a text can stand for very many. */
const maxReadings = 150

/** The readings of a text, itself first. */
export const readings = (text: string): ReadonlyArray<Reading> => {
  const [whole, visible] = [ofText(text, () => true), ofText(text, isVisible)]
  const all = whole.bytes === visible.bytes ? [whole] : [whole, visible]
  const known = new Set(all.map(({ bytes }) => bytes))
  // What is added meanwhile is read on.
  for (const reading of all) {
    for (const decode of decoders) {
      if (all.length >= maxReadings) return all
      const decoded = decode(reading)
      if (decoded === undefined || decoded.bytes.length < 4 || known.has(decoded.bytes)) continue
      known.add(decoded.bytes)
      all.push(decoded)
    }
  }
  return all
}
