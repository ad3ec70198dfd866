/** `oauth.fetch` takes whatever `fetch` takes: a `Request` as well, with what it has, and is a `fetch` in its types. */
import type { FetchLike as FetchLikeV2 } from "@modelcontextprotocol/client"
import type { FetchLike as FetchLikeV1 } from "@modelcontextprotocol/sdk/shared/transport.js"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect } from "effect"
import { Readable } from "node:stream"
import type { FetchLike, McpOAuth, SignedInFetch } from "../../src/mcp.ts"
import type { McpOAuth as McpOAuthOfPromises } from "../../src/promise.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"

/** A request, and the text of its answer. */
const textOf = (oauth: McpOAuth, input: string | URL | Request, init?: RequestInit) =>
  Effect.promise(async () => await (await oauth.fetch(input, init)).text())

const rejection = (promise: Promise<unknown>) =>
  Effect.promise(() =>
    promise.then(() => {
      throw new Error("it did not reject")
    }, (error: unknown) => error as Error & { readonly _tag?: string })
  )

const withStream = (url: string, body: ReadableStream<Uint8Array>, more: RequestInit = {}) =>
  new Request(url, { method: "POST", body, duplex: "half", ...more } as RequestInit)

/** A stream that gives one piece, and then nothing; `cancelled` tells that nobody wants more. */
const unending = () => {
  let tell = (_reason: unknown) => {}
  const cancelled = new Promise<unknown>((resolve) => tell = resolve)
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
    cancel: (reason) => tell(reason)
  })
  return { body, cancelled }
}

const bodies: ReadonlyArray<readonly [what: string, expected: string, request: (url: string) => Request]> = [
  ["no body", "", (url) => new Request(url)],
  ["a string", "grüße", (url) => new Request(url, { method: "POST", body: "grüße" })],
  ["a form", "a=%C3%BC", (url) => new Request(url, { method: "POST", body: new URLSearchParams({ a: "ü" }) })],
  ["a stream", "grüße", (url) => withStream(url, new Blob(["grü", "ße"]).stream())]
]

