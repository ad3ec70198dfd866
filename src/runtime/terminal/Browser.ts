/**
 * Opens a browser, without a shell, and without waiting until it is closed.
 */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { type BrowserChoice, type Command, systemCommands } from "../../core/terminal/BrowserChoice.ts"
import { placeOf } from "../../core/terminal/Surroundings.ts"
import { mayLoadLibrary, mayRun, surroundings } from "./ProcessSurroundings.ts"

/** A program that cannot open a browser fails within this time; one that runs longer is the browser itself. */
const failureMillis = 3000

/** Fails when the program ends with an error in time. Neither this process nor the program keeps the other alive. */
const succeeds = (child: ChildProcess): Effect.Effect<void, unknown> =>
  Effect.async<void, unknown>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), failureMillis)
    timer.unref()
    const onExit = (code: number | null) => {
      clearTimeout(timer)
      resume(code === 0 ? Effect.void : Effect.fail(`exit code ${code}`))
    }
    child.once("exit", onExit)
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode)
    return Effect.sync(() => {
      clearTimeout(timer)
      child.off("exit", onExit)
    })
  })

const run = ({ args, program }: Command): Effect.Effect<void, unknown> =>
  Effect.flatMap(
    Effect.async<ChildProcess, unknown>((resume) => {
      try {
        const child = spawn(program, args, { stdio: "ignore", detached: true, shell: false, windowsHide: true })
        // It stays: an "error" event without a listener would be an uncaught exception.
        child.on("error", (error) => resume(Effect.fail(error)))
        child.once("spawn", () => {
          child.unref()
          resume(Effect.succeed(child))
        })
      } catch (error) {
        resume(Effect.fail(error))
      }
    }),
    succeeds
  )

/** Opens the system's browser: the package `open` knows macOS, Windows, WSL, Flatpak and the desktops of Linux. */
const byLibrary = (url: URL): Effect.Effect<void, unknown> =>
  Effect.flatMap(
    Effect.tryPromise(async () => {
      const { default: open } = await import("open")
      const child = await open(url.href)
      child.on("error", () => {})
      return child
    }),
    succeeds
  )

const inOrder = (attempts: ReadonlyArray<Effect.Effect<void, unknown>>): Effect.Effect<void, unknown> =>
  attempts.reduceRight<Effect.Effect<void, unknown>>(
    (next, attempt) => Effect.orElse(attempt, () => next),
    Effect.fail("no browser could be opened")
  )

/**
 * By the programs of the system, and by the package only where these do not work: it goes through PowerShell on Windows.
 * On Linux, Node takes the package, which brings an `xdg-open` of its own along; on Deno it needs more permissions, and ends
 * the process when that one is missing.
 */
const runSystem = (url: URL): Effect.Effect<void, unknown> => {
  const around = surroundings()
  const isDesktop = around.platform !== "win32" && placeOf(around) !== "wsl"
  const library = Effect.suspend(() => mayLoadLibrary() ? byLibrary(url) : Effect.fail("no permission"))
  const commands = isDesktop && !("Deno" in globalThis) ? [] : systemCommands(around, url).filter(mayRun)
  return inOrder([...commands.map(run), library])
}

/** Tries each command in order; fails when none works. */
export const open = ({ commands, system }: BrowserChoice, url: URL): Effect.Effect<void, unknown> =>
  inOrder([...commands.map(run), ...system ? [runSystem(url)] : []])
