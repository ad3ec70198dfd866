/** Targets: what reads the terminal, and what makes text safe to print. */
import * as LineDecoder from "../../src/core/terminal/LineDecoder.ts"
import { printable, printableUrl } from "../../src/core/text/SafeText.ts"
import { mustBePrintable, mustHold } from "./promises.ts"
import { make, type Target } from "./Target.ts"
import { text } from "./texts.ts"

const pieces = [
  "\u001b[200~",
  "\u001b[201~",
  "\u001b[99;5u",
  "\u001b[27;5;99~",
  "\u001bOM",
  "\u001b[A",
  "\u001b]11;rgb:0/0/0\u0007",
  "\u0003",
  "\r",
  "http://127.0.0.1:1/callback?code=c&state=s",
  "word"
]

/** All lines and keys of a text that arrives in pieces. */
const decodeAll = (isRaw: boolean, chunks: ReadonlyArray<string>) => {
  const decoder = LineDecoder.make(isRaw)
  const found: Array<string> = []
  for (const chunk of chunks) {
    for (let rest = chunk, turns = 0; turns === 0 || rest !== ""; turns++) {
      const decoded = decoder.decode(rest)
      mustHold(decoded.key === undefined || decoded.rest.length < rest.length, "a key left nothing behind")
      found.push(...decoded.lines, ...(decoded.key === undefined ? [] : [`key ${decoded.key}`]))
      rest = decoded.key === undefined ? "" : decoded.rest
    }
  }
  return { found, unfinished: decoder.unfinished() }
}

const keys = make(
  "terminal input",
  (fc) => fc.record({ isRaw: fc.boolean(), all: text(fc, pieces), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  ({ all, at, isRaw }) => {
    const place = Math.floor(at * all.length)
    // A lone Escape at the end of what was read is taken for the key; and bytes are decoded before, to whole characters.
    const cut = /[\u001b\ud800-\udbff]/.test(all.charAt(place - 1)) ? 0 : place
    const whole = decodeAll(isRaw, [all])
    const parts = decodeAll(isRaw, [all.slice(0, cut), all.slice(cut)])
    mustHold(JSON.stringify(whole) === JSON.stringify(parts), "it depends on where the input is cut")
    return whole.found.length > 0
  }
)

const safe = make(
  "printable text",
  (fc) => fc.tuple(text(fc, ["word", "é", "\u001b[2J", "👩‍👩‍👧"]), fc.integer({ min: 1, max: 60 })),
  ([input, limit]) => {
    const made = printable(input, limit)
    mustBePrintable(made)
    mustHold(made.length <= limit, "it is longer than its limit")
    mustBePrintable(printableUrl(input))
    return made !== ""
  }
)

/** What stands between a terminal and the rest. */
export const terminal: ReadonlyArray<Target> = [keys, safe]
