/** Runs the demo as a program, on the runtime that runs this test. */
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", "tsx"]

let store = ""
const children: Array<ChildProcess> = []
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "demo-test-"))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  rmSync(store, { recursive: true, force: true })
})

/** Runs it to its end: its exit code, the summary in the last line of stdout, and what it wrote to stderr. */
const run = async (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [...runtime, "scripts/demo.ts", "--json", ...args], {
    cwd: root,
    // With CI set, no browser is opened on the screen of the person who runs the tests.
    env: { ...process.env, CI: "true", TMPDIR: store },
    stdio: ["ignore", "pipe", "pipe"]
  })
  children.push(child)
  let stdout = ""
  let words = ""
  child.stdout.on("data", (chunk) => stdout += String(chunk))
  child.stderr.on("data", (chunk) => words += String(chunk))
  const [code] = await once(child, "close")
  return { code, summary: JSON.parse(stdout.trim().split("\n").at(-1) ?? ""), words }
}

const complete = { servers: 8, signedIn: 8, toolCalls: 8, distinctPorts: 8, leaked: 0 }
const isTaken = /Port \d+ of (.+) is taken/

interface Kept {
  readonly ports: Readonly<Record<string, number>>
}
const kept = (): Kept => JSON.parse(readFileSync(join(store, "demo-servers.json"), "utf8"))

// Each run starts nine servers. Between two runs another program may take one of their ports.
const slow = { timeout: 120_000, retry: 2 }

describe("npm run demo", () => {
  it("signs in to eight servers, each on a port of its own, and leaves nothing behind", slow, async () => {
    const { code, summary, words } = await run()
    assert.deepStrictEqual({ code, summary }, { code: 0, summary: complete }, words)
    assert.match(
      words,
      /8 of 8 signed in, each on its own port \(8\), 8 tools called, in .* s\. Nothing was left open\./
    )
    assert.match(words, /A wrong paste on the way got: "That is the address of the sign-in page\./)
    assert.deepStrictEqual(readdirSync(store).filter((name) => name.includes("demo")), [])
  })

  it("needs no browser with the store of an earlier run, but for a server whose port was taken", slow, async () => {
    const first = await run("--store", store)
    assert.deepStrictEqual(first.summary, complete, first.words)
    assert.match(first.words, /The same command again needs no browser/)
    const second = await run("--store", store)
    assert.match(second.words, /8 of 8 signed in with what was stored: no browser was needed/)
    assert.deepStrictEqual(second.summary, { ...complete, distinctPorts: 0 })
    assert.strictEqual(second.code, 0)
    if (process.platform !== "win32") {
      for (const name of readdirSync(store, { recursive: true, encoding: "utf8" })) {
        const file = statSync(join(store, name))
        if (/json$/.test(name)) assert.strictEqual(file.mode & 0o777, 0o600, name)
      }
    }

    const { calendar, files } = kept().ports
    const other = createServer().listen(calendar, "127.0.0.1")
    await once(other, "listening")
    const { code, summary, words } = await run("--store", store)
    await new Promise((resolve) => other.close(resolve))
    assert.match(words, isTaken)
    assert.match(words, /calendar has to be signed in to anew/)
    assert.match(words, /8 of 8 signed in, 7 with what was stored, the others each on its own port \(1\)/)
    assert.deepStrictEqual({ code, summary }, { code: 0, summary: { ...complete, distinctPorts: 1 } }, words)
    assert.notStrictEqual(kept().ports["calendar"], calendar)
    assert.strictEqual(kept().ports["files"], files)
  })

  it("says what is wrong with its options", async () => {
    const child = spawn(process.execPath, [...runtime, "scripts/demo.ts", "--store"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"]
    })
    children.push(child)
    let words = ""
    child.stderr.on("data", (chunk) => words += String(chunk))
    const [code] = await once(child, "close")
    assert.strictEqual(code, 1)
    assert.match(words, /^demo: .*--store[^]*\n\nUsage: npm run demo/)
  })
})
