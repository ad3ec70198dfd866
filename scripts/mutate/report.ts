/** Figures and survivors, in words. */
import type { Measured, Result } from "./measure.ts"

const count = (results: ReadonlyArray<Result>, ...statuses: ReadonlyArray<Result["status"]>): number =>
  results.filter(({ status }) => statuses.includes(status)).length

/** The figures of some mutants. Those that nobody measured are in no percentage. */
export const row = (name: string, results: ReadonlyArray<Result>): string => {
  const killed = count(results, "killed", "timeout")
  const left = count(results, "survived", "unreached")
  const percent = killed + left === 0 ? "-" : `${(100 * killed / (killed + left)).toFixed(1)} %`
  return `${name}: ${percent} (${results.length} mutants, ${killed} killed, ${
    count(results, "timeout")
  } of them by time, ` +
    `${count(results, "survived")} survived, ${count(results, "unreached")} reached by no test, ` +
    `${count(results, "not measured")} not measured)`
}

/** What no test found, by its line. */
export const survivors = (results: ReadonlyArray<Result>): ReadonlyArray<string> =>
  results.filter(({ status }) => status === "survived" || status === "unreached").map((
    { from, kind, line, status, to }
  ) => `${line} ${kind}${status === "unreached" ? " (unreached)" : ""}: ${from} => ${to}`)

/** The figures of each group, and of all. */
export const table = (all: ReadonlyArray<Measured>, groupOf: (source: string) => string): string => {
  const groups = new Map<string, Array<Result>>()
  for (const { results, source } of all) {
    const group = groupOf(source)
    groups.set(group, [...groups.get(group) ?? [], ...results])
  }
  return [
    ...[...groups].sort().map(([group, results]) => row(group, results)),
    row("all", all.flatMap((each) => each.results))
  ]
    .join("\n")
}
