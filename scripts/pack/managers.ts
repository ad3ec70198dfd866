/** Brings the package managers and runtimes of the install matrix, each from npm in a folder of its own. */
import { mkdirSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { type Command, deno, node, run } from "../commands.ts"
import type { InFolder, Manager, ManagerName } from "./installed.ts"

/** What could be brought. */
export interface Fetched {
  readonly managers: Readonly<Partial<Record<ManagerName, Manager>>>
  /** Programs that run a file, by name: Deno, and for folders that are tried everywhere Node 22 and 24, and Bun. */
  readonly runners: Readonly<Record<string, Command>>
}

/** Where packages come from. */
export interface Registries {
  /** The registry that npm uses. */
  readonly registry: string
  /** One that has the packed package beside everything of the other: see `registry.ts`. */
  readonly own: string
}

const system = `${process.platform}-${process.arch}`

/** Installs a package in a folder of its own, and finds a file in it. */
const bring = async (root: string, name: string, spec: string, file: RegExp): Promise<string | undefined> => {
  const folder = join(root, "tools", name)
  mkdirSync(folder, { recursive: true })
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"]
  const { code } = await run(["npm", "install", "--prefix", folder, ...flags, spec])
  if (code !== 0) return undefined
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .find((path) => file.test(path) && statSync(path).isFile())
}

const bringBun = async (root: string): Promise<string | undefined> => {
  const name = `bun-${system.replace("arm64", "aarch64")}`
  // The second build is for processors without AVX2.
  for (const each of [name, `${name}-baseline`]) {
    const bun = await bring(root, each, `@oven/${each}`, /\/bin\/bun(\.exe)?$/)
    if (bun !== undefined && (await run([bun, "--version"])).code === 0) return bun
  }
  return undefined
}

/** Brings what these folders need. */
export const fetchManagers = async (
  root: string,
  folders: ReadonlyArray<InFolder>,
  registries: Registries
): Promise<Fetched> => {
  const { own, registry } = registries
  const names = new Set(folders.map(({ manager }) => manager))
  const everywhere = folders.some((each) => each.everywhere === true)
  const program = node() ?? "node"
  const onNode = { [`Node ${process.versions.node.split(".")[0]}`]: [program] as const }
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"]
  const managers: Partial<Record<ManagerName, Manager>> = {
    npm: { add: (...packages) => ["npm", "install", ...flags, ...packages], runners: onNode, env: {} }
  }
  const runners: Record<string, Command> = { Deno: [deno(), "run", "-A", "--node-modules-dir=manual"] }
  for (const major of everywhere ? [22, 24] : []) {
    const found = await bring(root, `node${major}`, `node-${system}@${major}`, /\/bin\/node(\.exe)?$/)
    if (found !== undefined) runners[`Node ${major}`] = [found]
  }
  const bun = everywhere || names.has("bun") ? await bringBun(root) : undefined
  if (bun !== undefined) {
    runners["Bun"] = [bun]
    const env = { BUN_CONFIG_REGISTRY: registry, BUN_INSTALL_CACHE_DIR: join(root, "bun-cache") }
    managers.bun = { add: (...packages) => [bun, "add", ...packages], runners: { ...onNode, Bun: [bun] }, env }
  }
  if (names.has("pnpm")) {
    const pnpm = await bring(root, "pnpm", "pnpm@10", /\/pnpm\/bin\/pnpm\.cjs$/)
    const env = { npm_config_registry: registry, npm_config_store_dir: join(root, "pnpm-store") }
    if (pnpm !== undefined) {
      managers.pnpm = { add: (...packages) => [program, pnpm, "add", ...packages], runners: onNode, env }
    }
  }
  if (names.has("yarn") || names.has("yarn PnP")) {
    const yarn = await bring(root, "yarn", "@yarnpkg/cli-dist@4", /\/cli-dist\/bin\/yarn\.js$/)
    const env = {
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_GLOBAL_FOLDER: join(root, "yarn"),
      YARN_ENABLE_TELEMETRY: "0",
      // Else it refuses to write a lock file where the variable CI is set.
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false"
    }
    const add: Manager["add"] = (...packages) => [
      program,
      yarn ?? "yarn",
      "add",
      ...packages.map((each) => each.startsWith("/") ? `effect-oauth-callback@file:${each}` : each)
    ]
    const rc = (linker: string) => ({ ".yarnrc.yml": `nodeLinker: ${linker}\n`, "yarn.lock": "" })
    if (yarn !== undefined) {
      managers.yarn = { add, runners: onNode, env, files: rc("node-modules") }
      const [name = ""] = Object.keys(onNode)
      managers["yarn PnP"] = { add, runners: { [name]: [program, yarn, "node"] }, env, files: rc("pnp") }
    }
  }
  if (names.has("deno")) {
    managers.deno = {
      add: (...packages) => [
        deno(),
        "add",
        ...packages.map((each) => `npm:${each.startsWith("/") ? "effect-oauth-callback" : each}`)
      ],
      runners: { Deno: [deno(), "run", "-A"] },
      env: { NPM_CONFIG_REGISTRY: own, DENO_DIR: join(root, "deno") },
      files: { "deno.json": "{}" }
    }
  }
  return { managers, runners }
}
