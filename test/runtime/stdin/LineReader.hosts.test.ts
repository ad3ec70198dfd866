import { assert, describe, it } from "@effect/vitest"
import { Buffer } from "node:buffer"
import { PassThrough } from "node:stream"
import { createInterface } from "node:readline"
import * as LineReader from "../../../src/runtime/stdin/LineReader.ts"
import {
  atTerminal,
  FakeTerminal,
  pasteOff,
  pasteOn,
  quiet,
  reading,
  tick,
  traces
} from "../../fixtures/FakeTerminal.ts"

const answer = "http://127.0.0.1:1234/callback?code=secret&state=s"

/** Reads all that comes from now on, and what was given back before. */
const listening = (input: PassThrough) => {
  const seen: Array<string> = []
  const listener = (chunk: Uint8Array | string) => seen.push(String(chunk))
  input.on("data", listener)
  return { seen, listener }
}

describe("isTaken", () => {
  it.each<[string, (input: FakeTerminal) => unknown]>([
    ["nobody has read", () => {}],
    ["somebody has read and stopped", (input) => input.on("data", () => {}).removeAllListeners("data").pause()],
    ["somebody listens to that is paused, as a closed prompt does", (input) => input.on("data", () => {}).pause()],
    ["somebody waits for the end of", (input) => input.on("end", () => {}).on("close", () => {})],
    ["a paused prompt holds in raw mode", (input) => input.on("data", () => {}).pause().setRawMode(true)]
  ])("is false of a stream that %s", (_how, prepare) => {
    const input = new FakeTerminal()
    prepare(input)
    assert.isFalse(LineReader.isTaken(input))
  })

  it.each<[string, (input: FakeTerminal) => unknown]>([
    ["somebody listens to", (input) => input.on("data", () => {})],
    ["somebody asks when it is readable", (input) => input.on("readable", () => {})],
    ["somebody asks when it is readable, though it was paused", (input) => input.pause().on("readable", () => {})],
    ["flows", (input) => input.resume()],
    ["is piped elsewhere", (input) => input.pipe(new PassThrough())],
    ["is in raw mode, for whoever reads it otherwise", (input) => input.setRawMode(true)],
    ["a prompt reads", (input) => createInterface({ input })]
  ])("is true of a stream that %s", (_how, take) => {
    const input = new FakeTerminal()
    take(input)
    assert.isTrue(LineReader.isTaken(input))
    input.destroy()
  })

  it("is true of a stream that is read here, and false again afterwards", () => {
    const { detach, terminal } = atTerminal()
    assert.isTrue(LineReader.isTaken(terminal))
    detach()
    assert.isFalse(LineReader.isTaken(terminal))
  })
})

describe("a host that has paused", () => {
  it("sees nothing of what is read here, and all of what comes afterwards", async () => {
    for (const input of [new PassThrough(), new FakeTerminal()]) {
      const { listener, seen } = listening(input)
      input.pause()
      const { detach, events } = reading(input)
      input.write("a\n")
      await quiet()
      input.write("rest")
      await quiet()
      assert.deepStrictEqual([events, seen], [[{ block: "a" }], []])
      detach()
      input.write(" and more")
      await quiet()
      assert.deepStrictEqual([seen, input.isPaused()], [[], true])
      input.resume()
      await quiet()
      assert.strictEqual(seen.join(""), "rest and more")
      assert.deepStrictEqual(input.listeners("data"), [listener])
    }
  })

  it("finds its listeners as they were, in their order, and those for one chunk called once", async () => {
    const input = new PassThrough()
    const heard: Array<string> = []
    const first = (chunk: unknown) => heard.push(`first ${chunk}`)
    input.on("data", first).once("data", (chunk) => heard.push(`once ${chunk}`))
    input.on("data", first).on("data", (chunk) => heard.push(`last ${chunk}`))
    input.pause()
    const before = traces(input)
    for (let times = 0; times < 2; times++) {
      const { detach } = reading(input)
      assert.strictEqual(input.listenerCount("data"), 1)
      input.write("a\n")
      await quiet()
      detach()
      assert.deepStrictEqual(traces(input), before)
    }
    input.resume()
    for (const chunk of ["b", "c"]) {
      input.write(chunk)
      await quiet()
    }
    assert.deepStrictEqual(heard, ["first b", "once b", "first b", "last b", "first c", "first c", "last c"])
  })

  it.each<[string, (input: PassThrough, listener: (chunk: unknown) => void) => unknown]>([
    ["off", (input, listener) => input.off("data", listener)],
    ["removeListener", (input, listener) => input.removeListener("data", listener)],
    ["removeAllListeners", (input) => input.removeAllListeners("data")],
    ["removeAllListeners, of all events", (input) => input.removeAllListeners()]
  ])("may take its listeners off meanwhile, by %s", async (_how, takeOff) => {
    const input = new PassThrough()
    const listener = () => {}
    input.on("data", listener).once("end", listener).pause()
    const { detach, events } = reading(input)
    input.off("end", listener)
    takeOff(input, listener)
    input.write("a\n")
    await quiet()
    detach()
    assert.deepStrictEqual(events, [{ block: "a" }])
    // What a stream of its own has, such as `prefinish`, is no host's.
    assert.deepStrictEqual(
      input.eventNames().filter((name) => ["data", "end", "newListener"].includes(String(name))),
      []
    )
  })

  it("keeps its other listeners when it takes one off", () => {
    const input = new PassThrough()
    const once = () => {}
    const { listener } = listening(input)
    const kept = listening(input)
    input.once("data", once).pause()
    const { detach } = reading(input)
    input.off("data", listener).off("data", once)
    detach()
    assert.deepStrictEqual(input.listeners("data"), [kept.listener])
  })

  it("does not lose its prompt, which asks again and gets its answer", async () => {
    const input = new PassThrough()
    const prompt = createInterface({ input })
    const answers: Array<string> = []
    prompt.on("line", (line) => answers.push(line))
    input.write("one\n")
    await quiet()
    prompt.pause()
    const { detach, events } = reading(input)
    input.write(`${answer}\n`)
    await quiet()
    detach()
    prompt.resume()
    input.write("two\n")
    await quiet()
    assert.deepStrictEqual([answers, events], [["one", "two"], [{ block: answer }]])
    prompt.close()
  })
})

