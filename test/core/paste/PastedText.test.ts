import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import * as PastedText from "../../../src/core/paste/PastedText.ts"
import { maxPasteLength } from "../../../src/core/paste/PasteLength.ts"

const code = "4/0AbC-d_e.f~g"
const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const origin = "http://127.0.0.1:54321"
const query = `code=${code}&state=${state}`
const address = `${origin}/callback?${query}`

/** What was read, as a table can say it: the code and the state of each response, or why there is none. */
const summary = (text: string): ReadonlyArray<string> =>
  PastedText.read(text).map(Either.match({
    onLeft: (reason) => reason,
    onRight: (parameters) => {
      const claimed = AuthorizationResponse.claimedState(parameters) ?? ""
      const matched = AuthorizationResponse.matchState(parameters, Redacted.make(claimed))
      if (Either.isLeft(matched)) return matched.left
      return Either.match(AuthorizationResponse.check(matched.right, {}), {
        onLeft: (error) => `${error._tag === "AuthorizationDenied" ? error.error : error.reason} for ${claimed}`,
        onRight: (checked) => `${Redacted.value(checked.code)} for ${claimed}`
      })
    }
  }))

const whole = [`${code} for ${state}`]

const escaped = (scheme: string): string => encodeURIComponent(`${scheme}://h/?state=def&code=abc`)
const one = ["abc for def"]
const oneAndWord = [...one, "NotAResponse"]

