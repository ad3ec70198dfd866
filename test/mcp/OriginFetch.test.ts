import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import type { IncomingMessage } from "node:http"
import { send } from "../../src/mcp/OriginFetch.ts"
import * as LoopbackHttp from "../fixtures/LoopbackHttp.ts"

const token = "SplxlOBeZQQYbYS6WxSbIA-token"
const authorization = `Bearer ${token}`

const redirects = [301, 302, 303, 307, 308] as const

/** A request as it arrived. */
interface Arrived {
  /** Which server: 0 is the one with the token. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

/** Where the request goes next, and by which status; the last one is answered. */
interface Hop {
  readonly status: number
  readonly to: number
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ""
  for await (const chunk of request) body += String(chunk)
  return body
}

/** Two servers, of which the first is the one with the token; each follows the chain by the number in the path. */
const servers = Effect.gen(function* () {
  const both = [yield* LoopbackHttp.listen, yield* LoopbackHttp.listen] as const
  const arrived: Array<Arrived> = []
  let chain: ReadonlyArray<Hop | { readonly status: number; readonly location?: string }> = []
  for (const [at, server] of both.entries()) {
    server.serve(async (request, response) => {
      const { headers, method = "", url = "" } = request
      arrived.push({ at, method, path: url, headers, body: await bodyOf(request) })
      const number = Number(/\d+/.exec(url)?.[0] ?? 0)
      const hop = chain[number]
      const location = hop === undefined
        ? undefined
        : "to" in hop
        ? `${both[hop.to === 0 ? 0 : 1].origin}/${number + 1}?key=a`
        : hop.location
      response.writeHead(hop?.status ?? 200, location === undefined ? {} : { location }).end(`end ${number}`)
    })
  }
  const target = new URL(`${both[0].origin}/0`)
  return {
    target,
    origin: both[0].origin,
    other: both[1].origin,
    arrived,
    /** Sends a request along a chain of redirects. */
    go: (hops: typeof chain, init: RequestInit = {}, withToken: string | null = token) => {
      chain = hops
      arrived.length = 0
      return Effect.promise(() =>
        send(fetch, both[0].origin, target, init, withToken ?? undefined).then(
          async ({ isOwn, response }) => ({
            own: isOwn,
            status: response.status,
            text: await response.text(),
            location: response.headers.get("location")
          }),
          (error: unknown) => ({ error })
        )
      )
    }
  }
})

const failure = (result: object): Error =>
  "error" in result && result.error instanceof Error
    ? result.error
    : assert.fail(`no failure: ${JSON.stringify(result)}`)

const post = (body = "the body"): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json", "content-language": "en", "x-own": "1" }
})

