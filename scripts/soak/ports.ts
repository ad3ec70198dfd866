/** Several processes of one person on one port, and thousands of flows on one: the rounds and what each must come to. */
import type { Runtime } from "../../test/fixtures/ports/Programs.ts"
import * as Many from "../../test/fixtures/ports/many.ts"
import * as Rounds from "../../test/fixtures/ports/rounds.ts"
import { differences, type Result, type Round } from "./Round.ts"

/** Milliseconds in which another process must have taken the port over, in the middle and always. */
const takeover = { p50: 150, max: 2000 }

const killing = async (options: Rounds.Options): Promise<Result> => {
  const { problems, ...figures } = await Rounds.run(options)
  const survivors = options.rounds * (options.runtimes.length - (options.killed === undefined ? 0 : 1))
  return {
    figures: { ...figures },
    problems: [
      ...differences(figures, { survivors, signedIn: survivors, lost: 0, hung: 0 }),
      ...(figures.takeoverP50 <= takeover.p50 ? [] : [`taken over in ${figures.takeoverP50} ms in the middle`]),
      ...(figures.takeoverMax <= takeover.max ? [] : [`taken over in ${figures.takeoverMax} ms once`]),
      ...problems.slice(0, 10)
    ]
  }
}

const relaying = async (runtimes: ReadonlyArray<Runtime>, rounds: number): Promise<Result> => {
  const { own, relayed } = await Rounds.relayed(runtimes, rounds)
  const isSlow = relayed > 3 * own || relayed > own + 10
  return { figures: { own, relayed }, problems: isSlow ? ["more than three times as slow, or than 10 ms slower"] : [] }
}

const many = async (count: number): Promise<Result> => {
  const few = await Many.run(10)
  const { problems, ...figures } = await Many.run(count)
  const ratio = (name: "callback" | "junk") => Number((figures[name] / few[name]).toFixed(2))
  const ratios = { callbackToTen: ratio("callback"), junkToTen: ratio("junk") }
  return {
    figures: { ...figures, ...ratios },
    // Twice what the benchmark asks for: other work of the machine is in it too.
    problems: [...few.problems, ...problems, ...Object.values(ratios).some((value) => value > 2.6) ? ["slow"] : []]
  }
}

/** What is run. */
export interface Options {
  readonly on: ReadonlyArray<string>
  readonly runtimes: ReadonlyArray<Runtime>
  /** 1 is the whole of it. */
  readonly scale: number
}

/** The rounds of the part `port`. */
export const rounds = ({ on: chosen, runtimes, scale }: Options): ReadonlyArray<Round> => {
  const times = (count: number) => Math.max(1, Math.round(count * scale))
  const groups = [
    ...runtimes.map((runtime) => [runtime, [runtime]] as const),
    ...(runtimes.length > 1 ? [["mixed", runtimes] as const] : [])
  ].filter(([label]) => chosen.includes(label))
  const perGroup = groups.flatMap(([label, on]) => {
    const six = Array.from({ length: 6 }, (_, index): Runtime => on[index % on.length] ?? "node")
    const row = (name: string, run: () => Promise<Result>): Round => ({ part: "port", name: `${name}, ${label}`, run })
    return [
      row(`6 on one port x ${times(20)}`, () => killing({ runtimes: six, rounds: times(20) })),
      row(
        `6 on one port x ${times(100)}, the one that has it killed`,
        () => killing({ runtimes: six, rounds: times(100), killed: 60 })
      ),
      row("a callback of another process, and one's own", () => relaying(six.slice(0, 3), times(50)))
    ]
  })
  const count = times(10_000)
  return [...perGroup, { part: "port", name: `${count} flows of one process on one port`, run: () => many(count) }]
}
