/** Export and import by real processes: what they print, and how they meet in a pipe. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { open } from "../../src/runtime/FileCredentialStore.ts"
import { bundled } from "../fixtures/LiveTerminal.ts"
import { keep, secretIn } from "../fixtures/secretCredentials.ts"

const key = { serverUrl: "https://mcp.example/mcp" }
const root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "transfer-")))
let programs: Awaited<ReturnType<typeof bundled>>

beforeAll(async () => {
  programs = await bundled("transfer")
})
afterAll(() => {
  programs.remove()
  fs.rmSync(root, { recursive: true })
})

let folders = 0
/** The folder of a store, empty or with a secret. */
const storeFolder = async (secret?: string): Promise<string> => {
  const directory = join(root, String(folders++))
  if (secret !== undefined) {
    await Effect.runPromise(Effect.flatMap(open({ appName: "x", directory }), (store) => keep(store, key, secret)))
  }
  return directory
}
const stored = (directory: string) =>
  Effect.runPromise(Effect.flatMap(open({ appName: "x", directory }), (store) => secretIn(store, key)))

const quoted = (words: ReadonlyArray<string>) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")

/** Runs a line of a shell, in which `transfer` is the program, and gives all that was printed. */
const shell = (
  line: string
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const function_ = `transfer() { ${quoted(programs.command("transfer"))} "$@"; }`
    const child = spawn("sh", ["-c", `${function_}\n${line}`], { stdio: ["ignore", "pipe", "pipe"], cwd: root })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => stdout += String(chunk))
    child.stderr.on("data", (chunk) => stderr += String(chunk))
    child.once("close", (status) => resolve({ status, stdout, stderr }))
  })

describe.skipIf(process.platform === "win32")("a process", () => {
  it("prints no credentials: neither where its output is a pipe, nor where it is a file, by whatever name", async () => {
    const directory = await storeFolder("s3cr3t")
    const own = "/dev/stdout /dev/stderr /dev/fd/1 /dev/fd/2 /proc/self/fd/1 /dev/fd/3"
    const lines = [
      `transfer move ${directory} ${own} 3>&1 | cat`,
      `transfer move ${directory} ${own} out.txt 3>file.txt >out.txt`
    ]
    const ended = await Promise.all(lines.map(shell))
    for (const [at, { stderr, stdout }] of ended.entries()) {
      assert.strictEqual(stderr.split('"reason":"Unwritable"').length - 1, 6 + at, stderr)
      assert.isAtLeast(stderr.split("it is the output of this program").length - 1, 5, stderr)
      assert.notInclude(stdout + stderr, "s3cr3t")
    }
    assert.strictEqual(fs.readFileSync(join(root, "out.txt"), "utf8"), "")
    assert.strictEqual(fs.readFileSync(join(root, "file.txt"), "utf8"), "")
    assert.strictEqual(await stored(directory), "s3cr3t")
  })

  it("hands a sign-in to another one through a pipe of a shell, as to a container", async () => {
    const [from, to] = [await storeFolder("s3cr3t"), await storeFolder()]
    const { status, stderr, stdout } = await shell(
      `transfer move ${from} /dev/fd/3 3>&1 >&2 | transfer import ${to} /dev/stdin`
    )
    assert.strictEqual(status, 0, stderr)
    assert.include(stderr, '"isSignedIn":true')
    assert.notInclude(stdout + stderr, "s3cr3t")
    assert.deepStrictEqual([await stored(from), await stored(to)], [undefined, "s3cr3t"])
  })

  it("hands it to another one through a named pipe, whichever of them comes first", async () => {
    await Promise.all(["export first", "import first"].map(async (order) => {
      const [from, to] = [await storeFolder("s3cr3t"), await storeFolder()]
      const pipe = join(root, order.replace(" ", "-"))
      assert.strictEqual(spawnSync("mkfifo", ["-m", "600", pipe]).status, 0)
      const acts = [`transfer export ${from} ${pipe}`, `transfer import ${to} ${pipe}`]
      const [first, second] = order === "export first" ? acts : [...acts].reverse()
      const { status, stderr, stdout } = await shell(`${first} & ${second} && wait $!`)
      assert.strictEqual(status, 0, stderr)
      assert.notInclude(stdout + stderr, "s3cr3t")
      assert.deepStrictEqual([await stored(from), await stored(to)], ["s3cr3t", "s3cr3t"])
    }))
  })

  it("ends with an error where a pipe of a shell closes empty, or nobody reads it", async () => {
    const [from, to] = [await storeFolder("s3cr3t"), await storeFolder()]
    const empty = await shell(`: | transfer import ${to} /dev/stdin`)
    assert.include(empty.stderr, '"reason":"Damaged"')
    const gone = await shell(`{ transfer move ${from} /dev/fd/3 3>&1 >&2; } | exec 0<&-`)
    assert.match(gone.stderr, /"reason":"Unwritable","code":"(ENXIO|EPIPE)"/)
    assert.strictEqual(await stored(from), "s3cr3t")
  })
})
