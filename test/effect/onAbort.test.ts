import { assert, describe, it } from "vitest"
import { getEventListeners } from "node:events"
import { onAbort } from "../../src/effect/onAbort.ts"

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

describe("onAbort", () => {
  it("tells each who waits, once, and has one listener for all", () => {
    const controller = new AbortController()
    const told: Array<number> = []
    const tell = () => void told.push(0)
    for (let which = 1; which <= 100; which++) onAbort(controller.signal, () => told.push(which))
    onAbort(controller.signal, tell)
    onAbort(controller.signal, tell)
    assert.strictEqual(listeners(controller.signal), 1)
    controller.abort()
    controller.abort()
    assert.deepStrictEqual(told, [...Array.from({ length: 100 }, (_, index) => index + 1), 0, 0])
  })

  it("tells none that took it back, and then leaves no listener", () => {
    const controller = new AbortController()
    const told: Array<string> = []
    const first = onAbort(controller.signal, () => told.push("first"))
    const second = onAbort(controller.signal, () => told.push("second"))
    first()
    first()
    assert.strictEqual(listeners(controller.signal), 1)
    second()
    assert.strictEqual(listeners(controller.signal), 0)
    onAbort(controller.signal, () => told.push("third"))
    controller.abort()
    assert.deepStrictEqual(told, ["third"])
  })

  it("tells one who takes back another while the abort is told", () => {
    const controller = new AbortController()
    const told: Array<string> = []
    onAbort(controller.signal, () => {
      told.push("first")
      second()
    })
    const second = onAbort(controller.signal, () => told.push("second"))
    controller.abort()
    assert.deepStrictEqual(told, ["first"])
  })
})
