/**
 * Adds to package-lock.json the optional packages for other systems that npm left out.
 *
 * npm leaves out packages that its registry does not have, and `npm ci` then refuses the lock file. Run this after
 * `npm install` changed the lock file; check-exports says when it is needed.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { forSystem, missingOptional } from "./lock.ts"

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"))
const missing = missingOptional(lock)
for (const each of missing) lock.packages[`node_modules/${each.name}`] = forSystem(each)

const { "": root, ...packages } = lock.packages
const sorted = Object.entries(packages).sort(([a], [b]) => a < b ? -1 : 1)
lock.packages = { "": root, ...Object.fromEntries(sorted) }
if (missing.length > 0) writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`)
console.error(`${missing.length} packages added to package-lock.json`)
