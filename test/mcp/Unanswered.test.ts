import { assert, describe, it } from "vitest"
import { Closed } from "../../src/core/mcp/Closed.ts"
import * as Unanswered from "../../src/mcp/Unanswered.ts"
import { rejection } from "../fixtures/rejection.ts"

const closed = new Closed({ server: "https://mcp.example" })

const never = new Promise<Response>(() => {})

describe("the requests that wait for their answer", () => {
  it("are ended with the error, and so are those that come later", async () => {
    const unanswered = Unanswered.make()
    const requests = [1, 2].map(() => rejection(unanswered.answer(never)))
    unanswered.end(closed)
    assert.deepStrictEqual(await Promise.all(requests), [closed, closed] as never)
    assert.strictEqual(await rejection(unanswered.answer(never)), closed as never)
  })

  it("have an answer given up that comes after the end, and an error of what sends unheard", async () => {
    const unanswered = Unanswered.make()
    let isCancelled = false
    let answer = (_: Response) => {}
    let fail = (_: Error) => {}
    const late = new Promise<Response>((resolve) => answer = resolve)
    const failing = new Promise<Response>((_, reject) => fail = reject)
    const requests = [late, failing].map((sent) => rejection(unanswered.answer(sent)))
    unanswered.end(closed)
    assert.deepStrictEqual(await Promise.all(requests), [closed, closed] as never)
    answer(new Response(new ReadableStream({ cancel: () => void (isCancelled = true) })))
    fail(new Error("no"))
    await new Promise((resolve) => setTimeout(resolve))
    assert.isTrue(isCancelled)
  })

  it("end as what sends does, and those that were answered go on after the end", async () => {
    const unanswered = Unanswered.make()
    const error = new Error("no")
    assert.strictEqual(await rejection(unanswered.answer(Promise.reject(error))), error)
    const response = await unanswered.answer(Promise.resolve(new Response("text")))
    unanswered.end(closed)
    assert.strictEqual(await response.text(), "text")
  })
})
