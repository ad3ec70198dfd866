/** Programs of `scripts/soak/programs` as processes of every runtime that is found. */
import { build } from "esbuild"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { type Command, deno, node } from "../commands.ts"

const bun = (): string | undefined =>
  (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "bun")).find(existsSync)

/** The commands of the runtimes that are here, by name; Bun where it is on PATH. */
export const runtimes = (): ReadonlyMap<string, Command> => {
  const [onNode, onBun] = [node(), bun()]
  return new Map<string, Command>([
    ...onNode === undefined ? [] : [["node", [onNode]] as const],
    ["deno", [deno(), "run", "-A", "--quiet", "--no-check"]],
    ...onBun === undefined ? [] : [["bun", [onBun]] as const]
  ])
}

/** Builds a program into one file in the folder, so that it starts quickly everywhere; its path. */
export const bundledInto = async (folder: string, program: string): Promise<string> => {
  const outfile = join(folder, `${program}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    external: ["@napi-rs/keyring"],
    format: "esm",
    logLevel: "silent",
    platform: "node",
    target: "node20"
  })
  return outfile
}
