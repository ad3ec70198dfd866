import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import * as PastedText from "../../../src/core/paste/PastedText.ts"
import { pause } from "../../fixtures/FakeTerminal.ts"
import {
  atScreen,
  bundled,
  endAll,
  hasTerminal,
  linesOn,
  marked,
  type Options,
  orWhyNot,
  pasteOff,
  pasteOn,
  type Session,
  start
} from "../../fixtures/LiveTerminal.ts"

let programs: Awaited<ReturnType<typeof bundled>>

beforeAll(async () => {
  programs = await bundled("readBlocks")
})

afterAll(() => {
  endAll()
  programs.remove()
})

const running = (...acts: ReadonlyArray<string>) => runningIn({}, ...acts)

const runningIn = (options: Options, ...acts: ReadonlyArray<string>) =>
  start([...programs.command("readBlocks"), ...acts], options)

/** What was said under a key, in order. */
const heard = (session: Session, key: string): ReadonlyArray<unknown> =>
  session.said().filter((each) => key in each).map((each) => each[key])

const endsWell = async (session: Session) => {
  const { code, restored, signal } = await session.ended
  assert.deepStrictEqual({ code, restored, signal }, { code: 0, restored: true, signal: null }, session.stdout())
}

const address = "http://127.0.0.1:1234/callback?state=s&code="

/** Names a place in letters, which stand in nothing that is shown. */
const placeOf = (at: number): string =>
  `Z${at.toString(26).padStart(4, "0").replace(/./g, (digit) => String.fromCharCode(65 + Number.parseInt(digit, 26)))}`

/** An address of this length, each part of whose code names its place, so that a missing one shows. */
const addressOf = (length: number): string => {
  let text = address
  while (text.length < length) text += `${placeOf(text.length)}-`
  return text.slice(0, length)
}

const partsOf = (text: string): ReadonlyArray<string> => text.slice(address.length).match(/Z\w{4}/g) ?? []

/** The codes for `state` "s" that are understood from a text. */
const codesIn = (text: string) =>
  PastedText.read(text).map((reading) =>
    reading.pipe(
      Either.flatMap((parameters) => AuthorizationResponse.matchState(parameters, Redacted.make("s"))),
      Either.flatMap((matched) => AuthorizationResponse.check(matched, {})),
      Either.match({ onLeft: String, onRight: ({ code }) => Redacted.value(code) })
    )
  )

const count = (length: number) => `${length.toLocaleString("en-US")} characters`

describe.skipIf(!hasTerminal)(`a paste at a real terminal${orWhyNot}`, { concurrent: true }, () => {
  it.each([100, 1023, 4095, 4096, 8192, 16_384])(
    "of %i characters arrives whole, however it comes, and is not shown",
    async (length) => {
      const text = addressOf(length)
      const lines = text.match(/.{1,78}/g) ?? []
      const session = running("stdin:4")
      await session.says("reading")
      assert.isTrue((await session.mode()).raw)
      const pieces = async (text: string) => {
        // No piece ends where a line does: what stands complete for a while is taken as it is.
        for (const piece of text.match(/[^]{1,1001}/g) ?? []) {
          session.type(piece)
          await pause(30)
        }
      }
      const ways = [
        () => session.type(marked(text)),
        () => pieces(text),
        () => session.type(marked(lines.join("\r"))),
        () => session.type(lines.join("\r"))
      ]
      for (const [index, way] of ways.entries()) {
        await way()
        await session.shows(`\u001b[K${count(length)}`, index + 1)
        session.type("\r")
        await session.says("text", index + 1)
      }
      await endsWell(session)
      const wrapped = lines.join("\n")
      const texts = heard(session, "text")
      assert.deepStrictEqual(texts, [text, text, wrapped, wrapped])
      for (const each of texts) assert.deepStrictEqual(codesIn(String(each)), [text.slice(address.length)])
      const screen = session.screen()
      for (const part of [...partsOf(text), "127.0.0.1", "code", "state"]) assert.notInclude(screen, part)
      assert.deepStrictEqual(linesOn(screen), [""])
      assert.deepStrictEqual(heard(session, "restored"), [true])
    },
    60_000
  )
})

describe.skipIf(!hasTerminal)(`the reader of flows${orWhyNot}`, { concurrent: true }, () => {
  it("writes nothing where there is no screen, and no escapes where they are not understood", async () => {
    const elsewhere = runningIn({ stderr: "pipe" }, "stdin")
    const dumb = runningIn({ env: { ...atScreen, TERM: "dumb" } }, "stdin")
    const piped = runningIn({ stdin: "pipe" }, "stdin")
    await Promise.all([elsewhere, dumb, piped].map(async (session) => {
      await session.says("reading")
      session[session === piped ? "pipe" : "type"](`${addressOf(8192)}${session === piped ? "\n" : "\r"}`)
      await endsWell(session)
      assert.deepStrictEqual(heard(session, "text"), [addressOf(8192)])
      assert.notMatch(session.screen() + session.stderr(), /[\u001bZ]/)
    }))
    for (const session of [elsewhere, piped]) assert.strictEqual(session.screen() + session.stderr(), "")
  })

  it("passes over the Enter key alone", async () => {
    const session = running("stdin")
    await session.says("reading")
    session.type("\r")
    await pause(80)
    session.type("a\r")
    await endsWell(session)
    assert.deepStrictEqual(heard(session, "text").map((text) => String(text).trim()), ["a"])
  })
})

