import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { Either } from "effect"
import { PassThrough } from "node:stream"
import { maxPasteLength } from "../../../src/core/paste/PasteLength.ts"
import * as PastedText from "../../../src/core/paste/PastedText.ts"
import * as LineReader from "../../../src/runtime/stdin/LineReader.ts"
import * as BlockedHost from "../../fixtures/BlockedHost.ts"
import {
  atTerminal,
  FakeTerminal,
  pasted,
  pasteOff,
  pasteOn,
  pause,
  quiet,
  reading,
  tick,
  traces
} from "../../fixtures/FakeTerminal.ts"

const refusals = (text: string) =>
  PastedText.read(text).map((reading) => Either.isLeft(reading) ? reading.left : "none")

const ESC = "\u001b"

describe("attach, to a pipe", () => {
  it("gives lines that arrive together as one block, whatever ends them", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    for (const chunk of ["a\nb", "b\r", "\n", "c\rd\n\ne\n"]) input.write(chunk)
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a\nbb\nc\nd\n\ne" }])
    detach()
  })

  it("gives lines as one block that arrived together while the host kept the process from running", async () => {
    const { close, here, there } = await BlockedHost.connection()
    try {
      const { detach, events } = reading(here)
      there.write("first half\n")
      // A listener of its own would take the stream over.
      while (here.bytesRead === 0) await tick()
      await BlockedHost.sendAndBlock(there, "second half\n", 60)
      await quiet()
      assert.deepStrictEqual(events, [{ block: "first half\nsecond half" }])
      detach()
    } finally {
      close()
    }
  })

  it("gives lines that arrive later as another block", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    for (const chunk of ["a\n", "b\n", "\n"]) {
      input.write(chunk)
      await quiet()
    }
    assert.deepStrictEqual(events, [{ block: "a" }, { block: "b" }, { block: "" }])
    detach()
  })

  it("waits for the end of a line, however long it takes", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    for (const chunk of ["a", "b", "c"]) {
      input.write(chunk)
      await quiet()
    }
    assert.deepStrictEqual(events, [])
    input.write("\n")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "abc" }])
    detach()
  })

  it("reads letters that two chunks share, and strings", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    const bytes = Buffer.from("é€😀\n")
    for (const byte of bytes) input.write(Buffer.from([byte]))
    await quiet()
    detach()
    const strings = new PassThrough({ encoding: "utf8" })
    const { detach: detachStrings, events: others } = reading(strings)
    strings.write("é€😀\n")
    await quiet()
    detachStrings()
    assert.deepStrictEqual([events, others], [[{ block: "é€😀" }], [{ block: "é€😀" }]])
  })

  it("gives control characters and escapes as they are", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    input.write(`a\u0003\u0004\u007f\t${pasted("b")}\n`)
    await quiet()
    assert.deepStrictEqual(events, [{ block: `a\u0003\u0004\u007f\t${pasted("b")}` }])
    detach()
  })

  it.each<[string, (input: PassThrough) => void]>([
    ["it ends", (input) => input.end()],
    ["it is closed", (input) => input.destroy()],
    ["it fails", (input) => input.destroy(new Error("read EIO"))]
  ])("gives what is unfinished when %s, and ends once", async (_how, over) => {
    const input = new PassThrough()
    input.on("error", () => {})
    const before = traces(input)
    const { detach, events } = reading(input)
    input.write("a\nb")
    await pause(5)
    over(input)
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a\nb" }, "end"])
    assert.deepStrictEqual(traces(input).listeners, before.listeners)
    detach()
    assert.strictEqual(events.length, 2)
  })

  it.each<[string, (input: PassThrough) => Promise<unknown>]>([
    ["ended", async (input) => {
      input.resume().end("a\n")
      await quiet()
    }],
    ["was closed", (input) => Promise.resolve(input.destroy())],
    ["was closed some time ago", async (input) => {
      input.destroy()
      await quiet()
    }]
  ])("touches nothing of a stream that %s, and says soon that it ended", async (_how, over) => {
    const input = new FakeTerminal()
    await over(input)
    const before = traces(input)
    const { detach, events } = reading(input)
    assert.deepStrictEqual(events, [])
    assert.deepStrictEqual(traces(input), before)
    await quiet()
    assert.deepStrictEqual(events, ["end"])
    detach()
    assert.deepStrictEqual([traces(input), input.modes], [before, []])
    const silent = reading(input)
    silent.detach()
    await quiet()
    assert.deepStrictEqual(silent.events, [])
  })
  it("makes one text that is too long of a line of 100 kB", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    for (let index = 0; index < 100; index++) input.write("x".repeat(1000))
    input.write("\n")
    await quiet()
    input.write("y\n")
    await quiet()
    detach()
    const readings = events.flatMap((event) =>
      typeof event === "object" && "block" in event ? refusals(event.block) : []
    )
    assert.deepStrictEqual(readings, ["TooLong", "NotAResponse"])
  })

  it.each([1, 2, 7, 1023, 1024, 65_536])(
    "makes one text that is too long of 400 kB in lines of %i, and keeps a part of it",
    async (width) => {
      const input = new PassThrough()
      const { detach, events } = reading(input)
      input.write(`${"x".repeat(width - 1)}\n`.repeat(Math.ceil(400_000 / width)))
      await quiet()
      detach()
      assert.strictEqual(events.length, 1)
      const [event] = events
      assert(typeof event === "object" && "block" in event)
      assert.isBelow(event.block.length, 3 * maxPasteLength)
      assert.deepStrictEqual(refusals(event.block), ["TooLong"])
    }
  )
})

