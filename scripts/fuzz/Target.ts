/** What the fuzzer runs: inputs of one reader of text from outside, and what must hold for each of them. */
import type * as FastCheck from "effect/FastCheck"

/** One reader under test. */
export interface Target {
  readonly name: string
  /** Draws inputs, and runs `check` on each until one throws or `isOver` says so. */
  readonly run: (fc: typeof FastCheck, limits: Limits) => Result
}

/** How long a target runs, and which inputs it draws. */
export interface Limits {
  readonly seed: number
  readonly inputs: number
  readonly isOver: () => boolean
}

/** How a target ended. */
export interface Result {
  readonly inputs: number
  /** How many were valid input, so that it can be seen that not all are refused at the first look. */
  readonly accepted: number
  /** Milliseconds that the slowest input took. */
  readonly slowest: number
  readonly failure?: Failure
}

/** An input that breaks what must hold, as small as it could be made. */
export interface Failure {
  readonly seed: number
  readonly path: string
  readonly input: string
  readonly problem: string
}

/**
 * A target.
 *
 * @param inputs - The inputs.
 * @param check - Throws when something does not hold. Returns whether the input was valid.
 */
export const make = <A>(
  name: string,
  inputs: (fc: typeof FastCheck) => FastCheck.Arbitrary<A>,
  check: (input: A) => boolean
): Target => ({
  name,
  run: (fc, { inputs: most, isOver, seed }) => {
    let [drawn, accepted, slowest] = [0, 0, 0]
    const property = fc.property(inputs(fc), (input) => {
      // While it makes a failing input smaller it is never over.
      if (isOver() && !hasFailed) return fc.pre(false)
      const start = performance.now()
      try {
        if (check(input)) accepted++
      } catch (error) {
        hasFailed = true
        throw error
      }
      drawn++
      slowest = Math.max(slowest, performance.now() - start)
    })
    let hasFailed = false
    let round = 0
    while (drawn < most && !isOver()) {
      const numRuns = Math.min(1000, most - drawn)
      const details = fc.check(property, { seed: seed + round++, numRuns, maxSkipsPerRun: 0 })
      if (hasFailed) {
        const { counterexample, counterexamplePath, errorInstance } = details
        return {
          inputs: drawn,
          accepted,
          slowest,
          failure: {
            seed: details.seed,
            path: counterexamplePath ?? "",
            input: fc.stringify(counterexample?.[0]),
            problem: String(errorInstance)
          }
        }
      }
    }
    return { inputs: drawn, accepted, slowest }
  }
})
