/**
 * Runs every recipe of `scripts/examples` as a program with `--local`, and compares what it prints with what its header promises.
 * On Node they use the built package by its names, as a stranger's copy does; on Deno the sources, and only those run that differ.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { delimiter, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { makeHome, missingKeyring, openSession } from "../fixtures/GnomeKeyring.ts"
import { findRedis, start } from "../fixtures/RedisServer.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const examples = join(root, "scripts/examples")
const onDeno = "Deno" in globalThis

interface Recipe {
  readonly name: string
  readonly runtime: string
  readonly promised: ReadonlyArray<string>
}

/**
 * What a header says: the program of its `--local` line (`npx tsx` is Node), and the lines below "It prints:". Without `--local` it
 * is a part.
 */
const recipeOf = (name: string): Recipe | undefined => {
  const [header = ""] = readFileSync(join(examples, `${name}.ts`), "utf8").split("*/", 1)
  const lines = header.split("\n").map((line) => line.replace(/^ \* ?/, ""))
  const program = lines.map((line) => /^ +(\w+) .*--local/.exec(line)?.[1]).find((found) => found !== undefined)
  if (program === undefined) return undefined
  const runtime = program === "npx" ? "node" : program
  const rest = lines.slice(lines.indexOf("It prints:") + 2)
  const promised = rest.slice(0, rest.findIndex((line) => !line.startsWith("    "))).map((line) => line.slice(4))
  return { name, runtime, promised }
}

const names = readdirSync(examples).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3))
const recipes = names.flatMap((name) => recipeOf(name) ?? [])

/** Those that differ on Deno: one each with a browser, with requests of `node:http` and with processes. */
const alsoOnDeno = ["asyncAwait", "nodeService", "severalProcesses"]

const bun = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "bun")).find(existsSync)

let built = ""
beforeAll(async () => {
  if (onDeno) return
  assert.isTrue(existsSync(join(root, "dist/promise.js")), "run `npm run build` first")
  built = mkdtempSync(join(root, "dist/recipes-"))
  const { build } = await import("esbuild")
  await build({
    bundle: true,
    entryPoints: names.map((name) => join(examples, `${name}.ts`)),
    format: "esm",
    // `sideEffects: false` of package.json is about the package.
    ignoreAnnotations: true,
    outdir: built,
    platform: "node",
    // Packages stay as they are written, this one too.
    plugins: [{
      name: "packages",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^[^./]/ }, ({ kind }) => kind === "entry-point" ? null : { external: true })
    }],
    splitting: true,
    target: "es2022",
    tsconfigRaw: {}
  })
  copyFileSync(join(examples, "localBrowser.mjs"), join(built, "localBrowser.mjs"))
}, 300_000)

afterAll(() => {
  if (built !== "") rmSync(built, { recursive: true })
})

// Two at a time: that many processors there are.
const waiting: Array<() => void> = []
let running = 0
const inTurn = async <A>(use: () => Promise<A>): Promise<A> => {
  if (running === 2) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await use()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

type Env = Readonly<Record<string, string>>

/** Starts one with `--local`. */
const launch = ({ name, runtime }: Pick<Recipe, "name" | "runtime">, env: Env = {}) => {
  const [program, ...args] = runtime === "bun"
    ? [bun ?? "bun", join(examples, `${name}.ts`)]
    : onDeno
    ? [process.execPath, "run", "-A", "--no-check", join(examples, `${name}.ts`)]
    : [process.execPath, join(built, `${name}.js`)]
  return spawn(program ?? "", [...args, "--local"], { cwd: root, env: { ...process.env, ...env } })
}

/** Waits for its end: its exit code, what it prints, and what is on stderr. */
const end = async (child: ReturnType<typeof launch>) => {
  let [said, complained] = ["", ""]
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => complained += String(chunk))
  const [code] = await once(child, "close")
  return { code, said: said.trim().split("\n"), complained }
}

/** Whether a line is as it was promised: ports differ from run to run, and `…` stands for anything. */
const fits = (line: string | undefined, promised: string): boolean =>
  new RegExp(
    `^${
      promised
        .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
        .replace(/:49152/g, ":\\d+")
        .replace(/…/g, ".*")
    }$`
  ).test(line ?? "")

const holds = (recipe: Recipe, env?: Env): Promise<void> =>
  inTurn(async () => {
    const child = launch(recipe, env)
    child.stdin.end()
    const { code, complained, said } = await end(child)
    const { promised } = recipe
    const isAsPromised = said.length === promised.length && promised.every((line, index) => fits(said[index], line))
    // Shown as a difference only where there is one.
    if (!isAsPromised) assert.deepStrictEqual(said, [...promised], complained)
    assert.strictEqual(code, 0, complained)
  })

const isFor = ({ name, runtime }: Recipe): boolean =>
  onDeno
    ? runtime === "deno" || alsoOnDeno.includes(name)
    : runtime === "node" || (runtime === "bun" && bun !== undefined)