describe("the token", () => {
  it.scoped("goes with a request to its origin", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      assert.deepInclude(yield* go([]), { own: true, status: 200, text: "end 0" })
      assert.deepStrictEqual(arrived.map(({ headers }) => headers.authorization), [authorization])
    }))

  it.scoped("goes before one of the caller's own; where there is none, the caller's is sent within the origin", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      const init = { headers: { Authorization: "Basic eA==" } }
      yield* go([], init)
      assert.deepStrictEqual(arrived.map(({ headers }) => headers.authorization), [authorization])
      yield* go([{ status: 307, to: 0 }, { status: 307, to: 1 }, { status: 307, to: 0 }], init, null)
      const sent = arrived.map(({ headers }) => headers.authorization)
      assert.deepStrictEqual(sent, ["Basic eA==", "Basic eA==", undefined, undefined])
    }))

  it.scoped("goes alone, in whatever form the caller has its headers, and beside all others", () =>
    Effect.gen(function* () {
      const own = [["X-Own", "1"], ["aUTHORIZATION", "Basic eA=="], ["Accept", "text/plain"]] as const
      const forms: ReadonlyArray<RequestInit["headers"] | null> = [
        Object.fromEntries(own),
        { ...Object.fromEntries(own), authorization: "Basic eQ==" },
        own.map(([name, value]) => [name, value]),
        new Headers(own.map(([name, value]): [string, string] => [name, value])),
        undefined,
        null
      ]
      for (const headers of forms) {
        const { arrived, go } = yield* servers
        const before = JSON.stringify(headers)
        yield* go([], { headers } as RequestInit)
        assert.strictEqual(arrived[0]?.headers.authorization, authorization)
        if (headers) assert.deepInclude(arrived[0]?.headers, { "x-own": "1", accept: "text/plain" })
        assert.strictEqual(JSON.stringify(headers), before)
      }
    }))

  it.scoped("is not sent to another origin, not even first", () =>
    Effect.gen(function* () {
      const { arrived, other, origin } = yield* servers
      const { isOwn } = yield* Effect.promise(() => send(fetch, origin, new URL(`${other}/0`), {}, token))
      assert.isFalse(isOwn)
      assert.isUndefined(arrived[0]?.headers.authorization)
      // What the caller adds goes where the caller sends it.
      const headers = { authorization: "Basic eA==", cookie: "a=b" }
      yield* Effect.promise(() => send(fetch, origin, new URL(`${other}/0`), { headers }, token))
      assert.deepInclude(arrived[1]?.headers, headers)
    }))

  it.scoped("leaves what the caller passed as it is", () =>
    Effect.gen(function* () {
      const { go } = yield* servers
      const headers = new Headers({ "x-own": "1", "content-type": "text/plain" })
      const init = Object.freeze({ method: "POST", body: "x", headers })
      yield* go([{ status: 303, to: 1 }], init)
      assert.deepStrictEqual([...headers], [["content-type", "text/plain"], ["x-own", "1"]])
    }))

  for (const status of redirects) {
    it.scoped(`goes along within its origin: ${status}`, () =>
      Effect.gen(function* () {
        const { arrived, go } = yield* servers
        assert.deepInclude(yield* go([{ status, to: 0 }]), { own: true, text: "end 1" })
        assert.deepStrictEqual(arrived.map(({ headers }) => headers.authorization), [authorization, authorization])
      }))

    it.scoped(`stays behind elsewhere, with every other credential: ${status}`, () =>
      Effect.gen(function* () {
        const { arrived, go } = yield* servers
        const headers = { cookie: "a=b", "proxy-authorization": "Basic eA==", "x-own": "1" }
        assert.deepInclude(yield* go([{ status, to: 1 }], { headers }), { own: false, text: "end 1" })
        assert.deepInclude(arrived[0]?.headers, { authorization, ...headers })
        const there = arrived[1]?.headers ?? assert.fail("never came")
        assert.doesNotHaveAnyKeys(there, ["authorization", "cookie", "proxy-authorization"])
        assert.strictEqual(there["x-own"], "1")
      }))

    it.scoped(`does not come back to a server that another one names: ${status}`, () =>
      Effect.gen(function* () {
        const { arrived, go } = yield* servers
        const init = { headers: { cookie: "a=b" } }
        assert.deepInclude(yield* go([{ status, to: 1 }, { status, to: 0 }, { status, to: 0 }], init), { own: false })
        assert.deepStrictEqual(arrived.map(({ at }) => at), [0, 1, 0, 0])
        for (const { headers } of arrived.slice(1)) assert.doesNotHaveAnyKeys(headers, ["authorization", "cookie"])
      }))
  }

  it.scoped("stays behind on the same host at another port or by another name", () =>
    Effect.gen(function* () {
      const { arrived, go, target } = yield* servers
      const location = `http://localhost:${target.port}/1`
      const answered = yield* go([{ status: 307, location }])
      // Where localhost is IPv6 alone, nothing is there.
      if (!("error" in answered)) assert.isUndefined(arrived[1]?.headers.authorization)
    }))

  // On this machine: a server elsewhere may not go from https to http at all.
  it.effect("stays behind when https becomes http, or http https", () =>
    Effect.gen(function* () {
      for (const [from, to] of [["https", "http"], ["http", "https"]]) {
        const seen: Array<readonly [string, string | null]> = []
        const base = (url: string | URL, init?: RequestInit) => {
          seen.push([String(url), new Headers(init?.headers).get("authorization")])
          const headers = { location: `${to}://localhost/b` }
          return Promise.resolve(new Response(null, seen.length === 1 ? { status: 307, headers } : {}))
        }
        const origin = `${from}://localhost`
        const { isOwn } = yield* Effect.promise(() => send(base, origin, new URL(`${origin}/a`), {}, token))
        assert.isFalse(isOwn)
        assert.deepStrictEqual(seen, [[`${origin}/a`, authorization], [`${to}://localhost/b`, null]])
      }
    }))

  it.scopedLive("never reaches another origin, nor comes back, whatever the chain", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      const chain = FastCheck.array(
        FastCheck.record({ status: FastCheck.constantFrom(...redirects), to: FastCheck.constantFrom(0, 0, 1) }),
        { maxLength: 8 }
      )
      const method = FastCheck.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE")
      const property = FastCheck.asyncProperty(chain, method, async (hops, method) => {
        const hasBody = method === "POST" || method === "PUT"
        const init = { ...post(), method, ...(!hasBody && { body: null }) }
        const result = await Effect.runPromise(go(hops, init))
        const astray = hops.findIndex(({ to }) => to !== 0)
        assert.lengthOf(arrived, hops.length + 1)
        let [expected, body] = [method, hasBody ? "the body" : ""]
        for (const [index, request] of arrived.entries()) {
          const { status } = hops[index - 1] ?? {}
          if (status !== undefined) {
            const becomesGet = status === 303
              ? expected !== "GET" && expected !== "HEAD"
              : status < 303 && expected === "POST"
            if (becomesGet) [expected, body] = ["GET", ""]
          }
          assert.strictEqual(request.method, expected)
          assert.strictEqual(request.body, body)
          assert.strictEqual(request.headers.authorization, astray < 0 || index <= astray ? authorization : undefined)
          if (request.at !== 0) assert.notInclude(JSON.stringify(request), token)
        }
        assert.deepInclude(result, { own: astray < 0, status: 200 })
      })
      yield* Effect.promise(() => FastCheck.assert(property, { numRuns: 60 }))
    }))
})

