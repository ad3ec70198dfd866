/** Signals and other ends of a process while a sign-in waits at its terminal. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Texts } from "../../../src/core/terminal/Texts.ts"
import * as Live from "../../fixtures/LiveTerminal.ts"
import type { Deed, Host } from "../../fixtures/programs/host.ts"

let programs: Awaited<ReturnType<typeof Live.bundled>>
beforeAll(async () => {
  programs = await Live.bundled("host", "runMain")
})
afterAll(() => {
  Live.endAll()
  programs.remove()
})

const { english } = Texts
const wide = { columns: 400 }
const asFound = { raw: false, restored: true }
const done = { ...asFound, code: 0, signal: null }

const start = (host: Host, options: Live.Options = {}) =>
  Live.start([...programs.command("host"), JSON.stringify(host)], { ...wide, ...options })

/** Starts a host that signs in to "one", and waits until it reads. */
const waiting = async (host: Omit<Host, "servers"> = {}, options: Live.Options = {}) => {
  const session = start({ ...host, servers: ["one"] }, options)
  const answer = await Live.answerTo(session, "one")
  const raw = options.stdin !== "pipe"
  assert.deepStrictEqual(await session.mode(), { raw, restored: !raw })
  return { ...session, answer }
}

type Waiting = Awaited<ReturnType<typeof waiting>>

const granted = ({ answer: { code } }: Waiting, via: string) => ({ granted: "one", code, via })

/** Until the terminal is read again after a signal, for which the reader lets go. */
const readAgain = async (session: Waiting, reads = 2) => {
  await session.shows(Live.pasteOn, reads)
  assert.isTrue((await session.mode()).raw)
}

/** A paste ends the sign-in and the process. */
const assertGoesOn = async (session: Waiting) => {
  session.type(`${Live.marked(session.answer.address)}\r`)
  assert.deepStrictEqual(await session.ended, done)
  assert.deepStrictEqual(session.said().filter((said) => "granted" in said), [granted(session, "paste")])
  Live.assertLeft(session)
}

const signals = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const

