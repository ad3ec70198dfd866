/** Mistakes that a caller in JavaScript makes: told before a person is asked, and never passed over. */
import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"
import * as entry from "../../src/promise.ts"
import { rejection } from "../fixtures/rejection.ts"

const { connect, connectAll, createHostedSignIn, createMcpOAuth, exportCredentials, openCallback, presentUrl } = entry

const serverUrl = "http://127.0.0.1:9/mcp"
const quiet = { prompt: false, openBrowser: false, present: false } as const
const texts = { get: () => undefined, set: () => {}, delete: () => {} }

class Client {
  connect() {
    return Promise.reject(new Error("no"))
  }
  close() {
    return Promise.resolve()
  }
}

/** Options that count what is asked of a server, of a store and of a person. */
const counted = () => {
  let asked = 0
  const count = <A>(value: A) => (asked++, value)
  return {
    asked: () => asked,
    options: {
      ...quiet,
      serverUrl,
      openBrowser: () => count(undefined),
      fetch: () => count(Promise.reject(new TypeError("nobody is there"))),
      store: { ...texts, get: () => count(undefined) }
    }
  }
}

describe("what is no client of an MCP SDK", () => {
  const others: ReadonlyArray<readonly [name: string, client: unknown, detail: string]> = [
    ["a class: `new` is missing", Client, "it is a class or a function"],
    ["a factory", () => new Client(), "it is a class or a function"],
    ["a promise of one", Promise.resolve(new Client()), "it is a promise: await it"],
    ["another object", { connect: () => {} }, "it has no function close"],
    ["nothing", undefined, "it is undefined"],
    ["a registration", { clientId: "a" }, "calls `registration`"]
  ]
  for (const [name, client, detail] of others) {
    it(`is refused before anything is asked: ${name}`, async () => {
      const { asked, options } = counted()
      const error = await rejection(connect(client as never, options))
      assert.deepInclude({ ...error }, { _tag: "InvalidOptions", option: "client" })
      assert.include(error.message, detail)
      assert.include(error.message, "It must be a Client of an MCP SDK")
      const { store, ...server } = options
      const { one } = await connectAll({ one: { serverUrl, fetch: server.fetch, client: client as never } }, {
        ...quiet,
        store
      })
      assert.deepInclude({ ...one.status === "rejected" && one.reason }, {
        _tag: "InvalidOptions",
        option: "one.client"
      })
      assert.include(one.status === "rejected" && one.reason.message, detail)
      assert.strictEqual(asked(), 0)
    })
  }
})

describe("an option that has one of a few names", () => {
  for (const authMethod of ["post", "client_secret_Post", "private_key_jwt", "toString", "", null, 5]) {
    it(`is refused with those that there are: client.authMethod ${JSON.stringify(authMethod)}`, async () => {
      const client = { clientId: "a", clientSecret: "private", authMethod } as never
      const error = await rejection(createMcpOAuth({ ...quiet, serverUrl, client }))
      assert.deepInclude({ ...error }, { _tag: "InvalidOptions", option: "client.authMethod" })
      assert.include(error.message, '"client_secret_basic", "client_secret_post" or "none"')
      const hosted = await createHostedSignIn({
        redirectUri: "https://a.example/cb",
        store: "memory",
        credentials: texts
      })
      const begun = await rejection(hosted.begin({ serverUrl, account: "a", client }))
      assert.deepInclude({ ...begun }, { _tag: "InvalidOptions", option: "client.authMethod" })
      await hosted.close()
    })
  }

  it("is taken where it is one of them", async () => {
    for (const authMethod of ["client_secret_basic", "client_secret_post", "none", undefined] as const) {
      const oauth = await createMcpOAuth({ ...quiet, serverUrl, client: { clientId: "a", authMethod } })
      await oauth.close()
    }
  })

  for (const wrong of [{ onPortBusy: "past" }, { responseMode: "fragment" }, { host: "0.0.0.0" }]) {
    it(`is refused before a browser opens: callback ${JSON.stringify(wrong)}`, async () => {
      assert.strictEqual((await rejection(openCallback({ ...quiet, ...wrong as object })))["_tag"], "BindError")
    })
  }
})

describe("a signal in place of options", () => {
  const signal = new AbortController().signal as never
  const isRefused = async (promise: Promise<unknown>) => {
    const error = await rejection(promise)
    assert.deepInclude({ ...error }, { _tag: "InvalidOptions", option: "options" })
    assert.include(error.message, "pass { signal }")
  }

  it("is refused by ensure, login, authorize and begin", async () => {
    const oauth = await createMcpOAuth({ ...quiet, serverUrl })
    const callback = await openCallback({ ...quiet, paste: false })
    const hosted = await createHostedSignIn({
      redirectUri: "https://a.example/cb",
      store: "memory",
      credentials: texts
    })
    try {
      await isRefused(oauth.ensure(signal))
      await isRefused(oauth.login(signal))
      await isRefused(callback.authorize(signal))
      await isRefused(hosted.begin(signal))
    } finally {
      await Promise.all([oauth.close(), callback.close(), hosted.close()])
    }
  })

  it("is refused by all that opens something", async () => {
    await isRefused(openCallback(signal))
    await isRefused(createMcpOAuth(signal))
    await isRefused(connect(new Client(), signal))
    await isRefused(connectAll({}, signal))
    await isRefused(createHostedSignIn(signal))
    await isRefused(entry.accounts(signal))
    await isRefused(exportCredentials(signal))
    await isRefused(entry.importCredentials(signal))
    await isRefused(presentUrl({}, signal))
  })
})

describe("a value of another type", () => {
  const refused: ReadonlyArray<readonly [options: object, option: string]> = [
    [{ page: { style: 5 } }, "page.style"],
    [{ page: { html: "<p>" } }, "page.html"],
    [{ page: { texts: null } }, "page.texts"]
  ]
  for (const [options, option] of refused) {
    it(`is named: ${option}`, async () => {
      assert.deepInclude({ ...await rejection(openCallback({ ...quiet, ...options })) }, {
        _tag: "InvalidOptions",
        option
      })
      const nested = await rejection(createMcpOAuth({ ...quiet, serverUrl, callback: options }))
      assert.deepInclude({ ...nested }, { _tag: "InvalidOptions", option: `callback.${option}` })
    })
  }

  for (const name of ["path", "host", "allowOrigins"]) {
    const circular: Array<unknown> = []
    circular.push(circular)
    for (const value of [10n, Symbol("s"), circular, Object.create(null)]) {
      it(`never ends in an UnexpectedError: ${name} ${inspect(value)}`, async () => {
        const given = name === "allowOrigins" ? [value] : value
        const error = await rejection(openCallback({ ...quiet, [name]: given } as never))
        assert.strictEqual(error["_tag"], "BindError")
        assert.include(error.message, name)
      })
    }
  }
})

describe("presentUrl", () => {
  it("takes the whole request of a server too", async () => {
    const params = { mode: "url", url: "https://pay.example/x", message: "pay", elicitationId: "1" }
    const shown: Array<string> = []
    const action = await presentUrl({ method: "elicitation/create", params }, {
      serverName: "wiki",
      present: false,
      consent: ({ host }) => (shown.push(host), "decline")
    })
    assert.strictEqual(action, "decline")
    assert.deepStrictEqual(shown, ["pay.example"])
  })
})
