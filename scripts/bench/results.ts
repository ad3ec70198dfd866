/** The output of the bench as pure functions of its results. */
import type { Figure } from "./statistics.ts"
import { type Target, type TargetKey, targets } from "./targets.ts"

/** A runtime that is measured. */
export type Runtime = "node" | "deno"

/** One row. */
export interface Result extends Figure {
  readonly name: string
  readonly runtime: Runtime
  readonly unit: Target["unit"] | "requests/s"
  /** Median of ours, and of what it is compared with, in the measured unit. */
  readonly ours: number
  readonly base?: number | undefined
  /** Number of samples of each. */
  readonly samples: number
  /** Key of its target; absent when the row has none. */
  readonly key?: TargetKey | undefined
}

const labels: Readonly<Record<Runtime, string>> = { node: "Node", deno: "Deno" }

/** A name that is unique over the runtimes. */
export const fullName = (name: string, runtime: Runtime): string => `${name} (${labels[runtime]})`

/** Whether a full name contains a text, in any case. */
export const isNamed = (text: string, name: string, runtime: Runtime): boolean =>
  fullName(name, runtime).toLowerCase().includes(text.toLowerCase())

const targetOf = ({ key }: Result): Target | undefined => key === undefined ? undefined : targets[key]

const isMet = (result: Result): boolean => {
  const target = targetOf(result)
  return target === undefined ||
    (target.better === "lower" ? result.value <= target.target : result.value >= target.target)
}

const rounded = (value: number): number => Number(value.toPrecision(4))

const toJson = (result: Result) => {
  const { base, name, ours, paired, runtime, samples, spread, unit, value } = result
  const target = targetOf(result)
  return {
    name: fullName(name, runtime),
    ratio: rounded(value),
    ...(target !== undefined && { target: target.target, better: target.better }),
    runtime,
    unit,
    spread: spread.map(rounded),
    ...(paired !== undefined && { paired: rounded(paired) }),
    ours: rounded(ours),
    base: base === undefined ? null : rounded(base),
    samples
  }
}

const withTarget = (results: ReadonlyArray<Result>) => results.filter(({ key }) => key !== undefined)
const onlyShown = (results: ReadonlyArray<Result>) => results.filter(({ key }) => key === undefined)

/** One JSON object: the rows with a target, and as `peers` those without. */
export const json = (results: ReadonlyArray<Result>): string =>
  JSON.stringify({ rows: withTarget(results).map(toJson), peers: onlyShown(results).map(toJson) })

const short = (value: number): string => value >= 1000 ? String(Math.round(value)) : value.toPrecision(3)

const columns: ReadonlyArray<{ readonly title: string; readonly of: (result: Result) => string }> = [
  { title: "", of: ({ runtime }) => labels[runtime] },
  { title: "median", of: ({ unit, value }) => unit === "ratio" ? `${value.toFixed(2)}×` : `${short(value)} ${unit}` },
  { title: "of pairs", of: ({ paired }) => paired === undefined ? "" : `${paired.toFixed(2)}×` },
  { title: "quartiles", of: ({ spread: [low, high] }) => `${short(low)}–${short(high)}` },
  {
    title: "target",
    of: (result) => {
      const target = targetOf(result)
      return target === undefined ? "" : `${target.better === "lower" ? "≤" : "≥"} ${target.target}`
    }
  },
  { title: "", of: (result) => isMet(result) ? "" : "missed" },
  { title: "ours", of: ({ ours, unit }) => unit === "ratio" ? short(ours) : "" },
  { title: "base", of: ({ base }) => base === undefined ? "" : short(base) }
]

const lines = (results: ReadonlyArray<Result>): string => {
  const cells = columns.map(({ title, of }) => [title, ...results.map(of)])
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)))
  const line = (index: number) => cells.map((column, at) => (column[index] ?? "").padEnd(widths[at] ?? 0)).join("  ")
  let last: string | undefined
  const head = `    ${line(0).trimEnd()}\n`
  return head + results.map(({ name }, index) => {
    const heading = name === last ? "" : `  ${name}\n`
    last = name
    return `${heading}    ${line(index + 1).trimEnd()}\n`
  }).join("")
}

/** The rows as a table: those with a target first, and under each name a line for each runtime. */
export const table = (results: ReadonlyArray<Result>): string => {
  const grouped = [...new Set(results.map(({ name }) => name))].flatMap((name) =>
    results.filter((result) => result.name === name)
  )
  const rows = withTarget(grouped)
  const others = onlyShown(grouped)
  const missed = rows.filter((row) => !isMet(row)).length
  return (rows.length === 0 ? "" : `\nWith a target\n${lines(rows)}`) +
    (others.length === 0 ? "" : `\nFor comparison\n${lines(others)}`) +
    `\n${rows.length - missed} of ${rows.length} targets met.\n`
}
