/** The whole layer in a process of its own, on the runtime that runs this test: real stdin, real stderr, real exit. */
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Texts } from "../src/core/terminal/Texts.ts"
import { bundled, environment } from "./fixtures/LiveTerminal.ts"
import * as RawClient from "./fixtures/RawClient.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

let programs: Awaited<ReturnType<typeof bundled>>
beforeAll(async () => {
  programs = await bundled("signIn", "manyFlows")
})
afterAll(() => programs.remove())

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

// No browser is opened on a machine that says it is in CI.
const env = environment({ CI: "true" })

const start = (stdin: "pipe" | "ignore" | "closed", ...options: ReadonlyArray<string>): Running => {
  const command = [...programs.command("signIn"), ...options]
  const [file = "", ...args] = stdin === "closed" ? ["/bin/sh", "-c", 'exec "$@" <&-', "sh", ...command] : command
  const stdio: StdioOptions = [stdin === "pipe" ? "pipe" : "ignore", "pipe", "pipe"]
  const child = spawn(file, args, { cwd: root, env, stdio })
  children.push(child)
  let stdout = ""
  let stderr = ""
  child.stdout?.on("data", (chunk) => stdout += String(chunk))
  const shown = new Promise<URL>((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      stderr += String(chunk)
      const url = /https:\/\/as\.example\S+(?=\s)/.exec(stderr)?.[0]
      if (url !== undefined) resolve(new URL(url))
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
    assert.include(stderr, Texts.english.pasteReasons.NotAResponse)
    assert.include(stderr, Texts.english.pasteAccepted({ serverName: "as.example", characters: href.length }))
    assert.notInclude(stderr, "\u001b")
    assert.match(stderr, /GRANTED 0123456789 paste\n$/)
    assert.strictEqual(stdout, "")
    assert.strictEqual(code, 0)
  })
  for (const [how, stdin] of [["ended", "pipe"], ["/dev/null", "ignore"], ["closed", "closed"]] as const) {
    it.skipIf(stdin === "closed" && process.platform === "win32")(`goes on when stdin is ${how}`, async () => {
      const { child, ended, shown } = start(stdin)
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
    const [file = "", ...args] = programs.command("signIn")
    const child = spawn(file, [...args, "--answer"], { cwd: root, env, stdio: ["ignore", "pipe", full] })
    closeSync(full)
    children.push(child)
    const code = await new Promise((resolve) => child.once("close", resolve))
    assert.strictEqual(code, 0)
  })
  it.skipIf(process.platform === "win32")(
    "opens as many flows of two sockets as fit, and the others say why",
    async () => {
      // Of 120 descriptors a runtime needs some 30 for itself.
      const child = spawn("sh", ["-c", 'ulimit -n 120; exec "$@" 500', "sh", ...programs.command("manyFlows")], {
        cwd: root,
        env,
        stdio: ["ignore", "pipe", "inherit"]
      })
      children.push(child)
      let stdout = ""
      child.stdout?.on("data", (chunk) => stdout += String(chunk))
      await new Promise((resolve) => child.once("close", resolve))
      const { open = 0, TooManyOpenFiles = 0, ...others } = JSON.parse(stdout)
      assert.deepStrictEqual(others, {})
      assert.strictEqual(open + TooManyOpenFiles, 500)
      assert.isAbove(open, 20)
    }
  )
  // Windows has no SIGSTOP.
  describe.skipIf(process.platform === "win32")("a process that is stopped over its deadline", () => {
    const deadline = 1000
    const stopped = async (arrive: (running: Running, url: URL) => Promise<unknown>) => {
      const running = start("pipe", `--timeout=${deadline}`)
      const url = await running.shown
      // By `child.kill` Deno sends one signal alone.
      const { pid = 0 } = running.child
      process.kill(pid, "SIGSTOP")
      const arrived = arrive(running, url)
      // The deadline is a time; it has to pass.
      await new Promise((resolve) => setTimeout(resolve, deadline + 200))
      process.kill(pid, "SIGCONT")
      await arrived
      return running.ended
    }

    it("takes the answer that a browser sent in the meantime", async () => {
      const { stderr } = await stopped((_running, shown) => {
        const { pathname, port, search } = answer(shown, "redirected")
        return RawClient.get(Number(port), `${pathname}${search}`)
      })
      assert.match(stderr, /GRANTED redirected http\n$/)
    })

    it("takes the address that was pasted in the meantime", async () => {
      const { stderr } = await stopped(({ child }, shown) => {
        child.stdin?.write(`${answer(shown, "0123456789").href}\n`)
        return Promise.resolve()
      })
      assert.match(stderr, /GRANTED 0123456789 paste\n$/)
    })

    it("times out when nothing arrived", async () => {
      const { stderr } = await stopped(() => Promise.resolve())
      assert.match(stderr, /FAILED /)
    })
  })
  it("lets the process end while stdin stays open", async () => {
    const { ended, shown } = start("pipe")
    const { pathname, port, search } = answer(await shown, "redirected")
    await RawClient.get(Number(port), `${pathname}${search}`)
    assert.strictEqual((await ended).code, 0)
  })
})
