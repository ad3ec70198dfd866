import { assert, describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { FastCheck } from "effect"
import type { HttpRefusalReason, PasteRefusalReason } from "../../../src/core/oauth/Refusal.ts"
import type { Advice } from "../../../src/core/terminal/Advice.ts"
import { type SignInOutcome, Texts } from "../../../src/core/terminal/Texts.ts"

const { english } = Texts

const serverName = "acme.example"
const redirectUri = "http://127.0.0.1:49152/callback"

const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>) => Object.keys(record) as Array<K>

const pasteReasons = keysOf<PasteRefusalReason>(english.pasteReasons)
const callbackReasons = keysOf<HttpRefusalReason>(english.callbackReasons)
const outcomes = keysOf<SignInOutcome>(english.ended)
const advices = keysOf<Advice>(english.advice)

const yesAndNo = [true, false]

/** Every sentence as a person reads it, put together by everything that it can be given. */
const said: ReadonlyArray<readonly [string, string]> = [
  ...yesAndNo.map((opening) => ["signIn", english.signIn({ serverName, opening })] as const),
  ["signInLater", english.signInLater({ serverName })],
  ...yesAndNo.flatMap((listening) =>
    ["17:45", undefined].map((until) => ["returnsTo", english.returnsTo({ redirectUri, listening, until })] as const)
  ),
  ...advices.map((advice) => [`advice ${advice}`, english.advice[advice]] as const),
  ...yesAndNo.flatMap((paste) =>
    [[serverName], [serverName, "other.example"]].flatMap((waiting) =>
      [[], ["third.example"], ["third.example", "fourth.example"]].map((done) =>
        ["waitingFor", english.waitingFor({ waiting, done, paste })] as const
      )
    )
  ),
  ...outcomes.map((outcome) => [`ended ${outcome}`, english.ended[outcome](serverName)] as const),
  ["pasteAccepted", english.pasteAccepted({ serverName, characters: 2812 })],
  ...pasteReasons.map((reason) =>
    [
      `pasteRefused ${reason}`,
      english.pasteRefused({ characters: 2812, reason: english.pasteReasons[reason] })
    ] as const
  ),
  ["pasteClosed", english.pasteClosed],
  ["terminalNotRead", english.terminalNotRead],
  ["browserNotAllowed", english.browserNotAllowed({ permission: "--allow-env" })],
  ...callbackReasons.map((reason) =>
    [
      `callbackRefused ${reason}`,
      english.callbackRefused({ serverName, reason: english.callbackReasons[reason] })
    ] as const
  ),
  ["browserFailed", english.browserFailed],
  ["portTaken", english.portTaken({ redirectUri })],
  ["maybeUnregistered", english.maybeUnregistered({ serverName, redirectUri })],
  ["maybeForgotten", english.maybeForgotten({ serverName })],
  ["signInElsewhere", english.signInElsewhere({ serverName, pid: 4711, hasAddress: false })],
  ["signInElsewhere of nobody known", english.signInElsewhere({ serverName, pid: undefined, hasAddress: false })],
  ["tokensNotStored", english.tokensNotStored({ serverName, message: "The disk is full" })],
  ["credentialsDamaged", english.credentialsDamaged({ problem: "not JSON", movedTo: "/home/jane/a.json.damaged" })],
  ...(["allowMissingS256", "allowIssuerMismatch"] as const).map((option) =>
    [`unsafe ${option}`, english.unsafe({ serverName, option })] as const
  ),
  ["clientIdNeeded", english.clientIdNeeded({ serverName, issuer: "https://auth.acme.example" })],
  ["clientIdQuestion", english.clientIdQuestion],
  ...Object.entries(english.clientIdProblems).map(([problem, sentence]) =>
    [`clientIdProblems ${problem}`, sentence] as const
  ),
  ["urlRequested", english.urlRequested({ serverName, host: "pay.example" })],
  ["urlMessage", english.urlMessage({ serverName, message: "Enter your key there" })],
  ...Object.entries(english.urlWarnings).map(([warning, sentence]) => [`urlWarnings ${warning}`, sentence] as const)
]

/** What is no sentence, or is said of more than the sentences above. */
const more: ReadonlyArray<readonly [string, string]> = [
  ["namelessServer", english.namelessServer],
  ...[0, 1, 2, 2812, 65_536, 65_537].map((characters) => ["typed", english.typed(characters)] as const),
  ["pasteAccepted of much", english.pasteAccepted({ serverName, characters: 65_537 })],
  ...[4711, undefined].map((pid) =>
    ["signInElsewhere at an address", english.signInElsewhere({ serverName, pid, hasAddress: true })] as const
  ),
  ...(["omitResource", "allowResourceMismatch"] as const).map((option) =>
    [`unsafe ${option}`, english.unsafe({ serverName, option })] as const
  ),
  ...[8, 9].map((many) => {
    const waiting = Array.from({ length: many }, (_, index) => `server-${index + 1}`)
    return ["waitingFor many", english.waitingFor({ waiting, done: [], paste: false })] as const
  })
]