describe.concurrent("the recipes print what their headers say:", () => {
  for (const recipe of recipes.filter(isFor)) {
    if (recipe.name === "keychain") {
      it.skipIf(missingKeyring() !== undefined)("keychain", async () => {
        const home = makeHome()
        const session = await openSession(home, "unlocked")
        try {
          await holds(recipe, session.env)
        } finally {
          await session.close()
          rmSync(home, { recursive: true })
        }
      }, 300_000)
    } else if (recipe.name === "webService") {
      it("webService", async () => {
        const redis = findRedis() === undefined ? undefined : await start()
        try {
          await holds(recipe, redis === undefined ? {} : { REDIS_URL: redis.path })
        } finally {
          await redis?.stop()
        }
      }, 300_000)
    } else it(recipe.name, () => holds(recipe), 300_000)
  }

  it.skipIf(onDeno)("remoteMachine, by a paste where nothing is forwarded", () =>
    inTurn(async () => {
      const child = launch({ name: "remoteMachine", runtime: "node" }, { LOCAL_BROWSER: "none" })
      let shown = ""
      child.stderr.on("data", async (chunk) => {
        const before = shown
        shown += String(chunk)
        const address = /^http\S+authorize\S+\s$/m
        const found = address.exec(shown)?.[0].trim()
        if (found === undefined || address.test(before)) return
        // The person signs in; the browser ends on an address that it cannot reach.
        const { headers } = await fetch(found, { redirect: "manual" })
        child.stdin.write(`${headers.get("location")}\n`)
      })
      const { code, said } = await end(child)
      assert.deepStrictEqual([code, said.at(-1)], [0, "Signed in: true"], shown)
      assert.match(shown, /paste it here, and press Enter/)
    }), 300_000)
})

describe.skipIf(onDeno)("a copy of a recipe", () => {
  const copied = names.filter((name) => !name.startsWith("local"))

  it("is whole without the lines that say --local", async () => {
    const { transform } = await import("esbuild")
    for (const name of copied) {
      const lines = readFileSync(join(examples, `${name}.ts`), "utf8").split("\n")
      const left = lines.filter((line) => !line.includes("--local")).join("\n")
      const given = lines.flatMap((line) => /^import \{(.*)\} from .*--local$/.exec(line)?.[1]?.split(",") ?? [])
      const code = left.replace(/\/\*[^]*?\*\/|\/\/ .*$/gm, "")
      for (const leftOver of [...given.map((each) => `\\b${each.trim()}\\b`), "/local\\w*\\."]) {
        assert.notMatch(code, new RegExp(leftOver), `${name}.ts, without --local`)
      }
      // What is left is still TypeScript.
      await transform(left, { loader: "ts", sourcefile: `${name}.ts`, tsconfigRaw: {} })
    }
  })

  it("says how to install and to run it where it is not imported by another", () => {
    for (const { name, runtime } of recipes) {
      if (runtime !== "node") continue
      const source = readFileSync(join(examples, `${name}.ts`), "utf8")
      assert.match(source, /^ \* {5}npm install effect-oauth-callback.* && npm pkg set type=module$/m, name)
      assert.match(source, new RegExp(`^ \\* {5}.*npx tsx ${name}\\.ts`, "m"), name)
      const [, installed = ""] = /npm install (.*) &&/.exec(source) ?? []
      for (const [, used = ""] of source.matchAll(/^(?:import|\}) .*from "((?:@[^/"]+\/)?[^./:"][^/:"]*)["/]/gm)) {
        assert.include(installed, used, `${name}.ts imports ${used}`)
      }
    }
  })
})

describe.skipIf(onDeno)("the index of the recipes", () => {
  const index = readFileSync(join(examples, "README.md"), "utf8")
  const links = Array.from(index.matchAll(/\]\(([^)#]+)\)/g), ([, target = ""]) => target)

  it("names every recipe and every part of one, and nothing that is not there", () => {
    const files = readdirSync(examples).filter((file) => file !== "README.md" && !file.startsWith("local"))
    assert.deepStrictEqual(files.filter((file) => !links.includes(file)), [])
    assert.deepStrictEqual(links.filter((link) => !existsSync(join(examples, link))), [])
  })

  it("says of each server what yourServer.ts sets, and no more", () => {
    const source = readFileSync(join(examples, "yourServer.ts"), "utf8")
    const rows = new Map(
      Array.from(index.matchAll(/^\| ([A-Z]\w+)[^|]*\|(.*)$/gm), ([, name = "", row = ""]) => [name, row])
    )
    const [, body = ""] = /yourServers[^=]*= \{\n(.*?)\n\}\n/s.exec(source) ?? []
    const entries = Array.from(body.matchAll(/^ {2}(\w+): (.*?)(?=^ {2}\w|$(?![\s\S]))/gms))
    assert.strictEqual(entries.length, 11)
    for (const [, name = "", settings = ""] of entries) {
      const row = rows.get(name) ?? ""
      for (
        const word of [
          "allowIssuerMismatch",
          "allowMissingS256",
          "omitResource",
          "access_type",
          "audience",
          "8976",
          "secret"
        ]
      ) {
        assert.strictEqual(
          row.includes(word),
          settings.replace(/(^| )\/\/ .*$/gm, "").includes(word),
          `${name}: ${word}`
        )
      }
      assert.strictEqual(/by hand/.test(row), settings.includes("byHand"), name)
    }
  })
})