/** What a person does at a host, and what the host should have heard. */
interface Visit {
  readonly act: string
  readonly use: (session: Session, times: number) => Promise<unknown>
  readonly heard: string
}

const visits: ReadonlyArray<Visit> = [
  {
    act: "question",
    use: async ({ says, type }, times) => {
      await says("asked", times)
      type("abx\u007fc é\r")
    },
    heard: "abc é"
  },
  {
    act: "repl",
    use: async ({ says, type }, times) => {
      await says("started", times)
      type("1 + é\r")
      await says("host", times)
      type(".exit\r")
      await says("left", times)
    },
    heard: "1 + é"
  },
  ...["readable", "data"].map((act): Visit => ({
    act,
    use: async ({ says, type }, times) => {
      await says("keys", times)
      type("\u001b[Aé")
      type("\u0003q")
    },
    heard: "\u001b[Aé\u0003q"
  }))
]

describe.skipIf(!hasTerminal)(`a host at the same terminal${orWhyNot}`, { concurrent: true }, () => {
  it.each(visits)("loses no key before and after: $act", async ({ act, heard: keys, use }) => {
    const session = running(act, "stdin", act, "stdin", act, "exit")
    for (const times of [1, 2, 3]) {
      await use(session, times)
      await session.says("host", times)
      if (times === 3) break
      await session.says("reading", times)
      session.type(marked(addressOf(100)))
      await session.shows(`\u001b[K${count(100)}`, times)
      session.type("\r")
    }
    await endsWell(session)
    assert.deepStrictEqual(heard(session, "host"), [keys, keys, keys])
    assert.deepStrictEqual(heard(session, "reading"), [true, true])
    assert.deepStrictEqual(heard(session, "text"), [addressOf(100), addressOf(100)])
    assert.deepStrictEqual(heard(session, "restored"), [true, true])
    assert.notInclude(session.screen(), "127.0.0.1")
  }, 60_000)

  it.each(visits)(
    "has the terminal as soon as it begins, with what was typed: during:$act",
    async ({ act, heard: keys, use }) => {
      const session = running(`during:${act}`, "exit")
      const paste = async (times: number) => {
        session.type(marked(addressOf(100)))
        await session.shows(`\u001b[K${count(100)}`, times)
        session.type("\r")
        await session.says("text", times)
      }
      await session.says("reading")
      await paste(1)
      session.type("mi")
      await session.shows("\u001b[K2 characters")
      session.kill("SIGURG")
      assert.isTrue((await session.says("givenWay")).givenWay)
      await use(session, 1)
      await session.says("host")
      assert.isTrue((await session.says("again")).again)
      await paste(2)
      await endsWell(session)
      assert.deepStrictEqual(heard(session, "host"), [`mi${keys}`])
      assert.deepStrictEqual(heard(session, "text"), [addressOf(100), addressOf(100)])
      // Once for each time that it was read here.
      for (const mark of [pasteOn, pasteOff]) assert.lengthOf(session.screen().split(mark), 3)
    },
    60_000
  )

  it("has its prompt that it had paused, afterwards or when it goes on with it meanwhile", async () => {
    const later = async () => {
      const session = running("open", "stdin", "reopen")
      await session.says("asked")
      session.type("one\r")
      await session.says("reading")
      session.type(marked(addressOf(4096)))
      await session.shows(`\u001b[K${count(4096)}`)
      session.type("\r")
      await session.says("asked", 2)
      session.type("two\r")
      await endsWell(session)
      assert.deepStrictEqual(heard(session, "restored"), [true])
      return session
    }
    const meanwhile = async () => {
      const session = running("open", "during:reopen")
      await session.says("asked")
      session.type("one\r")
      await session.says("reading")
      session.type(`${addressOf(4096)}\r`)
      await session.says("text")
      session.kill("SIGURG")
      await session.says("asked", 2)
      session.type("two\r")
      await session.says("again")
      session.type("second\r")
      await endsWell(session)
      return session
    }
    const [first, second] = await Promise.all([later(), meanwhile()])
    for (const session of [first, second]) {
      assert.deepStrictEqual(heard(session, "reading"), [true])
      assert.deepStrictEqual(heard(session, "host"), ["one", "two"])
      assert.notInclude(session.screen(), "127.0.0.1")
    }
    assert.deepStrictEqual(heard(first, "text"), [addressOf(4096)])
    assert.deepStrictEqual(heard(second, "text"), [addressOf(4096), "second"])
  }, 60_000)

  it("may close its prompt that it had paused, without an end to what is read here", async () => {
    const session = running("open", "during:close", "question")
    await session.says("asked")
    session.type("one\r")
    await session.says("reading")
    session.type(`${addressOf(4096)}\r`)
    await session.says("text")
    session.kill("SIGURG")
    assert.deepStrictEqual([(await session.says("givenWay")).givenWay, (await session.mode()).raw], [false, true])
    session.type(`${addressOf(8192)}\r`)
    await session.says("asked", 2)
    session.type("two\r")
    await endsWell(session)
    assert.deepStrictEqual(heard(session, "text"), [addressOf(4096), addressOf(8192)])
    assert.deepStrictEqual(heard(session, "host"), ["one", "two"])
    assert.notInclude(session.screen(), "127.0.0.1")
  }, 60_000)

  it("keeps its keys while its REPL reads, also where it signs in from there", async () => {
    const session = running("repl", "stdin")
    await session.says("started")
    session.type("read\r")
    await session.says("reading")
    session.type("1 + 1\r")
    await session.says("host", 2)
    session.type(".exit\r")
    await session.says("reading", 2)
    session.type("second\r")
    await endsWell(session)
    assert.deepStrictEqual(heard(session, "reading"), [false, true])
    assert.deepStrictEqual([heard(session, "host"), heard(session, "text")], [["read", "1 + 1"], ["second"]])
  }, 60_000)

  it("hands the terminal on to a program that reads a line of it", async () => {
    const sessions = [["stdin", "child"], ["question", "stdin", "child"]].map(async (acts) => {
      const session = running(...acts)
      if (acts.length > 2) {
        await session.says("asked")
        session.type("one\r")
      }
      await session.says("reading")
      session.type(`${marked(addressOf(4096))}\r`)
      await session.says("spawned")
      assert.deepStrictEqual(await session.mode(), { raw: false, restored: true })
      session.type("for the child\r")
      await endsWell(session)
      assert.strictEqual(heard(session, "host").at(-1), "for the child\n")
      assert.deepStrictEqual(heard(session, "text"), [addressOf(4096)])
      assert.deepStrictEqual(heard(session, "restored"), [true])
    })
    await Promise.all(sessions)
  }, 60_000)

  it.skipIf(!("Deno" in globalThis))("may use the prompt of Deno before and after", async () => {
    const session = running("prompt", "stdin", "prompt")
    // It writes to stdout as well.
    const says = (text: string) => session.until(() => session.stdout().includes(text))
    const asks = (times: number) => session.until(() => session.stdout().split("prompt>").length > times)
    await asks(1)
    session.type("one\r")
    await says('{"reading":true}')
    session.type(`${addressOf(4096)}\r`)
    await asks(2)
    session.type("two\r")
    await endsWell(session)
    for (const said of [{ host: "one" }, { text: addressOf(4096) }, { host: "two" }]) {
      assert.include(session.stdout(), JSON.stringify(said))
    }
  }, 60_000)

  it("may listen to it by lines afterwards, or in the very call that leaves it to the host", async () => {
    await Promise.all(
      [["stdin", "lines"], ["stdin", "iterator"], ["inside:lines"], ["inside:iterator"]].map(async (acts) => {
        const session = running(...acts, "exit")
        await session.says("reading")
        session.type("a\r")
        await session.says("listening")
        session.type("for the host\r")
        await endsWell(session)
        assert.deepStrictEqual([heard(session, "text"), heard(session, "host")], [["a"], ["for the host\n"]])
      })
    )
  }, 60_000)
})

