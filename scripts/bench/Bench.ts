/** What a measurement is given, and the rows it returns. */
import type { Command } from "../commands.ts"
import type { Child } from "./children.ts"
import type { Result, Runtime } from "./results.ts"
import { figure, median, ratio } from "./statistics.ts"
import { type TargetKey, targets } from "./targets.ts"

/** One runtime's bench. */
export interface Bench {
  readonly runtime: Runtime
  /** Folder with the programs. */
  readonly folder: string
  /** Whether the packages that this one is compared with are installed. */
  readonly hasPeers: boolean
  /** How often to repeat: what `--rounds` says, or the usual number. */
  readonly rounds: (usual: number) => number
  /** Starts a program of the folder. */
  readonly start: (program: string, args?: ReadonlyArray<string>, flags?: Flags) => Child
  /** Runs a program of the folder, and reads what it prints as JSON. */
  readonly read: <A>(program: string, args?: ReadonlyArray<string>, flags?: Flags) => Promise<A>
  /** Like `read`, but on Node where it is installed, so that both runtimes get the same load. */
  readonly load: <A>(program: string, args: ReadonlyArray<string>) => Promise<A>
  /** Writes something that a reader of the figures should know to stderr. */
  readonly note: (text: string) => void
}

/** Flags of the runtime. */
export interface Flags {
  /** Provides `globalThis.gc`. */
  readonly gc?: boolean
}

/** Makes the command that runs a program. */
export type ToCommand = (program: string, args?: ReadonlyArray<string>, flags?: Flags) => Command

/** One measurement: of one or more rows at once. */
export interface Measurement {
  readonly rows: ReadonlyArray<TargetKey>
  /** Names of rows without a target that it is chosen by too. */
  readonly shown?: ReadonlyArray<string>
  readonly run: (bench: Bench) => Promise<Results>
}

type Values = ReadonlyArray<number>
type Results = ReadonlyArray<Result>

const checked = (result: Result): Results => Number.isFinite(result.value) && result.samples > 0 ? [result] : []

/** A row with the ratio of ours to a base that was measured in turn with it. No row when samples are missing. */
export const ratioRow = (key: TargetKey, { runtime }: Bench, ours: Values = [], base: Values = []): Results =>
  checked({
    ...ratio(ours, base),
    name: targets[key].name,
    runtime,
    unit: "ratio",
    ours: median(ours),
    base: median(base),
    samples: Math.min(ours.length, base.length),
    key
  })

/** A row with the median of ours; `base` is shown beside it. No row when samples are missing. */
export const figureRow = (key: TargetKey, { runtime }: Bench, ours: Values = [], base?: Values): Results =>
  checked({
    ...figure(ours),
    name: targets[key].name,
    runtime,
    unit: targets[key].unit,
    ours: median(ours),
    base: base === undefined ? undefined : median(base),
    samples: ours.length,
    key
  })

/** A ratio without a target. */
export const ratioShown = (name: string, { runtime }: Bench, ours: Values = [], base: Values = []): Results =>
  checked({
    ...ratio(ours, base),
    name,
    runtime,
    unit: "ratio",
    ours: median(ours),
    base: median(base),
    samples: Math.min(ours.length, base.length)
  })

/** A median without a target. */
export const figureShown = (name: string, { runtime }: Bench, unit: Result["unit"], values: Values = []): Results =>
  checked({ ...figure(values), name: `${name}, ${unit}`, runtime, unit, ours: median(values), samples: values.length })

/**
 * Takes samples of several ways in turn, `rounds` times, beginning with another one each round: what else the machine
 * does meets all of them alike.
 */
export const alternate = async <Name extends string>(
  ways: Readonly<Record<Name, () => Promise<number>>>,
  rounds: number
): Promise<Readonly<Record<Name, Values>>> => {
  const names = Object.keys(ways) as Array<Name>
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Array<number>>
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + round) % names.length] as Name
      samples[name].push(await ways[name]())
    }
  }
  return samples
}