describe.skipIf(!Live.hasTerminal)(`keys that are signals${Live.orWhyNot}`, { concurrent: true }, () => {
  it.each([
    ["^C", "\u0003", "SIGINT"],
    ["^\\", "\u001c", "SIGQUIT"],
    ["^C of kitty's protocol", "\u001b[99;5u", "SIGINT"],
    ["^C of modifyOtherKeys", "\u001b[27;5;99~", "SIGINT"],
    ["^\\ of kitty's protocol with locks, event types and alternate keys", "\u001b[92:124:92;197:1u", "SIGQUIT"]
  ])(
    "%s ends a program that does not listen, as it would have ended without us",
    async (_name, key, signal) => {
      const session = start({ servers: ["one"] })
      await Live.answerTo(session, "one")
      session.type(`typed${key}`)
      assert.deepStrictEqual(await session.ended, { ...done, code: null, signal })
      assert.deepStrictEqual(session.said(), [])
      assert.notInclude(Live.linesOn(session.screen()).join("\n"), "5 characters")
      Live.assertLeft(session)
    }
  )

  it.each([["^C", "\u0003", "SIGINT"], ["^\\", "\u001c", "SIGQUIT"]] as const)(
    "%s reaches a host that interrupts its sign-ins: their finalizers run, and the process ends by itself",
    async (_name, key, signal) => {
      const session = start({ servers: ["one", "two"], before: [{ listen: signal, how: "interrupts" }] })
      await Promise.all([Live.answerTo(session, "one"), Live.answerTo(session, "two")])
      session.type(key)
      assert.deepStrictEqual(await session.ended, done)
      const said = session.said().map((each) => each.heard ?? each.released ?? Object.keys(each)[0])
      assert.deepStrictEqual(said.slice(0, 3), [signal, "one", "two"])
      // Both of them in one line.
      const both = [["one", "two"], ["two", "one"]].map((names) =>
        english.ended.Cancelled(names.map((name) => `${name}.example`).join(", "))
      )
      const shown = Live.words(session.screen())
      assert.strictEqual(both.reduce((sum, line) => sum + Live.times(shown, line), 0), 1, shown)
      assert.strictEqual(Live.times(shown, "cancelled"), 1)
      Live.assertLeft(session)
    }
  )

  it("^C says once that eight sign-ins were cancelled, and no more of those that waited", async () => {
    const servers = ["a", "b", "c", "d", "e", "f", "g", "h"]
    const session = start({ servers, before: [{ listen: "SIGINT", how: "interrupts" }] })
    for (const name of servers) await Live.answerTo(session, name)
    const before = session.screen().length
    session.type("\u0003")
    assert.deepStrictEqual(await session.ended, done)
    const lines = Live.linesOn(session.screen().slice(before)).filter((line) => line.trim() !== "")
    const shown = lines.join(" ")
    assert.isAtMost(lines.length, 3, shown)
    assert.strictEqual(Live.times(shown, "cancelled"), 1)
    for (const name of servers) assert.include(shown, `${name}.example`)
    assert.notInclude(shown, "waiting")
    Live.assertLeft(session)
  })

  it("^C ends a program of `runMain` in an orderly way", async () => {
    const session = Live.start(programs.command("runMain"), wide)
    await Live.answerTo(session, "main")
    session.type("\u0003")
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said(), [{ released: "main" }])
    assert.include(Live.words(session.screen()), english.ended.Cancelled("main.example"))
    Live.assertLeft(session)
  })

  it.each([["^C", "\u0003", "SIGINT"], ["^\\", "\u001c", "SIGQUIT"], ["^Z", "\u001a", "SIGTSTP"]] as const)(
    "%s leaves a host that has its own mind about it, which takes a paste afterwards",
    async (_name, key, signal) => {
      const session = start({ servers: ["one"], before: [{ listen: signal, how: "on" }] })
      const one = await Live.answerTo(session, "one")
      for (const count of [1, 2]) {
        session.type(`typed${key}`)
        await session.says("heard", count)
        await session.shows(Live.pasteOn, count + 1)
        assert.isTrue((await session.mode()).raw)
      }
      session.type(`${Live.marked(one.address)}\r`)
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said(), [
        { heard: signal },
        { heard: signal },
        { granted: "one", code: one.code, via: "paste" },
        { released: "one" },
        { clean: true }
      ])
    }
  )

  it("are none within a paste, in pieces or without an end, and Enter as an escape sequence ends it", async () => {
    const keys = "\u0003\u001c\u001a\u0004\u0004\u001b[99;5u\u001b[122;5u"
    for (const marks of [["\u001b[200~", "\u001b[201~\u001b[13u"], ["\u001b[200~"]] as const) {
      const session = await waiting()
      const { address } = session.answer
      const [before, after] = marks
      session.type(before + keys)
      session.type(address.slice(0, 30) + keys)
      await session.shows("30 characters")
      session.type(keys)
      session.type(address.slice(30) + keys + (after ?? ""))
      if (after === undefined) {
        await session.shows(`${address.length} characters`)
        await Live.byHttp(session.answer)
      }
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said()[0], granted(session, after === undefined ? "http" : "paste"))
    }
  })

  it.each([
    ["^Z", (session: Live.Session) => session.type("\u001a"), "SIGTSTP"],
    ["^Z of kitty's protocol", (session: Live.Session) => session.type("\u001b[122;5:1u\u001b[122;5:3u"), "SIGTSTP"],
    ["a stop from outside", (session: Live.Session) => session.kill("SIGSTOP"), "SIGSTOP"]
  ])("%s stops a program, which is continued with the terminal raw again", async (_name, stop, signal) => {
    const session = start({ servers: ["one"] })
    const one = await Live.answerTo(session, "one")
    for (const count of [1, 2]) {
      stop(session)
      const stopped = await session.stopped()
      assert.strictEqual(stopped.signal, signal)
      // Nobody is asked before SIGSTOP; the shell takes the terminal back then.
      if (signal === "SIGTSTP") {
        assert.isTrue(stopped.restored)
        Live.assertLeft(session)
      }
      session.goOn()
      await session.shows(Live.pasteOn, count + 1)
      assert.isTrue((await session.mode()).raw)
    }
    session.type(`${Live.marked(one.address)}\r`)
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said()[0], { granted: "one", code: one.code, via: "paste" })
    assert.deepStrictEqual(session.said().at(-1), { clean: true })
    assert.strictEqual(Live.times(session.screen(), Live.pasteOn), 3)
    Live.assertLeft(session)
  })
})

