/** An `HttpClient` under the requests of a sign-in. Over real servers, with the clients that programs have. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { inspect } from "node:util"
import { fetchFromHttpClient } from "../../src/platform.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"
import * as McpHarness from "../fixtures/McpHarness.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

const clients = [["fetch", FetchHttpClient.layer], ["node:http", NodeHttpClient.layer]] as const

/** The client of a program: what is not available is asked again, and each request says where it comes from. */
const ownClient = (layer: Layer.Layer<HttpClient.HttpClient>) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      client.pipe(
        HttpClient.mapRequest(HttpClientRequest.setHeader("x-own", "yes")),
        HttpClient.transformResponse(
          Effect.repeat({ while: ({ status }) => status === 503, times: 2 })
        )
      ))
  ).pipe(Layer.provide(layer))

const rejection = (promise: Promise<unknown>) =>
  Effect.promise(() => promise.then(() => assert.fail("it did not reject"), (error: unknown) => error))

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const serving = (handler: Handler) => Effect.tap(LoopbackHttp.listen, ({ serve }) => Effect.sync(() => serve(handler)))

for (const [name, layer] of clients) {
  describe(`fetchFromHttpClient over ${name}`, () => {
    const own = Effect.provide(fetchFromHttpClient, layer)

    it.scopedLive("carries a whole sign-in, with the retries and the tracing of the program's own client", () =>
      Effect.gen(function* () {
        const { authorizationServer, open, server, settled, windows } = yield* McpHarness.world()
        const fetch = yield* fetchFromHttpClient.pipe(
          Effect.provide(ownClient(layer)),
          Effect.withSpan("the program", { root: true })
        )
        authorizationServer.fail("metadata", { status: 503, body: "later" })
        const { oauth } = yield* open({ fetch })
        assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
        yield* settled
        assert.strictEqual(windows(), 1)
        const { requests } = authorizationServer
        assert.deepStrictEqual(
          requests.filter(({ endpoint }) => endpoint === "metadata").map(({ status }) => status),
          [503, 200]
        )
        for (const endpoint of ["metadata", "register", "token"]) {
          const sent = requests.filter((each) => each.endpoint === endpoint)
          assert.isAbove(sent.length, 0, endpoint)
          for (const { headers } of sent) {
            assert.strictEqual(headers["x-own"], "yes", endpoint)
            assert.match(String(headers["traceparent"]), /^00-[\da-f]{32}-[\da-f]{16}-0\d$/, endpoint)
          }
        }
        const [token] = requests.filter(({ endpoint }) => endpoint === "token")
        assert.match(String(token?.headers["content-type"]), /^application\/x-www-form-urlencoded/)
        assert.strictEqual(token?.headers["transfer-encoding"], undefined)
        assert.strictEqual(token?.params.get("grant_type"), "authorization_code")
        // The MCP server too.
        assert.isTrue(server.requests.every(({ headers }) => headers["x-own"] === "yes"))
      }))

    it.scopedLive("follows no redirect, whatever its kind, and the token stays at home", () =>
      Effect.gen(function* () {
        const arrived: Array<IncomingMessage["headers"]> = []
        const elsewhere = yield* serving((request, response) => {
          arrived.push(request.headers)
          response.end("elsewhere")
        })
        const { origin } = yield* serving((request, response) => {
          const status = Number(new URL(request.url ?? "", "http://a").searchParams.get("status"))
          response.writeHead(status, { location: `${elsewhere.origin}/stolen` }).end()
        })
        const fetch = yield* own
        for (const status of [301, 302, 303, 307, 308]) {
          for (const redirect of ["manual", "follow", undefined] as const) {
            const response = yield* Effect.promise(() =>
              fetch(`${origin}/?status=${status}`, {
                method: "POST",
                body: "the code",
                headers: { authorization: "Bearer secret" },
                ...(redirect !== undefined && { redirect })
              })
            )
            assert.strictEqual(response.status, status)
            assert.strictEqual(response.headers.get("location"), `${elsewhere.origin}/stolen`)
          }
        }
        const error = yield* rejection(fetch(`${origin}/?status=302`, { redirect: "error" }))
        assert.instanceOf(error, TypeError)
        assert.deepStrictEqual(arrived, [])
      }))

    it.scopedLive("refuses the answer of a client that follows redirects, and closes its connection", () =>
      Effect.gen(function* () {
        const closed = yield* Deferred.make<void>()
        const { origin } = yield* serving((request, response) => {
          if (request.url === "/redirects") return void response.writeHead(302, { location: "/?query=1" }).end()
          if (request.url === "/?query=1") {
            response.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
          }
          response.writeHead(200).write("a")
        })
        const elsewhere = yield* serving((_, response) =>
          void response.writeHead(307, { location: `${origin}/?query=1` }).end()
        )
        const following = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.followRedirects())
        ).pipe(Layer.provide(layer))
        const inner = yield* Effect.provide(fetchFromHttpClient, ownClient(following))
        const outer = yield* Effect.provide(
          fetchFromHttpClient,
          Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.followRedirects())).pipe(
            Layer.provide(ownClient(layer))
          )
        )
        for (const fetch of [inner, outer]) {
          for (const url of [`${origin}/redirects`, elsewhere.origin]) {
            const error = yield* rejection(fetch(url, { headers: { authorization: "Bearer secret" } }))
            assert.instanceOf(error, TypeError)
            assert.include(String(error), "followRedirects")
            assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "secret")
          }
          const response = yield* Effect.promise(() => fetch(`${origin}/else?a=b%20c#d`))
          assert.strictEqual(response.status, 200)
          yield* Effect.promise(() => response.body!.cancel())
        }
        yield* Deferred.await(closed)
      }))

    it.scopedLive("takes the answer of a client that changes the URL itself", () =>
      Effect.gen(function* () {
        const { origin } = yield* serving(({ url }, response) => void response.end(url))
        const gateway = HttpClient.mapRequest(HttpClientRequest.setUrl(new URL(`${origin}/by?way=gateway`)))
        const inner = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, gateway))
        const fetch = yield* Effect.provide(fetchFromHttpClient, ownClient(Layer.provide(inner, layer)))
        const response = yield* Effect.promise(() => fetch("https://mcp.example/a"))
        assert.strictEqual(yield* Effect.promise(() => response.text()), "/by?way=gateway")
      }))

    it.scopedLive("has its spans below those of the sign-in", () =>
      Effect.gen(function* () {
        const { tracer, spans } = SpanRecorder.make()
        const { open, server } = yield* McpHarness.world()
        yield* Effect.gen(function* () {
          const fetch = yield* Effect.withSpan(own, "the program")
          const { oauth } = yield* open({ fetch })
          yield* Effect.withSpan(oauth.ensure, "the sign-in")
          yield* Effect.promise(() => fetch(server.url).then(({ body }) => body?.cancel()))
        }).pipe(Effect.withTracer(tracer))
        const above = spans.filter(({ name }) => name.startsWith("http.client")).map(({ below }) => below)
        assert.deepStrictEqual([...new Set(above)], [
          "the sign-in",
          "McpOAuth.discover",
          "McpOAuth.register",
          "CallbackFlow.authorize",
          "the program"
        ])
      }))

    it.scopedLive("streams: an event is read before the response has ended, and cancelling closes the connection", () =>
      Effect.gen(function* () {
        const closed = yield* Deferred.make<void>()
        const { origin } = yield* serving((_request, response) => {
          response.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write("data: one\n\n")
        })
        const fetch = yield* own
        const response = yield* Effect.promise(() => fetch(origin))
        assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
        const reader = response.body!.getReader()
        const { value } = yield* Effect.promise(() => reader.read())
        assert.strictEqual(new TextDecoder().decode(value), "data: one\n\n")
        yield* Effect.promise(() => reader.cancel())
        yield* Deferred.await(closed)
      }))

    it.scopedLive("closes the connection of a response that nobody wants", () =>
      Effect.gen(function* () {
        const closed = yield* Deferred.make<void>()
        const { origin } = yield* serving((_request, response) => {
          response.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
          response.writeHead(200).write("a")
        })
        const fetch = yield* own
        const response = yield* Effect.promise(() => fetch(origin))
        yield* Effect.promise(() => response.body!.cancel())
        yield* Deferred.await(closed)
      }))

    for (const when of ["before the response", "while the body is read", "before the body is read"] as const) {
      it.scopedLive(`ends with the reason of a signal that aborts ${when}, and closes the connection`, () =>
        Effect.gen(function* () {
          const asked = yield* Deferred.make<void>()
          const closed = yield* Deferred.make<void>()
          const { origin } = yield* serving((_request, response) => {
            response.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
            if (when !== "before the response") response.writeHead(200).write("a")
            Effect.runFork(Deferred.succeed(asked, undefined))
          })
          const fetch = yield* own
          const controller = new AbortController()
          const reason = new Error("enough")
          const fetched = fetch(origin, { signal: controller.signal })
          fetched.catch(() => {})
          yield* Deferred.await(asked)
          if (when === "before the response") {
            controller.abort(reason)
            assert.strictEqual(yield* rejection(fetched), reason)
          } else {
            const { body } = yield* Effect.promise(() => fetched)
            const reader = body!.getReader()
            if (when === "while the body is read") yield* Effect.promise(() => reader.read())
            const reading = reader.read()
            reading.catch(() => {})
            controller.abort(reason)
            if (when === "while the body is read") assert.strictEqual(yield* rejection(reading), reason)
            assert.strictEqual(yield* rejection(reader.read()), reason)
          }
          yield* Deferred.await(closed)
          assert.strictEqual(yield* rejection(fetch(origin, { signal: controller.signal })), reason)
        }))
    }

    it.scopedLive("sends each kind of body, a stream as it comes", () =>
      Effect.gen(function* () {
        const firstPart = yield* Deferred.make<string>()
        const { origin } = yield* serving((request, response) => {
          const parts: Array<Buffer> = []
          request.on("data", (part: Buffer) => {
            parts.push(part)
            Effect.runFork(Deferred.succeed(firstPart, part.toString()))
          })
          request.on("end", () => {
            const { "content-type": type = "none", "content-length": length = "none" } = request.headers
            response.end(JSON.stringify([request.method, type, length, Buffer.concat(parts).toString()]))
          })
        })
        const fetch = yield* own
        const sent = (init: RequestInit): Effect.Effect<unknown> =>
          Effect.promise(async () => await (await fetch(new URL(origin), init)).json())
        const form = "application/x-www-form-urlencoded"
        assert.deepStrictEqual(yield* sent({ method: "post", body: "å", headers: [["content-type", form]] }), [
          "POST",
          form,
          "2",
          "å"
        ])
        assert.deepStrictEqual(yield* sent({ method: "PUT", body: new URLSearchParams({ a: "b c" }) }), [
          "PUT",
          `${form};charset=UTF-8`,
          "5",
          "a=b+c"
        ])
        const blob = new Blob(["blob"], { type: "text/x" })
        assert.deepStrictEqual(yield* sent({ method: "POST", body: blob }), ["POST", "text/x", "4", "blob"])
        const bytes = new TextEncoder().encode("bytes")
        const octets = new Headers({ "content-type": "application/json" })
        assert.deepStrictEqual(yield* sent({ method: "PATCH", body: bytes, headers: octets }), [
          "PATCH",
          "application/json",
          "5",
          "bytes"
        ])
        let send: ReadableStreamDefaultController<Uint8Array> | undefined
        const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) })
        const json = { "content-type": "application/json" }
        const answer = yield* Effect.fork(
          sent({ method: "POST", body: stream, headers: json, duplex: "half" } as never)
        )
        send?.enqueue(new TextEncoder().encode("one"))
        assert.strictEqual(yield* Deferred.await(firstPart).pipe(Effect.as("came")), "came")
        send?.enqueue(new TextEncoder().encode("two"))
        send?.close()
        assert.deepStrictEqual(yield* answer, ["POST", "application/json", "none", "onetwo"])
      }))

    it.scopedLive("gives the status and all headers, also of a response without a body", () =>
      Effect.gen(function* () {
        const { origin } = yield* serving((request, response) => {
          response.setHeader("set-cookie", ["a=1; Path=/; HttpOnly", "b=2; Path=/"])
          response.setHeader("x-one", "1")
          response.writeHead(Number(request.url?.slice(1)))
          response.end(request.url === "/418" ? "teapot" : undefined)
        })
        const fetch = yield* own
        for (const status of [200, 204, 304, 401, 418, 500]) {
          const response = yield* Effect.promise(() => fetch(`${origin}/${status}`))
          assert.strictEqual(response.status, status)
          assert.strictEqual(response.headers.get("x-one"), "1")
          assert.deepStrictEqual(
            response.headers.getSetCookie().map((each) => each.split("; ").sort().join("; ")),
            ["HttpOnly; Path=/; a=1", "Path=/; b=2"]
          )
          assert.strictEqual(yield* Effect.promise(() => response.text()), status === 418 ? "teapot" : "")
        }
        const head = yield* Effect.promise(() => fetch(`${origin}/418`, { method: "HEAD" }))
        assert.deepStrictEqual([head.status, yield* Effect.promise(() => head.text())], [418, ""])
      }))

    it.scopedLive("says why no response came, as fetch does, and holds nothing of the request", () =>
      Effect.gen(function* () {
        const { port } = yield* Effect.scoped(LoopbackHttp.listen)
        const url = `http://127.0.0.1:${port}/`
        const fetch = yield* own
        const error = yield* rejection(
          fetch(url, { method: "POST", body: "a-code", headers: { authorization: "Bearer a-token" } })
        )
        assert.instanceOf(error, TypeError)
        assert.notMatch(inspect(error, { depth: 20, showHidden: true }), /a-code|a-token/)
        const { open } = yield* McpHarness.world()
        const { oauth } = yield* open({ fetch, serverUrl: url })
        const failed = yield* Effect.flip(oauth.ensure)
        assert.strictEqual(failed._tag, "DiscoveryError")
        assert.strictEqual("code" in failed ? failed.code : undefined, "ECONNREFUSED")
      }))

    it.scopedLive("takes the response that a client fails for", () =>
      Effect.gen(function* () {
        const { open, server, windows } = yield* McpHarness.world()
        const strict = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk)
        )
        const fetch = yield* Effect.provide(fetchFromHttpClient, Layer.provide(strict, layer))
        const { oauth } = yield* open({ fetch })
        assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
        assert.strictEqual(windows(), 1)
      }))
  })
}

