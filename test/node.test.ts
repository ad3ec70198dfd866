/** The whole layer in a process of its own, on the runtime that runs this test: real stdin, real stderr, real exit. */
import { afterEach, assert, describe, it } from "vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as RawClient from "./fixtures/RawClient.ts"

const program = fileURLToPath(new URL("./fixtures/programs/signIn.ts", import.meta.url))
const root = fileURLToPath(new URL("..", import.meta.url))
const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", "tsx"]

interface Running {
  readonly child: ChildProcess
  /** The authorization URL that the program showed. */
  readonly shown: Promise<URL>
  /** What it wrote, and its exit code, once it has ended by itself. */
  readonly ended: Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number | null }>
}

const children: Array<ChildProcess> = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
})

const start = (stdin: "pipe" | "ignore"): Running => {
  // No browser is opened on a machine that says it is in CI.
  const env = { ...process.env, CI: "true" }
  const child = spawn(process.execPath, [...runtime, program], { cwd: root, env, stdio: [stdin, "pipe", "pipe"] })
  children.push(child)
  let stdout = ""
  let stderr = ""
  child.stdout?.on("data", (chunk) => stdout += String(chunk))
  const shown = new Promise<URL>((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      stderr += String(chunk)
      const url = /https:\/\/as\.example\S+/.exec(stderr)?.[0]
      if (url !== undefined && stderr.includes("\n\nIf ")) resolve(new URL(url))
    })
    child.once("close", () => reject(new Error(`it ended early: ${stderr}`)))
  })
  const ended = new Promise<Awaited<Running["ended"]>>((resolve) => {
    child.once("close", (code) => resolve({ stdout, stderr, code }))
  })
  return { child, shown, ended }
}

const answer = (shown: URL, code: string): URL => {
  const url = new URL(shown.searchParams.get("redirect_uri") ?? "")
  url.searchParams.set("state", shown.searchParams.get("state") ?? "")
  url.searchParams.set("code", code)
  return url
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 100))

describe("layer", () => {
  it("reads pastes from stdin, explains wrong ones on stderr, leaves stdout alone, and lets the process end", async () => {
    const { child, ended, shown } = start("pipe")
    const url = await shown
    child.stdin?.write("no address\n")
    await soon()
    const { href } = answer(url, "0123456789")
    child.stdin?.write(`${href.slice(0, -4)}\n${href.slice(-4)}\n`)
    const { code, stderr, stdout } = await ended
    assert.match(stderr, /That is not the address of the page you ended on/)
    assert.match(stderr, /GRANTED 0123456789 paste\n$/)
    assert.strictEqual(stdout, "")
    assert.strictEqual(code, 0)
  })
  for (const how of ["ended", "ignored"] as const) {
    it(`goes on with the redirect when stdin is ${how}`, async () => {
      const { child, ended, shown } = start(how === "ended" ? "pipe" : "ignore")
      const url = await shown
      child.stdin?.end()
      await soon()
      const { pathname, port, search } = answer(url, "redirected")
      assert.strictEqual(RawClient.statusOf(await RawClient.get(Number(port), `${pathname}${search}`)), 200)
      const { code, stderr, stdout } = await ended
      assert.match(stderr, /GRANTED redirected http\n$/)
      assert.strictEqual(stdout, "")
      assert.strictEqual(code, 0)
    })
  }
  it.runIf("Deno" in globalThis)("fails with PermissionDenied where Deno may not listen", async () => {
    const code = `
      import { Effect } from "effect"
      import { CallbackFlow } from "./src/index.ts"
      import { layer } from "./src/node.ts"
      for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
        const opening = Effect.provide(CallbackFlow.run({ host, port: [8976, 0], paste: false }, () => Effect.void), layer)
        console.log(await Effect.runPromise(Effect.match(opening, { onFailure: (e) => e.reason, onSuccess: () => "open" })))
      }`
    for (
      const [permission, expected] of [["", "PermissionDenied ".repeat(3)], [
        "--allow-net=127.0.0.1",
        "open PermissionDenied PermissionDenied "
      ]]
    ) {
      const flags = [
        "run",
        "--no-check",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        "--allow-sys",
        ...(permission === "" ? [] : [permission ?? ""])
      ]
      const child = spawn(process.execPath, [...flags, "--ext=ts", "-"], {
        cwd: root,
        stdio: ["pipe", "pipe", "inherit"]
      })
      children.push(child)
      let stdout = ""
      child.stdout?.on("data", (chunk) => stdout += String(chunk))
      child.stdin?.end(code)
      await new Promise((resolve) => child.once("close", resolve))
      assert.strictEqual(stdout.replaceAll("\n", " "), expected)
    }
  })
  it("signs in though stderr cannot be written", async () => {
    const full = openSync("/dev/full", "w")
    const child = spawn(process.execPath, [...runtime, program, "--answer"], {
      cwd: root,
      env: { ...process.env, CI: "true" },
      stdio: ["ignore", "pipe", full]
    })
    closeSync(full)
    children.push(child)
    const code = await new Promise((resolve) => child.once("close", resolve))
    assert.strictEqual(code, 0)
  })
  it("lets the process end while stdin stays open", async () => {
    const { ended, shown } = start("pipe")
    const { pathname, port, search } = answer(await shown, "redirected")
    await RawClient.get(Number(port), `${pathname}${search}`)
    assert.strictEqual((await ended).code, 0)
  })
})