describe.skipIf(!Live.hasTerminal)(`kill${Live.orWhyNot}`, { concurrent: true }, () => {
  it.each(signals)("%s ends a host that does not listen to it, with the terminal given back", async (signal) => {
    const session = await waiting()
    session.type("half of an answer")
    await session.shows("17 characters")
    session.kill(signal)
    assert.deepStrictEqual(await session.ended, { ...done, code: null, signal })
    assert.deepStrictEqual(session.said(), [])
    Live.assertLeft(session)
  })

  for (const how of ["on", "once", "leaves"] as const) {
    const names = { on: "for good", once: "once", leaves: "until it takes itself off" }
    it.each(["before", "after"])(
      `is left to a host that listens ${names[how]}, since %s the sign-in began`,
      async (when) => {
        const deeds = signals.map((signal): Deed => ({ listen: signal, how }))
        const session = await waiting(when === "before" ? { before: deeds } : { later: deeds })
        if (when === "after") {
          session.kill("SIGWINCH")
          await session.says("did")
        }
        for (const [index, signal] of signals.entries()) {
          session.kill(signal)
          await session.says("heard", index + 1)
          await readAgain(session, index + 2)
        }
        await assertGoesOn(session)
        assert.deepStrictEqual(session.said().flatMap(({ heard }) => heard ?? []), [...signals])
      }
    )
  }

  it("ends a host at the second signal that listens once", async () => {
    const session = await waiting({ before: [{ listen: "SIGTERM", how: "once" }] })
    session.kill("SIGTERM")
    await session.says("heard")
    await readAgain(session)
    session.kill("SIGTERM")
    assert.deepStrictEqual(await session.ended, { ...done, code: null, signal: "SIGTERM" })
    assert.deepStrictEqual(session.said(), [{ heard: "SIGTERM" }])
    Live.assertLeft(session)
  })

  // On Deno the host's listener is called before ours.
  it.skipIf("Deno" in globalThis)("dies with a host that kills it again where it is alone", async () => {
    const session = await waiting({ before: [{ listen: "SIGTERM", how: "alone" }] })
    session.kill("SIGTERM")
    assert.deepStrictEqual(await session.ended, { ...done, code: null, signal: "SIGTERM" })
    assert.deepStrictEqual(session.said(), [{ heard: "SIGTERM" }])
    Live.assertLeft(session)
  })

  it("reaches a host each time that listens for good", async () => {
    const session = await waiting({ before: [{ listen: "SIGTERM", how: "on" }] })
    for (const count of [1, 2, 3]) {
      session.kill("SIGTERM")
      await session.says("heard", count)
      await readAgain(session, count + 1)
    }
    await assertGoesOn(session)
    assert.deepStrictEqual(session.said().filter((said) => "heard" in said).length, 3)
    assert.deepStrictEqual(session.said().at(-1), { clean: true })
  })

  it.runIf("Deno" in globalThis)("is left to a host that listens by Deno's own function", async () => {
    await Promise.all((["SIGTERM", "SIGINT"] as const).map(async (signal) => {
      const session = await waiting({ before: [{ listen: signal, how: "Deno" }] })
      session.kill(signal)
      await session.says("heard")
      await readAgain(session)
      await assertGoesOn(session)
      // Nobody can count such listeners, so that it may be told twice.
      assert.isAtMost(session.said().filter((said) => "heard" in said).length, 2)
    }))
  })

  it("has the finalizers of `runMain` run", async () => {
    const session = Live.start(programs.command("runMain"), wide)
    await Live.answerTo(session, "main")
    session.kill("SIGTERM")
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(session.said(), [{ released: "main" }])
    Live.assertLeft(session)
  })

  it("finds listeners of ours only while a terminal is read", async () => {
    const [atTerminal, atPipe] = await Promise.all([
      waiting({ later: ["counts"] }),
      waiting({ later: ["counts"] }, { stdin: "pipe" })
    ])
    for (const [session, expected] of [[atTerminal, 1], [atPipe, 0]] as const) {
      session.kill("SIGWINCH")
      assert.deepStrictEqual((await session.says("listening")).listening, Array(5).fill(expected))
      session.kill("SIGTERM")
      assert.deepStrictEqual(await session.ended, { ...done, code: null, signal: "SIGTERM" })
    }
  })

  it("SIGKILL ends it, which nobody can do anything about", async () => {
    const session = await waiting()
    session.kill("SIGKILL")
    const { code, signal } = await session.ended
    assert.deepStrictEqual([code, signal], [null, "SIGKILL"])
  })
})