describe("detaching", () => {
  it("leaves a stream as it was found", async () => {
    for (const input of [new PassThrough(), new PassThrough().pause(), new FakeTerminal()]) {
      const before = traces(input)
      const { detach } = reading(input)
      assert.isTrue(LineReader.isTaken(input))
      input.write("a\n")
      await quiet()
      detach()
      assert.deepStrictEqual(traces(input), before)
      detach()
      assert.deepStrictEqual(traces(input), before)
    }
  })

  it("leaves a stream flowing that flowed, and its other readers in place", async () => {
    const input = new PassThrough()
    const seen: Array<string> = []
    input.on("data", (chunk) => seen.push(String(chunk)))
    const before = traces(input)
    const { detach } = reading(input)
    input.write("a\nb")
    await quiet()
    detach()
    assert.deepStrictEqual(traces(input), before)
    input.write("c")
    await quiet()
    assert.strictEqual(seen.join(""), "a\nbc")
  })

  it("gives the host what came behind the last line break, and all that comes later", async () => {
    const input = new PassThrough()
    const { events } = reading(input, { during: (_event, detach) => detach() })
    input.write("a\nrest é")
    await quiet()
    input.write(" and more")
    const seen: Array<string> = []
    // Nothing else: a stream that was never read starts by itself.
    input.on("data", (chunk) => seen.push(String(chunk)))
    await quiet()
    assert.deepStrictEqual([events, seen.join("")], [[{ block: "a" }], "rest é and more"])
  })

  it("gives the host lines that were read and not yet called back with, which no timer brings later", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    await tick()
    input.write("a\nb\nc")
    assert.strictEqual(input.readableLength, 0)
    detach()
    await quiet()
    assert.deepStrictEqual(events, [])
    assert.strictEqual(String(input.read()), "a\nb\nc")
  })

  it("gives the next reader what it gave back", async () => {
    const input = new PassThrough()
    const first = reading(input)
    await tick()
    input.write("a\nb")
    assert.strictEqual(input.readableLength, 0)
    first.detach()
    const second = reading(input)
    input.write("c\n")
    await quiet()
    second.detach()
    assert.deepStrictEqual([first.events, second.events], [[], [{ block: "a\nbc" }]])
  })

  it("works in every callback, and nothing is called after it", async () => {
    for (
      const [typed, event] of [["a\r", { block: "a" }], ["\u0003", { signal: "SIGINT" }], ["\u0004", "end"]] as const
    ) {
      const { events, terminal } = atTerminal((_event, detach) => detach())
      terminal.write(typed)
      terminal.end()
      await quiet()
      assert.deepStrictEqual(events, [event])
      assert.isFalse(terminal.isRaw)
    }
    const input = new PassThrough()
    const { events } = reading(input, { during: (_event, detach) => detach() })
    input.end("unfinished")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "unfinished" }])
  })

  it("holds when a listener of the host detaches at the end of the stream, before the reader hears of it", async () => {
    const input = new PassThrough()
    input.once("end", () => detach())
    const { detach, events } = reading(input)
    input.end("unfinished")
    await quiet()
    assert.deepStrictEqual(events, [])
  })

  it("does not throw where the terminal has gone away", () => {
    const terminal = new FakeTerminal()
    const { detach } = reading(terminal, {
      output: {
        write: () => {
          throw new Error("write EIO")
        }
      }
    })
    terminal.setRawMode = () => {
      throw new Error("setRawMode EIO")
    }
    detach()
    assert.strictEqual(terminal.listenerCount("data"), 0)
  })
})

