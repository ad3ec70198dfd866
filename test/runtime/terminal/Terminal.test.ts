/** The whole layer at a real terminal: reading, showing, signals and sharing together, in programs of their own. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Texts } from "../../../src/core/terminal/Texts.ts"
import * as Live from "../../fixtures/LiveTerminal.ts"
import type { Host } from "../../fixtures/programs/host.ts"

let programs: Awaited<ReturnType<typeof Live.bundled>>
let copy: typeof programs
beforeAll(async () => {
  ;[programs, copy] = await Promise.all([Live.bundled("host"), Live.bundled("signInTo")])
})
afterAll(() => {
  Live.endAll()
  programs.remove()
  copy.remove()
})

const start = (host: Host, options?: Live.Options) =>
  Live.start([...programs.command("host"), JSON.stringify(host)], options)

const { english } = Texts
const wide = { columns: 400 }
const done = { code: 0, signal: null, raw: false, restored: true }

describe.skipIf(!Live.hasTerminal)(`a sign-in at a terminal${Live.orWhyNot}`, { concurrent: true }, () => {
  it("takes 16,384 characters byte for byte, shows none of them, and lets the process end", async () => {
    const session = start({ servers: ["one"] }, wide)
    const { address, code, state } = await Live.answerTo(session, "one", 16_384)
    assert.isTrue((await session.mode()).raw)
    const before = session.screen()
    session.type(Live.marked(address))
    await session.shows(english.typed(16_384))
    session.type("\r")
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said(), [
      { granted: "one", code, via: "paste" },
      { released: "one" },
      { clean: true }
    ])
    const shown = session.screen().slice(before.length)
    assert.deepStrictEqual(Live.linesOn(shown), [
      english.pasteAccepted({ serverName: "one.example", characters: 16_384 }),
      ""
    ])
    assert.include(Live.words(shown), "Received, 16,384 characters")
    for (const secret of [state, ...code.match(/.{8}/g) ?? [], "code=", "state="]) assert.notInclude(shown, secret)
    assert.include(Live.linesOn(before), english.signIn({ serverName: "one.example", opening: false }))
    Live.assertLeft(session)
  })

  it("takes lengths around what a system's own line mode keeps, whether the terminal marks pastes or not", async () => {
    const lengths = { a: 200, b: 1023, c: 1024, d: 4095, e: 4096, f: 8192, g: 16_384 }
    await Promise.all([Live.marked, (text: string) => text].map(async (paste) => {
      const session = start({ servers: Object.keys(lengths) }, wide)
      // From last to first, which is another order than the one in which they wait.
      const expected = []
      for (const [name, length] of Object.entries(lengths).reverse()) {
        const { address, code } = await Live.answerTo(session, name, length)
        assert.strictEqual(address.length, length)
        session.type(`${paste(address)}\r`)
        expected.push({ granted: name, code, via: "paste" })
        await session.says("granted", expected.length)
      }
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said().filter((said) => "granted" in said), expected)
    }))
  })

  it("gives each of three sign-ins its own answer, pasted in another order, and says who waits and who is done", async () => {
    const session = start({ servers: ["one", "two", "three"] }, wide)
    const [one, two, three] = await Promise.all(["one", "two", "three"].map((name) => Live.answerTo(session, name)))
    assert(one !== undefined && two !== undefined && three !== undefined)
    const names = (...all: ReadonlyArray<string>) => all.map((name) => `${name}.example`)
    const waiting = (waiting: ReadonlyArray<string>, done: ReadonlyArray<string>) =>
      english.waitingFor({ waiting, done, paste: true })
    await session.until(() => Live.words(session.screen()).includes(waiting(names("one", "two", "three"), [])))
    for (const [index, { address }] of [three, one, two].entries()) {
      session.type(`${Live.marked(address)}\r`)
      await session.says("released", index + 1)
    }
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said().filter((said) => "granted" in said), [
      { granted: "three", code: three.code, via: "paste" },
      { granted: "one", code: one.code, via: "paste" },
      { granted: "two", code: two.code, via: "paste" }
    ])
    assert.deepStrictEqual(session.said().at(-1), { clean: true })
    const shown = Live.words(session.screen())
    const accepted = (name: string, { address }: typeof one) =>
      english.pasteAccepted({ serverName: `${name}.example`, characters: address.length })
    assert(
      shown.endsWith(
        [
          accepted("three", three),
          waiting(names("one", "two"), names("three")),
          accepted("one", one),
          waiting(names("two"), names("three", "one")),
          accepted("two", two),
          ""
        ].join(" ")
      ),
      shown
    )
  })

  it("explains a wrong paste once, however many wait, and goes on", async () => {
    const session = start({ servers: ["one", "two"] }, wide)
    const [one, two] = await Promise.all([Live.answerTo(session, "one"), Live.answerTo(session, "two")])
    const [signInPage = ""] = /https:\/\/one[^\s\u001b]+/.exec(session.screen()) ?? []
    const before = session.screen().length
    const stranger = `${one.redirectUri}?code=abc&state=${"x".repeat(43)}`
    const wrong = [
      [signInPage, "AuthorizationUrl"],
      [`${one.redirectUri}?code=abc`, "StateMissing"],
      [`${one.address}&state=y`, "StateRepeated"],
      [stranger, "StateMismatch"],
      ["SplxlOBeZQQYbYS6WxSbIA", "BareCode"],
      ["what is this", "NotAResponse"],
      ["y".repeat(70_000), "TooLong"]
    ] as const
    const sentences = wrong.map(([text, reason]) =>
      english.pasteRefused({ characters: Math.min(text.length, 65_537), reason: english.pasteReasons[reason] })
    )
    for (const [index, [text]] of wrong.entries()) {
      session.type(`${Live.marked(text)}\r`)
      await session.until(() => Live.words(session.screen().slice(before)).includes(sentences[index] ?? ""))
    }
    // Nothing is said of nothing.
    session.type("\r")
    session.type(`${Live.marked(two.address)}\r`)
    await session.says("released")
    session.type(`${Live.marked(one.address)}\r`)
    assert.deepStrictEqual(await session.ended, done)
    const shown = Live.words(session.screen().slice(before))
    assert(shown.startsWith([...sentences, "Received, "].join(" ")), shown)
    for (const { code } of [one, two]) {
      assert.strictEqual(session.said().filter((said) => said.code === code).length, 1)
    }
    assert.notInclude(session.screen().slice(before), "SplxlOBeZQQYbYS6WxSbIA")
  })

  it("joins a paste that was wrapped, whatever breaks its lines", async () => {
    const breaks = {
      a: ["\r", Live.marked],
      b: ["\n", Live.marked],
      c: ["\r\n", Live.marked],
      d: ["\r", String]
    } as const
    const session = start({ servers: Object.keys(breaks) }, wide)
    const expected = []
    for (const [name, [lineBreak, paste]] of Object.entries(breaks)) {
      const { address, code } = await Live.answerTo(session, name, 800)
      const lines = address.match(/.{1,79}/g) ?? []
      session.type(paste(lines.join(lineBreak)))
      await session.shows(english.typed(800), expected.length + 1)
      // However long the person takes to end it.
      await new Promise((resolve) => setTimeout(resolve, 60))
      session.type("\r")
      expected.push({ granted: name, code, via: "paste" })
      await session.says("granted", expected.length)
    }
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said().filter((said) => "granted" in said), expected)
    assert.strictEqual(Live.times(session.screen(), "Received, 800 characters: "), 4)
  })

  it("is not ended by ^D, which ends only the paste", async () => {
    const session = start({ servers: ["one"] }, wide)
    const one = await Live.answerTo(session, "one")
    session.type("\u0004")
    await session.shows(english.pasteClosed)
    assert.deepStrictEqual(await session.mode(), { raw: false, restored: true })
    assert.strictEqual(await Live.byHttp(one), 200)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "http" })
    assert.deepStrictEqual(session.said().at(-1), { clean: true })
    assert.strictEqual(Live.times(session.screen(), english.pasteClosed), 1)
    Live.assertLeft(session)
  })

  it("has its status line erased when it is over, and no message written into it", async () => {
    const session = start({ servers: ["one", "two"] }, { columns: 20 })
    const [one, two] = await Promise.all([Live.answerTo(session, "one"), Live.answerTo(session, "two")])
    const before = session.screen().length
    const shown = () => Live.linesOn(session.screen().slice(before))
    const status = (characters: number) => english.typed(characters).slice(0, 19)
    session.type("abc")
    await session.until(() => shown().at(-1) === status(3))
    // Somebody else's request is told of above it.
    assert.strictEqual(await Live.byHttp({ address: `${one.redirectUri}?code=abc&state=${"x".repeat(43)}` }), 400)
    await session.until(() => shown().length > 2 && shown().at(-1) === status(3))
    assert.include(Live.words(session.screen().slice(before)), english.callbackReasons.StateMismatch)
    session.type("\u007f")
    await session.until(() => shown().at(-1) === status(2))
    session.type("\u0015")
    await session.until(() => shown().at(-1) === "")
    session.type("half of an answer")
    await session.until(() => shown().at(-1) === status(17))
    await Live.byHttp(one)
    await session.says("released")
    await session.until(() => shown().at(-1) === status(17))
    await Live.byHttp(two)
    assert.deepStrictEqual(await session.ended, done)
    assert.notInclude(shown().join("\n"), status(17).slice(0, 8))
    assert.strictEqual(shown().at(-1), "")
  })
})

describe.skipIf(!Live.hasTerminal)(`sharing a terminal${Live.orWhyNot}`, { concurrent: true }, () => {
  it("gives way to a question of the host, and reads again for the next sign-in", async () => {
    const session = start({ servers: ["one"], later: ["asks", { begin: "two" }] }, wide)
    const one = await Live.answerTo(session, "one")
    session.kill("SIGWINCH")
    await session.shows("Your name? ")
    session.type("Ada\r")
    assert.deepStrictEqual(await session.says("answer"), { answer: "Ada" })
    assert.strictEqual(await Live.byHttp(one), 200)
    await session.says("granted")
    const two = await Live.answerTo(session, "two")
    assert.strictEqual(await Live.byHttp(two), 200)
    assert.deepStrictEqual(await session.ended, done)
    Live.assertLeft(session)
  })

  it("reads again once a question of the host in the middle has its answer, and shows nothing of what is pasted", async () => {
    const session = start({ servers: ["one"], later: ["asks"] }, wide)
    const one = await Live.answerTo(session, "one", 5000)
    session.kill("SIGWINCH")
    await session.shows("Your name? ")
    const before = session.screen().split(Live.pasteOn).length
    session.type("Ada\r")
    assert.deepStrictEqual(await session.says("answer"), { answer: "Ada" })
    await session.until(() => session.screen().split(Live.pasteOn).length > before)
    session.type(`${Live.marked(one.address)}\r`)
    assert.deepStrictEqual(await session.says("granted"), { granted: "one", code: one.code, via: "paste" })
    assert.deepStrictEqual(await session.ended, done)
    assert.notInclude(session.screen(), one.code.slice(0, 40))
    Live.assertLeft(session)
  })

  it("leaves a question of the host alone that was asked before, and does not ask for a paste then", async () => {
    const session = start({ servers: ["one"], before: ["asks"], later: [{ begin: "two" }] }, wide)
    const one = await Live.answerTo(session, "one")
    assert.notInclude(session.screen(), Live.pasteOn)
    assert.notInclude(Live.words(session.screen()), "paste")
    session.type("Ada\r")
    assert.deepStrictEqual(await session.says("answer"), { answer: "Ada" })
    session.kill("SIGWINCH")
    const two = await Live.answerTo(session, "two")
    session.type(`${Live.marked(two.address)}\r`)
    await session.says("granted")
    await Live.byHttp(one)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said().filter((said) => "granted" in said), [
      { granted: "two", code: two.code, via: "paste" },
      { granted: "one", code: one.code, via: "http" }
    ])
    Live.assertLeft(session)
  })

  it("gives a question of the host what was typed before it, but no part of an answer", async () => {
    await Promise.all(["Ada Love", "http://127.0.0.1/callback?code=c0de"].map(async (typed) => {
      const session = start({ servers: ["one"], later: ["asks"] }, wide)
      const one = await Live.answerTo(session, "one")
      const isAnswer = typed.includes("code")
      session.type(typed)
      await session.shows(english.typed(typed.length))
      session.kill("SIGWINCH")
      const prompt = isAnswer ? "Your name? " : `Your name? ${typed}`
      await session.until(() => Live.linesOn(session.screen()).at(-1)?.trim() === prompt.trim())
      session.type("lace\r")
      assert.deepStrictEqual(await session.says("answer"), { answer: isAnswer ? "lace" : "Ada Lovelace" })
      await Live.byHttp(one)
      assert.deepStrictEqual(await session.ended, done)
      assert.notInclude(session.screen(), "c0de")
      assert.notInclude(Live.linesOn(session.screen()).join("\n"), english.typed(typed.length))
    }))
  })

  describe.skipIf(process.platform !== "linux")("in the background", { concurrent: false }, () => {
    /** With and without /proc. */
    const systems = ["linux", "darwin"].map((pretends) => [pretends, [{ pretends }] as const] as const)

    it.each(systems)(
      "does not touch the terminal, nor stop the program, which the redirect finishes, on %s",
      async (_system, before) => {
        const stopped = start({ servers: ["one"], before }, wide)
        const killed = start({ servers: ["four"], before }, wide)
        const begun = start({ servers: ["two", "three"], before }, { ...wide, background: true })
        const [one, four] = await Promise.all([Live.answerTo(stopped, "one"), Live.answerTo(killed, "four")])
        const [two, three] = await Promise.all([Live.answerTo(begun, "two"), Live.answerTo(begun, "three")])
        stopped.type("\u001a")
        // Without being asked before: the terminal is raw until the shell takes it back.
        killed.kill("SIGSTOP")
        for (const session of [stopped, killed]) {
          await session.stopped()
          session.goOn("background")
        }
        begun.kill("SIGCONT")
        for (const answer of [one, two, three, four]) assert.strictEqual(await Live.byHttp(answer), 200)
        for (const session of [stopped, killed]) {
          // At its exit Deno sets the mode that it once found, which stops it where it has no terminal.
          if ("Deno" in globalThis) {
            await session.says("released")
            session.goOn()
          }
        }
        for (const session of [stopped, killed, begun]) {
          assert.deepStrictEqual(await session.ended, done)
          if (session !== killed) assert.deepStrictEqual(session.said().at(-1), { clean: true })
        }
        assert.notInclude(begun.screen(), Live.pasteOn)
      }
    )

    it.each(systems)("reads again in the foreground after the background, on %s", async (_system, before) => {
      const session = start({ servers: ["one"], before }, wide)
      const one = await Live.answerTo(session, "one")
      for (const _ of [1, 2]) {
        session.kill("SIGSTOP")
        await session.stopped()
        session.goOn("background")
        session.goOn()
        // Both signals to go on are handled: a stop in the middle of that could find it between the two modes.
        for (let steady = 0; steady < 10; steady = (await session.mode()).raw ? steady + 1 : 0) {
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
      session.type(`${Live.marked(one.address)}\r`)
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "paste" })
      assert.deepStrictEqual(session.said().at(-1), { clean: true })
      Live.assertLeft(session)
    })

    it.runIf("Deno" in globalThis).each([[["--allow-net"]], [["--allow-net", "--allow-read", "--allow-env"]]])(
      "stops no program, and says why it reads nothing, where Deno may not find out: %s",
      async (permissions) => {
        const [begun, front] = [true, false].map((background) =>
          Live.start([...programs.command("host", permissions), JSON.stringify({ servers: ["one"] })], {
            ...wide,
            background
          })
        )
        assert(begun !== undefined && front !== undefined)
        for (const session of [begun, front]) {
          const one = await Live.answerTo(session, "one")
          assert.deepStrictEqual(await session.mode(), { raw: false, restored: true })
          assert.strictEqual(Live.times(Live.words(session.screen()), english.terminalNotRead), 1)
          assert.strictEqual(await Live.byHttp(one), 200)
          assert.deepStrictEqual(await session.ended, done)
          assert.notInclude(session.screen(), Live.pasteOn)
        }
      }
    )

    it.runIf("Deno" in globalThis)("reads a paste where Deno may run ps", async () => {
      const command = programs.command("host", ["--allow-net", "--allow-run=ps"])
      const session = Live.start([...command, JSON.stringify({ servers: ["one"] })], wide)
      const one = await Live.answerTo(session, "one")
      await session.shows(Live.pasteOn)
      session.type(`${Live.marked(one.address)}\r`)
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "paste" })
    })

    it("waits without work until it is in the foreground, and reads then", async () => {
      const session = start({ servers: ["one"], later: ["counts"] }, { ...wide, background: true })
      const one = await Live.answerTo(session, "one")
      for (const _ of [1, 2, 3]) session.kill("SIGCONT")
      session.kill("SIGWINCH")
      const before = await session.says("processor")
      await new Promise((resolve) => setTimeout(resolve, 500))
      session.kill("SIGWINCH")
      const after = await session.says("processor", 2)
      assert.isBelow(Number(after.processor) - Number(before.processor), 250)
      assert.deepStrictEqual(await session.mode(), { raw: false, restored: true })
      session.goOn()
      await session.shows(Live.pasteOn)
      assert.isTrue((await session.mode()).raw)
      session.type(`${Live.marked(one.address)}\r`)
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said().find((said) => "granted" in said), {
        granted: "one",
        code: one.code,
        via: "paste"
      })
      Live.assertLeft(session)
    })
  })

  it("has one reader for two copies of the package, pasted in the wrong order", async () => {
    const path = copy.command("signInTo").at(-1) ?? ""
    const session = start({ servers: ["one", "two"], copy: path }, wide)
    const [one, two] = await Promise.all([Live.answerTo(session, "one"), Live.answerTo(session, "two")])
    assert.strictEqual(Live.times(session.screen(), Live.pasteOn), 1)
    session.type(`${Live.marked(two.address)}\r`)
    await session.says("released")
    session.type("no address\r")
    await session.until(() => Live.words(session.screen()).includes(english.pasteReasons.NotAResponse))
    session.type(`${Live.marked(one.address)}\r`)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said().filter((said) => "granted" in said), [
      { granted: "two", code: two.code, via: "paste" },
      { granted: "one", code: one.code, via: "paste" }
    ])
    const shown = Live.words(session.screen())
    assert.strictEqual(Live.times(shown, english.pasteReasons.NotAResponse), 1)
    const both = [["one.example", "two.example"], ["two.example", "one.example"]].map((waiting) =>
      english.waitingFor({ waiting, done: [], paste: true })
    )
    assert.isTrue(both.some((line) => shown.includes(line)), "whichever is shown first")
    assert.include(shown, english.waitingFor({ waiting: ["one.example"], done: ["two.example"], paste: true }))
    Live.assertLeft(session)
  })
})

