import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import type * as Fault from "../../src/core/mcp/Fault.ts"
import * as ResponseDocument from "../../src/core/mcp/ResponseDocument.ts"
import type { FetchLike } from "../../src/mcp/FetchLike.ts"
import * as ServerRequest from "../../src/mcp/ServerRequest.ts"
import { until } from "../fixtures/Harness.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"

const url = "https://as.example/token"
const requestTimeout = Duration.seconds(30)

/** A `fetch` that gives these answers in turn, and keeps what it was called with. */
const answering = (...answers: ReadonlyArray<Response | Error>) => {
  const calls: Array<readonly [string, RequestInit]> = []
  const fetch: FetchLike = (input, init = {}) => {
    const answer = answers[calls.push([String(input), init]) - 1] ?? new Error("asked too often")
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { env: { fetch, requestTimeout }, calls }
}

const json = (value: unknown, init?: ResponseInit) => new Response(JSON.stringify(value), init)
const once = (answer: Response, request: object = {}): Effect.Effect<Fault.Outcome> =>
  ServerRequest.send(answering(answer).env, { url, ...request })

describe("an answer", () => {
  it.effect.each<[string, () => Response, unknown]>([
    ["a document", () => json({ a: 1 }), { a: 1 }],
    ["a document of another media type", () => json({ a: 1 }, { headers: { "content-type": "text/html" } }), { a: 1 }],
    ["a document that begins with a byte order mark", () => new Response('\ufeff{"a":1}'), { a: 1 }],
    ["a created document", () => json({ a: null }, { status: 201 }), { a: null }],
    ["an error", () => json({ error: "e" }, { status: 400 }), { error: "e" }],
    ["an internal error", () => new Response("oops", { status: 500 }), undefined],
    ["a text", () => new Response("no"), undefined],
    ["nothing", () => new Response(null, { status: 204 }), undefined],
    ["a form, which is read where it is expected", () => new Response("access_token=a"), undefined],
    ["a document that is too long", () => json({ a: "x".repeat(1024 * 1024) }), undefined]
  ])("is read: %s", ([_name, answer, document]) =>
    Effect.gen(function* () {
      const { status } = answer()
      const kept = document === undefined ? {} : { document }
      assert.deepStrictEqual<unknown>(yield* once(answer()), { _tag: "Answered", url, status, ...kept })
    }))

  it.effect("is known to be a web page", () =>
    Effect.gen(function* () {
      for (
        const answer of [new Response("<html>"), new Response("Sign in", { headers: { "content-type": "text/html" } })]
      ) {
        assert.deepStrictEqual<unknown>(yield* once(answer), { _tag: "Answered", url, status: 200, isWebPage: true })
      }
    }))

  it.effect("may be a form", () =>
    Effect.gen(function* () {
      const outcome = yield* once(new Response("access_token=a"), { read: ResponseDocument.ofJsonOrForm })
      assert.deepInclude(outcome, { document: { access_token: "a" } })
    }))

  it.effect("may have exactly a MiB", () =>
    Effect.gen(function* () {
      const long = JSON.stringify({ a: "x".repeat(1024 * 1024 - JSON.stringify({ a: "" }).length) })
      assert.property(yield* once(new Response(long)), "document")
      assert.notProperty(yield* once(new Response(`${long} `)), "document")
    }))

  it.effect("is put together from letters that fall apart between two chunks", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode('{"a":"ü€"}')
      const body = new ReadableStream({
        start: (controller) => {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
          controller.close()
        }
      })
      assert.deepInclude(yield* once(new Response(body)), { document: { a: "ü€" } })
    }))

  it.effect("that is endless is kept no longer than it is needed", () =>
    Effect.gen(function* () {
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
      assert.notProperty(yield* once(new Response(body)), "document")
      assert.isTrue(cancelled)
      assert.isAtMost(chunks, 20)
    }))

  it.effect("that does not come is a failure, with what was thrown", () =>
    Effect.gen(function* () {
      const error = new TypeError("no way there")
      assert.deepStrictEqual(yield* ServerRequest.send(answering(error).env, { url }), { _tag: "Failed", url, error })
      const cut = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":1}')),
        pull: (controller) => controller.error(error)
      })
      assert.deepStrictEqual(yield* once(new Response(cut)), { _tag: "Failed", url, error })
    }))
})

