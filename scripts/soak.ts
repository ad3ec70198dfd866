/**
 * Long rounds with real processes, for which `npm test` has no time: several agents of one person on one file store, which
 * are killed, find damaged files, and full disks; or that wait on one port. Prints a row for each, and ends with a line
 * `N passed, N failed`.
 */
import * as Effect from "effect/Effect"
import process from "node:process"
import * as Programs from "../test/fixtures/ports/Programs.ts"
import * as Agents from "../test/fixtures/processes/Agents.ts"
import * as Machines from "../test/fixtures/processes/machines.ts"
import { findRedis } from "../test/fixtures/RedisServer.ts"
import { parse, usage } from "./soak/options.ts"
import * as Ports from "./soak/ports.ts"
import { rounds } from "./soak/processes.ts"
import { soakLease } from "./soak/lease.ts"
import { differences, type Result, type Round } from "./soak/Round.ts"

const parts = ["hosted", "lease", "refresh", "sign-in", "port", "death", "kill", "corruption", "obstacle", "elsewhere"]

/** Turns of six processes of all runtimes that are there, of which one is killed again and again. */
const lease = (scale: number): Round => ({
  part: "lease",
  name: "turns among processes that are killed",
  run: async () => {
    const { failures, runtimes, ...figures } = await soakLease({ seconds: Math.max(3, Math.round(30 * scale)) })
    const isNobodyIn = figures.turns === 0 ? ["nobody had a turn"] : []
    const problems = [...differences(figures, { overlaps: 0 }), ...failures.map(String), ...isNobodyIn]
    return { figures: { runtimes: runtimes.join(" "), ...figures }, problems }
  }
})

/** Many people at a web service on two machines, of which one is killed while they are at the authorization server. */
const hosted = (scale: number): Round => ({
  part: "hosted",
  name: "300 people, two machines, one Redis",
  run: async () => {
    if (findRedis() === undefined) return { figures: {}, problems: [], skipped: "there is no Redis here" }
    // A multiple of four: two machines, and two ways of each.
    const people = Math.max(1, Math.round(75 * scale)) * 4
    const run = Effect.scoped(Machines.run({ people, again: 30_000 }))
    const { problems, ...figures } = await Effect.runPromise(run)
    return { figures, problems: [...differences(figures, Machines.expected({ people })), ...problems] }
  }
})

const shown = ({ figures, problems, skipped }: Result): string => {
  const text = Object.entries(figures).filter(([, value]) => value !== "").map(([name, value]) => `${name} ${value}`)
  return skipped === undefined
    ? `${text.join(", ")}${problems.map((problem) => `\n        ${problem}`).join("")}`
    : `skipped: ${skipped}`
}

const main = async (): Promise<number> => {
  const { help, json, on, only, scale, seed } = parse(process.argv.slice(2), parts)
  if (help) {
    console.log(usage(parts))
    return 0
  }
  const runtimes = (["node", "deno", "bun"] as const).filter(Agents.has)
  const say = json ? console.error : console.log
  say(`on ${runtimes.join(", ")}, seed ${seed}`)
  const rows: Array<Result & { readonly part: string; readonly name: string; readonly seconds: number }> = []
  const all = [
    hosted(scale),
    lease(scale),
    ...rounds({ on, runtimes, scale, seed }),
    ...Ports.rounds({ on, runtimes, scale })
  ]
  for (const { name, part, run } of all.filter(({ part }) => only.includes(part))) {
    const since = performance.now()
    const result = await run().catch((error: unknown): Result => ({ figures: {}, problems: [`it broke: ${error}`] }))
    const seconds = Number(((performance.now() - since) / 1000).toFixed(1))
    rows.push({ part, name, seconds, ...result })
    say(`${result.problems.length === 0 ? "ok    " : "FAILED"} ${part}: ${name} (${seconds} s): ${shown(result)}`)
  }
  const run = rows.filter(({ skipped }) => skipped === undefined)
  const failed = run.filter(({ problems }) => problems.length > 0).length
  if (json) console.log(JSON.stringify({ rows }))
  say(`${run.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
} finally {
  await Promise.all([Agents.end(), Programs.end()])
}