describe("a redirect", () => {
  // HTTP-redirect fetch of the Fetch Standard, steps 11 to 12.
  it.scoped.each(
    redirects.flatMap((status) =>
      ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].map((method) => [status, method] as const)
    )
  )("%d of %s repeats the request, or asks with GET", ([status, method]) =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      const hasBody = method !== "GET" && method !== "HEAD"
      yield* go([{ status, to: 0 }], { ...post(), method, ...(!hasBody && { body: null }) })
      const asksWithGet = hasBody && (status === 303 || (status < 303 && method === "POST"))
      const second = arrived[1] ?? assert.fail("never came")
      assert.strictEqual(second.method, asksWithGet ? "GET" : method)
      assert.strictEqual(second.body, hasBody && !asksWithGet ? "the body" : "")
      const { "content-language": language, "content-type": type } = second.headers
      assert.strictEqual(language, asksWithGet ? undefined : "en")
      assert.strictEqual(type, asksWithGet ? undefined : "application/json")
      assert.strictEqual(second.headers["x-own"], "1")
      assert.strictEqual(second.headers["content-length"] === "8", hasBody && !asksWithGet)
    }))

  it.scoped("repeats bytes and forms too", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      for (const body of [new TextEncoder().encode("a=b").buffer, new URLSearchParams({ a: "b" })]) {
        yield* go([{ status: 308, to: 1 }, { status: 307, to: 0 }], { method: "POST", body })
        assert.deepStrictEqual(arrived.map((each) => each.body), ["a=b", "a=b", "a=b"])
      }
    }))

  it.scoped("knows a method that is written in small letters", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      yield* go([{ status: 302, to: 0 }], { ...post(), method: "post" })
      assert.deepStrictEqual(arrived.map(({ body, method }) => [method, body]), [["POST", "the body"], ["GET", ""]])
    }))

  it.scoped("to a relative place is followed", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      for (const location of ["1?again=2", "/a/../1#top", "./1"]) {
        assert.deepInclude(yield* go([{ status: 307, location }]), { own: true, text: "end 1" })
        assert.lengthOf(arrived, 2)
      }
    }))

  it.scoped("to a relative place is followed from where it was read", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      yield* go([{ status: 307, to: 1 }, { status: 307, location: "/2" }])
      assert.deepStrictEqual(arrived.map(({ at, path }) => [at, path]), [[0, "/0"], [1, "/1?key=a"], [1, "/2"]])
    }))

  it.scoped.each<[string, { readonly status: number; readonly location?: string }]>([
    ["without a location", { status: 302 }],
    ["that is none", { status: 300, location: "/1" }],
    ["for a cache", { status: 304, location: "/1" }],
    ["that only creates something", { status: 201, location: "/1" }]
  ])("%s is the answer", ([, hop]) =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      assert.deepInclude(yield* go([hop]), { own: true, status: hop.status })
      assert.lengthOf(arrived, 1)
    }))

  it.scoped.each([
    "file:///etc/passwd",
    "data:application/json,{}",
    "blob:http://127.0.0.1/x",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "ws://127.0.0.1/",
    "http://",
    "http://exa mple/"
  ])("to what is no place in the web is none: %s", (location) =>
    Effect.gen(function* () {
      const { arrived, go, origin } = yield* servers
      const error = failure(yield* go([{ status: 303, location }], post()))
      assert.instanceOf(error, TypeError)
      assert.include(error.message, `${origin}/0`)
      assert.notInclude(error.message, token)
      assert.lengthOf(arrived, 1)
    }))

  it.scoped("is followed twenty times, and not once more", () =>
    Effect.gen(function* () {
      const { arrived, go, origin } = yield* servers
      const chain = (length: number) => Array.from({ length }, (): Hop => ({ status: 307, to: 0 }))
      assert.deepInclude(yield* go(chain(20)), { own: true, text: "end 20" })
      assert.lengthOf(arrived, 21)
      const error = failure(yield* go(chain(21)))
      assert.lengthOf(arrived, 21)
      assert.instanceOf(error, TypeError)
      assert.strictEqual(error.message, `Cannot fetch ${origin}/0: more than 20 redirects`)
    }))

  it.scoped("that goes round is given up too", () =>
    Effect.gen(function* () {
      const { arrived, go } = yield* servers
      failure(yield* go([{ status: 302, location: "/0" }]))
      assert.lengthOf(arrived, 21)
    }))

  it.scoped("is not followed where the caller said so", () =>
    Effect.gen(function* () {
      const { arrived, go, other } = yield* servers
      const manual = yield* go([{ status: 307, to: 1 }], { redirect: "manual" })
      assert.deepInclude(manual, { own: true, status: 307, location: `${other}/1?key=a` })
      assert.deepStrictEqual(arrived.map(({ at, headers }) => [at, headers.authorization]), [[0, authorization]])
      failure(yield* go([{ status: 307, to: 1 }], { redirect: "error" }))
      assert.deepStrictEqual(arrived.map(({ at, headers }) => [at, headers.authorization]), [[0, authorization]])
      assert.deepInclude(yield* go([], { redirect: "error" }), { own: true, text: "end 0" })
    }))

  it.scoped("manual or not, the token is not for another origin", () =>
    Effect.gen(function* () {
      const { arrived, origin, other } = yield* servers
      for (const redirect of ["manual", "error", "follow"] as const) {
        const { isOwn } = yield* Effect.promise(() => send(fetch, origin, new URL(`${other}/0`), { redirect }, token))
        assert.isFalse(isOwn)
      }
      assert.deepStrictEqual(arrived.map(({ headers }) => headers.authorization), [undefined, undefined, undefined])
    }))
})

