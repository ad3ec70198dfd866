/**
 * Runs every recipe of `scripts/examples` as a program with `--local`, and compares what it prints with what its header promises.
 * On Node they use the built package by its names, as a stranger's copy does; on Deno the sources, and only those run that differ.
 */
import { build } from "esbuild"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { findRedis, start } from "../fixtures/RedisServer.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const examples = join(root, "scripts/examples")
const onDeno = "Deno" in globalThis

interface Recipe {
  readonly name: string
  readonly runtime: string
  readonly promised: ReadonlyArray<string>
}

/** What a header says: the runtime of its `--local` line, and the lines below "It prints:". */
const headerOf = (name: string): Recipe | undefined => {
  const [header = ""] = readFileSync(join(examples, `${name}.ts`), "utf8").split("*/", 1)
  const lines = header.split("\n").map((line) => line.replace(/^ \* ?/, ""))
  const runtime = lines.map((line) => /^ +(\w+) .*--local/.exec(line)?.[1]).find((found) => found !== undefined)
  if (runtime === undefined) return undefined
  const rest = lines.slice(lines.indexOf("It prints:") + 2)
  const end = rest.findIndex((line) => !line.startsWith("    "))
  return { name, runtime, promised: rest.slice(0, end).map((line) => line.slice(4)) }
}

const names = readdirSync(examples).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3))
const recipes = names.flatMap((name) => headerOf(name) ?? [])

/** Those that differ on Deno: they have a server, a terminal or processes of their own. */
const forDeno = ["asyncAwait", "leastPermissions", "nodeService", "cluster", "severalProcesses", "proxy", "privateCa"]

let built: string | undefined
beforeAll(async () => {
  if (onDeno) return
  assert.isTrue(existsSync(join(root, "dist/promise.js")), "run `npm run build` first")
  built = mkdtempSync(join(root, "dist/.recipes-"))
  await build({
    bundle: true,
    entryPoints: names.map((name) => join(examples, `${name}.ts`)),
    format: "esm",
    ignoreAnnotations: true,
    outdir: built,
    platform: "node",
    // Packages stay as they are written, this one too.
    plugins: [{
      name: "packages",
      setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ kind }) => kind === "entry-point" ? null : { external: true })
    }],
    splitting: true,
    target: "es2022",
    tsconfigRaw: {}
  })
  copyFileSync(join(examples, "localBrowser.mjs"), join(built, "localBrowser.mjs"))
}, 60_000)

afterAll(() => built === undefined ? undefined : rmSync(built, { recursive: true }))

/** Runs one to its end: its exit code, what it prints, and what is on stderr. */
const run = async (name: string, env: Readonly<Record<string, string>> = {}) => {
  const program = built === undefined
    ? ["run", "-A", "--no-check", join(examples, `${name}.ts`)]
    : [join(built, `${name}.js`)]
  const child = spawn(process.execPath, [...program, "--local"], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let [said, complained] = ["", ""]
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => complained += String(chunk))
  const [code] = await once(child, "close")
  return { code, said, complained }
}

/** Ports differ from run to run. */
const withoutPorts = (text: string): string => text.replace(/(127\.0\.0\.1|localhost):\d+/g, "$1:PORT")

const holds = async ({ name, promised }: Recipe, env?: Readonly<Record<string, string>>): Promise<void> => {
  const { code, complained, said } = await run(name, env)
  assert.deepStrictEqual(withoutPorts(said).trim().split("\n"), promised.map(withoutPorts), complained)
  assert.strictEqual(code, 0, complained)
}

const here = recipes.filter(({ name, runtime }) => onDeno ? forDeno.includes(name) : runtime === "node")

describe.concurrent("the recipes print what their headers say:", () => {
  for (const recipe of here) it(recipe.name, () => holds(recipe), 60_000)
})