describe("a host that begins to read meanwhile", () => {
  it.each<[string, (input: PassThrough, listener: (chunk: unknown) => void) => unknown]>([
    ["listens", (input, listener) => input.on("data", listener)],
    ["listens before all others", (input, listener) => input.prependListener("data", listener).resume()],
    [
      "asks when there is something to read",
      (input, listener) => input.on("readable", () => listener(input.read() ?? ""))
    ],
    ["pipes", (input, listener) => input.pipe(new PassThrough().on("data", listener))],
    [
      "opens a prompt",
      (input, listener) => createInterface({ input }).on("line", (line) => listener(`${line}\n`))
    ],
    ["iterates", async (input, listener) => {
      for await (const chunk of input.iterator({ destroyOnReturn: false })) {
        listener(chunk)
        if (String(chunk).endsWith("\n")) return
      }
    }]
  ])("has the stream to itself when it %s, with what was not given yet", async (_how, begin) => {
    for (const [input, found] of [[new PassThrough(), null], [new PassThrough().pause(), false]] as const) {
      const before = traces(input)
      const { detach, events } = reading(input)
      input.write("a\n")
      await quiet()
      input.write("mi")
      await tick()
      const seen: Array<string> = []
      assert.strictEqual(input.readableFlowing, true)
      begin(input, (chunk) => seen.push(String(chunk)))
      assert.deepStrictEqual(events, [{ block: "a" }, "taken"])
      // A stream that was paused does not flow by a listener alone.
      if (found === false) input.resume()
      input.write("ne\n")
      await quiet()
      assert.strictEqual(seen.join(""), "mine\n")
      detach()
      assert.deepStrictEqual(events, [{ block: "a" }, "taken"])
      assert.deepStrictEqual(before.names, traces(input).names)
      input.destroy()
    }
  })

  it("has the terminal in line mode before its listener is there, and pastes are no longer marked", () => {
    const { events, terminal } = atTerminal()
    terminal.on("newListener", (event) => {
      if (event !== "data") return
      assert.deepStrictEqual([terminal.isRaw, terminal.shown], [false, pasteOn + pasteOff])
      assert.strictEqual(terminal.listenerCount("data"), 0)
    })
    terminal.on("data", () => {})
    assert.deepStrictEqual(events, ["taken"])
    terminal.destroy()
  })

  it.each<[string, (input: FakeTerminal) => unknown]>([
    ["waits for the end", (input) => input.on("end", () => {}).on("close", () => {}).on("error", () => {})],
    ["listens to something of its own", (input) => input.on("custom", () => {})],
    ["watches who listens", (input) => input.on("newListener", () => {}).on("removeListener", () => {})]
  ])("is none when it only %s", async (_how, begin) => {
    const { detach, events, terminal } = atTerminal()
    begin(terminal)
    terminal.write("a\r")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a" }])
    detach()
  })

  it("may do so while it is called back, and gets what follows", async () => {
    const { events, terminal } = atTerminal((event) => {
      if (event !== "end" && event !== "taken") seen = listening(terminal).seen
    })
    let seen: ReadonlyArray<string> = []
    terminal.write("\u0003mine")
    await quiet()
    assert.deepStrictEqual([events, seen], [[{ signal: "SIGINT" }, "taken"], ["mine"]])
  })

  it("is one that listens to keys, for the prompt that it has had makes them of what comes", () => {
    const { detach, events, terminal } = atTerminal()
    terminal.on("keypress", () => {})
    assert.deepStrictEqual([events, terminal.isRaw, terminal.listenerCount("data")], [["taken"], false, 0])
    detach()
  })

  it("is not told of by a reader that has been detached", () => {
    const { detach, events, terminal } = atTerminal()
    detach()
    terminal.on("data", () => {})
    assert.deepStrictEqual(events, [])
  })
})

