import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { maxPasteLength } from "../../../src/core/paste/PasteLength.ts"
import { pause } from "../../fixtures/FakeTerminal.ts"
import { bundled } from "../../fixtures/LiveTerminal.ts"

let programs: Awaited<ReturnType<typeof bundled>>

beforeAll(async () => {
  programs = await bundled("readBlocks")
})

afterAll(() => programs.remove())

const command = (...acts: ReadonlyArray<string>) => [...programs.command("readBlocks"), ...acts]

const children: Array<ChildProcess> = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
})

type Said = Readonly<Record<string, unknown>>

const start = ([file = "", ...args]: ReadonlyArray<string>, stdin: StdioOptions) => {
  const child = spawn(file, args, { stdio: [stdin, "pipe", "pipe"] as StdioOptions })
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
    child,
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
    /** All it said, once it has ended by itself; that stdin was found and left alike only where it was not. */
    ended: new Promise<ReadonlyArray<Said>>((resolve, reject) => {
      child.once("close", (code) => {
        if (code !== 0) return reject(new Error(`exit code ${code}: ${stderr}`))
        const said: ReadonlyArray<Said> = stdout.split("\n").filter((line) => line !== "").map((line) =>
          JSON.parse(line)
        )
        resolve(said.filter((each) => each.restored !== true && !("reading" in each) && !("listening" in each)))
      })
    })
  }
}

const block = (block: string) => ({ block, typed: 0 })

describe("attach, to stdin of a process", () => {
  it("gives what was piped, then the end, and lets the process exit", async () => {
    const { ended, stdin } = start(command("read:9"), "pipe")
    stdin?.end("a\nb")
    assert.deepStrictEqual(await ended, [block("a\nb"), { end: true }])
  })

  it("says of /dev/null and of an empty pipe that it ended", async () => {
    const empty = start(command("read:9"), "pipe")
    empty.stdin?.end()
    const none = start(command("read:9"), "ignore")
    assert.deepStrictEqual(await Promise.all([empty.ended, none.ended]), [[{ end: true }], [{ end: true }]])
  })

  it.skipIf(process.platform === "win32")("says of a closed stdin that it ended", async () => {
    const { ended } = start(["/bin/sh", "-c", 'exec "$@" <&-', "sh", ...command("read:9")], "ignore")
    assert.deepStrictEqual(await ended, [{ end: true }])
  })

  it("reads a file to its end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "line-reader-"))
    const file = join(folder, "pasted.txt")
    writeFileSync(file, `a\n${"b".repeat(100_000)}`)
    const descriptor = openSync(file, "r")
    try {
      const { ended } = start(command("read:9"), descriptor as unknown as StdioOptions)
      // A busy machine may read it in two blocks.
      const said = await ended
      const text = said.flatMap((each) => "block" in each ? [each.block] : []).join("\n")
      assert.deepStrictEqual([text, said.at(-1)], [`a\n${"b".repeat(maxPasteLength + 1)}`, { end: true }])
    } finally {
      closeSync(descriptor)
      rmSync(folder, { recursive: true })
    }
  })

  it("lets the process exit while stdin stays open, whether something came or not", async () => {
    const silent = start(command("read:0"), "pipe")
    const spoken = start(command("read"), "pipe")
    spoken.stdin?.write("a\nrest")
    assert.deepStrictEqual(await Promise.all([silent.ended, spoken.ended]), [[], [block("a")]])
  })

  it("leaves the rest to a host, however it reads, also one that begins in the very call that leaves it", async () => {
    const hosts = [["stdin", "lines"], ["stdin", "question"], ["stdin", "iterator"], ["inside:iterator"]]
    const sessions = hosts.map(async (acts) => {
      const { ended, stdin, until } = start(command(...acts, "exit"), "pipe")
      stdin?.write("a\nb\nthe ")
      await until("text")
      stdin?.write("host's line\n")
      const [first, ...others] = await ended
      return [first, others.map((said) => said.host ?? "").join("").trim()]
    })
    for (const said of await Promise.all(sessions)) assert.deepStrictEqual(said, [{ text: "a\nb" }, "the host's line"])
  })

  it("leaves later lines to a host, which alone holds the process", async () => {
    const { ended, stdin, until } = start(command("read", "lines", "exit"), "pipe")
    stdin?.write("a\n")
    await until("listening")
    await pause(80)
    stdin?.write("later\n")
    assert.deepStrictEqual(await ended, [block("a"), { host: "later\n" }])
  })

  it("leaves a prompt usable that was closed or paused before", async () => {
    const sessions = [["question", "stdin", "question"], ["open", "stdin", "reopen"]].map(async (acts) => {
      const { ended, stdin, until } = start(command(...acts), "pipe")
      await until("asked")
      stdin?.write("one\n")
      await until("reading")
      stdin?.write("a\n")
      await until("restored")
      stdin?.write("two\n")
      return (await ended).filter((said) => !("asked" in said))
    })
    for (const said of await Promise.all(sessions)) {
      assert.deepStrictEqual(said, [{ host: "one" }, { text: "a" }, { host: "two" }])
    }
  })

  it("gives way to a host that begins to read meanwhile, with what was not given yet, and reads on afterwards", async () => {
    const sessions = [["during:question"], ["open", "during:reopen"]].map(async (acts) => {
      const { child, ended, stdin, until } = start(command(...acts), "pipe")
      if (acts.length > 1) {
        await until("asked")
        stdin?.write("one\n")
      }
      await until("reading")
      stdin?.write("a\nmi")
      await until("text")
      // Not `child.kill`, which on Deno closes the pipe as well.
      process.kill(child.pid ?? 0, "SIGURG")
      await until("givenWay")
      stdin?.write("ne\n")
      await until("again")
      stdin?.write("b\n")
      return (await ended).filter((said) => !("asked" in said) && !("restored" in said))
    })
    const [fresh, paused] = await Promise.all(sessions)
    const said = [{ text: "a" }, { givenWay: true }, { host: "mine" }, { again: true }, { text: "b" }]
    assert.deepStrictEqual(fresh, said)
    assert.deepStrictEqual(paused, [{ host: "one" }, ...said])
  })

  it("reads again after it was detached", async () => {
    const { ended, stdin, until } = start(command("read", "read"), "pipe")
    stdin?.write("a\n")
    await until("restored")
    stdin?.write("b\n")
    assert.deepStrictEqual(await ended, [block("a"), block("b")])
  })
})
