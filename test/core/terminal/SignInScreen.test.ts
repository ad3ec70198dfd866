import { assert, describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { advise, type Situation } from "../../../src/core/terminal/Advice.ts"
import { type Block, layOut, plain, type Style, wrap } from "../../../src/core/terminal/Layout.ts"
import { canOpen, chooseBrowser } from "../../../src/core/terminal/BrowserChoice.ts"
import {
  addressText,
  clientId,
  current,
  elsewhere,
  nameOf,
  queued,
  requested,
  type SignIn
} from "../../../src/core/terminal/SignInScreen.ts"
import type { Place, Surroundings } from "../../../src/core/terminal/Surroundings.ts"
import { Texts } from "../../../src/core/terminal/Texts.ts"

const texts = Texts.english

const surroundings: Readonly<Record<Place, Surroundings>> = {
  local: { platform: "linux", env: { DISPLAY: ":0" } },
  wsl: { platform: "linux", env: { WSL_DISTRO_NAME: "Ubuntu" } },
  ssh: { platform: "linux", env: { USER: "jane", SSH_CONNECTION: "192.0.2.7 50000 192.0.2.10 2222" } },
  codespace: { platform: "linux", env: { CODESPACES: "true", BROWSER: "/vscode/bin/helpers/browser.sh" } },
  container: { platform: "linux", env: {}, containerFile: true },
  ci: { platform: "linux", env: { CI: "true" } },
  headless: { platform: "linux", env: {} }
}

const places = Object.keys(surroundings) as ReadonlyArray<Place>

const signInTo = (serverName: string, port: number): SignIn => {
  const redirectUri = `http://127.0.0.1:${port}/callback`
  const url = new URL(`https://auth.${serverName}/oauth2/authorize`)
  url.search = String(
    new URLSearchParams({
      response_type: "code",
      client_id: "b7c1f0a2",
      redirect_uri: redirectUri,
      scope: "tools.read tools.write",
      state: "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256"
    })
  )
  return { id: `id-${port}`, serverName, url, redirectUri, listening: true }
}

const acme = signInTo("acme.example", 49152)
const other = signInTo("other.example", 49153)
const third = signInTo("third.example", 49154)

/** What is shown of a sign-in in some place, as the presenter puts it together. */
const blocksOf = (
  place: Place,
  signIn: SignIn,
  { others, ...situation }: Partial<Situation> & { readonly others?: string } = {}
): ReadonlyArray<Block> => {
  const where = surroundings[place]
  const { listening, redirectUri } = { ...signIn, ...situation }
  return current(texts, { ...signIn, listening, redirectUri }, {
    opening: canOpen(chooseBrowser(where, signIn.url)),
    until: "17:45",
    instructions: advise(where, { paste: true, ...situation, listening, redirectUri }),
    others
  })
}

const at = (columns: number): Style => ({ columns, bold: false, links: false })
const widths: ReadonlyArray<number> = [40, 80, 120]

const ruler = (heading: string, columns: number): string => `${`--- ${heading} `.padEnd(columns, "-")}\n\n`

/** A screen at each width, below a ruler of that width. */
const atEachWidth = (blocks: ReadonlyArray<Block>): string =>
  widths.map((columns) => ruler(`${columns} columns`, columns) + layOut(blocks, at(columns))).join("\n")

/** One screen below another, each with what it shows. */
const underHeadings = (screens: ReadonlyArray<readonly [string, ReadonlyArray<Block>]>, style: Style): string =>
  screens.map(([heading, blocks]) => ruler(heading, 80) + layOut(blocks, style)).join("\n")

const waitingFor = (waiting: ReadonlyArray<string>, done: ReadonlyArray<string> = []): string =>
  texts.waitingFor({ waiting, done, paste: true })

/** Two that are shown, one that has to wait, and what is said as they end. */
const several = (place: Place, style: Style): string => {
  const says = (...sentences: ReadonlyArray<string>) =>
    sentences.flatMap((sentence) => wrap(sentence, style.columns)).join("\n") + "\n"
  return [
    layOut(blocksOf(place, acme), style),
    layOut(blocksOf(place, other, { again: true, others: waitingFor(["acme.example", "other.example"]) }), style),
    layOut(queued(texts, third), style),
    says(texts.ended.SignedIn("acme.example"), waitingFor(["other.example", "third.example"], ["acme.example"])),
    says(texts.ended.Cancelled("third.example"), waitingFor(["other.example"], ["acme.example"]))
  ].join("\n")
}

// Where CI is set, a file that is missing fails. Run with --update to write them, and read what changed.
describe("the screen", () => {
  it.each(places)("is right to read at each width: %s", async (place) => {
    await expect(atEachWidth(blocksOf(place, acme))).toMatchFileSnapshot(`screens/${place}.txt`)
  })

  it("asks for no paste where none is read", async () => {
    const screens = places.map((place) => [place, blocksOf(place, acme, { paste: false })] as const)
    await expect(underHeadings(screens, at(80))).toMatchFileSnapshot("screens/no-paste.txt")
  })

  it("says that only a paste is left where nothing listens", async () => {
    const screens = [
      ["local", blocksOf("local", acme, { listening: false })],
      ["local, no paste", blocksOf("local", acme, { listening: false, paste: false })],
      ["ssh", blocksOf("ssh", acme, { listening: false })],
      ["ci", blocksOf("ci", acme, { listening: false })]
    ] as const
    await expect(underHeadings(screens, at(80))).toMatchFileSnapshot("screens/not-listening.txt")
  })

  it("gives no command for a redirect URI of the caller's own", async () => {
    const own = { redirectUri: "https://jane.tunnel.example/callback", forwarded: true }
    const screens = [
      ["ssh", blocksOf("ssh", acme, own)],
      ["container, no paste", blocksOf("container", acme, { ...own, paste: false })]
    ] as const
    await expect(underHeadings(screens, at(80))).toMatchFileSnapshot("screens/own-redirect-uri.txt")
  })

  it("names those that wait, and says nothing twice", async () => {
    const laid = ["local", "ssh"] as const
    await expect(laid.map((place) => ruler(place, 80) + several(place, at(80))).join("\n"))
      .toMatchFileSnapshot("screens/several.txt")
  })

  it("is plain and unbroken where it is no terminal", async () => {
    const laid = underHeadings([["ssh", blocksOf("ssh", acme)], ["headless", blocksOf("headless", acme)]], plain)
    assert.notMatch(laid.replaceAll("\n", ""), /\p{Cc}/u)
    await expect(laid).toMatchFileSnapshot("screens/not-a-terminal.txt")
  })

  it("has a bold heading, and a link over the lines that the terminal breaks it into", async () => {
    const laid = layOut(blocksOf("local", acme), { columns: 40, bold: true, links: true })
    await expect(laid.replaceAll("\u001b", "<ESC>")).toMatchFileSnapshot("screens/bold-and-links.txt")
  })
})

/** Every line of every screen, at every width. */
const everyLine = places.flatMap((place) =>
  [true, false].flatMap((paste) =>
    [true, false].flatMap((listening) =>
      widths.flatMap((columns) =>
        layOut(blocksOf(place, acme, { paste, listening }), at(columns)).split("\n").map((line) => ({ columns, line }))
      )
    )
  )
)

describe("every screen", () => {
  it("has the whole address on a line of its own, and fits the width but for what is copied", () => {
    const { href } = acme.url
    assert.isAbove(href.length, 290)
    for (const { columns, line } of everyLine) {
      if (line.includes(href.slice(0, 40))) assert.strictEqual(line, href)
      else if (!line.startsWith("ssh ") && line.includes(" ")) assert.isBelow(line.length, columns, line)
    }
    assert.strictEqual(everyLine.filter(({ line }) => line === href).length, 7 * 2 * 2 * 3)
  })

  it("has no blank at the end of a line, and no two blank lines", () => {
    for (const { line } of everyLine) assert.strictEqual(line, line.trimEnd())
    for (const place of places) assert.notInclude(layOut(blocksOf(place, acme), at(40)), "\n\n\n")
  })

  it.each(places)("says where the browser comes back to, and until when: %s", (place) => {
    const words = layOut(blocksOf(place, acme), plain)
    assert.include(words, acme.redirectUri)
    assert.include(words, "17:45")
    assert.include(words, "acme.example")
  })

  it("says no time where there is no end", () => {
    const blocks = current(texts, acme, { opening: true, until: undefined, instructions: [] })
    assert.notMatch(layOut(blocks, plain), /undefined|until/)
  })

  it.each<[Place, boolean]>([
    ["local", true],
    ["wsl", true],
    ["codespace", true],
    ["ssh", false],
    ["container", false],
    ["ci", false],
    ["headless", false]
  ])("promises a browser only where one is opened: %s", (place, opens) => {
    assert.strictEqual(/browser should open/i.test(layOut(blocksOf(place, acme), plain)), opens)
  })
})

describe("the screen of a page that a server asks for", () => {
  const page = { serverName: "acme.example", url: new URL("https://pay.example/x"), host: "pay.example", warnings: [] }
  const heading: Block = {
    _tag: "Heading",
    text: texts.urlRequested({ serverName: "acme.example", host: "pay.example" })
  }

  it("has its address, what the server says, and what is unusual", () => {
    assert.deepStrictEqual(requested(texts, page), [heading, { _tag: "Link", url: "https://pay.example/x", id: "" }])
    const more = { message: "Pay there.", elicitationId: "a;b-1", warnings: ["Punycode", "ThisMachine"] as const }
    assert.deepStrictEqual(requested(texts, { ...page, ...more }), [
      heading,
      { _tag: "Link", url: "https://pay.example/x", id: "ab-1" },
      { _tag: "Text", text: texts.urlMessage({ serverName: "acme.example", message: "Pay there" }) },
      { _tag: "Text", text: texts.urlWarnings.Punycode },
      { _tag: "Text", text: texts.urlWarnings.ThisMachine }
    ])
  })

  it("has a link with a short name, however long the server's is", () => {
    const [, link] = requested(texts, { ...page, elicitationId: "x".repeat(256) })
    assert.deepInclude(link, { id: "x".repeat(64) })
  })
})

describe("the screen of a question for a client id", () => {
  const question = { serverName: "acme.example", issuer: "https://as.example\u001b", redirectUri: acme.redirectUri }

  it("has the redirect URI on a line of its own, below what is wrong with the last one", () => {
    const asked: ReadonlyArray<Block> = [
      { _tag: "Heading", text: texts.clientIdNeeded({ serverName: "acme.example", issuer: "https://as.example" }) },
      { _tag: "Command", text: acme.redirectUri },
      { _tag: "Text", text: texts.clientIdQuestion }
    ]
    assert.deepStrictEqual(clientId(texts, question), [{ _tag: "Text", text: "" }, ...asked])
    assert.deepStrictEqual(clientId(texts, { ...question, problem: "UnknownClient" }), [
      { _tag: "Text", text: texts.clientIdProblems.UnknownClient },
      ...asked
    ])
  })

  it("is one line below itself where something else was typed", () => {
    const again = clientId(texts, { ...question, problem: "NotAClientId" })
    assert.deepStrictEqual(again, [
      { _tag: "Text", text: `${texts.clientIdProblems.NotAClientId} ${texts.clientIdQuestion}` }
    ])
    const without = { ...texts, clientIdQuestion: "" }
    assert.deepStrictEqual(clientId(without, { ...question, problem: "NotAClientId" }), [
      { _tag: "Text", text: texts.clientIdProblems.NotAClientId }
    ])
  })
})

describe("the screen of a sign-in in another process", () => {
  it("has its address where that is known", () => {
    const said = (pid: number | undefined, hasAddress: boolean) =>
      texts.signInElsewhere({ serverName: "acme.example", pid, hasAddress })
    assert.deepStrictEqual(elsewhere(texts, { serverName: "acme.example" }), [
      { _tag: "Text", text: said(undefined, false) }
    ])
    const { url } = acme
    assert.deepStrictEqual(elsewhere(texts, { serverName: "acme.example", pid: 7, url }), [
      { _tag: "Heading", text: said(7, true) },
      { _tag: "Link", url: url.href, id: "process-7" }
    ])
    assert.deepInclude(elsewhere(texts, { serverName: "acme.example", url })[1], { id: "process-" })
  })
})

describe("a text that is replaced", () => {
  it("is seen on the screen, and no other", () => {
    const german: Texts = {
      ...texts,
      signIn: ({ serverName }) => `Melden Sie sich bei ${serverName} an:`,
      advice: { ...texts.advice, OrPaste: "Oder einfügen." }
    }
    const { env, platform } = surroundings.ssh
    const about = {
      opening: false,
      until: "17:45",
      instructions: advise({ env, platform }, { redirectUri: acme.redirectUri, listening: true, paste: true })
    }
    const before = layOut(current(texts, acme, about), plain).split("\n")
    const after = layOut(current(german, acme, about), plain).split("\n")
    const isSame = (line: string, index: number) => line === before[index]
    assert.deepStrictEqual(after.filter((line, index) => !isSame(line, index)), [
      "Melden Sie sich bei acme.example an:",
      "Oder einfügen."
    ])
  })

  it("is given what it needs", () => {
    const given: Array<unknown> = []
    const note = (about: unknown) => {
      given.push(about)
      return "said"
    }
    const noting: Texts = { ...texts, signIn: note, signInLater: note, returnsTo: note }
    current(noting, { ...acme, listening: false }, { opening: true, until: "17:45", instructions: [] })
    queued(noting, acme)
    assert.deepStrictEqual(given, [
      { serverName: "acme.example", opening: true },
      { redirectUri: acme.redirectUri, listening: false, until: "17:45" },
      { serverName: "acme.example" }
    ])
  })
})

const hostileName = FastCheck.array(
  FastCheck.oneof(
    FastCheck.constantFrom("\u001b[2J", "\u001b]8;;http://evil.example\u001b\\", "\u009b31m", "\r", "\n", "\u0007"),
    FastCheck.constantFrom("\u202e", "\u2028", "\u200b", "\ufeff", "\ud83d", "as.example", "😀", "%s", "$&", " "),
    FastCheck.string({ unit: "binary" })
  ),
  { maxLength: 12 }
).map((parts) => parts.join(""))

describe("nameOf", () => {
  it.each<[string, string]>([
    ["acme.example", "acme.example"],
    ["Käse & Söhne", "Käse & Söhne"],
    [" acme\r\nexample ", "acme example"],
    ["\u001b[31macme", "[31macme"],
    ["Acme Inc.", "Acme Inc"],
    ["x".repeat(200), `${"x".repeat(79)}…`]
  ])("is one printable line of %j", (name, shown) => {
    assert.strictEqual(nameOf(texts, name), shown)
  })

  it.each(["", " ", "\u200b", "\u001b", "\r\n", ".", " . "])("is never nothing: %j", (name) => {
    assert.strictEqual(nameOf(texts, name), texts.namelessServer)
    assert.notMatch(
      layOut(
        current(texts, { ...acme, serverName: name }, { opening: false, until: "17:45", instructions: [] }),
        plain
      ),
      /to [.:;]/
    )
  })

  it.prop("makes every sentence with a server's name one printable line", [hostileName], ([serverName]) => {
    const name = nameOf(texts, serverName)
    for (
      const sentence of [
        texts.waitingFor({ waiting: [name, name], done: [name], paste: true }),
        ...Object.values(texts.ended).map((ended) => ended(name)),
        texts.pasteAccepted({ serverName: name, characters: 2812 }),
        texts.callbackRefused({ serverName: name, reason: texts.callbackReasons.WrongHost }),
        texts.maybeUnregistered({ serverName: name, redirectUri: acme.redirectUri }),
        texts.unsafe({ serverName: name, option: "allowMissingS256" })
      ]
    ) {
      assert.notMatch(sentence, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      assert.include(sentence, name)
    }
  })

  it.prop("lets a server's name write nothing on the terminal but its letters", [
    hostileName,
    FastCheck.constantFrom(...places),
    FastCheck.constantFrom(...widths)
  ], ([serverName, place, columns]) => {
    const signIn = { ...acme, serverName }
    const blocks = [...blocksOf(place, signIn), ...queued(texts, signIn)]
    assert.notMatch(layOut(blocks, at(columns)).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    const lines = [...blocksOf(place, acme), ...queued(texts, acme)]
    assert.strictEqual(
      layOut(blocks, plain).split("\n").length,
      layOut(lines, plain).split("\n").length,
      "it is no line"
    )
  })
})

describe("the redirect URI", () => {
  it("is printable, though the URL parser repairs what the caller wrote", () => {
    const redirectUri = "http://127.0.0.1:1/a\u001b[2J\n\tb\u202e"
    const laid = layOut(
      current(texts, { ...acme, redirectUri }, { opening: false, until: "17:45", instructions: [] }),
      plain
    )
    assert.include(laid, addressText(redirectUri))
    assert.notMatch(laid.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u)
  })

  it("is shown whole, as long as it is", () => {
    const redirectUri = `http://127.0.0.1:49152/${"x".repeat(1000)}?app=1`
    assert.strictEqual(addressText(redirectUri), redirectUri)
    assert.strictEqual(addressText(acme.redirectUri), acme.redirectUri)
  })
})

describe("the link", () => {
  it("is an address in plain letters, whatever it was made of", () => {
    const url = new URL("https://bücher.example/\u001b]8;;x\u0007/\u009b2J\u202e?a=\u001b[31m é\n#\u001b\\ü")
    const laid = layOut(queued(texts, { ...acme, url }), { columns: 80, bold: true, links: true })
    assert.deepStrictEqual(laid.split("\u001b").length, 5, "two escapes of a link and their ends, and no other")
    assert.match(laid.replaceAll("\u001b", ""), /^[\x20-\x7e\n]+$/)
  })

  it.each<[string, string]>([
    ["a1-b_2", "a1-b_2"],
    ["a;b:c=d", "abcd"],
    ["\u001b\\\u0007x", "x"]
  ])("has an id that ends nothing: %j", (id, shown) => {
    for (
      const blocks of [
        current(texts, { ...acme, id }, { opening: false, until: undefined, instructions: [] }),
        queued(texts, {
          ...acme,
          id
        })
      ]
    ) {
      assert.deepStrictEqual(blocks.find(({ _tag }) => _tag === "Link"), {
        _tag: "Link",
        url: acme.url.href,
        id: shown
      })
    }
  })
})
