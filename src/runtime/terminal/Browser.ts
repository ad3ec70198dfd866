/**
 * Opens a browser, without a shell, and without waiting until it is closed.
 */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import type { BrowserChoice, Command } from "../../core/terminal/BrowserChoice.ts"
import { placeOf } from "../../core/terminal/Surroundings.ts"
import { mayLoadLibrary, surroundings } from "./ProcessSurroundings.ts"

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
        const child = spawn(program, args, { stdio: "ignore", detached: true, shell: false })
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

/**
 * On Deno the package needs more permissions, and ends the process when its own `xdg-open` is missing: the system's
 * `xdg-open` is tried first.
 */
const runSystem = (url: URL): Effect.Effect<void, unknown> => {
  const { platform } = process
  const library = Effect.suspend(() => mayLoadLibrary() ? byLibrary(url) : Effect.fail("no permission"))
  const isDesktop = platform !== "darwin" && platform !== "win32" && placeOf(surroundings()) !== "wsl"
  return "Deno" in globalThis && isDesktop
    ? Effect.orElse(run({ program: "xdg-open", args: [url.href] }), () => library)
    : library
}

/** Tries each command in order; fails when none works. */
export const open = ({ commands, system }: BrowserChoice, url: URL): Effect.Effect<void, unknown> =>
  [...commands.map(run), ...system ? [runSystem(url)] : []].reduceRight<Effect.Effect<void, unknown>>(
    (next, attempt) => Effect.orElse(attempt, () => next),
    Effect.fail("no browser could be opened")
  )
