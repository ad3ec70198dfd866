import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { record } from "../../src/mcp/AuthorizationFetch.ts"
import type { FetchLike } from "../../src/mcp/FetchLike.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"

const url = "https://as.example/token"
const never = new AbortController().signal

/** A `fetch` that gives these answers in turn, and keeps what it was called with. */
const answering = (...answers: ReadonlyArray<Response | Error>) => {
  const calls: Array<readonly [string, RequestInit | undefined]> = []
  const base: FetchLike = (input, init) => {
    const answer = answers[calls.push([String(input), init]) - 1] ?? new Error("asked too often")
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { base, calls }
}

const json = (value: unknown, init?: ResponseInit) => new Response(JSON.stringify(value), init)

const failed = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => assert.fail("no failure"), (error: unknown) => error)

/** What the SDK sees of one answer, and what is kept of it. */
const once = async (answer: Response) => {
  const recorder = record(answering(answer).base, never)
  const response = await recorder.fetch(url)
  return { response, text: await response.text(), outcome: recorder.outcome() }
}

describe("an answer", () => {
  it.each<[string, () => Response, number, string, unknown]>([
    ["a document", () => json({ a: 1 }), 200, '{"a":1}', { a: 1 }],
    [
      "a document of another media type",
      () => json({ a: 1 }, { headers: { "content-type": "text/html" } }),
      200,
      '{"a":1}',
      {
        a: 1
      }
    ],
    ["a document that begins with a byte order mark", () => new Response('\ufeff{"a":1}'), 200, '{"a":1}', { a: 1 }],
    ["a created document", () => json({ a: 1 }, { status: 201 }), 201, '{"a":1}', { a: 1 }],
    ["null for what is absent, kept raw", () => json({ a: null, b: 1 }), 200, '{"b":1}', { a: null, b: 1 }],
    ["an error", () => json({ error: "e" }, { status: 400 }), 400, '{"error":"e"}', { error: "e" }],
    ["an error in a 200", () => json({ error: "e" }), 400, '{"error":"e"}', { error: "e" }],
    ["an error that is no text in a 200", () => json({ error: 5 }), 200, '{"error":5}', { error: 5 }],
    ["an internal error", () => new Response("oops", { status: 500 }), 500, "", undefined],
    ["a page", () => new Response("<html>"), 404, "", undefined],
    ["nothing", () => new Response(null), 404, "", undefined],
    ["nothing in a 204", () => new Response(null, { status: 204 }), 404, "", undefined],
    ["a list", () => json([1]), 404, "", undefined],
    ["a text", () => json("a"), 404, "", undefined],
    ["null", () => json(null), 404, "", undefined],
    ["half a document", () => new Response('{"a":'), 404, "", undefined],
    ["a page that says no", () => new Response("<html>", { status: 403 }), 403, "", undefined],
    ["a document that is too long", () => json({ a: "x".repeat(1024 * 1024) }), 404, "", undefined]
  ])("reads %s", async (_name, answer, status, text, document) => {
    const { status: sent } = answer()
    const seen = await once(answer())
    assert.strictEqual(seen.response.status, status)
    assert.strictEqual(seen.text, text)
    const kept = document === undefined ? {} : { document }
    assert.deepStrictEqual<unknown>(seen.outcome, { _tag: "Answered", url, status: sent, ...kept })
  })

  it("takes one of exactly a MiB", async () => {
    const text = JSON.stringify({ a: "" })
    const long = JSON.stringify({ a: "x".repeat(1024 * 1024 - text.length) })
    assert.strictEqual((await once(new Response(long))).text, long)
    assert.strictEqual((await once(new Response(`${long} `))).response.status, 404)
  })

  it("reads letters that fall apart between two chunks", async () => {
    const bytes = new TextEncoder().encode('{"a":"ü€"}')
    const body = new ReadableStream({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      }
    })
    assert.strictEqual((await once(new Response(body))).text, '{"a":"ü€"}')
  })

  it("keeps no more of an endless one than it needs", async () => {
    let chunks = 0
    let cancelled = false
    const body = new ReadableStream({
      pull: (controller) => {
        chunks++
        controller.enqueue(new Uint8Array(64 * 1024))
      },
      cancel: () => {
        cancelled = true
      }
    })
    assert.strictEqual((await once(new Response(body))).response.status, 404)
    assert.isTrue(cancelled)
    assert.isAtMost(chunks, 20)
  })

  it("shows the SDK where a redirect leads, and no other header", async () => {
    const headers = { location: "https://other.example/", "set-cookie": "a=b", "x-own": "1" }
    const { response } = await once(new Response(null, { status: 302, headers }))
    assert.strictEqual(response.status, 302)
    assert.deepStrictEqual(Object.fromEntries(response.headers), {
      "content-type": "application/json",
      location: "https://other.example/"
    })
    const { response: document } = await once(
      json({ a: 1 }, { headers: { "content-type": "text/html", "x-own": "1" } })
    )
    assert.deepStrictEqual([...document.headers], [["content-type", "application/json"]])
  })
})

