/**
 * No text that comes from outside may take more time than its length accounts for: every regular expression of the
 * sources, and every function that reads such a text.
 */
import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import * as AuthorizationUrl from "../../src/core/oauth/AuthorizationUrl.ts"
import * as CallbackRoute from "../../src/core/oauth/CallbackRoute.ts"
import * as RedirectUri from "../../src/core/oauth/RedirectUri.ts"
import * as Challenge from "../../src/core/mcp/Challenge.ts"
import * as Credentials from "../../src/core/mcp/Credentials.ts"
import * as Metadata from "../../src/core/mcp/Metadata.ts"
import * as ScopeSet from "../../src/core/mcp/ScopeSet.ts"
import * as ServerUrl from "../../src/core/mcp/ServerUrl.ts"
import * as TokenResponse from "../../src/core/mcp/TokenResponse.ts"
import * as CallbackPage from "../../src/core/page/CallbackPage.ts"
import * as PasteLength from "../../src/core/paste/PasteLength.ts"
import * as Layout from "../../src/core/terminal/Layout.ts"
import * as LineDecoder from "../../src/core/terminal/LineDecoder.ts"
import * as SafeText from "../../src/core/text/SafeText.ts"
import { withoutSecrets } from "../../src/core/text/SecretText.ts"
import { isSuperlinear, shapesOf } from "../fixtures/Growth.ts"

const sources = fileURLToPath(new URL("../../src/", import.meta.url))
const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).sort()

/** The regular expressions that a file writes down, and how many it makes. */
const readFile = (file: string) => {
  const literals: Array<RegExp> = []
  let made = 0
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/")
      literals.push(new RegExp(node.text.slice(1, end), node.text.slice(end + 1)))
    } else if (ts.isNewExpression(node) && node.expression.getText() === "RegExp") made++
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(sources + file, "utf8"), ts.ScriptTarget.Latest, true))
  return { file, literals, made }
}

const read = files.map(readFile)

/** Those that are made when a module is loaded. */
const makers = read.filter(({ made }) => made > 0)
const made: Array<RegExp> = []
const Original = globalThis.RegExp
globalThis.RegExp = new Proxy(Original, {
  construct: (target, args: [string, string]) => {
    const expression = new target(...args)
    made.push(expression)
    return expression
  }
})
const PastedText = await import("../../src/core/paste/PastedText.ts")
const PasteRouter = await import("../../src/paste/PasteRouter.ts")
globalThis.RegExp = Original

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", s: " ", S: "x", d: "7", w: "a", W: "-" }

/** The letters that an expression is about, and the words that it has. */
const partsOf = ({ source }: RegExp): ReadonlyArray<string> => {
  const parts = new Set<string>(["a", " ", "\n"])
  for (const [word] of source.matchAll(/[\w:/=&;]{2,}/g)) parts.add(word)
  for (const [letter] of source.matchAll(/\\u[\da-f]{4}|\\x[\da-f]{2}|\\p\{\w+\}|\\?[^]/gi)) {
    if (/^\\[ux]./.test(letter)) parts.add(String.fromCharCode(Number.parseInt(letter.slice(2), 16)))
    else if (/^\\p./i.test(letter)) parts.add("\u200e").add("\u0001")
    else parts.add(letter.length === 1 ? letter : escapes[letter.charAt(1)] ?? letter.charAt(1))
  }
  return [...parts]
}

const search = (expression: RegExp) => (text: string) =>
  expression.global ? text.replace(expression, "") : expression.test(text)

