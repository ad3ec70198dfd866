import { assert, describe, it } from "vitest"
import { getEventListeners } from "node:events"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Closed } from "../../src/core/mcp/Closed.ts"
import * as Unanswered from "../../src/mcp/Unanswered.ts"
import { rejection } from "../fixtures/rejection.ts"

const closed = new Closed({ server: "https://mcp.example" })

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length

/** A `fetch` that never answers, and heeds its signal. */
const never = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

const collectGarbage = (): () => void => {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc")
}

describe("the requests that wait for their answer", () => {
  it("are ended with the error, and so are those that come later", async () => {
    const unanswered = Unanswered.make()
    const signals: Array<AbortSignal> = []
    const requests = [1, 2].map(() =>
      rejection(unanswered.answer(undefined, (signal) => {
        signals.push(signal)
        return never(signal)
      }))
    )
    unanswered.end(closed)
    assert.deepStrictEqual(await Promise.all(requests), [closed, closed] as never)
    assert.deepStrictEqual(signals.map(({ reason }) => reason), [closed, closed])
    assert.strictEqual(await rejection(unanswered.answer(undefined, () => assert.fail("sent"))), closed as never)
  })

  it("are ended at once where signals are not heeded, and the late answer is given up", async () => {
    const unanswered = Unanswered.make()
    let answer = (_: Response) => {}
    const late = new Promise<Response>((resolve) => answer = resolve)
    const request = rejection(unanswered.answer(undefined, () => late))
    unanswered.end(closed)
    assert.strictEqual(await request, closed as never)
    let isCancelled = false
    answer(new Response(new ReadableStream({ cancel: () => void (isCancelled = true) })))
    await new Promise((resolve) => setTimeout(resolve))
    assert.isTrue(isCancelled)
  })

  it("end with the caller's signal, and with its reason, also when the answer has begun", async () => {
    const unanswered = Unanswered.make()
    const caller = new AbortController()
    const signals: Array<AbortSignal> = []
    await unanswered.answer(caller.signal, (signal) => {
      signals.push(signal)
      return Promise.resolve(new Response(new ReadableStream()))
    })
    const waiting = rejection(unanswered.answer(caller.signal, never))
    const reason = new Error("changed my mind")
    caller.abort(reason)
    assert.strictEqual<unknown>(await waiting, reason)
    assert.strictEqual(signals[0]?.reason, reason)
    await unanswered.answer(caller.signal, (signal) => {
      assert.strictEqual(signal.reason, reason)
      return Promise.resolve(new Response())
    })
  })

  it("that were answered go on after the end", async () => {
    const unanswered = Unanswered.make()
    const signals: Array<AbortSignal> = []
    const response = await unanswered.answer(undefined, (signal) => {
      signals.push(signal)
      return Promise.resolve(new Response("text"))
    })
    unanswered.end(closed)
    assert.isFalse(signals[0]?.aborted)
    assert.strictEqual(await response.text(), "text")
  })

  it("have one listener on the caller's signal, and none when nothing can be read any more", async () => {
    const collect = collectGarbage()
    const unanswered = Unanswered.make()
    const { signal } = new AbortController()
    for (let count = 0; count < 1000; count++) {
      await unanswered.answer(signal, () => Promise.resolve(new Response("text")))
      assert.strictEqual(listeners(signal), 1)
    }
    await rejection(unanswered.answer(signal, () => Promise.reject(new Error("no"))))
    await unanswered.answer(signal, () => Promise.resolve(new Response(null, { status: 204 })))
    for (let round = 0; round < 50 && listeners(signal) > 0; round++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.strictEqual(listeners(signal), 0)
  })
})
