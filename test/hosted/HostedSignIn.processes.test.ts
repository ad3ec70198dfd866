import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Machines from "../fixtures/processes/machines.ts"
import { findRedis } from "../fixtures/RedisServer.ts"

// The machines are what they are on whichever runtime this test runs: once is enough.
const isHere = findRedis() !== undefined && !("Deno" in globalThis)

describe.skipIf(!isHere)("two machines with one Redis, one on Node and one on Deno", () => {
  it.scopedLive(
    "sign in all people, though half of the answers come to the other machine, and one is killed before they come",
    () =>
      Effect.gen(function* () {
        const people = 20
        const figures = yield* Machines.run({ people })
        assert.deepStrictEqual(figures.problems, [])
        assert.deepInclude(figures, Machines.expected({ people }))
        assert.isAtLeast(figures.waited, 1, "no answer came while the machine was away")
      }),
    60_000
  )
})
