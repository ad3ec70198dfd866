/**
 * Feeds hostile input to every reader of text from outside: pasted texts, requests, servers' documents, the terminal, and
 * stored credentials. What must hold of each reader stands in `scripts/fuzz`.
 */
import * as FastCheck from "effect/FastCheck"
import process from "node:process"
import { parse, usage } from "./fuzz/options.ts"
import { targets } from "./fuzz/targets.ts"

const main = (): number => {
  const { help, inputs, only, seconds, seed } = parse(process.argv.slice(2), targets.map(({ name }) => name))
  if (help) {
    console.log(usage)
    return 0
  }
  const chosen = targets.filter(({ name }) => name.includes(only))
  console.log(`seed ${seed}`)
  let failures = 0
  let total = 0
  for (const { name, run } of chosen) {
    // Counted from the first input: to prepare the first of all takes seconds.
    let end: number | undefined
    const { accepted, failure, inputs: drawn, slowest } = run(FastCheck, {
      seed,
      inputs,
      isOver: () => performance.now() > (end ??= performance.now() + seconds * 1000 / chosen.length)
    })
    total += drawn
    console.log(`${name}: ${drawn} inputs, ${accepted} valid, the slowest took ${slowest.toFixed(1)} ms`)
    if (failure !== undefined) {
      failures++
      console.log(
        `  FAILED: ${failure.problem}\n  input: ${
          failure.input.slice(0, 2000)
        }\n  seed ${failure.seed}, path ${failure.path}`
      )
    }
  }
  console.log(`${total} inputs, ${failures} ${failures === 1 ? "failure" : "failures"}`)
  return failures === 0 ? 0 : 1
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
