/** Reading what people paste, and what terminals, mail programs and shells make of it. */
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import * as PastedText from "../src/core/PastedText.ts"

const url = "http://127.0.0.1:41234/callback?code=4%2F0AbC&state=St4te_-x&iss=https%3A%2F%2Fas.example"

/** What each piece of a text was read as: its code and state, or why not. */
const read = (text: string): ReadonlyArray<string> =>
  PastedText.read(text).map(Either.match({
    onLeft: (reason) => reason,
    onRight: (parameters) => {
      const found = parameters as unknown as URLSearchParams
      return `${found.get("code") ?? found.get("error")} ${found.getAll("state").join(" ")}`
    }
  }))

const whole = "4/0AbC St4te_-x"

describe("read", () => {
  it.each([
    ["a whole address", url],
    ["an address of https and another host", url.replace("http://127.0.0.1:41234", "https://agent.example")],
    ["an address of a scheme of its own", url.replace("http://127.0.0.1:41234", "my-app://host")],
    ["an address without scheme", url.slice("http://".length)],
    ["localhost without scheme", url.replace("http://127.0.0.1", "localhost")],
    ["an IPv6 address without scheme", url.replace("http://127.0.0.1", "[::1]")],
    ["a path", url.slice(url.indexOf("/callback"))],
    ["a query", url.slice(url.indexOf("?"))],
    ["bare parameters", url.slice(url.indexOf("?") + 1)],
    ["bare parameters, state first", "state=St4te_-x&code=4%2F0AbC"],
    ["a fragment", url.replace("?", "#")],
    ["white space around", `\n\t  ${url}  \r\n`],
    ["double quotes", `"${url}"`],
    ["single quotes", `'${url}'`],
    ["back quotes", `\`${url}\``],
    ["typographic quotes", `“${url}”`],
    ["angle brackets", `<${url}>`],
    ["a markdown link", `[sign in](${url})`],
    ["brackets among words", `it ended here (${url}).`],
    ["a full stop among words", `The address is ${url}.`],
    ["words after it", `${url} is what I got`],
    ["&amp;", url.replaceAll("&", "&amp;")],
    ["&amp;amp;", url.replaceAll("&", "&amp;amp;")],
    ["&#38; and &#x26;", url.replace("&", "&#38;").replace("&iss", "&#x26;iss")],
    ["shell escapes", url.replace(/[?&=]/g, "\\$&")],
    ["a request line", `GET ${url.slice(url.indexOf("/callback"))} HTTP/1.1`],
    ["a Location header", `Location: ${url}`],
    ["a curl command", `curl -v '${url}'`],
    ["terminal colours", `\u001b[1;34m${url}\u001b[0m`],
    ["an OSC 8 hyperlink", `\u001b]8;;http://elsewhere\u001b\\${url}\u001b]8;;\u001b\\`],
    ["bracketed paste", `\u001b[200~${url}\u001b[201~`],
    ["what is left of bracketed paste", `[200~${url}[201~`],
    ["NUL, zero-width and bidi characters", `\u0000\ufeff${url.slice(0, 30)}\u200b\u202e${url.slice(30)}\u0007`],
    ["a prompt before it", `> ${url}`],
    ["a wrap after &", url.replace("&state", "&\nstate")],
    ["a wrap before &", url.replace("&state", "\n&state")],
    ["a wrap inside an escape", url.replace("%2F0", "%2\nF0")],
    ["a wrap inside the state", url.replace("St4te", "St\r\n    4te")],
    ["a wrap before the query", url.replace("?", "\n?")],
    ["a wrap inside session_state", url.replace("&state", "&session_\nstate=abc&state")],
    ["a list of parameters", "code=4%2F0AbC\nstate=St4te_-x"]
  ])("takes %s", (_what, text) => {
    assert.deepStrictEqual(read(text), [whole])
  })

  it.each<readonly [string, string, string]>([
    ["nothing", "", "Empty"],
    ["white space", " \n\t\r\n ", "Empty"],
    ["terminal escapes alone", "\u001b[200~\u001b[201~\n", "Empty"],
    ["more than 64 Ki characters", "x".repeat(64 * 1024 + 1), "TooLong"],
    ["prose", "I clicked on the button", "NotAResponse"],
    ["a word", "hello", "NotAResponse"],
    ["an address with no answer in it", "https://example.com/welcome?lang=en", "NotAResponse"],
    [
      "the address of the sign-in page",
      "https://as.example/a?response_type=code&client_id=x&state=s",
      "AuthorizationUrl"
    ],
    ["the address of a pushed request", "https://as.example/a?client_id=x&request_uri=urn%3Ax", "AuthorizationUrl"],
    ["a code alone", "SplxlOBeZQQYbYS6WxSbIA", "BareCode"],
    ["a code with its state behind a #", "SplxlOBeZQQYbYS6WxSbIA#af0ifjsldkj", "BareCode"],
    ["a code without state", "http://127.0.0.1:1/callback?code=abc", "StateMissing"],
    ["an error without state", "?error=access_denied", "StateMissing"]
  ])("refuses %s", (_what, text, reason) => {
    assert.deepStrictEqual(read(text), [reason])
  })

  it("leaves a full stop or a bracket at the end of a code where nothing shows that it is not part of it", () => {
    for (const code of ["abc.", "abc,", "abc)", "abc]", "abc;"]) {
      assert.deepStrictEqual(read(`http://127.0.0.1:1/callback?state=s&code=${code}`), [`${code} s`])
    }
  })

  it("never takes the code from one part of an address and the state from another", () => {
    assert.deepStrictEqual(read("http://127.0.0.1:1/cb?code=abc#state=s"), ["null s"])
    assert.deepStrictEqual(read("http://127.0.0.1:1/cb?state=s#code=abc"), ["null s"])
  })

  it("passes on an answer that has a state and no code, and one with two states", () => {
    assert.deepStrictEqual(read("http://127.0.0.1:1/callback?state=s"), ["null s"])
    assert.deepStrictEqual(read("http://127.0.0.1:1/callback?code=c&state=s&state=t"), ["c s t"])
  })

  it("keeps several addresses apart, and the junk between them", () => {
    const other = "http://localhost:5/callback?error=access_denied&state=2nd"
    assert.deepStrictEqual(read(`${url}\n${other}`), [whole, "access_denied 2nd"])
    assert.deepStrictEqual(read(`${url} ${other}`), [whole, "access_denied 2nd"])
    assert.deepStrictEqual(read(`here they are\n\n${other}\n\nand this\n${url}`), [
      "NotAResponse",
      "access_denied 2nd",
      "NotAResponse",
      whole
    ])
  })

  const text = fc.oneof(fc.string({ maxLength: 60 }), fc.fullUnicodeString({ maxLength: 20 }))
  const value = text.filter((value) =>
    value !== "" && new TextDecoder().decode(new TextEncoder().encode(value)) === value
  )
  /** An address as a server would build it, and what is in it. */
  const address = fc.record({
    code: value,
    state: value,
    stateFirst: fc.boolean(),
    iss: fc.option(fc.webUrl(), { nil: undefined })
  }).map(({ code, iss, state, stateFirst }) => {
    const parameters = new URLSearchParams(stateFirst ? { state, code } : { code, state })
    if (iss !== undefined) parameters.set("iss", iss)
    return { href: `http://127.0.0.1:41234/callback?${parameters}`, found: `${code} ${state}` }
  })
  const copied = fc.constantFrom<(href: string) => string>(
    (href) => href,
    (href) => `  ${href}\n`,
    (href) => `"${href}"`,
    (href) => `<${href}>`,
    (href) => href.replaceAll("&", "&amp;"),
    (href) => `\u001b[34m${href}\u001b[0m`,
    (href) => `\u001b[200~${href}\u001b[201~`,
    (href) => `Location: ${href}\r\n`
  )

  it.prop(
    "gives back exactly the code and the state, however the address was copied",
    [address, copied],
    ([{ found, href }, copy]) => {
      assert.deepStrictEqual(read(copy(href)), [found])
    },
    { fastCheck: { numRuns: 500 } }
  )
  it.prop(
    "gives back exactly the code and the state, wherever the address was wrapped",
    [address, fc.integer({ min: 24, max: 120 }), fc.integer({ min: 0, max: 4 })],
    ([{ found, href }, width, indent]) => {
      const lines = href.match(new RegExp(`.{1,${width}}`, "g")) ?? []
      assert.deepStrictEqual(read(lines.join(`\n${" ".repeat(indent)}`)), [found])
    },
    { fastCheck: { numRuns: 500 } }
  )
  it.prop("never throws, and always says something", [fc.fullUnicodeString({ maxLength: 300 })], ([text]) => {
    assert.isAtLeast(read(text).length, 1)
  })
  it.each([
    "a",
    "=",
    "&amp;",
    "\u001b[",
    "\u001b]",
    "\n",
    "[200~",
    "(",
    "\\?",
    " http://",
    "?code=",
    "%",
    "a ",
    "](",
    "&"
  ])(
    "reads 64 Ki characters of %j without losing itself",
    (piece) => {
      const started = performance.now()
      read(piece.repeat(Math.floor(64 * 1024 / piece.length)))
      // A hundred times what it takes: only a quadratic reading comes near.
      assert.isBelow(performance.now() - started, 2000)
    }
  )
})