describe("a sentence as a person reads it", () => {
  // Where CI is set, a file that is missing fails. Run with --update to write it, and read what changed.
  it("is right to read", async () => {
    const all = [...said, ...more].map(([name, sentence]) => `--- ${name}\n${sentence}\n`)
    await expect(all.join("\n")).toMatchFileSnapshot("screens/sentences.txt")
  })

  it.each(said)("ends as one, begins as one, and has nothing left open: %s", (_name, sentence) => {
    assert.match(sentence, /^[A-Z(2]/)
    // A colon only before what stands on the next line, and a quote only behind what is to be run.
    assert.match(sentence, /[a-z0-9)][.:]$|[a-z0-9]\.\)$|curl -L 'ADDRESS'$/)
    assert.notMatch(sentence, /\.\.|[.:;,] *[.:;,]|\s[.:;,]|\( | \)|\s\s|undefined|\[object|NaN|\$\{/)
    assert.strictEqual(sentence.split("(").length, sentence.split(")").length)
    assert.strictEqual(sentence.split("`").length % 2, 1)
  })

  it.each(said)("is on one line, in plain letters: %s", (_name, sentence) => {
    assert.match(sentence, /^[\x20-\x7e]+$/)
  })

  it.each(said)("is no longer than a person reads: %s", (_name, sentence) => {
    assert.isAtMost(sentence.length, 300)
  })

  it.each(said)("uses no words of programs: %s", (name, sentence) => {
    assert.notMatch(sentence, /loopback|stdin|TTY|EOF|fiber|socket|listener|payload|n't\b/i)
    // The reason is for programs, the sentence for people.
    for (const word of name.split(" ").slice(1)) if (!name.startsWith("unsafe")) assert.notInclude(sentence, word)
  })

  it("is not the same as another", () => {
    const sentences = Array.from(new Map(said.map(([name, sentence]) => [name + sentence, sentence])).values())
    assert.deepStrictEqual(sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index), [])
  })

  it("covers every text there is", () => {
    const names = new Set(said.map(([name]) => name.split(" ")[0]))
    // The first two are no sentences; reasons are in the sentences of their refusals.
    const apart = new Set(["namelessServer", "typed", "pasteReasons", "callbackReasons"])
    assert.deepStrictEqual(Object.keys(english).filter((key) => !names.has(key) && !apart.has(key)), [])
  })
})

describe("a reason", () => {
  it.each([...Object.values(english.pasteReasons), ...Object.values(english.callbackReasons)])(
    "ends without a full stop, for it gets one: %s",
    (reason) => assert.match(reason, /^[A-Z].*[A-Za-z`]$/)
  )

  it.each(pasteReasons)("says what to paste instead, or that nothing is needed: %s", (reason) => {
    assert.match(english.pasteReasons[reason], /\. (?:Paste|Copy it|Sign in there|Start the sign-in|Nothing more)/)
  })
})

describe("what is said while something is typed", () => {
  it.each<[number, string]>([[1, "1 character"], [2, "2 characters"], [2812, "2,812 characters"], [
    65536,
    "65,536 characters"
  ]])(
    "counts %d as people do",
    (characters, counted) => {
      assert.include(english.typed(characters), counted)
      assert.include(english.pasteAccepted({ serverName, characters }), counted)
      assert.include(english.pasteRefused({ characters, reason: "x" }), counted)
      assert.notInclude(english.typed(characters), `${counted}s`)
    }
  )

  it("fits on a line of a narrow terminal", () => {
    for (const characters of [1, 99, 16_384, 1_000_000]) assert.isBelow(english.typed(characters).length, 40)
  })
})

describe("where to sign in", () => {
  it("says whether a browser should open", () => {
    assert.match(english.signIn({ serverName, opening: true }), /browser should open/)
    assert.notMatch(english.signIn({ serverName, opening: false }), /should open/)
  })

  it("names the address and the time, and no time where there is none", () => {
    for (const listening of yesAndNo) {
      assert.include(english.returnsTo({ redirectUri, listening, until: "17:45" }), "17:45")
      assert.include(english.returnsTo({ redirectUri, listening, until: "17:45" }), redirectUri)
      assert.notMatch(english.returnsTo({ redirectUri, listening, until: undefined }), /until|undefined/)
    }
  })

  it("does not say that this program answers where another one does", () => {
    assert.notStrictEqual(
      english.returnsTo({ redirectUri, listening: true, until: undefined }),
      english.returnsTo({ redirectUri, listening: false, until: undefined })
    )
    // Its port was taken: what is there is another program, and a page of it may open.
    for (
      const sentence of [
        english.returnsTo({ redirectUri, listening: false, until: undefined }),
        english.advice.PasteOnly,
        english.advice.NoWay
      ]
    ) assert.notMatch(sentence, /nothing|will not open/i)
  })
})

describe("the sign-ins that wait", () => {
  it("are named, and those that are done", () => {
    const text = english.waitingFor({ waiting: ["a.example", "b.example"], done: ["c.example"], paste: true })
    for (const name of ["a.example", "b.example", "c.example"]) assert.include(text, name)
    assert.isBelow(text.indexOf("b.example"), text.indexOf("c.example"))
    assert.match(text, /2 sign-ins/)
    assert.match(text, /paste/i)
  })

  it("are not said to take a paste where none is read", () => {
    assert.notMatch(english.waitingFor({ waiting: ["a.example", "b.example"], done: [], paste: false }), /paste/i)
  })

  it.each([1, 7, 8, 9, 100])("are a short list, however many there are: %d", (many) => {
    const names = Array.from({ length: many }, (_, index) => `server-${index + 1}.example`)
    for (
      const text of [
        english.waitingFor({ waiting: names, done: [], paste: true }),
        english.waitingFor({ waiting: ["x.example"], done: names, paste: true })
      ]
    ) {
      assert.isAtMost(text.length, 300)
      const named = names.filter((name) => new RegExp(`\\b${name}\\b`).test(text)).length
      const more = Number(/and (\d+) more/.exec(text)?.[1] ?? 0)
      assert.strictEqual(named + more, many)
      assert.isAbove(named, 0)
    }
  })
})

describe("a name", () => {
  it.prop("stands in a sentence as it is, whatever letters it has", [
    FastCheck.constantFrom("%s", "$&", "$1", "${x}", "{0}", "`", "\\n", "<b>", "acme & co", "日本", "…")
  ], ([name]) => {
    for (
      const sentence of [
        english.signIn({ serverName: name, opening: true }),
        english.signInLater({ serverName: name }),
        english.waitingFor({ waiting: [name], done: [name], paste: true }),
        ...outcomes.map((outcome) => english.ended[outcome](name)),
        english.pasteAccepted({ serverName: name, characters: 1 }),
        english.callbackRefused({ serverName: name, reason: "x" }),
        english.maybeUnregistered({ serverName: name, redirectUri }),
        english.unsafe({ serverName: name, option: "allowMissingS256" })
      ]
    ) assert.include(sentence, name)
  })
})

describe("Texts.replace", () => {
  it("changes what is given, and nothing else, also among several of one kind", () => {
    const changed = Texts.replace({
      pasteClosed: "Hier wird nichts mehr gelesen.",
      advice: { OrPaste: "Oder einfügen." },
      ended: { SignedIn: (name) => `Angemeldet bei ${name}.` },
      pasteReasons: { Empty: "Nichts da" },
      callbackReasons: { WrongPath: "Falscher Weg" }
    })
    assert.deepStrictEqual(changed, {
      ...english,
      pasteClosed: "Hier wird nichts mehr gelesen.",
      advice: { ...english.advice, OrPaste: "Oder einfügen." },
      ended: { ...english.ended, SignedIn: changed.ended.SignedIn },
      pasteReasons: { ...english.pasteReasons, Empty: "Nichts da" },
      callbackReasons: { ...english.callbackReasons, WrongPath: "Falscher Weg" }
    })
    assert.strictEqual(changed.ended.SignedIn("acme"), "Angemeldet bei acme.")
  })

  it("takes nothing for what is there, and an empty text for none", () => {
    assert.deepStrictEqual(Texts.replace({}), english)
    assert.strictEqual(Texts.replace({ advice: { ForwardPortNote: "" } }).advice.ForwardPortNote, "")
  })

  it("takes an undefined text for none given, as a table with holes has them", () => {
    const holes: object = {
      pasteClosed: undefined,
      signIn: undefined,
      advice: { OrPaste: undefined },
      ended: { SignedIn: undefined },
      pasteReasons: { Empty: undefined },
      callbackReasons: { WrongPath: undefined }
    }
    assert.deepStrictEqual(Texts.replace(holes), english)
    const none: object = { advice: undefined, ended: undefined, pasteReasons: undefined, callbackReasons: undefined }
    assert.deepStrictEqual(Texts.replace(none), english)
  })

  /** What is no text. */
  const odd: ReadonlyArray<() => unknown> = [
    () => undefined,
    () => null,
    () => 7,
    () => true,
    () => 7n,
    () => Symbol("text"),
    () => ["text"],
    () => ({ toString: () => "text" }),
    () => new String("text"),
    () => Promise.resolve("text"),
    () => Promise.reject(new Error("a rejection that nobody handles ends the program")),
    () => {
      throw new Error("broken")
    }
  ]

  it.each(odd.map((make) => [String(make).replace(/\s+/g, " "), make] as const))(
    "falls back to English for every sentence and table that is, or gives, no text: %s",
    async (_name, make) => {
      const about = {
        listening: true,
        redirectUri: "http://127.0.0.1/",
        waiting: ["a"],
        done: ["b"],
        paste: true,
        characters: 7
      } as never
      const said = (texts: object): unknown =>
        Object.entries(texts).map(([name, text]) =>
          typeof text === "function"
            ? [name, text(about)]
            : typeof text === "object"
            ? [name, said(text)]
            : [name, text]
        )
      const gives = (texts: object): object =>
        Object.fromEntries(
          Object.entries(texts).map(([name, text]) => [name, typeof text === "object" ? gives(text) : make])
        )
      /** Every property is a getter. */
      const isSo = (texts: object): object =>
        Object.defineProperties(
          {},
          Object.fromEntries(Object.keys(texts).map((name) => [name, { get: make, enumerable: true }]))
        )
      const deep = Object.fromEntries(
        Object.entries(english).map(([name, text]) => [name, typeof text === "object" ? isSo(text) : make])
      )
      for (const some of [gives(english), isSo(english), deep]) {
        assert.deepStrictEqual(said(Texts.replace(some)), said(english))
      }
      await new Promise((resolve) => setTimeout(resolve))
    }
  )

  it("takes text in place of a function, also none", () => {
    const some: object = { signIn: "Los", returnsTo: "", ended: { Denied: "Nein" } }
    const { ended, returnsTo, signIn } = Texts.replace(some)
    assert.deepStrictEqual(
      [signIn({ serverName: "a", opening: true }), returnsTo({ redirectUri: "", listening: true }), ended.Denied("a")],
      ["Los", "", "Nein"]
    )
  })

  it("calls a sentence as a method of its table", () => {
    const some = {
      greeting: "Hallo",
      signIn() {
        return this.greeting
      }
    }
    assert.strictEqual(Texts.replace(some).signIn({ serverName: "a", opening: true }), "Hallo")
  })

  it("leaves the English texts as they are", () => {
    const before = JSON.stringify(english)
    Texts.replace({ advice: { OrPaste: "x" }, pasteClosed: "x" })
    assert.strictEqual(JSON.stringify(english), before)
    assert.strictEqual(Texts.english, english)
  })
})

const source = fileURLToPath(new URL("../../../src/", import.meta.url))

const sourceFiles = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))

