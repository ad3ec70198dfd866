/** Runs in every worker before its test file. Fails when a run for Deno is executed by Node, or the other way round. */
import process from "node:process"

const actual = "Deno" in globalThis ? "deno" : "node"
const wanted = process.env.TEST_RUNTIME ?? actual
if (actual !== wanted) throw new Error(`This worker runs ${actual}, and the suite was asked for ${wanted}`)
process.env.TEST_RUNTIME = actual
