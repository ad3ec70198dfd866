/** Whatever a caller in JavaScript passes: each promise rejects with an Error that has a tag and says what is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as entry from "../../src/promise.ts"

const { closeAll, connect, connectAll, createMcpOAuth, openCallback, presentUrl } = entry

type Tagged = Error & { readonly _tag?: unknown; readonly option?: unknown }

/** What a call rejects with; what it opened is closed. A call that throws is none. */
const rejectionOf = async (call: () => Promise<unknown>): Promise<Tagged | undefined> => {
  const promise = call()
  try {
    const made = await promise
    if (typeof made === "object" && made !== null && "close" in made) await (made as entry.Callback).close()
    return undefined
  } catch (error) {
    return error as Tagged
  }
}

const assertTagged = (error: Tagged | undefined) => {
  if (error === undefined) return
  assert.instanceOf(error, Error)
  assert.match(String(error._tag), /^[A-Z]\w+$/)
  assert.isAbove(error.message.length, 15)
}

const serverUrl = "http://127.0.0.1:9/mcp"
const quiet = { prompt: false, openBrowser: false, present: false } as const
const client = { connect: () => Promise.reject(new Error("no")), close: () => Promise.resolve() }

const names = [
  "account",
  "callback",
  "client",
  "clientMetadataUrl",
  "clientName",
  "concurrency",
  "fetch",
  "host",
  "interactive",
  "name",
  "onNotice",
  "onPortBusy",
  "onRefusal",
  "openBrowser",
  "page",
  "paste",
  "path",
  "port",
  "present",
  "prompt",
  "redirectUri",
  "registration",
  "requestTimeout",
  "responseMode",
  "scope",
  "serverUrl",
  "signal",
  "store",
  "texts",
  "transport",
  "turns",
  "unsafe"
] as const

const junk = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  Number.NaN,
  "",
  "x",
  true,
  Symbol("s"),
  10n,
  {},
  [],
  () => {},
  Object.create(null),
  { timeout: "soon" },
  { clientId: 1 },
  { appName: "../x" },
  new Date(0)
)
const options = fc.dictionary(fc.constantFrom(...names), junk, { minKeys: 1, maxKeys: 2 })

const calls: Readonly<Record<string, (options: never) => Promise<unknown>>> = {
  openCallback: (options) => openCallback(options),
  createMcpOAuth: (options) => createMcpOAuth(options),
  connect: (options) => connect(client, options),
  connectAll: (options) => connectAll({}, options)
}

describe("a wrong option", () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`of ${name} rejects with a tag, whatever it is`, () =>
      fc.assert(
        fc.asyncProperty(options, async (wrong) => {
          const all = { ...quiet, ...name === "openCallback" || name === "connectAll" ? {} : { serverUrl }, ...wrong }
          assertTagged(await rejectionOf(() => call({ interactive: false, fetch: refuse, ...all } as never)))
        }),
        { numRuns: 60 }
      ), 60_000)

    for (const none of [null, 5, "text"]) {
      it(`of ${name} may not be ${JSON.stringify(none)} altogether`, async () => {
        const error = await rejectionOf(() => call(none as never))
        assert.include(error as object, { _tag: "InvalidOptions", option: "options" })
      })
    }
  }

  it("is named with what it must be, and its value is not told", async () => {
    const of = async (options: object) => await rejectionOf(() => createMcpOAuth({ serverUrl, ...options } as never))
    assert.include(
      (await of({ requestTimeout: "soon" }))?.message,
      "the option requestTimeout: it is a string, and must be"
    )
    assert.include((await of({ callback: { timeout: null } }))?.message, "the option callback.timeout: it is null")
    const secret = await of({ client: { clientId: "a", clientSecret: ["hunter2"] } })
    assert.include(secret as object, { _tag: "InvalidOptions", option: "client.clientSecret" })
    assert.notInclude(JSON.stringify(secret) + String(secret?.message), "hunter2")
    assert.include((await of({ store: { appName: "a/b" } }))?.message, "the option store.appName: ")
  })

  it("of one server of connectAll fails that server only", async () => {
    const servers = {
      one: { client, serverUrl, requestTimeout: "soon" },
      two: null,
      three: { client, serverUrl: "ftp://x" },
      four: { client, serverUrl: Object.create(null) }
    }
    const results = await connectAll(servers as never, quiet) as Record<string, PromiseSettledResult<unknown>>
    const tags = Object.entries(results).map(([name, result]) => [
      name,
      result.status === "rejected" ? result.reason._tag : "fulfilled"
    ])
    assert.deepStrictEqual(tags, [
      ["one", "InvalidOptions"],
      ["two", "InvalidOptions"],
      ["three", "InvalidServerUrl"],
      ["four", "UnexpectedError"]
    ])
  })

  it("of what they gave rejects too, and does not throw", async () => {
    const oauth = await createMcpOAuth({ serverUrl, ...quiet, interactive: false, fetch: refuse })
    const callback = await openCallback({ ...quiet, paste: false })
    const authorize = (more: object) => callback.authorize({ url: "https://as.example", ...more } as never)
    try {
      for (
        const call of [
          () => oauth.ensure(null as never),
          () => oauth.ensure({ signal: "x" } as never),
          () => oauth.login(5 as never),
          () => oauth.submit(5 as never),
          () => oauth.fetch(Symbol("s") as never),
          () => callback.submit(null as never),
          () => callback.authorize(null as never),
          () => authorize({ timeout: "soon" }),
          () => authorize({ exchange: "soon" }),
          () => authorize({ signal: {} }),
          () => authorize({ url: null }),
          () => authorize({ url: Object.create(null) }),
          () => closeAll(null as never),
          () => presentUrl(null, null as never),
          () => presentUrl({ url: "https://a.example" }, { serverName: "a" } as never),
          () => presentUrl(null, { serverName: "a", consent: () => "accept", present: false }),
          () => connectAll(null as never, quiet)
        ]
      ) {
        const error = await rejectionOf(call)
        assert.isDefined(error, String(call))
        assertTagged(error)
      }
    } finally {
      await Promise.all([oauth.close(), callback.close()])
    }
  })

  it("leaves the reason of an abort as it is", async () => {
    const signal = AbortSignal.abort("enough")
    for (const call of Object.values(calls)) {
      assert.strictEqual(await rejectionOf(() => call({ ...quiet, serverUrl, signal } as never)) as unknown, "enough")
    }
    const asked = presentUrl({ url: "https://a.example" }, { serverName: "a", consent: () => "accept", signal })
    assert.strictEqual(await rejectionOf(() => asked) as unknown, "enough")
  })
})

function refuse(): Promise<Response> {
  return Promise.reject(new TypeError("nobody is there"))
}
