import { afterEach, assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { PassThrough } from "node:stream"
import { fileURLToPath } from "node:url"
import * as PastedText from "../src/core/PastedText.ts"
import * as LineReader from "../src/runtime/LineReader.ts"

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** Until a stream that was resumed flows: then what is written to it is read in the same call. */
const tick = () => new Promise((resolve) => setImmediate(resolve))

/** Longer than what separates two blocks, also on a busy machine. */
const quiet = () => pause(80)

type Event = { readonly block: string } | { readonly signal: LineReader.Signal } | "end"

/** Reads a stream and notes what is called back; `during` may detach meanwhile. */
const reading = (
  input: LineReader.Input,
  options: { readonly output?: LineReader.Output; readonly during?: (event: Event, detach: () => void) => void } = {}
) => {
  const events: Array<Event> = []
  const note = (event: Event) => {
    events.push(event)
    options.during?.(event, detach)
  }
  const detach = LineReader.attach(input, options.output, {
    block: (block) => note({ block }),
    end: () => note("end"),
    signal: (signal) => note({ signal })
  })
  return { events, detach }
}

/** Everything that a reader could leave behind on a stream. */
const traces = (input: PassThrough) => ({
  listeners: Object.fromEntries(input.eventNames().map((name) => [name, input.listenerCount(name)])),
  flowing: input.readableFlowing,
  isRaw: "isRaw" in input && input.isRaw
})

/** A stream that is a terminal to whoever asks, and notes what is done with its mode. */
class Terminal extends PassThrough {
  readonly isTTY = true
  isRaw = false
  readonly modes: Array<boolean> = []
  shown = ""
  setRawMode(mode: boolean): this {
    this.isRaw = mode
    this.modes.push(mode)
    return this
  }
  readonly output: LineReader.Output = {
    write: (text) => {
      this.shown += text
    }
  }
}

const atTerminal = (during?: (event: Event, detach: () => void) => void) => {
  const terminal = new Terminal()
  const { output } = terminal
  return { terminal, ...reading(terminal, during === undefined ? { output } : { output, during }) }
}

const refusals = (text: string) =>
  PastedText.read(text).map((reading) => Either.isLeft(reading) ? reading.left : "none")

const ESC = "\u001b"
const pasteOn = `${ESC}[?2004h`
const pasteOff = `${ESC}[?2004l`
const pasted = (text: string) => `${ESC}[200~${text}${ESC}[201~`

describe("isTaken", () => {
  it("is false of a stream that nobody reads, also after somebody stopped", () => {
    const input = new PassThrough()
    assert.isFalse(LineReader.isTaken(input))
    input.on("data", () => {}).removeAllListeners("data").pause()
    assert.isFalse(LineReader.isTaken(input))
  })

  it.each<[string, (input: Terminal) => void]>([
    ["somebody listens to", (input) => input.on("data", () => {})],
    ["somebody listens to, though it is paused", (input) => input.on("data", () => {}).pause()],
    ["somebody asks when it is readable", (input) => input.on("readable", () => {})],
    ["flows", (input) => input.resume()],
    ["is in raw mode", (input) => input.setRawMode(true)]
  ])("is true of a stream that %s", (_how, take) => {
    const input = new Terminal()
    take(input)
    assert.isTrue(LineReader.isTaken(input))
    input.destroy()
  })
})

describe("attach, to a pipe", () => {
  it("gives lines that arrive together as one block, whatever ends them", async () => {
    const input = new PassThrough()
    const { detach, events } = reading(input)
    for (const chunk of ["a\nb", "b\r", "\n", "c\rd\n\ne\n"]) input.write(chunk)
    await quiet()
    assert.deepStrictEqual(events, [{ block: "a\nbb\nc\nd\n\ne" }])
    detach()
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
    const input = new Terminal()
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
      assert.isBelow(event.block.length, 3 * PastedText.maxLength)
      assert.deepStrictEqual(refusals(event.block), ["TooLong"])
    }
  )
})

describe("detaching", () => {
  it("leaves a stream as it was found", async () => {
    for (const input of [new PassThrough(), new PassThrough().pause(), new Terminal()]) {
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
    const terminal = new Terminal()
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
    const raw = new Terminal()
    raw.isRaw = true
    const { detach, events } = reading(raw, { output: raw.output })
    raw.write("ab\u007fc\r")
    await quiet()
    detach()
    assert.deepStrictEqual([raw.modes, raw.isRaw, raw.shown, events], [[], true, "", [{ block: "ac" }]])
    const cooked = new Terminal()
    cooked.setRawMode = () => {
      throw new Error("not supported")
    }
    const other = reading(cooked, { output: cooked.output })
    cooked.write("ab\n")
    await quiet()
    other.detach()
    assert.deepStrictEqual([cooked.shown, other.events], ["", [{ block: "ab" }]])
  })

  it.each<[string, string, string, string]>([
    ["shows what is typed", "ab é\r", "ab é", "ab é\n"],
    ["takes a letter back", "abc\u007f\u007f\bd\r", "d", "abc\b \b\b \b\b \bd\n"],
    ["takes back a letter of two units", "a😀\u007fb\r", "ab", "a😀\b \bb\n"],
    ["takes nothing back of nothing", "\u007f\u007fa\r", "a", "a\n"],
    ["takes the line back", "abc\u0015d\r", "d", "abc\b \b\b \b\b \bd\n"],
    ["knows no key for other controls", "a\u0001\u0000\u009bb\r", "ab", "ab\n"],
    ["keeps a tab", "a\tb\r", "a\tb", "a\tb\n"],
    ["passes over ^D in a line that is not empty", "a\u0004b\r", "ab", "ab\n"],
    ["passes over arrows and other keys", `a${ESC}[D${ESC}[1;5C${ESC}OPb${ESC}[3~${ESC}x\r`, "ab", "ab\n"],
    [
      "passes over a terminal's answers",
      `a${ESC}]11;rgb:0/0/0\u0007${ESC}P1$r0m${ESC}\\b${ESC}[8;24;80tc\r`,
      "abc",
      "abc\n"
    ],
    ["ends a line that an escape breaks off in", `a${ESC}[1\rb\r`, "a\nb", "a\nb\n"],
    ["joins what was pasted", `a${pasted("b")}c\r`, "abc", "abc\n"],
    ["keeps the lines of a paste in one block", `${pasted("a\r\nb\nc\rd")}\r`, "a\nb\nc\nd", "a\nb\nc\nd\n"],
    ["does not end at ^D in a paste", `${pasted("\u0004a")}\r`, "a", "a\n"]
  ])("%s", async (_what, typed, block, shown) => {
    const run = async (chunks: ReadonlyArray<string>) => {
      const { detach, events, terminal } = atTerminal()
      for (const chunk of chunks) terminal.write(chunk)
      await quiet()
      detach()
      return {
        text: events.map((event) => typeof event === "object" && "block" in event ? event.block : event),
        terminal
      }
    }
    // But for those of keys and pastes, a sequence that is cut behind its first letter looks like the Escape key.
    const isCut = !/\u001b[^[]/.test(typed)
    const [whole, cut] = await Promise.all([run([typed]), isCut ? run(Array.from(typed)) : undefined])
    assert.strictEqual(whole.text.join("\n"), block)
    assert.strictEqual(whole.terminal.shown, pasteOn + shown + pasteOff)
    if (cut !== undefined) assert.strictEqual(cut.text.join("\n"), block)
  })

  it("takes a paste that follows the Escape key", async () => {
    const { detach, events, terminal } = atTerminal()
    terminal.write(ESC)
    await pause(5)
    terminal.write("http://x\r")
    await quiet()
    detach()
    assert.deepStrictEqual(events, [{ block: "http://x" }])
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

describe("makeDecoder", () => {
  const decoded = (isRaw: boolean, pieces: ReadonlyArray<string>) => {
    const decoder = LineReader.makeDecoder(isRaw)
    const lines: Array<string> = []
    const keys: Array<string> = []
    for (const piece of pieces) {
      for (let rest = piece; rest !== "";) {
        const result = decoder.decode(rest)
        lines.push(...result.lines)
        if (result.key !== undefined) keys.push(result.key)
        rest = result.rest
      }
    }
    return { lines, keys, unfinished: decoder.unfinished(), isPasting: decoder.isPasting() }
  }

  const pieces = [
    "a",
    "😀",
    " ",
    "\r",
    "\n",
    "\r\n",
    "\u0003",
    "\u0004",
    "\u007f",
    "\u0015",
    `${ESC}[A`,
    `${ESC}OP`,
    `${ESC}[1`
  ]
  const marks = [`${ESC}[200~`, `${ESC}[201~`, `${ESC}]0;x\u0007`]
  const input = FastCheck.array(
    FastCheck.oneof(
      { weight: 4, arbitrary: FastCheck.constantFrom(...pieces, ...marks) },
      { weight: 1, arbitrary: FastCheck.string() }
    ),
    { maxLength: 20 }
  ).map((pieces) => pieces.join(""))

  it.prop(
    "finds the same in a text wherever it is cut, but for the Escape key",
    [FastCheck.boolean(), input, FastCheck.array(FastCheck.nat({ max: 200 }))],
    ([isRaw, text, places]) => {
      const letters = Array.from(text)
      const cuts = [0, ...places.map((place) => place % (letters.length + 1)).sort((a, b) => a - b), letters.length]
      const pieces = cuts.slice(1).map((cut, index) => letters.slice(cuts[index], cut).join("")).filter((each) =>
        each !== ""
      )
      // Behind a lone ESC only `[` is known to go on with a sequence.
      FastCheck.pre(!pieces.some((piece, index) => piece.endsWith(ESC) && pieces[index + 1]?.startsWith("[") === false))
      assert.deepStrictEqual(decoded(isRaw, pieces), decoded(isRaw, [text]))
    },
    { fastCheck: { numRuns: 2000 } }
  )

  it.prop(
    "gives back every printable line, typed or pasted",
    [FastCheck.array(FastCheck.string({ unit: "grapheme" }).map((line) => line.replace(/[\p{Cc}]/gu, "")))],
    ([lines]) => {
      const typed = lines.map((line) => `${line}\r`).join("")
      assert.deepStrictEqual(decoded(true, [typed]).lines, lines)
      assert.deepStrictEqual(decoded(false, [typed]).lines, lines)
      assert.deepStrictEqual(decoded(true, [`${pasted(lines.join("\r"))}\r`]).lines, [lines.join("\n")])
    }
  )

  it.prop("never throws, and keeps no line that is much too long", [FastCheck.boolean(), input], ([isRaw, text]) => {
    const { lines, unfinished } = decoded(isRaw, [text])
    assert.isAtMost([...lines, unfinished].join("").length, text.length)
  })
})

const root = fileURLToPath(new URL("..", import.meta.url))
const program = fileURLToPath(new URL("./fixtures/programs/readBlocks.ts", import.meta.url))
const terminal = fileURLToPath(new URL("./fixtures/terminal.py", import.meta.url))
const isDeno = "Deno" in globalThis
const command = (blocks: number, host: string) => [
  process.execPath,
  ...isDeno ? ["run", "-A", "--no-check"] : ["--import", "tsx"],
  program,
  String(blocks),
  host
]

const children: Array<ChildProcess> = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
})

type Said = Readonly<Record<string, unknown>>

const start = ([file = "", ...args]: ReadonlyArray<string>, stdin: StdioOptions) => {
  const child = spawn(file, args, { cwd: root, stdio: [stdin, "pipe", "pipe"] as StdioOptions })
  children.push(child)
  let stdout = ""
  let stderr = ""
  const waiting = new Set<() => void>()
  child.stdout?.on("data", (chunk) => {
    stdout += String(chunk)
    for (const check of waiting) check()
  })
  child.stderr?.on("data", (chunk) => stderr += String(chunk))
  return {
    stdin: child.stdin,
    /** Until the program has said this. */
    until: (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (stdout.includes(text)) resolve()
        }
        waiting.add(check)
        check()
      }),
    /** All it said, once it has ended by itself. */
    ended: new Promise<ReadonlyArray<Said>>((resolve, reject) => {
      child.once("close", (code) => {
        if (code !== 0) return reject(new Error(`exit code ${code}: ${stderr}`))
        resolve(stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)))
      })
    })
  }
}

const isRestored = (said: Said) => said.restored === true

describe("attach, to stdin of a process", () => {
  it("gives what was piped, then the end, and lets the process exit", async () => {
    const { ended, stdin } = start(command(9, "nobody"), "pipe")
    stdin?.end("a\nb")
    assert.deepStrictEqual(await ended, [{ block: "a\nb" }, { end: true }])
  })

  it("says of /dev/null and of an empty pipe that it ended", async () => {
    const empty = start(command(9, "nobody"), "pipe")
    empty.stdin?.end()
    const none = start(command(9, "nobody"), "ignore")
    assert.deepStrictEqual(await Promise.all([empty.ended, none.ended]), [[{ end: true }], [{ end: true }]])
  })

  it.skipIf(process.platform === "win32")("says of a closed stdin that it ended", async () => {
    const { ended } = start(["/bin/sh", "-c", 'exec "$@" <&-', "sh", ...command(9, "nobody")], "ignore")
    assert.deepStrictEqual(await ended, [{ end: true }])
  })

  it("reads a file to its end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "line-reader-"))
    const file = join(folder, "pasted.txt")
    writeFileSync(file, `a\n${"b".repeat(100_000)}`)
    const descriptor = openSync(file, "r")
    try {
      const { ended } = start(command(9, "nobody"), descriptor as unknown as StdioOptions)
      assert.deepStrictEqual(await ended, [{ block: 2 + PastedText.maxLength + 1 }, { end: true }])
    } finally {
      closeSync(descriptor)
      rmSync(folder, { recursive: true })
    }
  })

  it("lets the process exit while stdin stays open, whether something came or not", async () => {
    const silent = start(command(0, "nobody"), "pipe")
    const spoken = start(command(1, "nobody"), "pipe")
    spoken.stdin?.write("a\nrest")
    const [nothing, something] = await Promise.all([silent.ended, spoken.ended])
    assert.strictEqual(nothing.length, 1)
    assert.deepStrictEqual([...nothing, ...something].filter((said) => !isRestored(said)), [{ block: "a" }])
  })

  it.each(["data", "readline", "iterator"])("leaves the rest to a host that reads by %s", async (host) => {
    const { ended, stdin, until } = start(command(1, host), "pipe")
    stdin?.write("a\nb\nthe ")
    await until("restored")
    stdin?.write("host's line\n")
    const said = await ended
    const texts = said.filter((each) => "host" in each).map((each) => each.host).join("")
    assert.strictEqual(texts, "the host's line\n")
    assert.deepStrictEqual(said[0], { block: "a\nb" })
    assert(isRestored(said[1] ?? {}))
  })

  it("leaves later lines to a host, which alone holds the process", async () => {
    const { ended, stdin, until } = start(command(1, "data"), "pipe")
    stdin?.write("a\n")
    await until("restored")
    await quiet()
    stdin?.write("later\n")
    assert.deepStrictEqual((await ended).filter((said) => !isRestored(said)), [{ block: "a" }, { host: "later\n" }])
  })

  it("reads again after it was detached", async () => {
    const { ended, stdin, until } = start(command(1, "again"), "pipe")
    stdin?.write("a\n")
    await until("restored")
    stdin?.write("b\n")
    assert.deepStrictEqual((await ended).filter((said) => !isRestored(said)), [{ block: "a" }, { block: "b" }])
  })
})

