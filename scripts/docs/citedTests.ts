/**
 * The tests that a document cites: a list item of a path and the names of tests in that file.
 *
 *     - `test/core/Rule.test.ts`: "refuses what is wrong", "keeps what is right"
 */

const item = /^ *- `(test\/[^`]+)`: ([^\n]*(?:\n +(?!- )[^\n]*)*)/gm
const oneLine = (text: string): string => text.replace(/\s+/g, " ")

/** Every name begins a string of its file: names with a `${…}` are cited up to that. */
const isIn = (source: string, name: string): boolean => ['"', "'", "`"].some((quote) => source.includes(quote + name))

/** The names that their files do not have. */
export const problems = (file: string, text: string, read: (path: string) => string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const [, path = "", cited = ""] of text.matchAll(item)) {
    let source: string
    try {
      source = oneLine(read(path))
    } catch {
      found.push(`${file}: there is no ${path}`)
      continue
    }
    const names = [...cited.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => oneLine(name))
    if (names.length === 0) found.push(`${file}: name the tests of ${path} that are meant`)
    for (const name of names) if (!isIn(source, name)) found.push(`${file}: ${path} has no test "${name}"`)
  }
  return found
}
