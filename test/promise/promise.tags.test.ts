/** Whatever a caller in JavaScript passes: each promise rejects with an Error that has a tag and says what is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as entry from "../../src/promise.ts"

const {
  accounts,
  closeAll,
  connect,
  connectAll,
  createHostedSignIn,
  createMcpOAuth,
  exportCredentials,
  importCredentials,
  openCallback,
  presentUrl
} = entry

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

/** Options that each function has, and needs. */
const rights: Readonly<Record<string, object>> = {
  openCallback: quiet,
  createMcpOAuth: { ...quiet, serverUrl, interactive: false, fetch: refuse },
  connect: { ...quiet, serverUrl, interactive: false, fetch: refuse },
  connectAll: quiet
}

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
          assertTagged(await rejectionOf(() => call({ ...rights[name], ...wrong } as never)))
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
    for (const [name, call] of Object.entries(calls)) {
      assert.strictEqual(await rejectionOf(() => call({ ...rights[name], signal } as never)) as unknown, "enough")
    }
    const asked = presentUrl({ url: "https://a.example" }, { serverName: "a", consent: () => "accept", signal })
    assert.strictEqual(await rejectionOf(() => asked) as unknown, "enough")
  })
})

describe("an option out of an environment variable", () => {
  const clientId =
    "and must be the client id that the authorization server issued, of 1 to 4096 printable ASCII characters"
  const port = "and must be a number, or a list of numbers"
  const list = "and must be a list of strings"
  const method = 'and must be "client_secret_basic", "client_secret_post" or "none"'

  it.each<[options: object, option: string, detail: string]>([
    [{ client: { clientId: undefined } }, "client.clientId", `it is undefined, ${clientId}`],
    [{ client: {} }, "client.clientId", `it is undefined, ${clientId}`],
    [{ client: { clientId: "" } }, "client.clientId", `it is empty, ${clientId}`],
    [{ client: { clientId: "a\nb" } }, "client.clientId", `it is a string, ${clientId}`],
    [{ client: { clientId: "a", authMethod: "" } }, "client.authMethod", `it is empty, ${method}`],
    [{ callback: { port: "8080" } }, "callback.port", `it is a string, ${port}`],
    [{ callback: { port: ["8080"] } }, "callback.port", `it is a list, ${port}`],
    [{ callback: { port: null } }, "callback.port", `it is null, ${port}`],
    [{ callback: { port: {} } }, "callback.port", `it is an object, ${port}`],
    [{ callback: { allowOrigins: "https://a.example" } }, "callback.allowOrigins", `it is a string, ${list}`],
    [{ store: { appName: undefined } }, "store.appName", `it is undefined, and must be one name`],
    [{ store: { appName: "a", directory: "" } }, "store.directory", "it is empty, and must be a path, or absent"]
  ])("%o is refused before anything is sent", async (options, option, detail) => {
    const error = await rejectionOf(() => createMcpOAuth({ serverUrl, ...quiet, ...options } as never))
    assert.include(error as object, { _tag: "InvalidOptions", option })
    assert.include(error?.message, `Cannot use the option ${option}: ${detail}`)
  })

  it("is refused of one server of several, and of a callback alone", async () => {
    const servers = { one: { client, serverUrl, registration: { clientId: undefined } } }
    const { one } = await connectAll(servers as never, quiet) as Record<string, PromiseSettledResult<unknown>>
    assert.include(one?.status === "rejected" ? one.reason : {}, {
      _tag: "InvalidOptions",
      option: "one.registration.clientId"
    })
    const opening = await rejectionOf(() => openCallback({ ...quiet, port: "8080" } as never))
    assert.include(opening as object, { _tag: "BindError", reason: "InvalidOptions" })
  })
})

describe("a time-limit", () => {
  it.each([Number.NaN, 0, -1, -Infinity])("of %s is refused, and says what is wanted", async (millis) => {
    const refusals: ReadonlyArray<readonly [option: string, call: () => Promise<unknown>]> = [
      ["requestTimeout", () => createMcpOAuth({ ...quiet, serverUrl, requestTimeout: millis })],
      ["callback.timeout", () => createMcpOAuth({ ...quiet, serverUrl, callback: { timeout: millis } })]
    ]
    for (const [option, call] of refusals) {
      const error = await rejectionOf(call)
      assert.include(error as object, { _tag: "InvalidOptions", option })
      assert.include(error?.message, `it is ${millis}, and must be a number of milliseconds above 0`)
    }
  })

  it.each([0.5, Infinity])("of %s is taken", async (millis) => {
    const options = { ...quiet, serverUrl, requestTimeout: millis, callback: { timeout: millis } }
    assert.isUndefined(await rejectionOf(() => createMcpOAuth(options)))
  })
})