describe("a request", () => {
  it("is what the SDK sends, with the step's signal, and follows no redirect", async () => {
    const { base, calls } = answering(json({}), json({}), json({}))
    const { fetch: send } = record(base, never)
    const init = { method: "POST", headers: { a: "b" }, body: "x", signal: AbortSignal.abort() }
    await send(url, init)
    await send(new URL(url))
    await send(url, { redirect: "error" })
    // The body is another object, of the same text.
    const sent = await Promise.all(calls.map(async ([to, { body, ...rest } = {}]) => [
      to,
      { ...rest, ...(body && { body: await new Response(body).text() }) }
    ]))
    assert.deepStrictEqual<unknown>(sent, [
      [url, { ...init, redirect: "manual", signal: never }],
      [url, { redirect: "manual", signal: never }],
      [url, { redirect: "error", signal: never }]
    ])
  })

  it("that was not sent is known as such", () => {
    assert.deepStrictEqual(record(answering().base, never).outcome(), { _tag: "NotSent" })
  })

  it("is forgotten for the next one", async () => {
    const { base } = answering(json({ a: 1 }), new Response(null, { status: 404 }))
    const recorder = record(base, never)
    await recorder.fetch(url)
    await recorder.fetch(`${url}/2`)
    assert.deepStrictEqual(recorder.outcome(), { _tag: "Answered", url: `${url}/2`, status: 404 })
  })
})

describe("a failure", () => {
  it("is every later request's, and nothing more is sent", async () => {
    const error = new TypeError("no way there")
    const { base, calls } = answering(json({}), error, json({}))
    const recorder = record(base, never)
    await recorder.fetch(url)
    assert.strictEqual(await failed(recorder.fetch(`${url}/2`)), error)
    assert.deepStrictEqual(recorder.outcome(), { _tag: "Failed", url: `${url}/2` })
    assert.strictEqual(await failed(recorder.fetch(`${url}/3`)), error)
    assert.lengthOf(calls, 2)
    assert.deepStrictEqual(recorder.outcome(), { _tag: "Failed", url: `${url}/2` })
  })

  it("is an answer that was cut too", async () => {
    const error = new Error("cut")
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":1}')),
      pull: (controller) => controller.error(error)
    })
    const { base, calls } = answering(new Response(body), json({}))
    const recorder = record(base, never)
    assert.strictEqual(await failed(recorder.fetch(url)), error)
    assert.strictEqual(recorder.outcome()._tag, "Failed")
    assert.strictEqual(await failed(recorder.fetch(url)), error)
    assert.lengthOf(calls, 1)
  })

  it.each([408, 429])("follows a server that wants to be asked later: %d", async (status) => {
    const { base, calls } = answering(json({ error: "slow_down" }, { status }), json({}))
    const recorder = record(base, never)
    assert.strictEqual((await recorder.fetch(url)).status, status)
    assert.instanceOf(await failed(recorder.fetch(url)), Error)
    assert.lengthOf(calls, 1)
    assert.deepInclude(recorder.outcome(), { _tag: "Answered", status })
  })

  it.each([400, 401, 404, 500, 503])("is none where a server answered: %d", async (status) => {
    const { base, calls } = answering(new Response(null, { status }), json({}))
    const recorder = record(base, never)
    await recorder.fetch(url)
    assert.strictEqual((await recorder.fetch(url)).status, 200)
    assert.lengthOf(calls, 2)
  })

  it("of one step is not another's", async () => {
    const { base } = answering(new TypeError("no way there"), json({}))
    await failed(record(base, never).fetch(url))
    assert.strictEqual((await record(base, never).fetch(url)).status, 200)
  })
})