describe.skipIf(!hasTerminal)(`attach, to a real terminal${orWhyNot}`, { concurrent: true }, () => {
  it("restores the mode when nothing was typed, and the process exits by itself", async () => {
    const session = running("read:0")
    await endsWell(session)
    assert.deepStrictEqual([session.screen(), heard(session, "restored")], [pasteOn + pasteOff, [true]])
  })

  it.each<[string, string, object]>([
    ["^C", "ab\u0003", { signal: "SIGINT" }],
    ["^\\", "ab\u001c", { signal: "SIGQUIT" }],
    ["^Z", "\u001a", { signal: "SIGTSTP" }],
    ["^D", "a\u007f\u0004", { end: true }],
    ["a block", "ab\r", { block: "ab", typed: 2 }]
  ])("is in raw mode until %s, and has restored the mode then", async (_what, keys, event) => {
    const session = running("read")
    await session.says("reading")
    assert.isTrue((await session.mode()).raw)
    session.type(keys)
    await endsWell(session)
    assert.deepInclude(session.said(), event)
    assert.strictEqual(session.screen(), pasteOn + pasteOff)
  })

  it("tells a burst of lines from a second block", async () => {
    const session = running("read:2")
    await session.says("reading")
    session.type("a\rb\r")
    await session.says("block")
    session.type("c\r")
    await endsWell(session)
    assert.deepStrictEqual(heard(session, "block"), ["a\nb", "c"])
  })
})
