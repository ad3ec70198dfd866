/** Runs in every worker before its test file: a suite meant for Deno must not pass on Node unnoticed. */
import process from "node:process"

const actual = "Deno" in globalThis ? "deno" : "node"
const wanted = process.env.TEST_RUNTIME ?? actual
if (actual !== wanted) throw new Error(`This worker runs ${actual}, and the suite was asked for ${wanted}`)
process.env.TEST_RUNTIME = actual