describe.skipIf(!Live.hasTerminal)(`what is not a terminal${Live.orWhyNot}`, { concurrent: true }, () => {
  it.each(["a pipe", "a file"])(
    "gets no escapes where stderr is %s, while a paste at the terminal works and nothing of it is shown",
    async (where) => {
      const folder = mkdtempSync(join(tmpdir(), "terminal-"))
      const file = join(folder, "stderr.txt")
      const command = [...programs.command("host"), JSON.stringify({ servers: ["one"] })]
      const running = where === "a pipe"
        ? Live.start(command, { stderr: "pipe" })
        : Live.start(["/bin/sh", "-c", 'exec "$@" 2>"$0"', file, ...command])
      const session = where === "a pipe"
        ? running
        : { ...running, stderr: () => existsSync(file) ? readFileSync(file, "utf8") : "" }
      try {
        const one = await Live.answerTo(session, "one", 5000)
        assert.isTrue((await session.mode()).raw)
        session.type(`${Live.marked("no address")}\r`)
        await session.until(() => session.stderr().includes(english.pasteReasons.NotAResponse))
        session.type(`${Live.marked(one.address)}\r`)
        assert.deepStrictEqual(await session.ended, done)
        assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "paste" })
        assert.notMatch(session.stderr(), /[\u001b\r]/)
        assert.match(session.stderr(), /\n\nhttps:\/\/one\.example\/\S+\n\n/)
        assert.include(session.stderr(), english.pasteAccepted({ serverName: "one.example", characters: 5000 }))
        assert.strictEqual(session.screen(), "")
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  )

  it("is read as a pipe, while stderr at a terminal has its bold and its links", async () => {
    const session = start({ servers: ["one", "two"] }, { ...wide, stdin: "pipe" })
    const [one, two] = await Promise.all([Live.answerTo(session, "one", 16_384), Live.answerTo(session, "two")])
    assert.deepStrictEqual(await session.mode(), { raw: false, restored: true })
    session.pipe(`${one.address}\n`)
    await session.says("granted")
    session.endPipe()
    await Live.byHttp(two)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said().filter((said) => "granted" in said), [
      { granted: "one", code: one.code, via: "paste" },
      { granted: "two", code: two.code, via: "http" }
    ])
    const screen = session.screen()
    assert.include(screen, `\u001b[1m${english.signIn({ serverName: "one.example", opening: false })}\u001b[22m`)
    assert.match(screen, /\u001b\]8;id=[\w-]+;https:\/\/one\.example/)
    assert.notInclude(screen, "\u001b[?2004")
    assert.notInclude(screen, "characters. Press")
    assert.include(Live.words(screen), english.pasteAccepted({ serverName: "one.example", characters: 16_384 }))
  })

  const bold = "\u001b[1m"
  const link = "\u001b]8;"
  it.each<[string, Record<string, string>, ReadonlyArray<string>, ReadonlyArray<string>]>([
    ["NO_COLOR", { NO_COLOR: "1" }, [link], [bold]],
    ["an empty NO_COLOR", { NO_COLOR: "" }, [link, bold], []],
    ["the console of Linux", { TERM: "linux" }, [bold], [link]],
    ["FORCE_HYPERLINK=0", { FORCE_HYPERLINK: "0" }, [bold], [link]],
    ["a terminal that knows no escapes", { TERM: "dumb" }, [], ["\u001b"]]
  ])("is written to as it can take it: %s", async (_name, env, has, hasNot) => {
    const session = start({ servers: ["one"] }, { ...wide, env: { ...Live.atScreen, ...env } })
    const one = await Live.answerTo(session, "one")
    session.type(`${Live.marked(one.address)}\r`)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "paste" })
    for (const part of has) assert.include(session.screen(), part)
    for (const part of hasNot) assert.notInclude(session.screen(), part)
    assert.notInclude(session.screen(), one.code)
  })
})
