/**
 * Signs in to eight MCP servers at once and calls a tool on each. The servers, the authorization server and the
 * stand-in browsers are all in this process, on 127.0.0.1. Nothing remains at the end except the folder of `--store`.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { resolve } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { PasteInput, Presenter } from "../src/index.ts"
import type { FixtureBindError } from "../test/fixtures/LoopbackHttp.ts"
import type { DemoError } from "./demo/DemoError.ts"
import * as Leaks from "./demo/leaks.ts"
import * as People from "./demo/person.ts"
import * as Servers from "./demo/servers.ts"
import { type Services, signInToAll } from "./demo/signIn.ts"
import * as Store from "./demo/store.ts"
import { isComplete, type Row, sentence, summarize, table } from "./demo/table.ts"

const usage = `Usage: npm run demo [-- --json] [-- --browser] [-- --store DIR]

  (nothing)     eight sign-ins at once, six by redirect and two by paste, and a table
  --json        the same, with one JSON object as the last line of stdout
  --browser     eight tabs in your own browser: press "Sign in" on each
  --store DIR   keeps credentials, and what the servers know, in a folder: the next run needs no browser
`

interface Arguments {
  readonly browser: boolean
  readonly json: boolean
  /** Folder for what is kept; without it, a temporary one that is removed at the end. */
  readonly store: string | undefined
}

/** Which user signs in to which server. The two that paste do so in the opposite order. */
const plan: ReadonlyArray<{ readonly server: string; readonly user: string; readonly pastes?: "earlier" | "later" }> = [
  { server: "calendar", user: "ada" },
  { server: "files", user: "alan" },
  { server: "issues", user: "barbara" },
  { server: "mail", user: "edsger" },
  { server: "notes", user: "frances", pastes: "earlier" },
  { server: "photos", user: "grace" },
  { server: "search", user: "ken" },
  { server: "wiki", user: "margaret", pastes: "later" }
]

/** The library's layer for the runtime that runs this program, with its store in a folder. */
const platform = (directory: string): Layer.Layer<Services> =>
  Layer.orDie(Layer.unwrapEffect(Effect.promise(async () => {
    const { layerFile } = "Deno" in globalThis
      ? await import("../src/deno.ts")
      : "Bun" in globalThis
      ? await import("../src/bun.ts")
      : await import("../src/node.ts")
    return layerFile({ appName: "effect-oauth-callback-demo", directory })
  })))

/** Replaces the terminal: pastes come from the demo, and refused ones are reported to it. */
const unattended = (
  pasting: People.Pasting,
  onRefused: (message: string) => void
): Layer.Layer<PasteInput | Presenter> =>
  Layer.merge(
    Layer.succeed(PasteInput, PasteInput.make(pasting.lines)),
    Layer.succeed(Presenter, {
      ...Presenter.none,
      notice: (notice) =>
        Effect.sync(() => {
          if (notice._tag === "PasteRefused") onRefused(notice.message)
        })
    })
  )

/** Starts the servers, signs in to all of them at once, and stops the servers. */
const rows = (
  { browser, store }: Arguments,
  say: (text: string) => void,
  onRefused: (message: string) => void
): Effect.Effect<ReadonlyArray<Row>, DemoError | FixtureBindError> =>
  Effect.scoped(Effect.gen(function* () {
    const directory = yield* Store.folder(store)
    const names = plan.map(({ server }) => server)
    const { authorizationServer, mcp } = yield* Servers.start({ names, directory, keep: store !== undefined, say })
    const pasting = yield* People.pasting
    const visits = yield* Effect.forEach(mcp, (server, index) => {
      const { pastes, user = "you" } = plan[index] ?? {}
      if (browser) return Effect.succeed({ server })
      return Effect.map(pastes === undefined ? People.following(user) : pasting[pastes](user), (person) => ({
        server,
        person
      }))
    })
    const library = platform(directory)
    return yield* Effect.provide(
      signInToAll(visits, authorizationServer.verify),
      browser ? library : Layer.merge(library, unattended(pasting, onRefused))
    )
  }))

/** Aborts on ^C, so that the program is interrupted and its finalizers run. */
const interruptible = async <A>(run: (signal: AbortSignal) => Promise<A>): Promise<A> => {
  const controller = new AbortController()
  const stop = () => controller.abort()
  process.once("SIGINT", stop).once("SIGTERM", stop)
  try {
    return await run(controller.signal)
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop)
  }
}

const main = async (options: Arguments): Promise<void> => {
  const { browser, json, store } = options
  const print = (text: string) => (json ? process.stderr : process.stdout).write(text)
  const complain = (text: string) => {
    process.exitCode = 1
    process.stderr.write(`demo: ${text}\n`)
  }
  print(`Signing in to ${plan.length} MCP servers at once.${browser ? ' Press "Sign in" on each page.' : ""}\n\n`)

  const refused: Array<string> = []
  const leaksSinceThen = await Leaks.watch()
  const start = performance.now()
  // Effect's default logger writes to stdout, whose last line must be the JSON.
  const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
  const program = Effect.provide(rows(options, print, (message) => refused.push(message)), logger)
  const exit = await interruptible((signal) => Effect.runPromiseExit(program, { signal }))
  const millis = performance.now() - start
  const leaks = await leaksSinceThen()

  const done = Exit.isSuccess(exit) ? exit.value : []
  if (Exit.isSuccess(exit)) {
    print(table(done))
    for (const message of refused) print(`\n  A wrong paste on the way got: ${JSON.stringify(message)}\n`)
    print(`\n${sentence(done, leaks.count, millis)}`)
  } else if (Cause.isInterruptedOnly(exit.cause)) complain("interrupted")
  else complain(Cause.prettyErrors(exit.cause).map(({ message }) => message).join("; "))
  for (const { server, problem } of done) if (problem !== undefined) complain(`${server}: ${problem}`)
  if (leaks.count > 0) complain(`left open: ${leaks.kinds}`)
  if (!isComplete(done, leaks.count)) process.exitCode = 1
  else if (store !== undefined && done.some(({ via }) => via !== "store")) {
    print("The same command again needs no browser: all of it is stored.\n")
  }
  if (json) process.stdout.write(`${JSON.stringify(summarize(done, leaks.count))}\n`)
}

const parse = (): Arguments | undefined => {
  try {
    const { browser = false, help = false, json = false, store } = parseArgs({
      options: {
        browser: { type: "boolean" },
        help: { type: "boolean" },
        json: { type: "boolean" },
        store: { type: "string" }
      }
    }).values
    if (store === "") throw new Error("--store needs the name of a folder")
    if (help) process.stdout.write(usage)
    // Relative to the folder where the command was given: npm changes to that of the package.
    const folder = store === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? ".", store)
    return help ? undefined : { browser, json, store: folder }
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

const options = parse()
if (options !== undefined) await main(options)
