/** Which test files say most about a source, the nearest first. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"

const isFile = (name: string) => name.endsWith(".ts")

const filesIn = (root: string, folder: string): ReadonlyArray<string> =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter(isFile).map((file) =>
      `${folder}/${file.replaceAll("\\", "/")}`
    )
    : []

/** What a file imports by a relative path, types left out. */
const importsOf = (root: string, file: string): ReadonlyArray<string> => {
  if (!existsSync(join(root, file))) return []
  const text = readFileSync(join(root, file), "utf8").replace(/^(import|export) type [^"]*"[^"]*"/gm, "")
  return [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) =>
    normalize(join(dirname(file), path)).replaceAll("\\", "/")
  )
}

/**
 * The test files of a source: its own, or else those of its folder that load it; then those of `core` that name it. A
 * source without any of these gets all tests of `core` that load it.
 */
export const nearTests = (root: string, source: string): ReadonlyArray<string> => {
  const folder = dirname(source).replace(/^src/, "test")
  const name = basename(source, ".ts")
  const known = new Map<string, ReadonlyArray<string>>()
  const imports = (file: string) => {
    const found = known.get(file) ?? importsOf(root, file)
    known.set(file, found)
    return found
  }
  const loads = (file: string, seen = new Set<string>()): boolean => {
    if (file === source) return true
    if (seen.has(file)) return false
    seen.add(file)
    return imports(file).some((each) => loads(each, seen))
  }
  const tests = [...new Set([...filesIn(root, folder), ...filesIn(root, "test/core")])].filter((file) =>
    file.endsWith(".test.ts")
  )
  const own = tests.filter((file) => dirname(file) === folder && basename(file).startsWith(`${name}.`))
  const beside = tests.filter((file) => dirname(file) === folder && loads(file))
  const naming = tests.filter((file) => imports(file).includes(source))
  const near = [...new Set([...own, ...own.length === 0 ? beside : [], ...naming])]
  return near.length > 0 ? near : tests.filter((file) => loads(file))
}
