/** Agents in processes of their own, on one file store: short rounds of what `npm run soak` does for long. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Agents from "../fixtures/processes/Agents.ts"
import * as Corruptions from "../fixtures/processes/corruptions.ts"
import * as Deaths from "../fixtures/processes/deaths.ts"
import * as Elsewhere from "../fixtures/processes/elsewhere.ts"
import * as Kills from "../fixtures/processes/kills.ts"
import * as Obstacles from "../fixtures/processes/obstacles.ts"
import * as OnePort from "../fixtures/processes/onePort.ts"
import * as Refreshes from "../fixtures/processes/refreshes.ts"
import * as SignIns from "../fixtures/processes/signIns.ts"

const own = Agents.ownRuntime
const two = [own, own] as const
const three = [own, own, own] as const
const four = [own, own, own, own]
// Somebody else's process takes part where it is there.
const other = own === "node" ? "deno" : "node"
const mixed = Agents.has(other) ? [own, own, own, other] as const : four

describe("several processes on one file store", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const started = await Promise.all(mixed.map(Agents.take))
    await Promise.all(started.map(Agents.giveBack))
  })
  afterAll(Agents.end)

  const rounds = 3
  const once: Partial<Refreshes.Figures> = {
    refreshRequests: rounds,
    refreshes: rounds,
    reuses: 0,
    revoked: 0,
    windows: 0,
    failed: 0
  }
  const refreshCases: ReadonlyArray<readonly [string, Omit<Refreshes.Options, "rounds" | "runtimes">]> = [
    ["whose time is over", { expiry: "time" }],
    ["that the server refuses before its time", { expiry: "server" }],
    ["of a server that takes a used refresh token for 10 s", { expiry: "time", leeway: 10_000 }],
    ["where no person can be asked", { expiry: "time", interactive: false }],
    ["that is refused where no person can be asked", { expiry: "server", interactive: false }],
    ["of oidc-provider", { expiry: "time", server: "oidc" }]
  ]
  for (const [what, options] of refreshCases) {
    it(`refresh a token ${what} once, and ask nobody`, async () => {
      const figures = await Refreshes.run({ runtimes: mixed, rounds, ...options })
      assert.deepInclude(figures, { calls: rounds * mixed.length, failures: {}, ...once })
    })
  }

  it("open one window for all that need a sign-in, and the others say for which process they wait", async () => {
    const figures = await SignIns.run({ runtimes: mixed })
    assert.deepInclude(figures, { failures: {}, windows: 1, registrations: 1, orphans: 0, told: mixed.length - 1 })
  })

  it("sign in at once through one registered redirect URI, six of six", async () => {
    assert.deepStrictEqual(await OnePort.run([...mixed, own, own]), {
      signIns: 6,
      signedIn: 6,
      taken: 6,
      failures: {},
      families: 6,
      registrations: 0,
      said: []
    })
  })

  it("see at their next call that another one signed in, without a refusal before", async () => {
    const { before, ...seen } = await Elsewhere.seen(two)
    assert.strictEqual(before, "InteractionRequired/NotSignedIn")
    assert.deepStrictEqual(seen, {
      after: "200",
      refusals: 0,
      again: "200",
      usesNewToken: true,
      refusalsAgain: 0,
      windows: 2
    })
  })

  it("end only their own wait at ^C", async () => {
    const { millis, ...found } = await Elsewhere.interrupted(three)
    assert.deepStrictEqual(found, {
      interrupted: "Interrupted/",
      later: "200",
      holder: "ok",
      other: "ok",
      told: true,
      windows: 1,
      orphans: 0
    })
    assert.isBelow(millis, 1000)
  })

  // Of a busy machine more cannot be asked; `npm run soak` asks for a second.
  const patience = 3000
  const deaths: ReadonlyArray<readonly [Deaths.Task, string]> = [
    ["sign-in", "after metadata"],
    ["sign-in", "shown"],
    ["sign-in", "browser arrived"],
    ["sign-in", "server decided token"],
    ["refresh", "before token"],
    ["refresh", "server decided token"],
    ...(own === "node" ? [["sign-in", "after rename #2"], ["refresh", "before rename"]] as const : [])
  ]
  for (const [task, point] of deaths) {
    it(`go on at once when the one that does the ${task} is killed (${point})`, async () => {
      const death = await Deaths.run(task, point, three)
      assert.isTrue(death.reached)
      assert.deepStrictEqual(Deaths.problemsOf(death, patience), [])
    })
  }

  it("find a whole file whenever another one was killed, and leave no other file with tokens", async () => {
    const { problems, ...figures } = await Kills.run({ runtimes: [[own], own], rounds: 3 })
    assert.deepStrictEqual(problems, [])
    assert.deepInclude(figures, { broken: 0, lost: 0, windows: 0, failed: 0, leftovers: 0 })
  })

  it("open at most one window for a damaged file, and say no secret", async () => {
    const seed = Math.floor(Math.random() * 1e9)
    const { problems, ...figures } = await Corruptions.run({ runtimes: two, cases: 8, seed })
    assert.deepStrictEqual(problems, [])
    assert.deepInclude(figures, { hangs: 0, crashes: 0, secondWindows: 0, secrets: 0 })
  })

  const obstacles: ReadonlyArray<readonly [string, () => Promise<Obstacles.Figures>]> = [
    ["spend no refresh token while the disk is full", () => Obstacles.fullDisk(two)],
    ["spend no refresh token while the folder is read-only", () => Obstacles.readOnly(two)],
    ["write nothing into another user's folder", () => Obstacles.inTheWay("another user's folder", two)],
    ["do not wait for a pipe in place of the file", () => Obstacles.inTheWay("a pipe", two)]
  ]
  for (const [name, run] of obstacles) {
    it(name, async (context) => {
      const { problems, skipped } = await run()
      if (skipped !== undefined) context.skip(skipped)
      assert.deepStrictEqual(problems, [])
    })
  }
})
