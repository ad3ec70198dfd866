/**
 * Makes a folder like that of a user's program: the built package and its dependencies in node_modules, and the programs
 * that are measured, each bundled into one file.
 */
import { build, type Plugin } from "esbuild"
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Command } from "../commands.ts"
import { readJson } from "./children.ts"

const link = (folder: string, name: string, target: string) => {
  const path = join(folder, "node_modules", name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, "junction")
}

const bundle = (folder: string, entryPoints: ReadonlyArray<string>, answers: string) => {
  const captured: Plugin = {
    name: "answers",
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^bench:answers$/ }, ({ path }) => ({ path, namespace: "bench" }))
      onLoad({ filter: /.*/, namespace: "bench" }, () => ({ contents: answers, loader: "json" }))
    }
  }
  return build({
    entryPoints: [...entryPoints],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    logLevel: "error",
    packages: "external",
    plugins: [captured],
    target: "node20",
    // Without the repository's own, which has the package's name mean its sources.
    tsconfigRaw: {}
  })
}

/**
 * Fills the folder. The package is a copy, so that a build at the same time changes nothing.
 *
 * @param packages - Further packages to link, by name.
 * @param command - Runs a program of the folder.
 */
export const prepare = async (
  folder: string,
  packages: ReadonlyMap<string, string>,
  command: (program: string) => Command,
  env: Readonly<Record<string, string>>
): Promise<void> => {
  const own = join(folder, "node_modules", "effect-oauth-callback")
  const npm = JSON.parse(readFileSync("package.json", "utf8"))
  cpSync("dist", join(own, "dist"), { recursive: true })
  cpSync("package.json", join(own, "package.json"))
  writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`)
  for (const name of [...Object.keys({ ...npm.dependencies, ...npm.peerDependencies }), "hono"]) {
    link(folder, name, resolve("node_modules", name))
  }
  for (const [name, target] of packages) link(folder, name, target)
  const programs = readdirSync("scripts/bench/programs").map((name) => `scripts/bench/programs/${name}`)
  const capture = "scripts/bench/programs/capture.mjs"
  await bundle(folder, [capture], "{}")
  const answers = await readJson(command("capture.mjs"), { cwd: folder, env })
  await bundle(folder, programs.filter((path) => path !== capture), JSON.stringify(answers))
}
