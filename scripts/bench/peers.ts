/** Installs the packages that this one is compared with, in a temporary folder that is kept for the next run. */
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { start } from "./children.ts"

const versions: Readonly<Record<string, string>> = {
  "oauth-callback": "2.2.1",
  "@mastra/mcp": "2.0.0",
  // A peer dependency of @mastra/mcp.
  "@mastra/core": "1.71.0"
}

const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`)
const folder = join(
  tmpdir(),
  `effect-oauth-callback-bench-${wanted.map((text) => text.replace(/\W+/g, "-")).join("_")}`
)
const isWhole = () => existsSync(join(folder, "complete"))

/** Every user can write to the temporary directory: a folder of another user is not run. */
const assertOwn = () => {
  const info = lstatSync(folder)
  const user = process.getuid?.()
  if (!info.isDirectory() || (user !== undefined && info.uid !== user)) {
    throw new Error(`${folder} belongs to another user. Remove it`)
  }
}

const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"]

/** Installs into another folder and moves it, so that an interrupted install is never used. */
const install = async (root: string): Promise<void> => {
  const partial = join(root, "peers")
  mkdirSync(join(partial, "complete"), { recursive: true })
  writeFileSync(join(partial, "package.json"), `{ "private": true, "type": "module" }\n`)
  await start(["npm", "install", ...options, ...wanted], { cwd: partial, limit: 180 }).ended
  if (existsSync(folder)) {
    assertOwn()
    rmSync(folder, { recursive: true, force: true })
  }
  renameSync(partial, folder)
}

/**
 * Paths of the packages by name. Rejects when they cannot be installed.
 *
 * @param root - A temporary folder, to install in.
 */
export const peers = async (root: string, note: (text: string) => void): Promise<ReadonlyMap<string, string>> => {
  if (!isWhole()) {
    note(`installing ${wanted.join(" ")} in ${folder}`)
    await install(root)
  }
  assertOwn()
  return new Map(Object.keys(versions).map((name) => [name, join(folder, "node_modules", name)]))
}
