/**
 * Builds dist from a clean folder: JavaScript of the entries that run on their user's Effect (scripts/pack/javascript.ts),
 * `./promise` with an Effect of its own (bundle.ts), and declarations. `dist/modules.json`, which is not in the package,
 * says which sources are in which file.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { bundle } from "./bundle.ts"
import { run, tool, withFolder } from "./commands.ts"
import { declarations } from "./pack/declarations.ts"
import { type Built, javascript } from "./pack/javascript.ts"

const write = (files: Built["files"]) => {
  for (const [file, text] of files) {
    mkdirSync(dirname(join("dist", file)), { recursive: true })
    writeFileSync(join("dist", file), text)
  }
}

process.exitCode = await withFolder(async (folder) => {
  const compiler = run([
    ...tool("typescript/lib/tsc.js"),
    "--project",
    "scripts/tsconfig.build.json",
    "--outDir",
    folder
  ])
  const [own, promise, { code, output }] = await Promise.all([javascript(), bundle(), compiler])
  if (code !== 0) {
    console.error(output)
    return code
  }
  const types = await declarations(folder)
  rmSync("dist", { recursive: true, force: true })
  write(own.files)
  write(promise.files)
  write(types)
  writeFileSync("dist/modules.json", `${JSON.stringify({ ...own.modules, ...promise.modules }, null, 2)}\n`)
  return 0
})
