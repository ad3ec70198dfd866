/**
 * Opening a browser, without a shell, and without waiting for it.
 */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import type { BrowserChoice, Command } from "../../core/terminal/BrowserChoice.ts"
import { placeOf } from "../../core/terminal/Surroundings.ts"
import { mayLoadLibrary, surroundings } from "./ProcessSurroundings.ts"

// An opener that fails does so soon; one that runs longer is the browser itself.
const patienceMillis = 3000

/** Fails when the program ends badly before long. It is watched, not held: neither keeps the other alive. */
const succeeds = (child: ChildProcess): Effect.Effect<void, unknown> =>
  Effect.async<void, unknown>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), patienceMillis)
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
        // Also later: an error that nobody hears is an uncaught exception.
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

/** The system's own way: `open` knows macOS, Windows, WSL, Flatpak and the desktops of Linux. */
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

/** On Deno the library needs every permission there is, and a program of its own that is missing would end the process. */
const runSystem = (url: URL): Effect.Effect<void, unknown> => {
  const { platform } = process
  const library = Effect.suspend(() => mayLoadLibrary() ? byLibrary(url) : Effect.fail("no permission"))
  const isDesktop = platform !== "darwin" && platform !== "win32" && placeOf(surroundings()) !== "wsl"
  return "Deno" in globalThis && isDesktop
    ? Effect.orElse(run({ program: "xdg-open", args: [url.href] }), () => library)
    : library
}

/** Tries each way in order; fails when none works. */
export const open = ({ commands, system }: BrowserChoice, url: URL): Effect.Effect<void, unknown> =>
  [...commands.map(run), ...system ? [runSystem(url)] : []].reduceRight<Effect.Effect<void, unknown>>(
    (others, way) => Effect.orElse(way, () => others),
    Effect.fail("no way is left")
  )
