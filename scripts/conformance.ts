/**
 * Runs the official MCP conformance suite against this library, with `conformance/client.ts` as the client under test:
 * everything that both requirement sets ask of a client, and every authorization scenario once more by itself, because
 * only then the suite looks at the client's exit code. The exit code here depends on the scored authorization scenarios.
 */
import { build } from "esbuild"
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { type Command, deno, node, onDeno, withFolder } from "./commands.ts"
import { findNode } from "./conformance/node22.ts"
import { makePlan, revisions, type Task } from "./conformance/plan.ts"
import { isSdk, packages, type Sdk, sdks } from "./conformance/sdks.ts"
import * as Suite from "./conformance/suite.ts"
import { details, isComplete, type Result, type Row, sentence, summarize, table } from "./conformance/table.ts"

const usage = `Usage: npm run conformance [-- --json] [-- --client node|deno|both] [-- --sdk v1|v2|none]

  --client    what the client under test runs on; by default what this runs on. With both, both must pass
  --sdk       the one MCP SDK that the client has and uses, or none: the other cannot be loaded then. By default v1 for
              versions of the protocol up to 2025-11-25, and v2 for those after it
  --json      one JSON object as the last line of stdout, everything else on stderr
`

type Runtime = "node" | "deno"

const clientFile = "scripts/conformance/client.ts"

/** Compiles the client once: Node 20 cannot strip types, and a loader would cost a second at each of a hundred starts. */
const builtClient = async (): Promise<string> => {
  const outfile = "node_modules/.cache/effect-oauth-callback/conformance-client.mjs"
  await build({
    entryPoints: [clientFile],
    outfile,
    bundle: true,
    format: "esm",
    logLevel: "silent",
    packages: "external",
    platform: "node",
    target: "node20"
  })
  return outfile
}

/** Copies the client to a folder that has its packages and one SDK, or none, so that it cannot load another one. */
const isolatedClient = async (sdk: Sdk, folder: string): Promise<string> => {
  const links = ["effect", "open", ...(sdk === "none" ? [] : [packages[sdk].name])]
  for (const name of links) {
    const link = join(folder, "node_modules", name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve("node_modules", name), link, "junction")
  }
  writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`)
  const file = join(folder, "client.mjs")
  copyFileSync(await builtClient(), file)
  return file
}

/** Quotes each part: the suite splits the command at spaces, joins it again and gives it to a shell. */
const commandOf = async (runtime: Runtime, sdk: Sdk | undefined, folder: string): Promise<string> => {
  const program = runtime === "deno" ? deno() : node()
  if (program === undefined) throw new Error("Cannot run the client on Node: it is not on PATH")
  const start: Command = runtime === "deno" ? [program, "run", "-A"] : [program]
  const command: Command = sdk !== undefined
    ? [
      ...start,
      ...(runtime === "deno" ? ["--no-config", "--node-modules-dir=manual"] : []),
      await isolatedClient(sdk, folder),
      sdk
    ]
    : [...start, runtime === "deno" ? clientFile : await builtClient()]
  return command.map((part) => `"${part}"`).join(" ")
}

/** Uses a few items at a time: each scenario starts three processes. */
const each = async <A, B>(all: ReadonlyArray<A>, use: (item: A) => Promise<B>): Promise<ReadonlyArray<B>> => {
  const results: Array<B> = []
  const left = [...all.entries()]
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await use(next[1])
  }
  await Promise.all(Array.from({ length: Math.min(Math.max(availableParallelism(), 2), 8) }, work))
  return results
}

const runClient = (
  suite: Suite.Suite,
  plan: ReadonlyArray<Task>,
  runtime: Runtime,
  sdk: Sdk | undefined,
  note: (text: string) => void
): Promise<ReadonlyArray<Result>> =>
  withFolder(async (root) => {
    const client = sdk === undefined ? runtime : `${runtime} ${sdk}`
    const own = join(root, "client")
    mkdirSync(own)
    const command = await commandOf(runtime, sdk, own)
    const start = performance.now()
    const done = (what: string) => note(`${client}: ${what} (${Math.round((performance.now() - start) / 1000)} s)\n`)
    let folders = 0
    const folder = () => {
      const path = join(root, String(++folders))
      mkdirSync(path)
      return path
    }
    const suites = new Map<string, (task: Task) => Suite.Outcome>()
    for (const revision of revisions) {
      suites.set(revision, await suite.requirements(revision, command, folder()))
      done(`the requirements of ${revision} have run`)
    }
    const singles = await each(
      plan,
      async (task) => task.auth ? await suite.single(task, command, folder()) : undefined
    )
    done(`${singles.filter((outcome) => outcome !== undefined).length} scenarios have run alone`)
    return plan.map((task, index) => ({
      client,
      suite: task.scored === undefined ? undefined : suites.get(task.scored)?.(task),
      single: singles[index]
    }))
  })

const main = async (clients: ReadonlyArray<Runtime>, sdk: Sdk | undefined, json: boolean): Promise<void> => {
  const print = (text: string) => (json ? process.stderr : process.stdout).write(text)
  const start = performance.now()
  const suite = Suite.make(await findNode())
  const plan = await makePlan(suite.list)
  const results: Array<ReadonlyArray<Result>> = []
  for (const client of clients) results.push(await runClient(suite, plan, client, sdk, print))
  const rows = plan.map((task, index): Row => ({ task, results: results.flatMap((all) => all[index] ?? []) }))
  print(table(rows) + details(rows) + sentence(rows, performance.now() - start))
  const summary = summarize(rows)
  if (!isComplete(summary)) process.exitCode = 1
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
}

const complain = (error: unknown) => {
  process.exitCode = 1
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`)
}

const parse = () => {
  try {
    const { values } = parseArgs({
      options: {
        client: { type: "string" },
        help: { type: "boolean" },
        json: { type: "boolean" },
        sdk: { type: "string" }
      }
    })
    const { client = onDeno ? "deno" : "node", help = false, json = false, sdk } = values
    if (client !== "node" && client !== "deno" && client !== "both") throw new Error(`There is no client "${client}"`)
    if (sdk !== undefined && !isSdk(sdk)) throw new Error(`There is no SDK "${sdk}", only ${sdks.join(", ")}`)
    const clients: ReadonlyArray<Runtime> = client === "both" ? ["node", "deno"] : [client]
    return { clients, help, json, sdk }
  } catch (error) {
    complain(error)
    process.stderr.write(`\n${usage}`)
  }
}

const values = parse()
if (values?.help === true) process.stdout.write(usage)
else if (values !== undefined) await main(values.clients, values.sdk, values.json).catch(complain)