describe("the signal", () => {
  it("keeps a request from being sent, also by a fetch that does not look at it", async () => {
    const { base, calls } = answering(json({}))
    const reason = new Error("closed")
    assert.strictEqual(await failed(record(base, AbortSignal.abort(reason)).fetch(url)), reason)
    assert.lengthOf(calls, 0)
  })

  it.scoped("ends a request that is never answered, or never to its end", () =>
    Effect.gen(function* () {
      const { origin, serve } = yield* LoopbackHttp.listen
      serve((request, response) => {
        if (request.url === "/half") response.writeHead(200, { "content-length": "100" }).write('{"a":')
      })
      for (const path of ["/never", "/half"]) {
        const controller = new AbortController()
        const recorder = record(fetch, controller.signal)
        const failure = failed(recorder.fetch(origin + path))
        setTimeout(() => controller.abort(new Error("too late")), 50)
        assert.strictEqual((yield* Effect.promise(() => failure) as Effect.Effect<Error>).message, "too late")
        assert.deepStrictEqual(recorder.outcome(), { _tag: "Failed", url: origin + path })
      }
    }))

  it.scoped("a redirect of a real server is not followed", () =>
    Effect.gen(function* () {
      const { origin, serve } = yield* LoopbackHttp.listen
      const paths: Array<string | undefined> = []
      serve((request, response) => {
        paths.push(request.url)
        response.writeHead(307, { location: "/elsewhere" }).end()
      })
      const recorder = record(fetch, never)
      const response = yield* Effect.promise(() =>
        recorder.fetch(`${origin}/token`, { method: "POST", body: "code=x" })
      )
      assert.strictEqual(response.status, 307)
      assert.strictEqual(response.headers.get("location"), "/elsewhere")
      assert.deepStrictEqual(paths, ["/token"])
    }))
})

describe("a document that is nested deep", () => {
  const nested = (depth: number, status = 200) =>
    new Response(`{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)},"b":"]]{[\\"[["}`, { status })

  it("is read up to a hundred levels", async () => {
    const { outcome, response } = await once(nested(100))
    assert.strictEqual(response.status, 200)
    assert.containsAllKeys(outcome._tag === "Answered" ? outcome.document : {}, ["a", "b"])
    assert.notProperty(outcome, "isTooDeep")
  })

  it("is not read beyond, and nothing more is sent, whatever it is nested in", async () => {
    const signs = [["[", "]"], ['{"a":', "}"], ['[{"a":[', "]}]"]] as const
    const deep = signs.map(([open, close]) => `{"a":${open.repeat(30_000)}1${close.repeat(30_000)}}`)
    for (const text of [await nested(101).text(), ...deep, "[".repeat(300_000), '{"a":'.repeat(150_000)]) {
      const { base, calls } = answering(new Response(text), json({}))
      const recorder = record(base, never)
      await recorder.fetch(url)
      assert.deepStrictEqual(recorder.outcome(), { _tag: "Answered", url, status: 200, isTooDeep: true })
      await failed(recorder.fetch(url))
      assert.lengthOf(calls, 1)
    }
  })

  it("is an error like any other where the status says so", async () => {
    const { outcome, response } = await once(nested(5000, 404))
    assert.deepStrictEqual(outcome, { _tag: "Answered", url, status: 404 })
    assert.strictEqual(response.status, 404)
  })
})
