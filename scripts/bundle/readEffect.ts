/**
 * A module of Effect as it goes into the bundle.
 *
 * Whenever it is loaded, Effect finds out what its runtime is like: it looks into two stack traces, which Deno maps to
 * their sources, and asks `process` for a module, for which Deno loads another one. That is a tenth of a start there. In
 * a bundle for Node, Deno and Bun the answers are known.
 */
import { readFileSync } from "node:fs"

interface Known {
  readonly file: string
  readonly asking: RegExp
  readonly answer: string
}

const known: ReadonlyArray<Known> = [
  // Of what Effect does for its stack traces nothing shows in an error of the entry.
  {
    file: "Utils.js",
    asking: /^export const internalCall = [^;]*;/gm,
    answer: "export const internalCall = (body) => body();"
  },
  {
    file: "internal/effect.js",
    asking: /^const continuationMarksStack = [^]*?^\}\)\(\);/gm,
    answer: "const continuationMarksStack = true;"
  },
  // By this a caller's own function runs in the caller's own asynchronous context.
  {
    file: "internal/effect.js",
    asking: /^const AsyncResource = [^]*?^\}\)\(\);/gm,
    answer: 'import { AsyncResource } from "node:async_hooks";'
  }
]

/**
 * A module with its answers.
 *
 * @param file - Its path in Effect.
 * @throws {Error} when Effect does not ask any more what is answered here.
 */
export const withAnswers = (file: string, code: string): string =>
  known.filter((each) => each.file === file).reduce((code, { answer, asking }) => {
    const times = code.match(asking)?.length ?? 0
    if (times !== 1) throw new Error(`Effect's ${file} has ${times} of what is to become: ${answer}`)
    return code.replace(asking, answer)
  }, code)

/** Reads a module by its path, or one of those that give it other names. */
export const readEffect = (id: string): string =>
  withAnswers(id.replace(/^node_modules\/effect4\/dist\//, ""), readFileSync(id, "utf8"))