const hasPython = spawnSync("python3", ["-c", "import pty, fcntl, termios"]).status === 0

interface Session {
  readonly stdout: string
  readonly screen: string
  readonly code: number | null
  readonly raw: boolean
  readonly restored: boolean
}

/** Runs the program at a terminal of its own and types; a step waits for its marker. */
const type = async (
  [blocks, host]: readonly [number, string],
  steps: ReadonlyArray<readonly [marker: string, text: string]>
) => {
  const { ended, stdin } = start(["python3", terminal, ...command(blocks, host)], "pipe")
  stdin?.end(JSON.stringify(steps))
  const [session] = await ended as unknown as ReadonlyArray<Session>
  assert(session !== undefined)
  return { ...session, said: session.stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)) }
}

describe.skipIf(!hasPython)(
  `attach, to a real terminal${hasPython ? "" : " (skipped: python3 has no pty here)"}`,
  () => {
    for (const length of [4096, 6003, 16_384]) {
      it(`takes a line of ${length} characters whole, in raw mode, and restores the mode`, async () => {
        // Each part names its place, so that a missing one would show.
        const line = Array.from({ length }, (_, index) => index % 8 === 0 ? String(index).padStart(8, "-") : "")
          .join("").slice(0, length)
        const { code, raw, restored, said, screen } = await type([1, "nobody"], [[pasteOn, pasted(line)], [
          line.slice(-8),
          "\r"
        ]])
        assert.deepStrictEqual([code, raw, restored], [0, true, true])
        assert.deepStrictEqual(said[0], { block: length > 200 ? length : line })
        assert(isRestored(said[1]))
        assert.strictEqual(screen.replace(/\r/g, ""), `${pasteOn}${line}\n${pasteOff}`)
      })
    }

    it("restores the mode when nothing was typed, and the process exits by itself", async () => {
      const { code, restored, said, screen } = await type([0, "nobody"], [])
      assert.deepStrictEqual([code, restored, screen], [0, true, pasteOn + pasteOff])
      assert(isRestored(said[0]))
    })

    it("has restored the mode when ^C, ^D or a second block came", async () => {
      const [interrupted, ended, twice] = await Promise.all([
        type([1, "nobody"], [[pasteOn, "ab\u0003"]]),
        type([1, "nobody"], [[pasteOn, "a\u007f\u0004"]]),
        type([2, "nobody"], [[pasteOn, "a\r"], ["block", "b\r"]])
      ])
      assert.deepStrictEqual(interrupted.said[0], { signal: "SIGINT" })
      assert.deepStrictEqual(ended.said, [{ end: true }])
      assert.deepStrictEqual(twice.said.slice(0, 2), [{ block: "a" }, { block: "b" }])
      for (const { code, raw, restored } of [interrupted, ended, twice]) {
        assert.deepStrictEqual([code, raw, restored], [0, true, true])
      }
    })

    it("leaves the terminal to a host that reads lines afterwards", async () => {
      for (const host of ["data", "readline", "iterator"]) {
        const { code, restored, said } = await type([1, host], [[pasteOn, "a\r"], ["restored", "for the host\r"]])
        assert.deepStrictEqual([code, restored], [0, true])
        assert.deepStrictEqual([said[0], said[2]], [{ block: "a" }, { host: "for the host\n" }])
      }
    })
  }
)
