/** Hostile text, and text that is nearly right. */
import type * as FastCheck from "effect/FastCheck"

type Fc = typeof FastCheck

/** Characters that some reader gives a meaning to, or that a terminal, a page or a log would. */
const special = [
  ..."&=?#%+;,:/\\\"'`<>()[]{}|@!*~ \t\r\n\u0000\u0003\u0004\u0007\u0008\u001a\u001b\u001c\u007f\u0085\u0090\u009b\u009c\u009d\u00a0\u00ad",
  ..."\u061c\u200b\u200d\u200e\u202e\u2028\u2029\u2066\u2069\ufeff\ufffe\ue000",
  "\ud800",
  "\udc00",
  "😀",
  "\u{e0041}",
  "é",
  "מ",
  "ş"
]

/** Text from pieces that mean something to a reader, between characters that mean something, and anything. */
export const text = (fc: Fc, pieces: ReadonlyArray<string>): FastCheck.Arbitrary<string> => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pieces) },
    { weight: 4, arbitrary: fc.constantFrom(...special) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...pieces, ...special), fc.integer({ min: 2, max: 300 }))
        .map(([each, times]) => each.repeat(times))
    }
  )
  return fc.array(piece, { maxLength: 14 }).map((all) => all.join(""))
}

/** A right text with a few changes: something cut out, put in, or said twice. */
export const nearly = (fc: Fc, right: ReadonlyArray<string>): FastCheck.Arbitrary<string> => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 6 }),
    put: fc.oneof(fc.constantFrom("", ...special), fc.string({ maxLength: 4 })),
    twice: fc.boolean()
  })
  return fc.tuple(fc.constantFrom(...right), fc.array(change, { maxLength: 3 })).map(([whole, changes]) =>
    changes.reduce((text, { at, length, put, twice }) => {
      const from = Math.floor(at * text.length)
      return text.slice(0, from) + (twice ? text.slice(from, from + length) : "") + put + text.slice(from + length)
    }, whole)
  )
}

/** Data as JSON has it, of names and values that some reader looks for. */
export const document = (
  fc: Fc,
  names: ReadonlyArray<string>,
  values: ReadonlyArray<unknown>
): FastCheck.Arbitrary<Readonly<Record<string, unknown>>> => {
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...values) },
    { weight: 2, arbitrary: text(fc, values.filter((each) => typeof each === "string")) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...values), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.jsonValue() as FastCheck.Arbitrary<unknown> }
  )
  return fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string({ maxLength: 9 })),
    value,
    {
      maxKeys: names.length,
      noNullPrototype: true
    }
  )
}
