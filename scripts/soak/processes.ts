/** Several processes of one person, on one file store: the rounds and what each must cost. */
import type { Runtime } from "../../test/fixtures/processes/Agents.ts"
import * as Corruptions from "../../test/fixtures/processes/corruptions.ts"
import * as Deaths from "../../test/fixtures/processes/deaths.ts"
import * as Elsewhere from "../../test/fixtures/processes/elsewhere.ts"
import * as Kills from "../../test/fixtures/processes/kills.ts"
import * as Obstacles from "../../test/fixtures/processes/obstacles.ts"
import * as OnePort from "../../test/fixtures/processes/onePort.ts"
import * as Refreshes from "../../test/fixtures/processes/refreshes.ts"
import * as SignIns from "../../test/fixtures/processes/signIns.ts"
import { differences, type Result, type Round } from "./Round.ts"

/** Milliseconds that nobody may be held up longer by a death. */
const patience = 1000

/** So many agents, on these runtimes in turn. */
const several = (count: number, runtimes: ReadonlyArray<Runtime>): ReadonlyArray<Runtime> =>
  Array.from({ length: count }, (_, index) => runtimes[index % runtimes.length] ?? "node")

const textOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ")

const refreshing = async (options: Refreshes.Options): Promise<Result> => {
  const { calls, failed, failures, messages, refreshRequests, reuses, revoked, windows } = await Refreshes.run(options)
  const figures = { calls, refreshRequests, reuses, revoked, windows, failed, failures: textOf(failures) }
  const expected = { refreshRequests: options.rounds, reuses: 0, revoked: 0, windows: 0, failed: 0 }
  return { figures, problems: [...differences(figures, expected), ...messages.slice(0, 5)] }
}

const signingIn = async (options: SignIns.Options): Promise<Result> => {
  const { failures, ...figures } = await SignIns.run(options)
  const { rounds, signIns } = figures
  return {
    figures: { ...figures, failures: textOf(failures) },
    problems: differences(figures, {
      windows: rounds,
      registrations: rounds,
      orphans: 0,
      failed: 0,
      told: signIns - rounds
    })
  }
}

/** The items in an order that a seed draws. */
const drawn = (seed: number) => <A>(items: ReadonlyArray<A>): ReadonlyArray<A> => {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return items.map((item) => [next(), item] as const).sort(([left], [right]) => left - right).map(([, item]) => item)
}

const comingBack = async (runtimes: ReadonlyArray<Runtime>, rounds: number, seed: number): Promise<Result> => {
  const total = { signIns: 0, signedIn: 0, taken: 0 }
  const problems: Array<string> = []
  for (let round = 0; round < rounds; round++) {
    const { failures, said, ...figures } = await OnePort.run(runtimes, drawn(seed + round))
    for (const name of ["signIns", "signedIn", "taken"] as const) total[name] += figures[name]
    const all = runtimes.length
    const wrong = differences(figures, { signedIn: all, taken: all, families: all, registrations: 0 })
    const words = [...wrong, ...said, textOf(failures)].filter((text) => text !== "")
    problems.push(...words.map((text) => `round ${round}: ${text}`))
  }
  return { figures: total, problems }
}

const dying = async (task: Deaths.Task, point: string, runtimes: ReadonlyArray<Runtime>): Promise<Result> => {
  const death = await Deaths.run(task, point, runtimes)
  const { gap, kept, leftovers, orphans, outcomes, refreshRequests, reuses, windows } = death
  return {
    figures: { kept, gap, windows, refreshRequests, reuses, orphans, leftovers, outcomes: textOf(outcomes) },
    problems: death.reached ? Deaths.problemsOf(death, patience) : [],
    skipped: death.reached ? undefined : "nobody comes to this point"
  }
}

const killing = async (options: Kills.Options): Promise<Result> => {
  const { problems, ...figures } = await Kills.run(options)
  const wrong = differences(figures, { broken: 0, lost: 0, windows: 0, failed: 0, leftovers: 0 })
  return { figures, problems: [...wrong, ...problems] }
}

const corrupting = async (options: Corruptions.Options): Promise<Result> => {
  const { outcomes, problems, ...figures } = await Corruptions.run(options)
  const wrong = differences(figures, { hangs: 0, crashes: 0, secondWindows: 0, secrets: 0 })
  return { figures: { ...figures, outcomes: textOf(outcomes) }, problems: [...wrong, ...problems] }
}

const obstructing = async (run: Promise<Obstacles.Figures>): Promise<Result> => {
  const { problems, skipped, ...figures } = await run
  return { figures, problems, skipped }
}

