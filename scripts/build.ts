/** Compiles src to dist: JavaScript, declarations and source maps, from a clean folder. */
import { rmSync } from "node:fs"
import process from "node:process"
import { run, tool } from "./commands.ts"

rmSync("dist", { recursive: true, force: true })
const { code } = await run([...tool("typescript/lib/tsc.js"), "--project", "scripts/tsconfig.build.json"], {
  show: true
})
process.exitCode = code