describe("an abort", () => {
  it.scoped("ends the request wherever it is", () =>
    Effect.gen(function* () {
      const { go, target } = yield* servers
      failure(yield* go([], { signal: AbortSignal.abort(new Error("gone")) }))
      const controller = new AbortController()
      let requests = 0
      const base = (url: string | URL, init?: RequestInit) => {
        if (++requests === 3) controller.abort(new Error("gone"))
        return fetch(url, init)
      }
      yield* go([{ status: 307, to: 0 }, { status: 307, to: 1 }, { status: 307, to: 0 }])
      const sent = send(base, target.origin, target, { signal: controller.signal }, token)
      const result = yield* Effect.promise(() => sent.then(() => ({}), (error: unknown) => ({ error })))
      assert.strictEqual(failure(result).message, "gone")
      assert.strictEqual(requests, 3)
    }))
})

describe("a redirect of a server elsewhere", () => {
  const server = "https://mcp.example"

  /** Sends a request that is redirected along these addresses, and gives what was asked. */
  const along = (...locations: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const asked: Array<string> = []
      const base = (url: string | URL) => {
        const location = locations[asked.push(String(url)) - 1]
        const response = new Response("end", { status: location === undefined ? 200 : 307 })
        const get = (name: string) => name === "location" ? location ?? null : null
        Object.defineProperty(response, "headers", { value: { get } })
        return Promise.resolve(response)
      }
      const sent = send(base, server, new URL(`${server}/mcp`), { method: "POST", body: "secret words" }, token)
      const end = await sent.then(() => "followed", (error: unknown) => error)
      return { asked, end }
    })

  it.effect.each([
    "http://mcp.example/mcp",
    "http://other.example/",
    "http://127.0.0.1:8080/",
    "https://127.0.0.1/",
    "//localhost:8443/admin",
    "https://localhost./",
    "https://admin.localhost/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://2130706433/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[fe80::1]/",
    "https://other.example/\u001b[2J",
    "https://other.example/\u202e",
    `https://other.example/${"x".repeat(20_000)}`
  ])("is not followed to %s, neither at once nor by way of another", (location) =>
    Effect.gen(function* () {
      for (const way of [[], ["https://other.example/"], ["/again", "https://third.example/"]]) {
        const { asked, end } = yield* along(...way, location)
        assert.lengthOf(asked, way.length + 1)
        assert.instanceOf(end, TypeError)
        const { message } = end as TypeError
        assert.match(message, /^Cannot fetch https:\/\/mcp\.example\/mcp: it redirects to [\x20-\x7e]+$/)
        assert.isAtMost(message.length, 200)
      }
    }))

  it.effect("is followed to others by https, also in a private network, as companies have it", () =>
    Effect.gen(function* () {
      for (const location of ["https://other.example/a b", "/mcp/", "https://10.0.0.1/", "https://192.168.1.1/mcp"]) {
        assert.strictEqual((yield* along(location)).end, "followed")
      }
    }))
})