/** A source file without its comments, in which a sentence may stand. */
const codeOf = (file: string): string =>
  readFileSync(source + file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/ .*$/gm, "$1")

describe("every sentence of the terminal", () => {
  it("is in the table of texts, or with the reasons of refusals: what shows them has none of its own", () => {
    const showing = sourceFiles.filter((file) =>
      /^core[\\/]terminal[\\/](?!Texts\.ts)|^runtime[\\/](?:terminal[\\/]|stdin[\\/]|Stdin)|^flow[\\/]Telling/.test(
        file
      )
    )
    assert.isAtLeast(showing.length, 12)
    for (const file of showing) {
      // Two words and more, of letters alone, are a sentence; a log, or an error that is caught at once, is not for people.
      const sentences = codeOf(file).replace(/new Error\([^)]*\)|Effect\.(?:fail|log\w*)\([^)]*\)/g, "")
        .match(/["'`][A-Z][a-z]+ [a-z]+ [^"'`]*["'`]/g)
      assert.deepStrictEqual(sentences ?? [], [], file)
    }
  })

  it("is written in one place: nothing else writes to the terminal", () => {
    // What a user's tests print is not of a sign-in.
    const writing = sourceFiles.filter((file) => !file.startsWith("testing")).filter((file) =>
      /console\.\w+\(|\bstd(?:err|out)\.write\(|(?:stdout|stderr)\s*\}\s*=\s*process/.test(codeOf(file))
    )
    assert.deepStrictEqual(writing.map((file) => file.replaceAll("\\", "/")), ["runtime/terminal/TerminalOutput.ts"])
  })
})