describe("read", () => {
  it.each<[string, string]>([
    ["a whole address", address],
    ["one with another scheme", `com.example.app://signed-in?${query}`],
    ["one with a scheme and a single slash", `com.example.app:/callback?${query}`],
    ["one without scheme", `127.0.0.1:54321/callback?${query}`],
    ["one of localhost", `localhost:54321/callback?${query}`],
    ["one of IPv6's loopback", `[::1]:54321/callback?${query}`],
    ["one of another host without scheme", `me.tunnel.example/callback?iss=https://as.example&${query}`],
    ["a path", `/callback?${query}`],
    ["a query", `?${query}`],
    ["bare parameters", query],
    ["bare parameters, state first", `state=${state}&code=${code}`],
    ["bare parameters, another first", `session_state=1-2&code=${code}&state=${state}`],
    ["bare parameters cut out of a query", `&state=${state}&code=${code}`],
    ["parameters in the fragment", `${origin}/callback#${query}`],
    ["parameters in the fragment beside a query", `${origin}/callback?tenant=1#${query}`],
    ["parameters of a page that routes by the fragment", `${origin}/#/callback?${query}`],
    ["a fragment that a server leaves", `${address}#_=_`],
    ["parameters listed one to a line", `code=${code}\nstate=${state}`],
    ["a query before a fragment that has a response too", `${address}#code=evil&state=${state}`]
  ])("takes %s", (_name, text) => {
    assert.deepStrictEqual(summary(text), whole)
  })

  it.each<[string, string]>([
    ["white space", ` \t\r\n  ${address}\u00a0\u3000\r\n\n`],
    ["double quotes", `"${address}"`],
    ["single quotes", `'${address}'`],
    ["backticks", `\`\`\`\n${address}\n\`\`\``],
    ["angle brackets", `<${address}>`],
    ["round brackets", `(${address}).`],
    ["typographic quotes", `“${address}”, ‘${address}’ «${address}»`],
    ["quotes of other scripts", `「${address}」。`],
    ["Markdown's link", `Here: [the page](${address}).`],
    ["Markdown's link that shows its address", `[${address}](${address})`],
    ["an HTML link", `<p><a href="${address.replace("&", "&amp;")}">${address.replace("&", "&amp;")}</a></p>`],
    ["&amp;", address.replace("&", "&amp;")],
    ["&amp;amp;", address.replace("&", "&amp;amp;")],
    ["\\u0026, as JSON of Go has it", address.replace("&", "\\u0026")],
    ["\\x26, and every sign of its kind", address.replace(/[?=&]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`)],
    ["&#38;", address.replace("&", "&#38;")],
    ["&amp;#38;", address.replace("&", "&amp;#38;")],
    ["&#x26;", address.replace("&", "&#X26;")],
    ["what zsh escapes", address.replace(/[?&=~]/g, "\\$&")],
    ["what JSON escapes", `"${address.replaceAll("/", "\\/")}"`],
    ["colours", `\u001b[1;34m${address.replace("?", "\u001b[0m?\u001b[4:3m")}\u001b[m`],
    ["8-bit escapes", `\u009b34m${address}\u009bm`],
    ["a terminal's link", `\u001b]8;id=1;https://elsewhere.example\u001b\\${address}\u001b]8;;\u001b\\`],
    ["a terminal's link, ended by BEL", `\u001b]8;;${address}\u0007${address}\u001b]8;;\u0007`],
    ["a window title that never ends", `\u001b]0;title ${address}`],
    ["a cursor's movements", `\u001b7\u001b[2K\u001b(B${address}\u001b8`],
    ["markers of a paste", `\u001b[200~${address}\u001b[201~`],
    ["leftovers of such markers", `[200~${address}[201~`],
    ["such markers as a shell shows them", `^[[200~${address}^[[201~`],
    ["NUL bytes and other controls", Array.from(address).join("\u0000\u0008")],
    ["zero-width letters", Array.from(address).join("\u200b\u2060\u00ad")],
    ["marks of direction", `\u202a\u2066${address}\u2069\u202c\u200e`],
    ["a byte order mark", `\ufeff${address}`],
    ["a header", `Location: ${address}`],
    ["a header as curl shows it", `< location: ${address}`],
    ["a request line", `GET /callback?${query} HTTP/1.1`],
    ["a line of a server's log", `::1 - - [10/Oct/2026:13:55:36 +0000] "GET /callback?${query} HTTP/1.1" 200 12`],
    ["a command", `$ curl -sS '${address}' -H 'accept: */*'`],
    ["a sentence", `It says that it cannot reach ${address}.`],
    ["words behind it", `${address} is what I got`],
    ["a prompt before it", `> ${address}`],
    ["sentences around", `I ended here:\n${address}.\nWhat now?`],
    ["a frame", `╭────────╮\n│ ${address} │\n╰────────╯`],
    ["a mail's quoting without spaces", `>${address.slice(0, 40)}\n>${address.slice(40)}`],
    ["a mail's quoting", `> ${address.slice(0, 40)}\n> ${address.slice(40)}`]
  ])("takes an address with %s around it", (_name, text) => {
    const [first, ...others] = summary(text).filter((each) => each !== "NotAResponse")
    assert.deepStrictEqual([first], whole)
    for (const other of others) assert.strictEqual(other, first)
  })

  it.each<[string, string, ReadonlyArray<string>]>([
    ["nothing", "", ["Empty"]],
    ["white space", " \r\n\t\u00a0\u200b\u001b[0m ", ["Empty"]],
    ["64 Ki characters", "a b".padEnd(65_536), ["NotAResponse"]],
    ["one more", "a b".padEnd(65_537), ["TooLong"]],
    ["100 kB around an address", `${address}\n`.repeat(1000), ["TooLong"]],
    ["the sign-in page", `https://as.example/authorize?response_type=code&state=${state}`, ["AuthorizationUrl"]],
    ["the sign-in page, wrapped", `https://as.example/au\nthorize?code_challenge=x\n&state=${state}`, [
      "AuthorizationUrl"
    ]],
    ["a pushed request", "https://as.example/authorize?client_id=a&request_uri=urn:x", ["AuthorizationUrl"]],
    ["a request of the shortest kind", "https://as.example/?client_id=a&redirect_uri=b", ["AuthorizationUrl"]],
    ["an answer that repeats the request", `${address}&response_type=code`, whole],
    ["an error that repeats the request", `/?error=no&client_id=a&redirect_uri=b&state=s`, ["no for s"]],
    ["a code", "SplxlOBeZQQYbYS6WxSbIA", ["BareCode"]],
    ["a code of 16 characters", "a".repeat(16), ["BareCode"]],
    ["a word of 15", "a".repeat(15), ["NotAResponse"]],
    ["a code with its state", `SplxlOBeZQQYbYS6#${state}`, ["BareCode"]],
    ["a code that starts as Google's do", "4/0AeanS0Zlm_Q8f9", ["BareCode"]],
    ["a code in quotes", '"SplxlOBeZQQYbYS6WxSbIA"', ["BareCode"]],
    ["a code over two lines", "SplxlOBeZQ\n  QYbYS6WxSbIA", ["BareCode"]],
    ["two codes with a blank line between", `${"a".repeat(16)}\n\n${"b".repeat(16)}`, ["BareCode"]],
    ["two answers without state", "/?code=a\nhttp://h/?code=b", ["StateMissing", "StateMissing"]],
    ["two words with a blank line between", "SplxlOBeZQ\n\nQYbYS6WxSbIA", ["NotAResponse"]],
    ["words", "I cannot find it", ["NotAResponse"]],
    ["many lines of words", "I cannot\n\nfind it\nanywhere", ["NotAResponse"]],
    ["another page", "https://example.com/welcome", ["NotAResponse"]],
    ["a file", "/home/someone/file.txt", ["NotAResponse"]],
    ["a variable", "TOKEN=SplxlOBeZQQYbYS6WxSbIA", ["NotAResponse"]],
    ["a state alone", `state=${state}`, ["NotAResponse"]],
    ["an answer without state", `${origin}/callback?code=x`, ["StateMissing"]],
    ["an error without state", "?error=access_denied", ["DenialWithoutState"]],
    ["an answer without state in the fragment", "/callback#code=x", ["StateMissing"]],
    ["an error without state in the fragment", "/callback#error=no", ["DenialWithoutState"]],
    ["an error without state, and an answer in the fragment", "/?error=no#code=abc&state=def", one],
    ["parameters behind a path without a question mark", "/callback&code=abc&state=def", ["NotAResponse"]],
    ["an answer with an empty state", "/callback?code=x&state=", ["StateMissing"]],
    ["a code in the query, a state in the fragment", `/callback?code=x#state=${state}`, ["StateMissing"]],
    ["an address with two states", `${address}&state=other`, ["StateRepeated"]],
    ["an answer without a code", `${origin}/callback?state=s`, ["CodeMissing for s"]],
    ["an error", `${origin}/callback?error=access_denied&state=s`, ["access_denied for s"]],
    ["broken percent-escapes", "/callback?code=%4&state=%zz%", ["%4 for %zz%"]]
  ])("says of %s what it is", (_name, text, expected) => {
    assert.deepStrictEqual(summary(text), expected)
  })

  it.each(["response_type", "client_id", "redirect_uri", "code_challenge", "request", "request_uri"])(
    "knows the sign-in page by a parameter that no answer has: %s",
    (name) => {
      assert.deepStrictEqual(summary(`https://as.example/authorize?${name}=x&state=s`), ["AuthorizationUrl"])
    }
  )

  it.each<[string, string]>([
    ["BareCode", "'SplxlOBeZQQYbYS6WxSbIA'"],
    ["BareCode", "(SplxlOBeZQQYbYS6WxSbIA),"],
    ["BareCode", "[SplxlOBeZQQYbYS6WxSbIA];"],
    ["BareCode", "SplxlOBeZQQYbYS6#"],
    ["BareCode", "Splx~lOBe.ZQQ+YbYS6%20"],
    ["NotAResponse", "!SplxlOBeZQQYbYS6WxSbIA"],
    ["NotAResponse", "SplxlOBeZQQYbYS6WxSbIA!"],
    ["NotAResponse", "44/SplxlOBeZQQYbYS6WxSbIA"],
    ["NotAResponse", "x/SplxlOBeZQQYbYS6WxSbIA"],
    ["NotAResponse", "SplxlOBeZQQYbYS6#a#b"],
    ["NotAResponse", "SplxlOBeZQQYbYS6 WxSbIA"]
  ])("takes for a %s: %s", (expected, text) => {
    assert.deepStrictEqual(summary(text), [expected])
  })

  it.each<[string, string, ReadonlyArray<string>]>([
    ["a line each", "?code=a&state=1\n?code=b&state=2\n?code=c&state=3", ["a for 1", "b for 2", "c for 3"]],
    [
      "of different forms",
      `code=a&state=1\n/cb?code=b&state=2\nlocalhost:1/?code=c&state=3\nhttp://x/#code=d&state=4`,
      [
        "a for 1",
        "b for 2",
        "c for 3",
        "d for 4"
      ]
    ],
    ["bare, each over two lines", "code=aaaa\naa&state=11\ncode=bbbb\nbb&state=22", ["aaaaaa for 11", "bbbbbb for 22"]],
    ["with words between", "First:\n?code=a&state=1\nand then this\n?code=b&state=2.", [
      "NotAResponse",
      "a for 1",
      "NotAResponse",
      "b for 2"
    ]],
    ["in one line", "http://x/?code=a&state=1, http://x/?code=b&state=2 and /cb?code=c&state=3", [
      "a for 1",
      "b for 2",
      "c for 3"
    ]],
    ["in a list of JSON", '["http://x/?code=a&state=1","http://x/?code=b&state=2"]', ["a for 1", "b for 2"]],
    ["with nothing but a space between", "http://x/?code=a&state=1 http://x/?code=b&state=2", ["a for 1", "b for 2"]],
    ["the second as a link", "http://x/?code=a&state=1\n[it](http://x/?code=b&state=2)", ["a for 1", "b for 2"]],
    ["in capitals", "http://x/?code=a&state=1\nLOCALHOST:1/?code=b&state=2", ["a for 1", "b for 2"]],
    ["that repeat what a list already holds", "code=a\ncode=b&state=2", ["StateMissing", "b for 2"]],
    ["a good one after a bad one", "?code=a\n\nhttp://x/?code=b&state=2", ["StateMissing", "b for 2"]],
    ["each in the markers of a paste", "[200~?code=a&state=1[201~[200~?code=b&state=2[201~", ["a for 1", "b for 2"]]
  ])("takes several addresses %s", (_name, text, expected) => {
    assert.deepStrictEqual(summary(text), expected)
  })

  it.each<[string, string, ReadonlyArray<string>]>([
    ["a Markdown link whose address was escaped", `[it](${escaped("http")})`, one],
    ["one with https", `[it](${escaped("https")})`, one],
    ["one escaped twice", `[it](${encodeURIComponent(escaped("http"))})`, one],
    ["one escaped in small letters with a scheme in capitals", `[it](${escaped("HTTP").replace("%3A", "%3a")})`, one],
    ["a Markdown link with the signs of one in its code", "[it](/?state=def&code=a](b)", ["a](b for def"]],
    ["the text of a Markdown link with such signs", "[/?state=def&code=a](b](x)", ["a](b for def"]],
    ["a Markdown link that was wrapped in its text", "[the\n](/?state=def&code=abc)", ["NotAResponse", ...one]],
    ["a Markdown link that shows its address, once", "[/?state=def&code=abc](/?state=def&code=abc)", one],
    ["one with the number of a note behind it", "[/?state=def&code=abc](/?state=def&code=abc)[1]", one],
    ["a Markdown link and a word on the next line", "[it](/?state=def&code=abc)\nword", oneAndWord],
    ["an empty Markdown link before the address", "[it]()/?state=def&code=abc", ["NotAResponse", ...one]],
    ["square brackets around it", "[/?state=def&code=abc]", one],
    ["a bracket that nothing closes", "[/?code=abc&state=def", one],
    ["a second address behind its bracket", "(?code=a&state=1)code=b&state=2", ["a for 1", "b for 2"]],
    ["a quote that is closed on the next line", "'/?state=def&code=abc\n'\nword", oneAndWord],
    ["escaped parameters in quotes", "'code%3Dabc%26state%3Ddef'", one],
    ["an escaped error in brackets", "(error%3Daccess_denied)", ["DenialWithoutState"]],
    ["a word directly before its quote", "href='http://h/?state=def&code=abc'", one],
    ["one with a scheme in capitals", "href='HTTP://h/?state=def&code=abc'", one],
    ["one with another address in it", "href='http://h/?x=https://y&state=def&code=abc'", one],
    ["`://` behind what is no scheme", "1://h/?code=abc&state=def", ["NotAResponse"]],
    ["a path with parameters below it", "/callback\ncode=abc&state=def", ["NotAResponse", ...one]],
    ["a code in one place and a state in a sentence", "code=abc\nstate=def is it", ["StateMissing", "NotAResponse"]],
    ["a state, and an answer that has its own", "state=1\nstate=2&code=b", ["NotAResponse", "b for 2"]],
    ["a state, and a path that has its own", "state=1\n/?code=b&state=2", ["NotAResponse", "b for 2"]],
    ["a code, and a path that has its own", "code=a\n/?code=b&state=2", ["StateMissing", "b for 2"]],
    ["a wrapped answer before a path", "?state=1&code=a\na\n/?code=b&state=2", ["aa for 1", "b for 2"]],
    ["a fragment with a code before one with an answer", "/#code=a\n#code=b&state=2", ["StateMissing", "b for 2"]],
    ["an answer and a fragment with another one", "/?code=a&state=1\n#code=b&state=2", ["a for 1", "b for 2"]],
    ["a label before another address", "/?code=a&state=1\nurl= http://h/?code=b&state=2", ["a for 1", "b for 2"]],
    [
      "an issuer at the end, and another address",
      "/?code=a&state=1&iss=https://as.example\nhttp://h/?code=b&state=2",
      ["a for 1", "b for 2"]
    ],
    ["another parameter below a wrapped answer", "/?code=abc&state=de\nf\nscope=x", oneAndWord],
    ["a name that was wrapped, and a word after a blank line", "/?code=abc&sta\nte=def\n\nword", oneAndWord],
    ["a quoted word on the next line", '/?state=def&code=abc\n"word"', oneAndWord],
    ["a word in angle brackets on the next line", "/?state=def&code=abc\n<word>", oneAndWord],
    ["an angle bracket that is closed on the next line", "</?state=def&code=abc\n>word", oneAndWord],
    ["one with a label in it", "<URL:http://h/?state=def&code=abc\n>word", oneAndWord],
    ["the mark of a quoted line before the rest", "I got /?state=def&code=ab\n>c", one],
    ["a word on the next line that no address has, such as été", "/?state=def&code=abc\nété", oneAndWord],
    ["one that begins with such a letter", "/?state=def&code=abc\nélan", oneAndWord],
    ["one that ends with such a letter", "/?state=def&code=abc\ncafé", oneAndWord],
    ["the first of many words on the next line", "/?state=def&code=abc\nand nothing else", oneAndWord],
    ["a wrapped line of a log", '"/?state=def&code=ab\nc" 200', one],
    ["a full stop before a protocol", "It was /?state=def&code=abc. HTTP/1.1", ["abc. for def"]],
    ["a line of a log's request, and one below", "GET /?state=def&code=ab\nc HTTP/1.1\nHost", oneAndWord],
    ["a quoted address that was wrapped, and a word below", '"/?state=def&code=ab\nc"\nword', oneAndWord],
    ["a quoted address, and a word below", '"/?state=def&code=abc"\nword', oneAndWord],
    ["a wrapped address with a word behind it, and one below", "/?code=abc&state=def\n&scope=x y\nword", oneAndWord],
    ["an address with a word behind it, and one below", "/?state=def&code=abc it\nword", oneAndWord],
    [
      "a sentence below a wrapped address, without its full stop",
      "/?state=1&code=a\nb\nIt was /?state=def&code=abc.",
      ["ab for 1", ...one]
    ],
    ["one below a command", "curl /?state=1&code=a\nIt was /?state=def&code=abc.", ["a for 1", ...one]],
    ["a sentence's full stop behind a bracket in a parameter", "It was /?x=)&state=def&code=abc.", one],
    ["a full stop before a protocol on the second line", "It was /?state=def&code=ab\nc. HTTP/1.1", ["abc. for def"]]
  ])("reads %s", (_name, text, expected) => {
    assert.deepStrictEqual(summary(text), expected)
  })

  it.each<[string, string, string]>([
    ["after the host", "http://127.0.0.1:1", "/callback?code=abc&state=def"],
    ["before the query", "http://127.0.0.1:1/callback", "?code=abc&state=def"],
    ["after the question mark", "http://127.0.0.1:1/callback?", "code=abc&state=def"],
    ["before the fragment", "http://127.0.0.1:1/callback?x=1", "#code=abc&state=def"],
    ["before an ampersand", "/callback?code=abc", "&state=def"],
    ["after an ampersand", "/callback?code=abc&", "state=def"],
    ["inside &amp;", "/callback?code=abc&am", "p;state=def"],
    ["after &amp;", "/callback?state=def&amp;", "code=abc"],
    ["after a backslash of zsh", "/callback\\?state\\=def\\", "&code\\=abc"],
    ["inside a name", "/callback?co", "de=abc&state=def"],
    ["after a name", "/callback?code", "=abc&state=def"],
    ["inside a name that ends as another begins", "/callback?code=abc&session_", "state=x&state=def"],
    ["inside the code, the state before it", "/callback?state=def&code=a", "bc"],
    ["inside the state", "/callback?code=abc&state=d", "ef"],
    ["inside an escape", "/callback?code=abc&state=%6", "4ef"],
    ["before an escape", "/callback?code=abc&state=", "%64ef"],
    ["before an address in a parameter", "/callback?code=abc&state=def&iss=", "https://as.example"],
    ["before one in an error's address", "/callback?code=abc&state=def&error_uri=", "https://as.example"],
    ["before one in another parameter", "/callback?code=abc&state=def&url=", "https://as.example"],
    ["inside of one, at its query", "/callback?code=abc&state=def&iss=https://as.example/?", "prompt=none"],
    ["inside of one, at its fragment", "/#code=abc&state=def&iss=https://as.example/#", "prompt=none"],
    ["behind an empty parameter", "/callback?code=abc&state=def&scope=&", "prompt=none"],
    ["on both sides of an ampersand", "/callback?code=abc&state=def\n&", "prompt=none"],
    ["on both sides of the question mark", "/callback\n?", "code=abc&state=def"],
    ["before the end of quotes", "'/callback?code=abc&state=def", "'"],
    ["before the words that follow", "GET /callback?state=def&code=ab", "c HTTP/1.1"],
    ["before the options that follow", "curl '/callback?state=def&code=ab", "c' -H 'x: y'"],
    ["in a mail with blank lines", "http://127.0.0.1:1/callback?code=ab\n", "c&state=def"],
    ["behind a name that ends as state does, with blank lines", "/callback?code=abc&session_state=x\n", "&state=def"],
    ["behind a name that ends as code does, with blank lines", "/callback?state=def&zipcode=x\n", "&code=abc"]
  ])("joins an address that was wrapped %s", (_name, first, second) => {
    for (const gap of ["\n", "\r\n", "\r", "  \n    ", "\n\t"]) {
      assert.deepStrictEqual(summary(first + gap + second), ["abc for def"], JSON.stringify(gap))
    }
  })

  it("ends an address that is complete at a blank line, however often it was escaped", () => {
    const once = encodeURIComponent("http://127.0.0.1:1/cb?code=abc&state=def")
    const twice = encodeURIComponent(once)
    for (const spelled of [once, twice, encodeURIComponent(twice), once.toLowerCase(), `/cb?code=abc&state=def`]) {
      assert.deepStrictEqual(summary(`${spelled}\n\nword`), ["abc for def", "NotAResponse"], spelled)
    }
  })

  it("takes a protocol for the end of an address only where it stands by itself", () => {
    assert.deepStrictEqual(summary("It was /?state=def&code=abc. (HTTP/1.1)"), ["abc for def"])
  })

  it.each<[string, string, string]>([
    ["a full stop where nothing else is", "?state=def&code=abc.", "abc."],
    ["a bracket where nothing else is", "?state=def&code=abc]", "abc]"],
    ["a comma where nothing else is", "?state=def&code=abc,", "abc,"],
    ["a full stop behind a command of each name", "WGET /?state=def&code=abc.", "abc."],
    ["a full stop in a command whose address is wrapped", "curl /?state=def&\ncode=abc.", "abc."],
    ["a full stop in a header", "Location: /?state=def&code=abc.", "abc."],
    ["a full stop in a request", '"GET /?state=def&code=abc. HTTP/1.1" 200', "abc."],
    ["a full stop in quotes", 'It was "/?state=def&code=abc.", I think', "abc."],
    ["brackets", "(/?state=def&code=a(b)c))", "a(b)c)"],
    ["a hash in a fragment", "/cb#state=def&code=a#b", "a#b"],
    ["no full stop behind a sentence with the name of a command", "Please get /?state=def&code=abc.", "abc"],
    ["a question mark in a fragment", "/cb#state=def&code=a?b", "a?b"],
    ["no full stop behind a word that begins as a command", "posted /?state=def&code=abc.", "abc"],
    ["the bracket of a sentence behind it", "(It was /?state=def&code=abc).", "abc"],
    ["two brackets behind it, one of them its own", "(It was /?state=def&code=a(b)).", "a(b)"],
    ["its own brackets in a sentence", "It was /?state=def&code=a(b).", "a(b)"],
    ["a quote in quotes", "curl '/?state=def&code=it's'", "it's"],
    ["what looks like an entity", "/?state=def&code=a%26amp%3Bb", "a&amp;b"],
    ["a plus for a space", "/?state=def&code=a+b", "a b"],
    ["a backslash before a letter", "/?state=def&code=a\\b", "a\\b"],
    ["equals signs", "/?state=def&code=abc==", "abc=="],
    ["equals signs after a wrap", "/?state=def&code=ab\nc==", "abc=="],
    ["a slash after a wrap", "/?state=def&code=4\n/0Abc", "4/0Abc"]
  ])("leaves a code as it is that has %s", (_name, text, expected) => {
    assert.deepStrictEqual(summary(text), [`${expected} for def`])
  })

  it.each<[string, string]>([
    ["letters", "a"],
    ["equals signs", "="],
    ["ampersands", "&"],
    ["&amp;", "&amp;"],
    ["&#000", "&#000"],
    ["line breaks", "\n"],
    ["single letters in lines", "a\n"],
    ["single letters in lines with blank ones", "a\n\n"],
    ["parameters in lines", "a=\n"],
    ["white space", " \t"],
    ["white space before a letter", `${" ".repeat(16_000)}a`],
    ["starts of escapes", "\u001b["],
    ["starts of titles", "\u001b]"],
    ["backslashes and space", "\\ "],
    ["quotes", "'"],
    ["brackets", "("],
    ["square brackets", "[]("],
    ["full stops", "."],
    ["separators", "://"],
    ["schemes", "a://"],
    ["schemes in quotes", "'a://"],
    ["markers", "[200~"],
    ["question marks", "?code="],
    ["entities in lines", "&amp\n;"]
  ])("takes little time for 64 Ki of %s", (_name, piece) => {
    const text = piece.repeat(Math.floor(maxPasteLength / piece.length))
    for (
      const each of [
        text,
        `!${text.slice(2)}!`,
        `/?code=${text}`.slice(0, maxPasteLength),
        `hi (${text.slice(4)}`
      ]
    ) {
      const started = performance.now()
      PastedText.read(each)
      // Some milliseconds for what is linear, tens of seconds for what is quadratic.
      assert.isBelow(performance.now() - started, 1000)
    }
  })
})

/** Any text, biased towards what a reader might take for a part of an address. */
const value = FastCheck.oneof(
  FastCheck.string({ unit: "binary", minLength: 1, maxLength: 60 }),
  FastCheck.string({
    unit: FastCheck.constantFrom(...Array.from("aZ09-_.~+/=%&?# \n()'\"[]\\")),
    minLength: 1,
    maxLength: 300
  }),
  FastCheck.array(
    FastCheck.constantFrom(
      "code",
      "state",
      "=",
      "&",
      "?",
      "amp;",
      "http://",
      "localhost:1/",
      "/callback",
      "x",
      ".",
      "é"
    ),
    { minLength: 1, maxLength: 40 }
  ).map((words) => words.join(""))
)

/** Parameters of a response in any order, as a server encodes them. */
const response = FastCheck.record({
  code: value,
  state: value,
  others: FastCheck.uniqueArray(
    FastCheck.tuple(FastCheck.constantFrom("iss", "scope", "session_state"), value),
    { selector: ([name]) => name, maxLength: 3 }
  )
}).chain(({ code, others, state }) =>
  FastCheck.shuffledSubarray([["code", code], ["state", state], ...others], { minLength: 2 + others.length }).map(
    (pairs) => ({ code, state, query: new URLSearchParams(pairs as Array<[string, string]>).toString() })
  )
)

const absolute = [
  "http://127.0.0.1:54321/callback?",
  "https://host.example/a/b/c?",
  "app.example://cb?",
  "localhost:1/?",
  "127.0.0.1:54321/callback#"
]
const prefix = FastCheck.constantFrom(...absolute, "[::1]:54321/callback?", "/callback?", "?", "", "/callback#")

const plain = ["", ""] as const

// What stands alone is what can be mistaken for a part of its neighbour, so it comes more often.
const quotes = FastCheck.constantFrom<readonly [string, string]>(
  plain,
  plain,
  plain,
  plain,
  ['"', '"'],
  ["'", "'"],
  ["`", "`"],
  ["<", ">"],
  ["(", ")"],
  ["“", "”"],
  ["‘", "’"],
  ["«", "»"],
  ["Location: ", ""],
  ["curl '", "' -v"],
  ["[page](", ")"]
)

const wrap = FastCheck.option(
  FastCheck.record({
    width: FastCheck.integer({ min: 20, max: 100 }),
    gap: FastCheck.constantFrom("\n", "\r\n", "\r", "\n  ", " \n\t", "\n          ")
  })
)

/** Hides marks among the letters, which a reader takes out again. */
const marked = (text: string, marks: ReadonlyArray<readonly [place: number, mark: string]>): string => {
  const letters = Array.from(text)
  for (const [place, mark] of marks) {
    const index = place % (letters.length + 1)
    letters[index] = mark + (letters[index] ?? "")
  }
  return letters.join("")
}

const decoration = FastCheck.record({
  quotes,
  ampersand: FastCheck.constantFrom("&", "&amp;", "&#38;", "&#x26;", "\\&"),
  wrap,
  marks: FastCheck.array(
    FastCheck.tuple(
      FastCheck.nat({ max: 1000 }),
      FastCheck.constantFrom(
        "\u001b[0m",
        "\u001b[38;5;1m",
        "\u001b[K",
        "\u001b]8;;x:y\u0007",
        "\u0000",
        "\u200b",
        "\u202e"
      )
    ),
    { maxLength: 6 }
  ),
  around: FastCheck.constantFrom<readonly [string, string]>(
    plain,
    plain,
    plain,
    ["\n  ", " \r\n"],
    ["\u001b[200~", "\u001b[201~"],
    ["\ufeff[200~", "[201~\n"]
  )
})

type Decoration = typeof decoration extends FastCheck.Arbitrary<infer A> ? A : never

const decorate = (address: string, { ampersand, around, marks, quotes, wrap }: Decoration): string => {
  const spelled = address.replaceAll("&", ampersand) + quotes[1].slice(0, 1)
  // What stands before makes the first line longer: a scheme in two parts would be no address in either line.
  const wrapped = wrap === null ? spelled : spelled.replace(new RegExp(`.{${wrap.width}}(?=.)`, "gu"), `$&${wrap.gap}`)
  const text = `${quotes[0]}${wrapped}${quotes[1].slice(1)}`
  return `${around[0]}${marked(text, marks)}${around[1]}`
}

describe("properties of read", () => {
  it.prop(
    "gives back exactly the code and the state that were sent, whatever was done to the address",
    [response, prefix, decoration],
    ([{ code, query, state }, prefix, decoration]) => {
      assert.deepStrictEqual(summary(decorate(prefix + query, decoration)), [`${code} for ${state}`])
    },
    { fastCheck: { numRuns: 2000 } }
  )

  it.prop(
    "keeps several addresses apart, each wrapped in its own way",
    [FastCheck.array(FastCheck.tuple(response, FastCheck.constantFrom(...absolute), decoration), { maxLength: 5 })],
    ([each]) => {
      const text = each.map(([{ query }, prefix, decoration]) => decorate(prefix + query, decoration)).join("\n")
      const expected = each.map(([{ code, state }]) => `${code} for ${state}`)
      assert.deepStrictEqual(summary(text), expected.length === 0 ? ["Empty"] : expected)
    },
    { fastCheck: { numRuns: 500 } }
  )

  it.prop(
    "never takes a code and a state from different components",
    [value, value, value],
    ([code, state, other]) => {
      const query = new URLSearchParams({ code, x: other }).toString()
      const fragment = new URLSearchParams({ y: other, state }).toString()
      for (const text of [`/callback?${query}#${fragment}`, `/callback?${fragment}#${query}`]) {
        for (const reading of summary(text)) assert.notStrictEqual(reading, `${code} for ${state}`)
      }
    }
  )

  it.prop(
    "never throws, and always says something",
    [FastCheck.oneof(
      FastCheck.string({ unit: FastCheck.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      FastCheck.array(
        FastCheck.constantFrom(
          ..."\u001b[ \u001b] \u009b \u0007 [200~ [201~ \n \r \t ' \" ` < > ( ) [ ]( & &amp; &#38; \\ ? # / :// http://"
            .split(" "),
          ..."code= state= error= response_type= localhost: [::1] %4 %zz é \ud800 \u202e . , HTTP/1.1 GET a".split(" "),
          " "
        ),
        { maxLength: 60 }
      ).map((pieces) => pieces.join(""))
    )],
    ([text]) => {
      assert.isAbove(PastedText.read(text).length, 0)
    },
    { fastCheck: { numRuns: 2000 } }
  )
})