describe("a redirect", () => {
  const to = (location: string, status = 307) => new Response(null, { status, headers: { location } })
  const post = { method: "POST", body: "code=x" }

  it.effect.each<[string, ReadonlyArray<Response>, RequestInit, ReadonlyArray<string>]>([
    ["of a GET within the origin is followed", [to("/a", 302), to("/b", 301), json({})], {}, [
      url,
      "https://as.example/a",
      "https://as.example/b"
    ]],
    ["of a POST within the origin is followed with its body", [to("/a"), to("/b", 308), json({})], post, [
      url,
      "https://as.example/a",
      "https://as.example/b"
    ]],
    ["of a POST that would become a GET is not followed", [to("/a", 302)], post, [url]],
    ["to another origin is not followed", [to("https://evil.example/")], {}, [url]],
    ["to another port is not followed", [to("https://as.example:8443/")], post, [url]],
    ["to http is not followed", [to("http://as.example/")], {}, [url]],
    ["with a password is not followed", [to("https://me:pw@as.example/")], {}, [url]],
    ["to what is no URL is not followed", [to("https://")], {}, [url]]
  ])("%s", ([_name, answers, init, expected]) =>
    Effect.gen(function* () {
      const { calls, env } = answering(...answers)
      const outcome = yield* ServerRequest.send(env, { url, init })
      assert.deepStrictEqual(calls.map(([at]) => at), expected)
      for (const [, sent] of calls) {
        assert.strictEqual(sent.redirect, "manual")
        const body = sent.body
        const text = body instanceof Blob ? yield* Effect.promise(() => body.text()) : body
        assert.strictEqual(text ?? undefined, init.body ?? undefined)
      }
      assert.strictEqual(outcome._tag === "Answered" && outcome.status, answers.at(-1)?.status)
    }))

  it.effect("that never ends is not followed for ever", () =>
    Effect.gen(function* () {
      const { calls, env } = answering(...Array.from({ length: 20 }, () => to("/again")))
      const outcome = yield* ServerRequest.send(env, { url })
      assert.deepInclude(outcome, { status: 307 })
      assert.isAtMost(calls.length, 6)
    }))
})

describe("a request that is never answered, or never to its end", () => {
  const silent = Effect.gen(function* () {
    const { origin, serve } = yield* LoopbackHttp.listen
    const closed: Array<Promise<void>> = []
    serve((request, response) => {
      closed.push(new Promise((resolve) => response.on("close", resolve)))
      if (request.url === "/half") response.writeHead(200, { "content-length": "100" }).write('{"a":')
    })
    return { origin, closed }
  })

  for (const path of ["/never", "/half"]) {
    it.scopedLive(`ends with its time: ${path}`, () =>
      Effect.gen(function* () {
        const { closed, origin } = yield* silent
        const limit = Duration.millis(100)
        const outcome = yield* ServerRequest.send({ fetch, requestTimeout }, { url: origin + path, limit })
        assert.deepStrictEqual(outcome, { _tag: "TimedOut", url: origin + path })
        yield* Effect.promise(() => Promise.all(closed))
      }))

    it.scopedLive(`ends when it is interrupted: ${path}`, () =>
      Effect.gen(function* () {
        const { closed, origin } = yield* silent
        const fiber = yield* Effect.fork(ServerRequest.send({ fetch, requestTimeout }, { url: origin + path }))
        yield* until(() => closed.length > 0)
        yield* Fiber.interrupt(fiber)
        yield* Effect.promise(() => Promise.all(closed))
      }))
  }
})
