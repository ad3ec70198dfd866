/**
 * The output of a conformance run as pure functions of its results.
 */
import { type Revision, revisions, type Task } from "./plan.ts"
import type { Outcome } from "./suite.ts"

/** The outcomes of a task with one client: in the suite, by itself, or both. */
export interface Result {
  readonly client: string
  readonly suite?: Outcome | undefined
  readonly single?: Outcome | undefined
}

/** A task with all of its results. */
export interface Row {
  readonly task: Task
  readonly results: ReadonlyArray<Result>
}

/** What `--json` prints: the scored authorization scenarios of each revision. */
export type Summary = Readonly<Record<Revision, { readonly passed: number; readonly total: number }>>

const outcomes = ({ suite, single }: Result): ReadonlyArray<Outcome> =>
  [suite, single].flatMap((outcome) => outcome ?? [])

/** A row passes when it passed with every client in each way it was run. */
const isPassed = ({ results }: Row): boolean =>
  results.length > 0 && results.every((result) => outcomes(result).every(({ passed }) => passed))

/** Counts the scored authorization scenarios, on which the exit code depends. */
export const summarize = (rows: ReadonlyArray<Row>): Summary => {
  const count = (revision: Revision) => {
    const scored = rows.filter(({ task }) => task.auth && task.scored === revision)
    return { passed: scored.filter(isPassed).length, total: scored.length }
  }
  return Object.fromEntries(revisions.map((revision) => [revision, count(revision)])) as Record<
    Revision,
    ReturnType<typeof count>
  >
}

/** Whether all scored authorization scenarios passed. */
export const isComplete = (summary: Summary): boolean =>
  revisions.every((revision) => summary[revision].total > 0 && summary[revision].passed === summary[revision].total)

const groupOf = ({ auth, scored, version, forced }: Task): string => {
  if (scored === undefined) return `Beyond the requirements: ${version}${forced ? ", of a later revision" : ""}`
  return auth ? `${scored}: authorization, scored` : `${scored}: not about authorization, shown only`
}

/** Groups in the order of the table: the scored authorization scenarios first. */
const groupsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const groups = (chosen: ReadonlyArray<Row>) => chosen.map(({ task }) => groupOf(task))
  return [...new Set([...groups(rows.filter(({ task }) => task.auth && task.scored !== undefined)), ...groups(rows)])]
}

const word = (outcome: Outcome | undefined): string => outcome === undefined ? "-" : outcome.passed ? "ok" : "FAILED"

const cellsOf = (results: ReadonlyArray<Result>, of: (result: Result) => readonly [string, string]): string =>
  results.flatMap(of).map((text) => text.padEnd(18)).join("").trimEnd()

/** A line for each scenario, under the heading of its group. */
export const table = (rows: ReadonlyArray<Row>): string => {
  const width = Math.max(...rows.map(({ task }) => task.scenario.length)) + 4
  const lines: Array<string> = []
  for (const group of groupsOf(rows)) {
    const members = rows.filter(({ task }) => groupOf(task) === group)
    const titles = cellsOf(members[0]?.results ?? [], ({ client }) => [`${client} suite`, `${client} alone`])
    lines.push("", group, "".padEnd(width) + titles)
    for (const { task, results } of members) {
      lines.push(
        `  ${task.scenario}`.padEnd(width) + cellsOf(results, ({ suite, single }) => [word(suite), word(single)])
      )
    }
  }
  return `${lines.join("\n")}\n`
}

const indent = (text: string): string => text.split("\n").map((line) => `      ${line}`).join("\n")

/** The problems and the client's stderr of each scenario that failed; empty when all passed. */
export const details = (rows: ReadonlyArray<Row>): string =>
  rows.flatMap(({ task, results }) =>
    results.flatMap(({ client, suite, single }) =>
      ([["in the suite", suite], ["alone", single]] as const).flatMap(([how, outcome]) => {
        if (outcome === undefined || outcome.passed) return []
        const tail = outcome.stderr.trim().split("\n").slice(-15).join("\n")
        return [
          `\nFAILED: ${task.scenario} at ${task.version}, ${client} client, ${how}`,
          ...outcome.problems.map((problem) => `    ${problem}`),
          ...(tail === "" ? ["    the client wrote nothing to stderr"] : ["    the client's stderr:", indent(tail)])
        ]
      })
    )
  ).map((line) => `${line}\n`).join("")

/** The last lines for a person. */
export const sentence = (rows: ReadonlyArray<Row>, millis: number): string => {
  const summary = summarize(rows)
  const scored = revisions.map((revision) =>
    `${revision}: ${summary[revision].passed} of ${summary[revision].total} scored authorization scenarios passed.\n`
  ).join("")
  const rest = rows.filter(({ task }) => !task.auth || task.scored === undefined)
  return `\n${scored}Not scored here: ${rest.filter(isPassed).length} of ${rest.length} passed. ` +
    `${Math.round(millis / 1000)} s.\n`
}