const seeing = async (runtimes: readonly [Runtime, Runtime]): Promise<Result> => {
  const seen = await Elsewhere.seen(runtimes)
  const figures = { ...seen, usesNewToken: String(seen.usesNewToken) }
  return {
    figures,
    problems: [
      ...differences(figures, { refusals: 0, refusalsAgain: 0, windows: 2 }),
      ...(seen.after === "200" && seen.again === "200" ? [] : ["a call failed"]),
      ...(seen.usesNewToken ? [] : ["the old token was used"])
    ]
  }
}

const interrupting = async (runtimes: readonly [Runtime, Runtime, Runtime]): Promise<Result> => {
  const { told, ...rest } = await Elsewhere.interrupted(runtimes)
  const figures = { ...rest, told: String(told), millis: Math.round(rest.millis) }
  const { holder, interrupted, later, other } = rest
  return {
    figures,
    problems: [
      ...differences(figures, { windows: 1, orphans: 0 }),
      ...(told ? [] : ["the waiting ones did not name the process they wait for"]),
      ...(interrupted === "Interrupted/" && figures.millis < 1000 ? [] : ["the wait did not end at once"]),
      ...(holder === "ok" && other === "ok" && later === "200" ? [] : ["the others did not go on"])
    ]
  }
}

/** What is run on which runtimes. */
export interface Plan {
  /** Those that are here. */
  readonly runtimes: ReadonlyArray<Runtime>
  /** Which of them get rounds of their own; `mixed`: there are rounds of all of them together. */
  readonly on: ReadonlyArray<string>
  readonly scale: number
  readonly seed: number
}

/** The rows. */
export const rounds = ({ on: chosen, runtimes, scale, seed }: Plan): ReadonlyArray<Round> => {
  const times = (count: number) => Math.max(1, Math.round(count * scale))
  const groups: ReadonlyArray<readonly [string, ReadonlyArray<Runtime>]> = [
    ...runtimes.map((runtime) => [runtime, [runtime]] as const),
    ...(runtimes.length > 1 ? [["mixed", runtimes] as const] : [])
  ].filter(([label]) => chosen.includes(label))
  return groups.flatMap(([label, on]) => {
    const eight = several(8, on)
    const [first = "node", second = first, third = first] = several(3, on)
    const row = (part: string, name: string, run: () => Promise<Result>): Round => ({
      part,
      name: `${name}, ${label}`,
      run
    })
    const refresh = (name: string, options: Omit<Refreshes.Options, "rounds" | "runtimes">, rounds = 50) =>
      row(
        "refresh",
        `8 x ${times(rounds)}, ${name}`,
        () => refreshing({ runtimes: eight, rounds: times(rounds), ...options })
      )
    const tasks = ["sign-in", "refresh"] as const
    return [
      refresh("time is over", { expiry: "time" }),
      refresh("refused before its time", { expiry: "server" }),
      refresh("10 s leeway", { expiry: "time", leeway: 10_000 }),
      refresh("interactive: false", { expiry: "time", interactive: false }),
      refresh("refused, interactive: false", { expiry: "server", interactive: false }),
      refresh("oidc-provider, time is over", { expiry: "time", server: "oidc" }),
      refresh("oidc-provider, refused", { expiry: "server", server: "oidc" }),
      refresh("oidc-provider, lives 1 s", { expiry: 1, server: "oidc" }, 15),
      row("sign-in", `8 at once x ${times(5)}`, () => signingIn({ runtimes: eight, rounds: times(5) })),
      row(
        "port",
        `6 at once through one redirect URI x ${times(20)}`,
        () => comingBack(several(6, on), times(20), seed)
      ),
      ...tasks.flatMap((task) =>
        Deaths.pointsOf(task, first).map((point) =>
          row("death", `${task}, ${point}`, () => dying(task, point, [first, second, third]))
        )
      ),
      row("kill", `kill -9 x ${times(200)}`, () => killing({ runtimes: [on, second], rounds: times(200) })),
      row(
        "kill",
        `kill -9 x ${times(50)}, the other one idle before`,
        () => killing({ runtimes: [on, second], rounds: times(50), idle: true })
      ),
      row(
        "corruption",
        `${times(500)} damages, 2 processes`,
        () => corrupting({ runtimes: [first, second], cases: times(500), seed })
      ),
      row("obstacle", "a full disk", () => obstructing(Obstacles.fullDisk([first, second]))),
      row("obstacle", "a folder that is read-only", () => obstructing(Obstacles.readOnly([first, second]))),
      ...(["another user's folder", "a pipe", "a link to what never ends"] as const).map((obstacle) =>
        row("obstacle", obstacle, () => obstructing(Obstacles.inTheWay(obstacle, [first, second])))
      ),
      row("elsewhere", "a sign-in of another process", () => seeing([first, second])),
      row("elsewhere", "^C where one waits", () => interrupting([first, second, third]))
    ]
  })
}