describe("attach, to a terminal", () => {
  it("reads it in raw mode, and asks it to mark pastes, until detached", () => {
    const { detach, terminal } = atTerminal()
    assert.deepStrictEqual([terminal.modes, terminal.shown], [[true], pasteOn])
    detach()
    assert.deepStrictEqual([terminal.modes, terminal.shown], [[true, false], pasteOn + pasteOff])
  })

  it("leaves a mode alone that the host has set, and a terminal that has none", async () => {
    const raw = new FakeTerminal()
    raw.isRaw = true
    const { detach, events } = reading(raw, { output: raw.output })
    raw.write("ab\u007fc\r")
    await quiet()
    detach()
    assert.deepStrictEqual([raw.modes, raw.isRaw, raw.shown, events], [
      [],
      true,
      pasteOn + pasteOff,
      [{ block: "ac" }]
    ])
    const cooked = new FakeTerminal()
    cooked.setRawMode = () => {
      throw new Error("not supported")
    }
    const other = reading(cooked, { output: cooked.output })
    cooked.write("ab\n")
    await quiet()
    other.detach()
    assert.deepStrictEqual([cooked.shown, other.events], ["", [{ block: "ab" }]])
  })

  it.each<[string, ReadonlyArray<string>, ReadonlyArray<number>]>([
    ["as they come", ["ab", " ", "é"], [2, 3, 4]],
    ["without those taken back", ["abc", "\u007f\b", "\u007f\u007f", "d", "\u0015"], [3, 1, 0, 1, 0]],
    ["and no keys that are none", ["a", `${ESC}[D`, "\u0001", "b"], [1, 1, 1, 2]],
    ["of a paste in pieces, without its marks", [`${ESC}[200~abc`, "def", `${ESC}[201~`], [3, 6, 6]],
    ["of a wrapped paste, without its line breaks", [pasted("ab\r\ncd\re")], [5]],
    ["of lines that have not been given yet", ["ab\r", "cd"], [2, 4]],
    ["of a long paste", [pasted("x".repeat(16_384))], [16_384]]
  ])("tells how many characters stand there, %s, and shows none of them", async (_what, pieces, counts) => {
    const { detach, terminal, typed } = atTerminal()
    await tick()
    for (const piece of pieces) terminal.write(piece)
    assert.deepStrictEqual([typed, terminal.shown], [counts, pasteOn])
    detach()
    assert.strictEqual(terminal.shown, pasteOn + pasteOff)
  })

  it("tells that nothing stands there before it calls back with a block", async () => {
    const counts: Array<number | undefined> = []
    const { detach, events, terminal, typed } = atTerminal(() => counts.push(typed.at(-1)))
    for (const line of ["abc\r", "de\r"]) {
      terminal.write(line)
      await quiet()
    }
    detach()
    assert.deepStrictEqual([events, counts, typed], [[{ block: "abc" }, { block: "de" }], [0, 0], [3, 0, 2, 0]])
  })

  it("tells how many characters stand on a terminal that was found in raw mode", async () => {
    const terminal = new FakeTerminal()
    terminal.on("data", () => {}).pause().setRawMode(true)
    const { detach, typed } = reading(terminal, { output: terminal.output })
    await tick()
    terminal.write(pasted("abc"))
    detach()
    assert.deepStrictEqual([typed, terminal.shown, terminal.modes], [[3], pasteOn + pasteOff, [true]])
  })

  it("tells nothing of a pipe", async () => {
    const input = new PassThrough()
    const { detach, events, typed } = reading(input)
    input.write("abc\n")
    await quiet()
    detach()
    assert.deepStrictEqual([events, typed], [[{ block: "abc" }], []])
  })

  it("waits for the end of a paste, and for the person to end it, however slowly it comes", async () => {
    const { detach, events, terminal } = atTerminal()
    for (const chunk of [`0\r${ESC}[200~`, "a\r", "b\r", `${ESC}[201~`, "c"]) {
      terminal.write(chunk)
      await quiet()
    }
    assert.deepStrictEqual(events, [])
    terminal.write("\r")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "0\na\nb\nc" }])
    detach()
  })

  it("takes what comes after a silence for keys where the mark of a paste's end got lost", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      const { detach, events, terminal } = atTerminal()
      const say = (text: string, millis: number) => {
        terminal.emit("data", new TextEncoder().encode(text))
        vi.advanceTimersByTime(millis)
      }
      // Pieces of it prolong it, keys do not.
      for (const piece of [`${ESC}[200~a\u0003`, "b\r", "c\u0003"]) say(piece, 2900)
      say("\u0003", 50)
      for (const key of [`${ESC}[99;5u`, "\r", "\u0004"]) say(key, 10)
      assert.deepStrictEqual(events, [])
      vi.advanceTimersByTime(200)
      say("\r", 0)
      assert.deepStrictEqual(events, [{ block: "ab\nc\n" }])
      say("\u0003", 0)
      assert.deepStrictEqual(events.slice(1), [{ signal: "SIGINT" }])
      say(`${ESC}[200~d`, 0)
      assert.strictEqual(vi.getTimerCount(), 1)
      detach()
      assert.strictEqual(vi.getTimerCount(), 0)
    } finally {
      vi.useRealTimers()
    }
  })

  it("ends a marked paste at once with the Enter behind it, and leaves what follows to the host", async () => {
    const { events, terminal } = atTerminal((_event, detach) => detach())
    await tick()
    terminal.write(`0\r${pasted("a\rb")}c\rls -l\r`)
    assert.deepStrictEqual(events, [{ block: "0\na\nbc" }])
    assert.strictEqual(String(terminal.read()), "ls -l\r")
  })

  it("keeps the last line of a paste with the others, where pastes are not marked", async () => {
    const { detach, events, terminal } = atTerminal()
    terminal.write("a\rb\rc")
    await quiet()
    assert.deepStrictEqual(events, [])
    terminal.write("\r")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a\nb\nc" }])
    detach()
  })

  it("calls back with each signal, drops that line, and goes on where it is left attached", async () => {
    const { detach, events, terminal } = atTerminal()
    terminal.write("ab\u0003cd\u001cef\u001agh\r")
    await quiet()
    detach()
    assert.deepStrictEqual(events, [
      { signal: "SIGINT" },
      { signal: "SIGQUIT" },
      { signal: "SIGTSTP" },
      { block: "gh" }
    ])
  })

  it("has restored the terminal before it says that ^D ended it, and gives the host the rest", async () => {
    const { events, terminal } = atTerminal((event) => {
      if (event === "end") assert.deepStrictEqual(terminal.modes, [true, false])
    })
    terminal.write("a\r\u0004rest\r")
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a" }, "end"])
    assert.strictEqual(String(terminal.read()), "rest\r")
  })

  it("gives the host what followed a signal at which it was detached", async () => {
    const { events, terminal } = atTerminal((_event, detach) => detach())
    terminal.write("typed\u0003rest\r")
    await quiet()
    assert.deepStrictEqual(events, [{ signal: "SIGINT" }])
    assert.strictEqual(String(terminal.read()), "rest\r")
  })
})