describe("regular expressions", () => {
  const all = [
    ...read.flatMap(({ file, literals }) => literals.map((expression) => ({ file, expression }))),
    ...made.map((expression) => ({ file: "made", expression }))
  ]

  /** Of the program's own environment, which nobody else writes. */
  const exceptions = new Set(["/(?:^|\\s+)&$/"])

  it("are all here", () => {
    assert.isAbove(all.length, 80)
    assert.isAtLeast(made.length, makers.reduce((sum, { made }) => sum + made, 0))
  })

  it.each(all.filter(({ expression }) => !exceptions.has(String(expression))))(
    "$file: $expression",
    async ({ expression }) => {
      await setImmediate()
      for (const shape of shapesOf(partsOf(expression), 60)) {
        assert.isFalse(isSuperlinear(search(expression), shape), JSON.stringify(shape))
      }
    }
  )

  it.each([/(?:\u0090)[^\r]*\u0007/g, /a*b/, /\s+$/])("a quadratic one is found: %s", (bad) => {
    assert.isTrue(shapesOf(partsOf(bad), 300).some((shape) => isSuperlinear(search(bad), shape)))
  })
})

describe("what reads a text from outside", () => {
  const state = Redacted.make("0123456789abcdef")
  const route: CallbackRoute.RouteConfig = {
    state,
    paths: new Set(["/callback"]),
    hosts: new Set(),
    loopback: true,
    origins: new Set(["https://as.example"]),
    formPost: true,
    done: "d0ne"
  }
  const decide = (target: string, headers: Readonly<Record<string, string>> = {}, method = "GET", body?: string) =>
    CallbackRoute.decide(route, { method, target, hosts: ["127.0.0.1"], header: (name) => headers[name] }, body)
  const form = { "content-type": "application/x-www-form-urlencoded" }
  const server = new URL("https://mcp.example/")
  const issuer = "https://as.example"
  const page = CallbackPage.make()

  const urls = [
    "http://",
    "https://",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "/callback",
    "?",
    "&",
    "=",
    "#",
    "&amp;",
    "//",
    ":",
    "@"
  ]
  const answers = [
    "code=",
    "state=",
    "error=",
    "iss=",
    "error_description=",
    "+",
    "%",
    "%25",
    "%3D",
    "%2526",
    ";",
    "done="
  ]
  const pasted = [
    ...[
      "'",
      "(",
      ")",
      "[",
      "](",
      "{",
      '"',
      "<",
      ">",
      "`",
      "\\",
      "|",
      "*",
      "_",
      "-",
      "~",
      "$",
      "curl ",
      "HTTP/1.1",
      "amp;"
    ],
    ...[" ", "\n", "\n\n", "\r\n", "\t", ".", ",", "\u001b[200~", "\u001b[", "\u001b]", "\u0007", "\u001b\\"],
    ...["\u0090", "\u0098", "\u009b", "\u009c", "\u009d", "\u009e", "\u009f", "\u200b", "\u202e", "\u2500", "\u300c"],
    ...[
      "https://urldefense.com/v3/__",
      "__;",
      "!",
      "/v2/url?u=http-3A__",
      "?url=http%3A%2F%2F",
      "?u=",
      "aHR0c",
      "about:"
    ]
  ]
  const structured = [
    "Bearer ",
    '"',
    '\\"',
    ",",
    "=",
    " ",
    "realm",
    'error="',
    "scope",
    "\t",
    ";",
    "/",
    "[",
    "{",
    ":",
    "null"
  ]

  const decodeAll = (isRaw: boolean) => (text: string) => {
    const decoder = LineDecoder.make(isRaw)
    for (let rest = text; rest !== "";) rest = decoder.decode(rest).rest
  }

  type Case = [string, ReadonlyArray<string>, (text: string) => unknown]

  it.each<Case>([
    ["PastedText.read", [...urls, ...answers, ...pasted], PastedText.read],
    ["PastedText.holdsAnswer", [...answers, ...pasted], PastedText.holdsAnswer],
    ["PasteRouter.match", [...urls, ...answers, ...pasted], (text) => PasteRouter.match(text, () => "StateMismatch")],
    ["PasteLength.charactersIn", pasted, PasteLength.charactersIn],
    ["LineDecoder of a terminal", pasted, decodeAll(true)],
    ["LineDecoder of a pipe", pasted, decodeAll(false)],
    ["CallbackRoute.decide, the target", [...urls, ...answers], (text) => decide(text)],
    ["CallbackRoute.decide, the query", [...urls, ...answers], (text) => decide(`/callback?${text}`)],
    ["CallbackRoute.decide, the form", [...urls, ...answers], (text) => decide("/callback", form, "POST", text)],
    ...["sec-fetch-mode", "sec-fetch-dest", "sec-purpose", "content-type", "origin", "access-control-request-headers"]
      .map((name): Case => [
        `CallbackRoute.decide, ${name}`,
        ["prefetch", "navigate", "cors", ";", ",", " ", "\t", "a", "-", "https://as.example", "*"],
        (text: string) =>
          decide(
            "/callback",
            { origin: "https://as.example", "access-control-request-method": "GET", [name]: text },
            "OPTIONS"
          )
      ]),
    [
      "CallbackRoute.claimedDone",
      ["/done/", "?done=", "-", "a", "/"],
      (target) => CallbackRoute.claimedDone({ method: "GET", target, hosts: [], header: () => undefined })
    ],
    ["AuthorizationResponse.check", [...urls, ...answers, "<", "\u202e"], (text) => {
      const parameters = AuthorizationResponse.parse(
        `state=0123456789abcdef&error=x&error_description=${text}&error_uri=${text}`
      )
      return Either.map(
        AuthorizationResponse.matchState(parameters, state),
        (matched) => AuthorizationResponse.check(matched, {})
      )
    }],
    [
      "AuthorizationUrl.check",
      [...urls, ...answers],
      (url) => AuthorizationUrl.check(url, { state, redirectUri: "http://x/" })
    ],
    ["RedirectUri.parse", [...urls, ...answers], RedirectUri.parse],
    ["RedirectUri.isLoopbackHost", [...urls, "0", "1"], RedirectUri.isLoopbackHost],
    ["SafeText.printable", pasted, (text) => SafeText.printable(text, 1 << 20)],
    ["SafeText.printableUrl", [...urls, ...answers], SafeText.printableUrl],
    ["SecretText.withoutSecrets", [...answers, "s3cret"], (text) => withoutSecrets(text, ["s3cret", "aaaa", "%3D%3D"])],
    [
      "the page's language",
      ["en", "-", ",", ";q=", "0.5", " ", "*"],
      (acceptLanguage) => page({ _tag: "Closed" }, { serverName: undefined, acceptLanguage })
    ],
    [
      "the page's server name",
      ["<", "&", "\u202e", " ", "a"],
      (serverName) => page({ _tag: "Closed" }, { serverName, acceptLanguage: undefined })
    ],
    ["Challenge.parse", structured, Challenge.parse],
    ["Challenge.bearer", structured, Challenge.bearer],
    ["ScopeSet.union", ["a", " ", "\t", "a "], (text) => ScopeSet.union(text, text)],
    ["ServerUrl.parse", urls, ServerUrl.parse],
    ["Metadata.authorizationServer", [...urls, ...structured], (text) =>
      Metadata.authorizationServer(server, issuer, {
        issuer,
        authorization_endpoint: text,
        token_endpoint: text,
        scopes_supported: [text]
      })],
    [
      "TokenResponse.parse",
      structured,
      (text) =>
        TokenResponse.parse({ access_token: text, token_type: "Bearer", scope: text, expires_in: text }, { now: 0 })
    ],
    ["Credentials.decode", structured, Credentials.decode],
    ["Layout.wrap", [...pasted, "word "], (text) => Layout.wrap(text, 80)]
  ])("takes time linear in its length: %s", async (_name, parts, run) => {
    await setImmediate()
    for (const shape of shapesOf(parts, 100)) {
      assert.isFalse(isSuperlinear(run, shape), JSON.stringify(shape))
    }
  }, 120_000)
})
