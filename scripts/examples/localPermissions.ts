/**
 * What `--local` means in leastPermissions.ts: runs that file with the very flags that its header names, with servers of this
 * machine, and then with a flag less.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { browse, folder } from "./localServers.ts"

const recipe = fileURLToPath(new URL("leastPermissions.ts", import.meta.url))
const configuration = fileURLToPath(new URL("../../deno.json", import.meta.url))
// Two names, so that each host has to be granted.
const mcp = new URL((process.env.SERVER_URL ?? "").replace("127.0.0.1", "localhost"))
const issuer = new URL(process.env.ISSUER ?? "")

const commands = readFileSync(recipe, "utf8").match(/(?<= \* +deno run ).*(?= leastPermissions\.ts$)/gm) ?? []
const [first = [], inBrowser = [], later = []] = commands.map((flags) =>
  flags.replace("mcp.example.com", mcp.host).replace("auth.example.com", issuer.host).split(" ")
)

/** A program of this name that goes to the address. */
const writeBrowser = (): void => {
  const program = join(folder, "xdg-open")
  writeFileSync(program, `#!/bin/sh\nexec ${(process.env.BROWSER ?? "").replace("%s", '"$1"')}\n`)
  chmodSync(program, 0o755)
}

const { XDG_CONFIG_HOME: _, ...inherited } = process.env

/** Runs it; the person opens what is shown where no browser does. */
const run = async (cwd = folder, flags: ReadonlyArray<string>, browser = "none"): Promise<string> => {
  mkdirSync(cwd, { recursive: true })
  const args = ["run", "--no-prompt", "--no-check", `--config=${configuration}`, ...flags, recipe, mcp.href]
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...inherited, BROWSER: browser, PATH: `${folder}:${process.env.PATH}`, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let [said, complained, opened] = ["", "", false]
  child.stdout.on("data", (chunk) => said += String(chunk))
  child.stderr.on("data", (chunk) => {
    complained += String(chunk)
    const address = /^http\S+authorize\S+$/m.exec(complained)?.[0]
    if (opened || address === undefined || /Your browser should open/.test(complained)) return
    opened = true
    browse(address)
  })
  await once(child, "close")
  const needed = /No browser opens.*That needs (--allow[^.]*)\./.exec(complained)?.[1]
  const missing = needed === undefined ? /\w+Error/.exec(complained)?.[0] : `but no browser opens without ${needed}`
  return [said.trim(), missing].filter((part) => part).join(", ")
}

/** Runs all, prints what came of it, and ends this process. */
export const measure = async (): Promise<never> => {
  writeBrowser()
  const without = (flags: ReadonlyArray<string>, name: string) => flags.filter((flag) => !flag.startsWith(name))
  const [here, there, elsewhere] = ["here", "there", "elsewhere"].map((name) => join(folder, name))
  const shown = async () => [
    `The first sign-in: ${await run(here, first)}`,
    `A later run: ${await run(here, later)}`,
    `A later run without --allow-read: ${await run(here, without(later, "--allow-read"))}`
  ]
  const opened = async () => [
    `In the browser: ${await run(there, inBrowser, "xdg-open")}`,
    `In the browser without --allow-run: ${await run(elsewhere, without(inBrowser, "--allow-run"), "xdg-open")}`
  ]
  for (const line of (await Promise.all([shown(), opened()])).flat()) console.log(line)
  process.exit()
}