describe.skipIf(!Live.hasTerminal)(`a terminal that goes away${Live.orWhyNot}`, { concurrent: true }, () => {
  it("takes a host with it that does not listen", async () => {
    const session = await waiting()
    session.hangUp()
    const { code, signal } = await session.ended
    assert.deepStrictEqual([code, signal], [null, "SIGHUP"])
  })

  it("leaves a host that listens to finish its sign-in by the redirect", async () => {
    const session = await waiting({ before: [{ listen: "SIGHUP", how: "on" }] })
    session.hangUp()
    await session.says("heard")
    assert.strictEqual(await Live.byHttp(session.answer), 200)
    // At its exit Node aborts where it finds no terminal that it found before; a bare program does too.
    const { code, signal } = await session.ended
    assert.oneOf(`${code} ${signal}`, "Deno" in globalThis ? ["0 null"] : ["0 null", "null SIGABRT"])
    assert.deepStrictEqual(session.said().slice(1, 3), [granted(session, "http"), { released: "one" }])
  })
})

describe.skipIf(!Live.hasTerminal)(`other ends${Live.orWhyNot}`, { concurrent: true }, () => {
  it.each<[string, Deed, number, string]>([
    ["an exception that nobody caught", "throws", 1, "thrown by the host"],
    ["a rejection that nobody caught", "rejects", 1, "rejected by the host"],
    ["process.exit", { exit: 3 }, 3, ""]
  ])("%s gives the terminal back", async (_what, deed, code, words) => {
    const session = await waiting({ later: [deed] }, { env: { ...Live.atScreen, NO_COLOR: "1" } })
    session.type("half of an answer")
    await session.shows("17 characters")
    session.kill("SIGWINCH")
    assert.deepStrictEqual(await session.ended, { ...done, code })
    assert.include(session.screen(), words)
    assert.notInclude(Live.linesOn(session.screen()).join("\n"), "17 characters")
    Live.assertLeft(session)
  })

  it.each<[string, Deed]>([["an exception", "throws"], ["a rejection", "rejects"]])(
    "a host that lives on after %s still takes a paste",
    async (_what, deed) => {
      const session = await waiting({ before: ["survives"], later: [deed] })
      for (const count of [1, 2]) {
        session.kill("SIGWINCH")
        await session.says("survived", count)
        await session.shows(Live.pasteOn, count + 1)
      }
      await assertGoesOn(session)
      assert.deepStrictEqual(session.said().at(-1), { clean: true })
    }
  )

  it("gives the terminal back when no answer came in time", async () => {
    const session = await waiting({ timeout: "300 millis" })
    session.type("half of an answer")
    const { said, screen } = session
    assert.deepStrictEqual(await session.ended, done)
    assert.deepStrictEqual(said().map((each) => Object.keys(each)[0]), ["released", "failed", "clean"])
    assert.deepStrictEqual(said().at(-1), { clean: true })
    assert.include(Live.words(screen()), english.ended.TimedOut("one.example"))
    assert.notInclude(Live.linesOn(screen()).join("\n"), "17 characters")
    Live.assertLeft(session)
  })

  it("leaves no listener and no mode behind at a normal end, whichever way the answer came", async () => {
    const [pasted, redirected] = await Promise.all([waiting(), waiting()])
    pasted.type(`${pasted.answer.address}\r`)
    await Live.byHttp(redirected.answer)
    for (const [session, via] of [[pasted, "paste"], [redirected, "http"]] as const) {
      assert.deepStrictEqual(await session.ended, done)
      assert.deepStrictEqual(session.said(), [granted(session, via), { released: "one" }, { clean: true }])
      Live.assertLeft(session)
    }
  })
})
