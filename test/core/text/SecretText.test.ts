import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { withoutSecrets } from "../../../src/core/text/SecretText.ts"

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const base64url = (text: string) => base64(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")
const form = (text: string) => new URLSearchParams([["", text]]).toString().slice(1)
const json = (text: string) => JSON.stringify(text).slice(1, -1)
const hexOf = (unit: number, digits: number) => unit.toString(16).padStart(digits, "0")
const unitsOf = (text: string) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))

/** The ways in which servers, proxies and logs write what they were sent. */
const encodings: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "percent-encoded": encodeURIComponent,
  "percent-encoded in small letters": (text) => encodeURIComponent(text).replace(/%../g, (each) => each.toLowerCase()),
  "form-encoded": form,
  "in JSON": json,
  "in JSON with slashes escaped": (text) => json(text).replaceAll("/", "\\/"),
  "in JSON of ASCII": (text) =>
    json(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${hexOf(unit.charCodeAt(0), 4)}`).replaceAll("+", "\\u002B"),
  "in JSON, all escaped": (text) => unitsOf(text).map((unit) => `\\u${hexOf(unit, 4)}`).join(""),
  "in HTML": (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
  "in HTML by numbers": (text) => Array.from(text, (each) => `&#${each.codePointAt(0)};`).join(""),
  "in HTML by hexadecimal numbers": (text) =>
    text.replace(/[^a-z0-9]/giu, (each) => `&#x${each.codePointAt(0)?.toString(16)};`),
  "in HTML by names": (text) =>
    text.replaceAll("&", "&amp;").replaceAll("+", "&plus;").replaceAll("/", "&sol;").replaceAll("=", "&equals;")
      .replaceAll(":", "&colon;"),
  "in Base64": base64,
  "in Base64 without its end": (text) => base64(text).replace(/=+$/, ""),
  "in Base64 of URLs": base64url,
  "in hexadecimal digits": (text) => Array.from(new TextEncoder().encode(text), (byte) => hexOf(byte, 2)).join(""),
  "in HTML by numbers without semicolons": (text) => unitsOf(text).map((unit) => `&#${unit}`).join(""),
  "escaped as JavaScript has code points": (text) =>
    Array.from(text, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`).join(""),
  "as escape() has it": (text) => unitsOf(text).map((unit) => `%u${hexOf(unit, 4)}`).join(""),
  "quoted-printable": (text) => Array.from(new TextEncoder().encode(text), (byte) => `=${hexOf(byte, 2)}`).join(""),
  "in octal escapes": (text) =>
    Array.from(new TextEncoder().encode(text), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  "as a buffer is printed": (text) => Array.from(new TextEncoder().encode(text), (byte) => hexOf(byte, 2)).join(" "),
  "as bytes with colons": (text) => Array.from(new TextEncoder().encode(text), (byte) => hexOf(byte, 2)).join(":"),
  "as bytes of C": (text) => Array.from(new TextEncoder().encode(text), (byte) => `0x${hexOf(byte, 2)}`).join(", "),
  "as a list of numbers": (text) => JSON.stringify([...new TextEncoder().encode(text)]),
  "in lines": (text) => text.replace(/.{10}/gu, "$&\r\n"),
  "with what has no width": (text) => Array.from(text).join("\u200b")
}

const invisible = [
  "\u00ad",
  "\u034f",
  "\u200d",
  "\u202e",
  "\u2060",
  "\u3164",
  "\ufe0f",
  "\ufeff",
  "\uffff",
  "\u{e0041}",
  "\u{e0101}"
]

const clientId = "cli:ent"
const clientSecret = "p(ss) w!rd+/ü&<"
const pair = `${form(clientId)}:${form(clientSecret)}`
const secrets = [clientSecret, pair, `${clientId}:${clientSecret}`]

/** What may be repeated of a request that a client authenticates by its header. */
const repeated: Readonly<Record<string, string>> = {
  "the header": `Basic ${base64(pair)}`,
  "the header without its scheme": base64(pair),
  "the header without its end": base64url(pair),
  "the header decoded": pair,
  "the pair as it is read": `${clientId}:${clientSecret}`,
  "the secret": clientSecret,
  "the secret form-encoded": form(clientSecret)
}

describe("withoutSecrets", () => {
  it("cuts a secret out to the letter in each encoding, at whichever place of a run of letters it begins", () => {
    for (
      const secret of ["s3cr3t-tok3n+of/43=signs&mörè", "s3cr3t-tok3n+of/44=signs&mörèxy", "s3cr3t-tok3n+of/45=signs!?"]
    ) {
      for (const [name, encode] of Object.entries(encodings)) {
        for (const before of ["", "a", "ab", "abc"]) {
          const clean = withoutSecrets(`No: ${before}${encode(secret)}, sorry`, [secret])
          const whole = name === "as a list of numbers" ? "[***]" : "***"
          assert.strictEqual(clean, `No: ${before}${whole}, sorry`, `${name}: ${encode(secret)}`)
        }
      }
    }
  })

  for (const [what, text] of Object.entries(repeated)) {
    it(`cuts out ${what} in every encoding, and in every encoding of that, and nothing else`, () => {
      for (const [first, encode] of Object.entries(encodings)) {
        for (const [second, encodeAgain] of Object.entries(encodings)) {
          const written = encodeAgain(encode(text))
          const clean = withoutSecrets(`No: ${written}, sorry`, secrets)
          assert.match(clean, /^No: .*\*\*\*.*, sorry$/s, `${first}, ${second}: ${written}`)
          // What is left of it is a scheme, or signs that fill Base64 up.
          const left = clean.slice(4, -7).replace(/(?:\*\*\*)+/g, "")
          const allowed = encodeAgain(encode("Basic ")).length + encodeAgain(encode("==")).length + 12
          assert.isAtMost(left.length, allowed, `${first}, ${second}: ${clean}`)
        }
      }
    })
  }

  it("knows the escapes that JSON has for what cannot be seen, and each half of a sign of two code units", () => {
    const secret = "one\btwo\fthree\nfour\rfive\tsix"
    assert.strictEqual(withoutSecrets(`No: ${JSON.stringify(secret)}, sorry`, [secret]), 'No: "***", sorry')
    const keys = "\u{1f511}\u{1f5dd}\u{10ffff}"
    const halves = unitsOf(keys).map((unit) => `\\u${hexOf(unit, 4)}`).join("")
    for (
      const written of [halves, halves.toUpperCase().replaceAll("U", "u"), encodings["in HTML by numbers"]?.(keys)]
    ) {
      assert.strictEqual(withoutSecrets(`No: ${written}, sorry`, [keys]), "No: ***, sorry", written)
    }
  })

  it("knows the names that HTML has for the signs of ASCII, and leaves others", () => {
    const signs =
      "amp apos ast bsol colon comma commat dollar equals excl grave gt Hat lbrace lbrack lcub lowbar lpar lsqb lt " +
      "num percnt period plus quest quot rbrace rbrack rcub rpar rsqb semi sol verbar vert"
    const secret = "&'*\\:,@$=!`>^{[{_([<#%.+?\"}]})];/||"
    const written = signs.split(" ").map((name) => `&${name};`).join("")
    assert.strictEqual(withoutSecrets(`No: ${written}, sorry`, [secret]), "No: ***, sorry")
    assert.strictEqual(withoutSecrets(`No: a&nosign;bcd, sorry`, ["a&nosign;bcd"]), "No: ***, sorry")
  })

  it.each<[string, string, string]>([
    ["a plus sign beside escapes, which is no space", "s3cr3t+/key", "s3cr3t+%2Fkey"],
    ["a space that a form writes as a plus sign", "s3cr3t and/key", "s3cr3t+and%2Fkey"],
    ["escapes in small letters and in large ones", "s3cr3t/+=key", "s3cr3t%2f%2B%3dkey"],
    ["escapes of a form in small letters and in large ones", "s3cr3t k/+ey", "s3cr3t+k%2f%2Bey"],
    ["two of them with a word between them", "s3cr3t~k", "s3cr3t%7Ek, or s3cr3t%7ek"],
    ["hexadecimal digits in large letters", "s3cr3t~key", "7333637233747E6B6579"],
    ["bytes in large letters, with a comma and a space between them", "s3cr3t~k", "73, 33, 63, 72, 33, 74, 7E, 6B"],
    ["bytes with 0x in large letters", "s3cr3t~k", "0X73 0X33 0X63 0X72 0X33 0X74 0X7E 0X6B"],
    ["bytes in tens, with a comma and a space between them", "s3cr3t~k", "115, 51, 99, 114, 51, 116, 126, 107"],
    ["a number of HTML without its end", "s3cr3t~k", "s3cr3t&#x7Ek"],
    ["octal escapes of two bytes", "s3cr3té", "s3cr3t\\303\\251"],
    ["a line of mail that goes on, of Windows and of others", "s3cr3tkey", "s3c=\r\nr3t=\nkey"]
  ])("cuts out %s", (_, secret, written) => {
    const cut = withoutSecrets(`No: ${written}!`, [secret])
    assert.match(cut, /^No: \*{3}(?:, or \*{3})?!$/, cut)
  })

  it("takes what stands for no letter as it comes", () => {
    const texts = ["&#x110000;", "&#9999999;", "\\u{110000}", "%", "%4", "\\u12", "\\x4", "&#;", "=3", "\\777"]
    for (const text of texts) {
      const said = `${text} and s3cr3t&#x110000;\\u{110000}`
      assert.strictEqual(withoutSecrets(said, ["s3cr3t"]), `${text} and ***&#x110000;\\u{110000}`)
    }
  })

  it("cuts it out of what is encoded together with other words", () => {
    const said = `you sent ${clientSecret} as client_secret`
    for (const [name, encode] of Object.entries(encodings)) {
      for (const before of ["", "a", "ab", "abc"]) {
        const clean = withoutSecrets(`${before}${encode(said)}`, secrets)
        assert.include(clean, "***", name)
        for (const [, decode] of Object.entries(encodings)) assert.notInclude(clean, decode(clientSecret))
      }
    }
  })

  it("cuts it out where letters that cannot be seen stand in it, which would be dropped then", () => {
    for (const between of invisible) {
      for (const secret of [clientSecret, base64(pair)]) {
        const clean = withoutSecrets(`No: ${Array.from(secret).join(between)}, sorry`, secrets)
        assert.strictEqual(clean, "No: ***, sorry")
      }
    }
  })

  it.prop("leaves a text without any secret as it is", [
    FastCheck.string({ unit: "binary", maxLength: 200 }),
    FastCheck.array(FastCheck.stringMatching(/^[A-Za-z0-9_-]{43}$/), { maxLength: 3 })
  ], ([text, sent]) => {
    assert.strictEqual(withoutSecrets(text, [...sent, undefined, "", "abc"]), text)
  })

  it.prop("cuts out a token wherever it stands, in any two encodings, and leaves what stands around it", [
    FastCheck.stringMatching(/^[A-Za-z0-9_.~+/-]{20,60}=?$/),
    // Not the first half of an escape: what follows it would be taken for the other.
    FastCheck.stringMatching(/^[a-zA-Z0-9 .,:()/-]{0,30}$/),
    FastCheck.stringMatching(/^[a-z ]{0,30}$/),
    FastCheck.constantFrom(...Object.values(encodings)),
    FastCheck.constantFrom(...Object.values(encodings))
  ], ([token, before, after, first, second]) => {
    const written = second(first(token))
    const clean = withoutSecrets(`${before} ${written} ${after}`, [token])
    assert.include(clean, "***")
    assert.notInclude(clean, written)
    assert.isTrue(clean.startsWith(`${before} `) && clean.endsWith(` ${after}`), clean)
  }, { fastCheck: { numRuns: 300 } })

  it("shows no part of a secret that is longer than what is searched", () => {
    for (const length of [1000, 5000, 19_000, 25_000, 300_000]) {
      const secret = Array.from({ length }, (_, at) => String.fromCharCode(97 + (at * at) % 26)).join("")
      const clean = withoutSecrets(`no: ${secret}, sorry`, [secret])
      assert.strictEqual(clean, length < 20_000 ? "no: ***, sorry" : "no: ***")
    }
    const secret = "s3cr3t-".repeat(20)
    for (let before = 9_800; before < 10_100; before += 19) {
      assert.notInclude(withoutSecrets(`${"x".repeat(before)}${secret}${"y".repeat(30_000)}`, [secret]), "s3cr3t")
    }
  })

  it("cuts out each of several that stand side by side, or share letters", () => {
    assert.strictEqual(withoutSecrets("s3cr3ts3cr3t, s3cr3t", ["s3cr3t"]), "***, ***")
    assert.strictEqual(withoutSecrets("no abab!", ["abab"]), "no ***!")
    assert.strictEqual(withoutSecrets("no ababab!", ["abab"]), "no ***!")
  })

  it("leaves the first 10,000 letters of a text longer than 20,000, and all where there is no secret to be cut out", () => {
    const [searched, longer] = ["x".repeat(20_000), "x".repeat(20_001)]
    assert.strictEqual(withoutSecrets(searched, ["s3cr3t"]), searched)
    assert.strictEqual(withoutSecrets(longer, ["s3cr3t"]), longer.slice(0, 10_000))
    assert.strictEqual(withoutSecrets(longer, ["", undefined, "abc"]), longer)
  })

  it.each<[string, string]>([
    ["percent signs", "%".repeat(20_000)],
    ["escapes of everything", "%41\\u0041&#65;+QUJD".repeat(1000)],
    ["backslashes", "\\".repeat(20_000)],
    ["Base64 of Base64", base64(base64(base64("x".repeat(8000))))],
    ["letters", "A".repeat(1 << 20)],
    ["white space", " ".repeat(1 << 20)]
  ])("takes %s in no time", (_name, text) => {
    const started = performance.now()
    withoutSecrets(text, secrets)
    assert.isBelow(performance.now() - started, 10_000)
  })
})
