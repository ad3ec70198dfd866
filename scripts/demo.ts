/**
 * Signs in to eight MCP servers at once and calls a tool on each. The servers, the authorization server and the people
 * with their browsers are all in this process, on 127.0.0.1, and all of it is gone at the end.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import process from "node:process"
import { parseArgs } from "node:util"
import { type CallbackServer, PasteInput, Presenter } from "../src/index.ts"
import * as AuthorizationServer from "../test/fixtures/AuthorizationServer.ts"
import type { FixtureBindError } from "../test/fixtures/LoopbackHttp.ts"
import * as McpServer from "../test/fixtures/McpServer.ts"
import * as Leaks from "./demo/leaks.ts"
import * as People from "./demo/person.ts"
import { isComplete, type Row, sentence, summarize, table } from "./demo/table.ts"
import { visit } from "./demo/visit.ts"

const usage = `Usage: npm run demo [-- --json] [-- --browser]

  (nothing)   eight sign-ins at once, six by redirect and two by paste, and a table
  --json      the same, with one JSON object as the last line of stdout
  --browser   eight tabs in your own browser: press "Sign in" on each
`

type Services = CallbackServer | PasteInput | Presenter

/** Who signs in to what. The addresses of the two that paste are pasted in the wrong order. */
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

/** The library's layer for the runtime this program happens to run on. */
const platform: Layer.Layer<Services> = Layer.unwrapEffect(Effect.promise(async () => {
  if ("Deno" in globalThis) return (await import("../src/deno.ts")).layer
  if ("Bun" in globalThis) return (await import("../src/bun.ts")).layer
  return (await import("../src/node.ts")).layer
}))

/** A host that owns its input and shows its own URLs: nobody is at the terminal. */
const unattended = (hand: People.PastingHand, onNotice: (message: string) => void): Layer.Layer<Services> =>
  Layer.mergeAll(
    platform,
    Layer.succeed(PasteInput, PasteInput.make(hand.lines)),
    Layer.succeed(Presenter, {
      ...Presenter.none,
      notice: (notice) =>
        Effect.sync(() => {
          if (notice._tag === "PasteRefused") onNotice(notice.message)
        })
    })
  )

/** Starts the servers, signs in to all of them at once, and stops the servers. */
const rows = (
  hand?: People.PastingHand
): Effect.Effect<ReadonlyArray<Row>, FixtureBindError, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const authorizationServer = yield* AuthorizationServer.make()
    const visits = yield* Effect.forEach(plan, ({ server: name, user, pastes }) =>
      Effect.gen(function* () {
        const server = yield* McpServer.make({ name, authorizationServer })
        const person = hand === undefined
          ? undefined
          : yield* (pastes === undefined ? People.following(user) : hand[pastes](user))
        return visit(server, authorizationServer.verify, person)
      }))
    return yield* Effect.all(visits, { concurrency: "unbounded" })
  }))

const main = async ({ browser, json }: { readonly browser: boolean; readonly json: boolean }): Promise<void> => {
  const print = (text: string) => (json ? process.stderr : process.stdout).write(text)
  const complain = (text: string) => {
    process.exitCode = 1
    process.stderr.write(`demo: ${text}\n`)
  }
  print(`Signing in to ${plan.length} MCP servers at once.${browser ? ' Press "Sign in" on each page.' : ""}\n\n`)

  const refused: Array<string> = []
  const program = browser ? Effect.provide(rows(), platform) : Effect.flatMap(
    People.pastingHand,
    (hand) => Effect.provide(rows(hand), unattended(hand, (message) => refused.push(message)))
  )
  const leaksSinceThen = await Leaks.watch()
  const start = performance.now()
  // Effect's own logger writes to stdout, whose last line is promised to be JSON.
  const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
  const exit = await Effect.runPromiseExit(Effect.provide(program, logger))
  const millis = performance.now() - start
  const leaks = await leaksSinceThen()

  const done = Exit.isSuccess(exit) ? exit.value : []
  const summary = summarize(done, leaks.count)
  if (Exit.isSuccess(exit)) {
    print(table(done))
    for (const message of refused) print(`\n  A wrong paste on the way got: ${JSON.stringify(message)}\n`)
    print(`\n${sentence(summary, millis)}`)
  } else complain(Cause.prettyErrors(exit.cause).map(({ message }) => message).join("; "))
  for (const { server, problem } of done) if (problem !== undefined) complain(`${server}: ${problem}`)
  if (leaks.count > 0) complain(`left open: ${leaks.kinds}`)
  if (!isComplete(summary)) process.exitCode = 1
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
}

const parse = () => {
  try {
    return parseArgs({
      options: { browser: { type: "boolean" }, help: { type: "boolean" }, json: { type: "boolean" } }
    }).values
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

const values = parse()
if (values?.help === true) process.stdout.write(usage)
else if (values !== undefined) await main({ browser: values.browser === true, json: values.json === true })