describe("an option that does not exist", () => {
  const store = new Map<string, string>() as never
  const hosted = { redirectUri: "https://a.example/callback", store: "memory", credentials: store }
  const refusals: ReadonlyArray<readonly [call: () => Promise<unknown>, option: string, meant?: string]> = [
    [() => openCallback({ onRefused: () => {} } as never), "onRefused", "onRefusal"],
    [() => openCallback({ page: { styles: "" } } as never), "page.styles", "page.style"],
    [() => createMcpOAuth({ serverurl: serverUrl } as never), "serverurl", "serverUrl"],
    [() => createMcpOAuth({ serverUrl, clientmetadataURL: "x" } as never), "clientmetadataURL", "clientMetadataUrl"],
    [() => createMcpOAuth({ serverUrl, timeouts: 5 } as never), "timeouts"],
    [() => createMcpOAuth({ serverUrl, transport: () => {} } as never), "transport"],
    [() => createMcpOAuth({ serverUrl, interactiv: undefined } as never), "interactiv", "interactive"],
    [() => createMcpOAuth({ serverUrl, client: { clientID: "a" } } as never), "client.clientID", "client.clientId"],
    [
      () => createMcpOAuth({ serverUrl, unsafe: { omitRessource: true } } as never),
      "unsafe.omitRessource",
      "unsafe.omitResource"
    ],
    [() => createMcpOAuth({ serverUrl, store: { appName: "a", encrypted: true } } as never), "store.encrypted"],
    [() => connect(client, { serverUrl, callback: { tiemout: 5 } } as never), "callback.tiemout", "callback.timeout"],
    [() => connectAll({}, { concurency: 1 } as never), "concurency", "concurrency"],
    [() => accounts({ store: { appName: "a" }, signl: 1 } as never), "signl", "signal"],
    [() => exportCredentials({ store, too: "x" } as never), "too", "to"],
    [() => importCredentials({ store, form: "x" } as never), "form", "from"],
    [() => presentUrl({}, { serverName: "a", consents: () => {} } as never), "consents", "consent"],
    [() => createHostedSignIn({ ...hosted, gaurd: () => false } as never), "gaurd", "guard"]
  ]

  for (const [call, option, meant] of refusals) {
    it(`is refused, as ${option} is, with the name that may have been meant`, async () => {
      const error = await rejectionOf(call)
      assert.include(error as object, { _tag: "InvalidOptions", option })
      const sentence = `Cannot use the option ${option}: there is no such option`
      if (meant === undefined) assert.isTrue(error?.message.startsWith(sentence), error?.message)
      else assert.strictEqual(error?.message, `${sentence}. Did you mean ${meant}?`)
    })
  }

  it("starts no sign-in: nothing is sent, and no browser opens", async () => {
    let asked = 0
    const error = await rejectionOf(() =>
      connect(client, {
        ...quiet,
        serverUrl,
        interactiv: false,
        openBrowser: () => asked++,
        fetch: (...request: []) => (asked++, refuse(...request))
      } as never)
    )
    assert.strictEqual(
      error?.message,
      "Cannot use the option interactiv: there is no such option. Did you mean interactive?"
    )
    assert.strictEqual(asked, 0)
  })

  it("is refused where a callback, a hosted sign-in or one of several servers is asked", async () => {
    const callback = await openCallback({ ...quiet, paste: false })
    const redirectUri = "https://a.example/callback"
    const signIns = await createHostedSignIn({
      redirectUri,
      store: "memory",
      credentials: { get: () => undefined, set: () => {}, delete: () => {}, mine: 1 } as entry.TextStore
    })
    try {
      const authorizing = await rejectionOf(() => callback.authorize({ url: "https://a.example", isuer: "x" } as never))
      assert.include(authorizing?.message, "the option isuer: there is no such option. Did you mean issuer?")
      const beginning = await rejectionOf(() =>
        signIns.begin({ serverUrl, account: "a", bindtobrowser: true } as never)
      )
      assert.include(beginning?.message, "Did you mean bindToBrowser?")
      const servers = { one: { client, serverUrl, registraton: {} } }
      const { one } = await connectAll(servers as never, quiet) as Record<string, PromiseSettledResult<unknown>>
      assert.include(
        one?.status === "rejected" ? one.reason.message : "",
        "the option one.registraton: there is no such option. Did you mean one.registration?"
      )
    } finally {
      await Promise.all([callback.close(), signIns.close()])
    }
  })

  it("is not one that is inherited, a symbol, or of an instance of a class", async () => {
    class Settings {
      serverUrl = serverUrl
      _prompt = false
      get prompt() {
        return this._prompt
      }
    }
    const inheriting: object = Object.assign(Object.create({ inherited: 1 }), { serverUrl })
    for (const given of [new Settings(), inheriting, { serverUrl, [Symbol("own")]: 1 }]) {
      assert.isUndefined(await rejectionOf(() => createMcpOAuth(given as never)))
    }
    assert.include(
      await rejectionOf(() => createMcpOAuth(Object.assign(inheriting, { accounts: "a" }) as never)) as object,
      { option: "accounts" }
    )
  })
})

describe("options that are left out", () => {
  it("are asked for, and so is serverUrl", async () => {
    for (const none of [undefined, null]) {
      assert.strictEqual(
        (await rejectionOf(() => connect(client, none as never)))?.message,
        "Cannot use the options: `connect` needs options as its second argument, with serverUrl"
      )
    }
    assert.strictEqual(
      (await rejectionOf(() => createMcpOAuth(null as never)))?.message,
      "Cannot use the options: they are null, and must be an object"
    )
    for (const call of [() => connect(client, quiet as never), () => createMcpOAuth(quiet as never)]) {
      assert.strictEqual((await rejectionOf(call))?.message, "Cannot use the option serverUrl: it is missing")
    }
    const { one } = await connectAll({ one: { client } } as never, quiet) as Record<
      string,
      PromiseSettledResult<unknown>
    >
    assert.include(one?.status === "rejected" ? one.reason : {}, { _tag: "InvalidOptions", option: "one.serverUrl" })
  })
})

function refuse(): Promise<Response> {
  return Promise.reject(new TypeError("nobody is there"))
}
