/** Compiles src to dist, from a clean folder: JavaScript, declarations and source maps; `./promise` is bundled. */
import { rmSync } from "node:fs"
import process from "node:process"
import { writeBundle } from "./bundle.ts"
import { run, tool } from "./commands.ts"

rmSync("dist", { recursive: true, force: true })
const { code } = await run([...tool("typescript/lib/tsc.js"), "--project", "scripts/tsconfig.build.json"], {
  show: true
})
if (code === 0) await writeBundle()
process.exitCode = code
