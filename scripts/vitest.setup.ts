/** Runs in every worker before its test file. Has options compared by what they are, and fails when a run for Deno is executed by Node, or the other way round. */
import * as chai from "chai"
import * as Option from "effect/Option"
import process from "node:process"

const actual = "Deno" in globalThis ? "deno" : "node"
const wanted = process.env.TEST_RUNTIME ?? actual
if (actual !== wanted) throw new Error(`This worker runs ${actual}, and the suite was asked for ${wanted}`)
process.env.TEST_RUNTIME = actual

// Effect's options can be iterated, and chai compares what is iterated: without this `none` deeply equals every `some`.
chai.config.deepEqual = (expected, actual) =>
  chai.util.eql(expected, actual, {
    comparator: (left: unknown, right: unknown) =>
      Option.isOption(left) && Option.isOption(right) && left._tag !== right._tag ? false : null
  })
