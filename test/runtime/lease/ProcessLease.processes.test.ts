/** Real processes, of every runtime that is found. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, type Scope } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { kill } from "node:process"
import { createInterface } from "node:readline"
import { deno, run } from "../../../scripts/commands.ts"
import { soakLease } from "../../../scripts/soak/lease.ts"
import { bundledInto, runtimes } from "../../../scripts/soak/runtimes.ts"
import { at } from "../../../src/runtime/lease/ProcessLease.ts"
import type { TurnHolder } from "../../../src/services/CredentialStore.ts"
import { leaseFolder, leftIn } from "../../fixtures/LeaseFolder.ts"

const name = "https://mcp.example/"
const programs = fs.mkdtempSync(join(tmpdir(), "lease-programs-"))
let [program, unpermitted] = ["", ""]
beforeAll(async () => {
  program = await bundledInto(programs, "holdLease")
  unpermitted = await bundledInto(programs, "countFiles")
})
afterAll(() => fs.rmSync(programs, { recursive: true }))

interface Said extends Partial<TurnHolder> {
  readonly event: string
  readonly message?: string
}

interface Child {
  readonly pid: number
  /** The next event; fails the test when it is another. */
  readonly next: (event: string) => Effect.Effect<Said>
  /** The next event of that name. */
  readonly until: (event: string) => Effect.Effect<Said>
  readonly say: (line: string) => Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly exited: Effect.Effect<void>
}

const start = (runtime: string, folder: string): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function* () {
    const [file, ...args] = runtimes().get(runtime) ?? [""]
    const events = yield* Queue.unbounded<Said>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(file, [...args, program, folder, name], { stdio: ["pipe", "pipe", "inherit"] })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const exit = new Promise<void>((resolve) => child.on("exit", () => resolve()))
    child.stdin.on("error", () => {})
    createInterface({ input: child.stdout }).on("line", (line) => void Queue.unsafeOffer(events, JSON.parse(line)))
    return {
      pid: child.pid ?? 0,
      next: (event) =>
        Effect.tap(Queue.take(events), (said) => assert.strictEqual(said.event, event, JSON.stringify(said))),
      until: (event) => Effect.repeat(Queue.take(events), { until: (said) => said.event === event }),
      say: (line) => Effect.sync(() => void child.stdin.write(`${line}\n`)),
      // Not by the child: Deno sends none after the first.
      kill: (signal) => Effect.sync(() => void kill(child.pid ?? 0, signal)),
      exited: Effect.promise(() => exit)
    }
  })

describe("a lease among processes", () => {
  it.scopedLive(
    "goes to one who waits when its holder is killed, in every order of runtimes",
    () =>
      Effect.gen(function* () {
        const names = [...runtimes().keys()]
        yield* Effect.forEach(names, (holding, index) =>
          Effect.scoped(Effect.gen(function* () {
            const folder = yield* leaseFolder
            const holder = yield* start(holding, folder)
            yield* holder.next("asks")
            yield* holder.next("holds")
            const waiter = yield* start(names[(index + 1) % names.length] ?? "", folder)
            yield* waiter.next("asks")
            const { pid, told } = yield* waiter.next("waits")
            assert.deepStrictEqual({ pid, told }, { pid: holder.pid, told: undefined })
            yield* holder.say("tell https://as.example/authorize")
            assert.strictEqual((yield* waiter.next("waits")).told, "https://as.example/authorize")
            const heard = yield* Queue.unbounded<TurnHolder>()
            const here = yield* Effect.fork(Effect.scoped(
              at(folder).exclusively(name, {
                onHolder: (who) => void Queue.unsafeOffer(heard, who)
              })
            ))
            assert.strictEqual((yield* Queue.take(heard)).pid, holder.pid)
            assert.strictEqual((yield* Queue.take(heard)).told, "https://as.example/authorize")
            // One of the two who wait has it, and then the other, who may hear of the first.
            yield* holder.kill("SIGKILL")
            yield* waiter.until("holds")
            yield* waiter.say("release")
            yield* Fiber.join(here)
            yield* waiter.next("released")
            yield* waiter.exited
            assert.deepStrictEqual(leftIn(folder), [])
          })))
      }),
    90_000
  )

  it.scopedLive("that a stopped process has is waited for, and its number is heard", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const [runtime = ""] = runtimes().keys()
      const holder = yield* start(runtime, folder)
      yield* holder.next("asks")
      yield* holder.next("holds")
      yield* holder.kill("SIGSTOP")
      const heard = yield* Queue.unbounded<TurnHolder>()
      const fiber = yield* Effect.fork(Effect.scoped(
        at(folder).exclusively(name, {
          onHolder: (who) => void Queue.unsafeOffer(heard, who)
        })
      ))
      assert.deepStrictEqual(yield* Queue.take(heard), { pid: holder.pid, told: undefined })
      yield* holder.kill("SIGCONT")
      yield* holder.say("release")
      yield* Fiber.join(fiber)
    }), 90_000)

  it.scopedLive("needs --allow-net on Deno, and is of the process alone without", () =>
    Effect.gen(function* () {
      const counts = yield* Effect.forEach(["--allow-net", "--allow-net=127.0.0.1"], (permission) =>
        Effect.flatMap(leaseFolder, (folder) =>
          Effect.promise(() =>
            run([
              deno(),
              "run",
              "--quiet",
              "--no-check",
              permission,
              `--allow-read=${programs},${folder}`,
              `--allow-write=${folder}`,
              unpermitted,
              folder
            ])
          )))
      assert.deepStrictEqual(
        counts.map(({ output }) =>
          output.trim().split("\n")
        ),
        [["2", "3"], ["0", "0"]]
      )
    }), 90_000)

  it("is never had by two, while processes of all runtimes are killed", async () => {
    const { failures, overlaps, runtimes: found, turns } = await soakLease({ seconds: 3, processes: 4 })
    assert.deepStrictEqual({ failures, overlaps }, { failures: [], overlaps: 0 })
    assert.isAbove(turns, 3)
    if (!("Deno" in globalThis)) assert.includeMembers([...found], ["node", "deno"])
  }, 90_000)
})