describe("McpOAuth.fetch of a Request", () => {
  for (const [what, expected, request] of bodies) {
    it.scopedLive(`with ${what} signs in, and repeats it whole after a 401`, () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, windows } = yield* McpHarness.world()
        const { oauth } = yield* open()
        const first = request(`${server.origin}/echo?a=1`)
        assert.strictEqual(yield* textOf(oauth, first), expected)
        authorizationServer.expireAll()
        assert.strictEqual(yield* textOf(oauth, request(`${server.origin}/echo?a=1`)), expected)
        const sent = server.requests.filter(({ path }) => path === "/echo")
        assert.deepStrictEqual(sent.map(({ method, status, target, text }) => [method, status, target, text]), [
          [first.method, 401, "/echo?a=1", expected],
          [first.method, 200, "/echo?a=1", expected],
          [first.method, 401, "/echo?a=1", expected],
          [first.method, 200, "/echo?a=1", expected]
        ])
        for (const { headers } of sent) {
          assert.strictEqual(headers["content-type"], first.headers.get("content-type") ?? undefined)
        }
        assert.strictEqual(windows(), 1)
      }))
  }

  it.scopedLive("takes its method, headers and redirect mode, and lets the options override them", () =>
    Effect.gen(function* () {
      const { open, server, signedIn } = yield* McpHarness.world()
      yield* signedIn
      const { oauth } = yield* open()
      const request = () =>
        new Request(`${server.origin}/echo`, {
          method: "PUT",
          body: "of the request",
          headers: { "x-api-key": "key", authorization: "Bearer other" }
        })
      assert.strictEqual(yield* textOf(oauth, request()), "of the request")
      assert.deepInclude({ ...server.requests.at(-1) }, { method: "PUT", text: "of the request" })
      assert.strictEqual(server.requests.at(-1)?.headers["x-api-key"], "key")
      assert.match(server.requests.at(-1)?.headers.authorization ?? "", /^Bearer access\./)
      const init = { method: "POST", body: "of the options", headers: { accept: "text/plain" }, signal: undefined }
      assert.strictEqual(yield* textOf(oauth, request(), init as unknown as RequestInit), "of the options")
      const sent = server.requests.at(-1)
      assert.deepInclude({ ...sent }, { method: "POST", text: "of the options" })
      // All headers of the request give way, as the Fetch Standard has it.
      assert.isUndefined(sent?.headers["x-api-key"])
      assert.strictEqual(sent?.headers.accept, "text/plain")
      // A body of null is none, so that the request keeps its own.
      assert.strictEqual(yield* textOf(oauth, request(), { body: null }), "of the request")
      const manual = new Request(`${server.origin}/redirect-same`, { redirect: "manual" })
      // What is there and undefined overrides nothing.
      const undefinedOnes = { redirect: undefined, method: undefined, headers: undefined } as unknown as RequestInit
      const response = yield* Effect.promise(() => oauth.fetch(manual, undefinedOnes))
      assert.strictEqual(response.status, 307)
      yield* Effect.promise(() => response.text())
    }))

  it.scopedLive("goes to another origin without a token, as it is", () =>
    Effect.gen(function* () {
      const { authorizationServer, open, signedIn } = yield* McpHarness.world()
      const other = yield* ProtectedServer.make({ authorizationServer })
      yield* signedIn
      const { oauth } = yield* open()
      const request = withStream(`${other.origin}/echo`, new Blob(["a", "b"]).stream(), {
        headers: { "x-api-key": "key" }
      })
      yield* textOf(oauth, request)
      const [sent] = other.requests
      assert.strictEqual(sent?.text, "ab")
      assert.strictEqual(sent?.headers["x-api-key"], "key")
      assert.isUndefined(sent?.headers.authorization)
      assert.isUndefined(other.requests[1])
    }))

  it.scopedLive("ends with its own signal: before it is sent, while its body is read, and while it waits", () =>
    Effect.gen(function* () {
      const { answer, open, person, server, untilShown } = yield* McpHarness.world()
      person.mode = "waits"
      const { oauth } = yield* open()
      const reason = new Error("enough")
      const aborted = new Request(server.url, { signal: AbortSignal.abort(reason) })
      assert.strictEqual(yield* rejection(oauth.fetch(aborted)), reason)

      const reading = new AbortController()
      const { body, cancelled } = unending()
      const unread = rejection(oauth.fetch(withStream(server.url, body, { signal: reading.signal })))
      reading.abort(reason)
      assert.strictEqual(yield* unread, reason)
      yield* Effect.promise(() => cancelled)
      assert.strictEqual(server.count("resource"), 0)

      const waiting = new AbortController()
      const promise = oauth.fetch(new Request(server.url, { method: "POST", body: "{}", signal: waiting.signal }))
      yield* untilShown(1)
      waiting.abort(reason)
      assert.strictEqual(yield* rejection(promise), reason)
      // The signal of the options takes its place, and `null` takes it away.
      const own = new AbortController()
      const other = oauth.fetch(new Request(server.url, { signal: AbortSignal.abort(reason) }), { signal: own.signal })
      own.abort("own")
      assert.strictEqual(String(yield* rejection(other)), "own")
      yield* answer
      yield* oauth.ensure
      const free = new Request(server.url, { signal: AbortSignal.abort(reason) })
      assert.strictEqual(yield* Effect.promise(async () => (await oauth.fetch(free, { signal: null })).status), 200)
    }))

  it.scopedLive("rejects a body that was used already, and a URL that is none, with a tag and as a TypeError", () =>
    Effect.gen(function* () {
      const { open, server } = yield* McpHarness.world()
      const { oauth } = yield* open()
      const used = new Request(server.url, { method: "POST", body: "{}" })
      yield* Effect.promise(() => used.text())
      const locked = new Request(server.url, { method: "POST", body: "{}" })
      locked.body?.getReader()
      for (const input of [used, locked, "", "/mcp", null as unknown as string, {} as URL]) {
        const error = yield* rejection(oauth.fetch(input))
        assert.instanceOf(error, TypeError)
        assert.strictEqual(error._tag, "InvalidRequest")
        assert.match(error.message, /^Cannot fetch: .{20}/)
      }
      assert.strictEqual(server.count("resource"), 0)
      // Once it was sent its body is used, as after any fetch.
      const request = new Request(`${server.origin}/echo`, { method: "POST", body: "{}" })
      assert.strictEqual(yield* textOf(oauth, request), "{}")
      assert.isTrue(request.bodyUsed)
      assert.strictEqual(yield* textOf(oauth, request, { body: "new" }), "new")
    }))

  it("is a `fetch` in its types: of the runtime, and of both SDKs", () => {
    expectTypeOf<SignedInFetch>().toExtend<typeof fetch>()
    expectTypeOf<McpOAuth["fetch"]>().toExtend<typeof globalThis.fetch>()
    expectTypeOf<McpOAuth["fetch"]>().toExtend<FetchLikeV1>()
    expectTypeOf<McpOAuth["fetch"]>().toExtend<FetchLikeV2>()
    expectTypeOf<McpOAuth["fetch"]>().toExtend<FetchLike>()
    expectTypeOf<McpOAuthOfPromises["fetch"]>().toEqualTypeOf<McpOAuth["fetch"]>()
    // What a program gives need not take a Request.
    expectTypeOf<FetchLike>().not.toExtend<typeof fetch>()
  })
})

describe("McpOAuth.fetch with a body that can be read once", () => {
  const pieces = ["grü", "ße"].map((text) => new TextEncoder().encode(text))
  const once: Readonly<Record<string, () => unknown>> = {
    "a generator": async function* () {
      for (const piece of pieces) yield await Promise.resolve(piece)
    },
    "a stream of Node": () => Readable.from(pieces),
    "a stream": () => new Blob(pieces).stream()
  }
  for (const [what, body] of Object.entries(once)) {
    it.scopedLive(`repeats ${what} whole after a 401`, () =>
      Effect.gen(function* () {
        const { open, server } = yield* McpHarness.world()
        const { oauth } = yield* open()
        const init = { method: "POST", body: body(), duplex: "half" } as RequestInit
        assert.strictEqual(yield* textOf(oauth, `${server.origin}/echo`, init), "grüße")
        const sent = server.requests.filter(({ path }) => path === "/echo")
        assert.deepStrictEqual(sent.map(({ status, text }) => [status, text]), [[401, "grüße"], [200, "grüße"]])
      }))
  }
})