describe("fetchFromHttpClient", () => {
  it.effect("keeps the options of FetchHttpClient but for redirects", () =>
    Effect.gen(function* () {
      const seen: Array<RequestInit | undefined> = []
      const fake = (_: unknown, init?: RequestInit) => {
        seen.push(init)
        return Promise.resolve(new Response("yes"))
      }
      const fetch = yield* Effect.provide(
        fetchFromHttpClient,
        Layer.mergeAll(
          FetchHttpClient.layer.pipe(
            Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fake as typeof globalThis.fetch))
          ),
          Layer.succeed(FetchHttpClient.RequestInit, { credentials: "include", redirect: "follow" })
        )
      )
      yield* Effect.promise(() => fetch("https://as.example/a?b=%20c+d#e"))
      assert.strictEqual(seen[0]?.credentials, "include")
      assert.strictEqual(seen[0]?.redirect, "manual")
    }))

  it.effect("names no length of a body, whoever counted it, and keeps the other headers", () =>
    Effect.gen(function* () {
      const seen: Array<Readonly<Record<string, string>>> = []
      const client = HttpClient.make((request) => {
        seen.push(request.headers)
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("yes")))
      })
      const fetch = yield* Effect.provideService(fetchFromHttpClient, HttpClient.HttpClient, client)
      const headers = { "content-type": "text/x", "x-own": "kept" }
      for (const length of [{}, { "Content-Length": "4" }]) {
        yield* Effect.promise(() =>
          fetch("https://as.example/", { method: "POST", body: "body", headers: { ...headers, ...length } })
        )
      }
      for (const each of seen) {
        assert.notProperty(each, "content-length")
        assert.include(each, headers)
      }
      assert.lengthOf(seen, 2)
    }))
})
