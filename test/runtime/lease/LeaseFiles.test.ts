import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { HolderSocket } from "../../../src/runtime/lease/HolderSocket.ts"
import { at, type Claim } from "../../../src/runtime/lease/LeaseFiles.ts"
import { leaseFolder } from "../../fixtures/LeaseFolder.ts"

const id = "0123456789abcdef"
const socket = (name: string): HolderSocket => ({
  name: `aa-${name}.s`,
  host: "h",
  tell: () => {},
  close: () => Promise.resolve()
})
const claimed = (claim: Claim) => {
  if (claim._tag !== "Claimed") throw new Error(claim._tag)
  return claim.claimed
}

describe("the files of a lease", () => {
  it.scopedLive("give a generation to one of many who claim it at once", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const claims = yield* Effect.promise(() =>
        Promise.all(Array.from({ length: 20 }, (_, index) => at(folder, id).claim(1, socket(String(index)))))
      )
      assert.strictEqual(claims.filter(({ _tag }) => _tag === "Claimed").length, 1)
      assert.deepStrictEqual(fs.readdirSync(folder), [`${id}.g1`])
    }))

  it.scopedLive("take back a late claim, whose number was had and removed before", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      fs.writeFileSync(join(folder, `${id}.g7`), "")
      const claim = yield* Effect.promise(() => at(folder, id).claim(2, socket("late")))
      assert.strictEqual(claim._tag, "Taken")
      assert.deepStrictEqual(fs.readdirSync(folder), [`${id}.g7`])
    }))

  it.scopedLive("keep the highest, and all that somebody who lists them just now has to see", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const files = at(folder, id)
      for (const each of [1, 2, 3, 4]) fs.writeFileSync(join(folder, `${id}.g${each}`), "")
      const mine = claimed(yield* Effect.promise(() => files.claim(5, socket("a"))))
      yield* Effect.promise(() => files.sweep(mine))
      yield* Effect.promise(mine.giveBack)
      assert.sameMembers(fs.readdirSync(folder), [`${id}.g3`, `${id}.g4`, `${id}.g5`])
      assert.deepStrictEqual(yield* Effect.promise(files.find), { generation: 5, content: { _tag: "Empty" } })
    }))

  it.scopedLive("tell how long ago a generation was written, and leave nothing of the question", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const files = at(folder, id)
      const mine = claimed(yield* Effect.promise(() => files.claim(1, socket("a"))))
      const time = new Date(Date.now() - 60_000)
      fs.utimesSync(join(folder, `${id}.g1`), time, time)
      assert.closeTo(yield* Effect.promise(() => files.age(1)), 60_000, 5000)
      assert.isTrue(yield* Effect.promise(mine.touch))
      assert.closeTo(yield* Effect.promise(() => files.age(1)), 0, 5000)
      assert.strictEqual(yield* Effect.promise(() => files.age(2)), 0)
      assert.deepStrictEqual(fs.readdirSync(folder), [`${id}.g1`])
    }))

  it.scopedLive("never write to what is another's by now", () =>
    Effect.gen(function* () {
      const folder = yield* leaseFolder
      const mine = claimed(yield* Effect.promise(() => at(folder, id).claim(1, socket("a"))))
      fs.writeFileSync(join(folder, `${id}.g1`), "another")
      assert.isFalse(yield* Effect.promise(mine.touch))
      assert.isFalse(yield* Effect.promise(mine.isHighest))
      yield* Effect.promise(mine.giveBack)
      assert.strictEqual(fs.readFileSync(join(folder, `${id}.g1`), "utf8"), "another")
      fs.rmSync(join(folder, `${id}.g1`))
      assert.isFalse(yield* Effect.promise(mine.touch))
      yield* Effect.promise(mine.giveBack)
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    }))
})
