import { assert, describe, it } from "@effect/vitest"
import { after } from "../../src/runtime/after.ts"
import * as BlockedHost from "../fixtures/BlockedHost.ts"
import { pause } from "../fixtures/FakeTerminal.ts"

const waited = (millis: number) => new Promise<void>((resolve) => void after(millis, resolve))

describe("after", () => {
  it("calls back once, when its time is over", async () => {
    let calls = 0
    for (const millis of [0, 1, 30]) {
      const began = performance.now()
      calls = 0
      after(millis, () => void calls++)
      await waited(millis + 5)
      assert.strictEqual(calls, 1, `${millis} ms`)
      // A timer may ring one millisecond early.
      assert.isAtLeast(performance.now() - began, millis)
    }
  })

  it("never calls back once it is cancelled, at whichever turn", async () => {
    let calls = 0
    for (let millis = 0; millis < 12; millis++) {
      const cancel = after(10, () => void calls++)
      const called = calls
      await pause(millis)
      const isOver = calls > called
      cancel()
      await waited(20)
      assert.strictEqual(calls > called, isOver, `${millis} ms`)
    }
  })

  it("first lets be read what came while the process was kept from running", async () => {
    const { close, here, there } = await BlockedHost.connection()
    try {
      const heard: Array<string> = []
      here.setEncoding("utf8").on("data", (text: string) => heard.push(text))
      const rung = waited(50).then(() => heard.push("over"))
      await BlockedHost.sendAndBlock(there, "arrived", 80)
      await rung
      assert.deepStrictEqual(heard, ["arrived", "over"])
    } finally {
      close()
    }
  })
})