// These begin to read without a listener, or before they have one.
describe("a host that takes the terminal over meanwhile", () => {
  it("keeps the raw mode that it asks for before it listens", async () => {
    const { events, terminal } = atTerminal()
    await tick()
    terminal.setRawMode(true)
    const { seen } = listening(terminal)
    assert.deepStrictEqual([events, terminal.isRaw], [["taken"], true])
    terminal.write("\u001b[A")
    await quiet()
    assert.deepStrictEqual([seen, terminal.isRaw], [["\u001b[A"], true])
  })

  it("gets its prompt back that it had paused, when it goes on with it", async () => {
    for (const input of [new PassThrough(), new FakeTerminal()]) {
      const prompt = createInterface({ input })
      const answers: Array<string> = []
      prompt.on("line", (line) => answers.push(line))
      prompt.pause()
      const { detach, events } = reading(input)
      input.write(`${answer}\n`)
      await quiet()
      prompt.resume()
      assert.deepStrictEqual(events, [{ block: answer }, "taken"])
      input.write("two\n")
      await quiet()
      assert.deepStrictEqual(answers, ["two"])
      detach()
      prompt.close()
    }
  })

  it("stops nothing here by pausing what it has stopped reading, and finds it paused afterwards", async () => {
    for (const input of [new PassThrough(), new FakeTerminal()]) {
      const { detach, events } = reading(input)
      input.pause()
      input.write("a\n")
      await quiet()
      assert.deepStrictEqual(events, [{ block: "a" }])
      detach()
      assert.deepStrictEqual([input.isPaused(), input.readableFlowing], [true, false])
    }
  })

  it("stops what it has read all along by pausing, once it has been left to it", async () => {
    const input = new PassThrough()
    const { listener, seen } = listening(input)
    const { detach, events } = reading(input)
    input.pause()
    detach()
    input.write("b")
    await quiet()
    assert.deepStrictEqual([events, seen, input.isPaused()], [[], [], true])
    assert.deepStrictEqual(input.listeners("data"), [listener])
  })

  it("takes no mode from here by giving up its own, and finds it given up afterwards", async () => {
    const terminal = new FakeTerminal()
    terminal.on("data", () => {}).pause().setRawMode(true)
    const { detach, events } = reading(terminal, { output: terminal.output })
    terminal.setRawMode(false)
    terminal.write("ab\u007f\r")
    await quiet()
    assert.deepStrictEqual([events, terminal.isRaw], [[{ block: "a" }], true])
    detach()
    assert.isFalse(terminal.isRaw)
  })
})

describe("what is given back to the host", () => {
  it.each<[string, string, string]>([
    ["a line that is typed", "ls -l", "ls -l"],
    ["what a paste left", "a\u007fb\rc", "b\nc"],
    ["the address of something else", "https://example.com/?q=1", "https://example.com/?q=1"],
    ["nothing of an answer", answer, ""],
    ["nothing of an answer in a paste that goes on", `\u001b[200~${answer}`, ""],
    ["nothing of the beginning of an answer", answer.slice(0, answer.indexOf("secret") + 3), ""],
    ["nothing of a wrapped answer", answer.replace("code", "co\rde"), ""],
    ["nothing of the lines around an answer", `a\r${answer}\rb`, ""],
    ["nothing of an error", "http://127.0.0.1:1/?error=access_denied&state=s", ""]
  ])("is %s", async (_what, typed, given) => {
    for (const leave of ["detach", "taken"] as const) {
      const { detach, events, terminal } = atTerminal()
      await tick()
      terminal.write(typed)
      if (leave === "detach") detach()
      const { seen } = listening(terminal)
      await quiet()
      assert.deepStrictEqual([events, seen.join("")], [leave === "taken" ? ["taken"] : [], given])
      terminal.destroy()
    }
  })

  it("is what came behind ^C, but no answer", async () => {
    for (const [rest, given] of [["ls\r", "ls\r"], [`${answer}\r`, ""]] as const) {
      const { terminal } = atTerminal((_event, detach) => detach())
      terminal.write(`abc\u0003${rest}`)
      await quiet()
      const { seen } = listening(terminal)
      await quiet()
      assert.strictEqual(seen.join(""), given)
    }
  })

  it("is text, also where the stream gives bytes", async () => {
    const input = new PassThrough()
    const { detach } = reading(input)
    await tick()
    input.write(Buffer.from("é€😀"))
    detach()
    assert.strictEqual(String(input.read()), "é€😀")
  })
})
