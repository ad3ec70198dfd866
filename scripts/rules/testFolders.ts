/** Tests lie in the folders of what they test. */
import { basename, dirname, join } from "node:path/posix"
import type { Sources } from "./imports.ts"
import type { Problem } from "./Problem.ts"

/** Folders of test whose tests are of no single module of src. */
const apart = /^test\/(fixtures|scripts|laws|scenarios)\//

/** The module that a test is named for: `src/flow/Pkce.ts` for `test/flow/Pkce.secrets.test.ts`. */
const moduleOf = (test: string): string => {
  const [name = ""] = basename(test).split(".")
  return join("src", dirname(test).slice("test/".length), `${name}.ts`)
}

const isTest = (file: string): boolean => file.endsWith(".test.ts") && !apart.test(file)

/**
 * `test/flow/X.test.ts` and `test/flow/X.topic.test.ts` are of the module `src/flow/X.ts`.
 *
 * @param tests - Paths below test, such as `test/flow/Pkce.test.ts`.
 */
export const checkTestFolders = (tests: ReadonlyArray<string>, sources: Sources): ReadonlyArray<Problem> =>
  tests.filter(isTest).filter((test) => !sources.has(moduleOf(test))).map((test) => ({
    file: test,
    use: "test",
    text: `there is no ${moduleOf(test)}. Name it for the module that it tests, in the folder of that module`
  }))

/** Modules of more than 60 lines without a test of their name: to look at, since another test may hold them. */
export const withoutTest = (tests: ReadonlyArray<string>, sources: Sources): ReadonlyArray<string> => {
  const tested = new Set(tests.filter(isTest).map(moduleOf))
  return [...sources].filter(([file, { lines }]) => lines > 60 && !tested.has(file)).map(([file]) => file)
}
