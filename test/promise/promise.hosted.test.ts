/** Signing people in from a web service without Effect. The sources and the bundle must not differ. */
import { Effect, Exit, Scope } from "effect"
import { inspect } from "node:util"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import {
  createHostedSignIn,
  type CreateHostedSignInOptions,
  createMcpOAuth,
  type HostedOutcome,
  type HostedSignIn,
  type PendingStore,
  type TextStore
} from "../../src/promise.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import { rejection } from "../fixtures/rejection.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"

interface World {
  readonly authorization: ScriptedAuthorizationServer.ScriptedAuthorizationServer
  readonly resource: ProtectedServer.ProtectedServer
}

let world: World
let stop: () => Promise<void>
let credentials: TextStore
let pending: PendingStore & { readonly texts: Map<string, string> }

/** Members that use `this`, and give no promises: both are fine. */
class Texts {
  readonly texts = new Map<string, string>()
  get(name: string) {
    return this.texts.get(name)
  }
  set(name: string, text: string) {
    this.texts.set(name, text)
  }
  delete(name: string) {
    this.texts.delete(name)
  }
}

class Pending {
  readonly texts = new Map<string, string>()
  putIfAbsent(key: string, text: string) {
    if (this.texts.has(key)) return false
    this.texts.set(key, text)
    return true
  }
  take(key: string) {
    const text = this.texts.get(key)
    this.texts.delete(key)
    return text
  }
}

beforeEach(async () => {
  credentials = new Texts()
  pending = new Pending()
  const scope = Effect.runSync(Scope.make())
  stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  world = await Effect.runPromise(Scope.extend(
    Effect.gen(function* () {
      const authorization = yield* ScriptedAuthorizationServer.make()
      const resource = yield* ProtectedServer.make({ authorizationServer: authorization })
      return { authorization, resource }
    }),
    scope
  ))
})

afterEach(() => stop())

const create = (more: Partial<CreateHostedSignInOptions> = {}): Promise<HostedSignIn> =>
  createHostedSignIn({
    redirectUri: "https://agent.example/oauth/callback",
    store: pending,
    credentials,
    // The servers of a test are on this machine.
    guard: () => true,
    ...more
  })

/** What the person's browser comes back with. */
const answerAfter = async (url: URL, headers: Readonly<Record<string, string>> = {}): Promise<Request> => {
  const { headers: { location = "" } } = await fetch(url, { redirect: "manual" }).then((response) => ({
    headers: Object.fromEntries(response.headers) as { readonly location?: string }
  }))
  return new Request(location, {
    headers: { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site", ...headers }
  })
}

/** What the person reads in the end. */
const read = async ({ handle }: HostedSignIn, request: Request): Promise<string> => {
  const response = await handle(request)
  const location = response.headers.get("location")
  const last = location === null
    ? response
    : await handle(new Request(new URL(location, request.url), { headers: request.headers }))
  return `${last.status} ${/<h1[^>]*>(.*?)<\/h1>/s.exec(await last.text())?.[1] ?? ""}`
}

describe("createHostedSignIn", () => {
  it("signs a person in by two calls, and the credentials are those that createMcpOAuth uses", async () => {
    const outcomes: Array<HostedOutcome> = []
    const hosted = await create({ onOutcome: (outcome) => outcomes.push(outcome) })
    const serverUrl = world.resource.url
    const { cookie, expiresAt, url } = await hosted.begin({ serverUrl, account: "ann" })
    assert.isAbove(expiresAt, Date.now() + 500_000)
    assert.isUndefined(cookie)
    assert.match(await read(hosted, await answerAfter(url)), /^200 Signed in/)
    assert.deepStrictEqual(outcomes, [{ _tag: "SignedIn", account: "ann", serverUrl }])

    const use = { serverUrl, store: credentials, fetch: hosted.fetch, interactive: false, prompt: false } as const
    const oauth = await createMcpOAuth({ ...use, account: "ann" })
    assert.strictEqual((await oauth.fetch(serverUrl)).status, 200)
    await oauth.close()
    const another = await createMcpOAuth({ ...use, account: "ben" })
    assert.strictEqual((await rejection(another.fetch(serverUrl)))["_tag"], "InteractionRequired")
    await another.close()
    await hosted.close()
  })

  it("takes the answer at any machine that shares the store, and its page is there at the others", async () => {
    const [first, second] = [await create(), await create()]
    const { url } = await first.begin({ serverUrl: world.resource.url, account: "ann" })
    // What begin needed of this machine is gone.
    await first.close()
    const third = await create()
    const answer = await answerAfter(url)
    assert.match(await read(second, answer), /^200 Signed in/)
    assert.match(await read(third, answer), /^200 Signed in/)
    assert.strictEqual(world.authorization.count("token", "authorization_code"), 1)
    // Without `state` as a key, and without what the answer needs in the clear.
    const kept = JSON.stringify([...pending.texts])
    assert.notInclude(kept, url.searchParams.get("state") ?? "")
    assert.notInclude(kept, "code_verifier")
  })

  it("binds an answer to the browser that was sent there, where that is asked for", async () => {
    const hosted = await create({ store: "memory" })
    const begin = () => hosted.begin({ serverUrl: world.resource.url, account: "ann", bindToBrowser: true })
    const stolen = await begin()
    assert.notMatch(await read(hosted, await answerAfter(stolen.url)), /Signed in/)
    assert.strictEqual(world.authorization.count("token", "authorization_code"), 0)
    const own = await begin()
    const cookie = own.cookie?.split(";")[0] ?? ""
    assert.match(await read(hosted, await answerAfter(own.url, { cookie })), /^200 Signed in/)
  })

  it("sends nothing to this machine or a private network by default, nor where a guard gives no true", async () => {
    const refused = await rejection(
      (await create({ guard: undefined })).begin({ serverUrl: world.resource.url, account: "ann" })
    )
    assert.strictEqual(refused["_tag"], "TargetRefused")
    assert.instanceOf(refused, Error)
    // In JavaScript.
    const forgetful = await create({ guard: (() => undefined) as unknown as () => boolean })
    const { host, reason } = await rejection(forgetful.begin({ serverUrl: world.resource.url, account: "ann" }))
    assert.deepStrictEqual([reason, host], ["Guard", "127.0.0.1"])
    assert.strictEqual((await rejection(forgetful.fetch(world.resource.url)))["_tag"], "TargetRefused")
    assert.lengthOf(world.resource.requests, 0)
  })

  it("tells of a store that fails, without what it was given", async () => {
    let given = ""
    const failing = {
      putIfAbsent: (_: string, text: string) => {
        given = text
        throw Object.assign(new Error(`cannot keep ${text}`), { code: "ECONNREFUSED" })
      },
      take: () => undefined
    }
    const hosted = await create({ store: failing })
    const error = await rejection(hosted.begin({ serverUrl: world.resource.url, account: "ann" }))
    assert.deepInclude(error, { _tag: "PendingStoreError", code: "ECONNREFUSED" })
    assert.isAbove(given.length, 20)
    assert.notInclude(inspect(error, { depth: 9 }), given)
  })

  it("signs in also where the host's onOutcome throws or rejects", async () => {
    for (const onOutcome of [() => assert.fail("not told"), () => Promise.reject(new Error("not told"))]) {
      const hosted = await create({ onOutcome })
      const { url } = await hosted.begin({ serverUrl: world.resource.url, account: "ann" })
      assert.match(await read(hosted, await answerAfter(url)), /^200 Signed in/)
    }
  })

  it("refuses options of the wrong type before anything is done, and names them", async () => {
    const wrong: ReadonlyArray<readonly [option: string, options: object]> = [
      ["redirectUri", { redirectUri: undefined }],
      ["redirectUri", { redirectUri: new URL("https://agent.example/") }],
      ["store", { store: undefined }],
      ["store", { store: "redis" }],
      ["store", { store: { putIfAbsent: () => true } }],
      ["credentials", { credentials: undefined }],
      ["credentials", { credentials: {} }],
      ["credentials.delete", { credentials: { get: () => undefined, set: () => {} } }],
      ["credentials.encrpyt", { credentials: { appName: "agent", encrpyt: true } }],
      ["guard", { guard: true }],
      ["onOutcome", { onOutcome: "log" }],
      ["requestTimeout", { requestTimeout: "1 second" }],
      ["signal", { signal: {} }]
    ]
    for (const [option, options] of wrong) {
      const error = await rejection(create(options))
      assert.deepInclude(error, { _tag: "InvalidOptions", option })
    }
    const hosted = await create()
    const wrongOfOne: ReadonlyArray<readonly [option: string, options: object]> = [
      ["serverUrl", { serverUrl: undefined }],
      ["account", { account: undefined }],
      ["account", { account: 7 }],
      ["bindToBrowser", { bindToBrowser: "yes" }],
      ["timeout", { timeout: "10 minutes" }],
      ["client.clientId", { client: { clientId: 7 } }],
      ["client.clientId", { client: { clientId: undefined } }]
    ]
    for (const [option, options] of wrongOfOne) {
      const error = await rejection(hosted.begin({ serverUrl: world.resource.url, account: "ann", ...options }))
      assert.deepInclude(error, { _tag: "InvalidOptions", option })
    }
    assert.lengthOf(world.resource.requests, 0)
  })

  it("closes: begin rejects, and a request that is being answered is answered first", async () => {
    const hosted = await create()
    const { url } = await hosted.begin({ serverUrl: world.resource.url, account: "ann" })
    const answer = await answerAfter(url)
    let goOn = () => {}
    const atToken = new Promise<void>((resolve) => {
      world.authorization.knobs.meanwhile = ({ endpoint }, moment) =>
        new Promise<void>((done) => {
          if (endpoint !== "token" || moment !== "decided") return done()
          goOn = done
          resolve()
        })
    })
    const page = read({ ...hosted, handle: hosted.handle }, answer).catch((error) => error)
    await atToken
    const signingIn = rejection(hosted.begin({ serverUrl: world.resource.url, account: "ben" }))
    let isClosed = false
    const closed = hosted.close().then(() => isClosed = true)
    assert.strictEqual((await signingIn)["_tag"], "Closed")
    // Time for a close that does not wait.
    await fetch(world.resource.url).then((response) => response.body?.cancel())
    assert.isFalse(isClosed)
    goOn()
    await closed
    await page
    assert.strictEqual((await rejection(hosted.handle(answer)))["_tag"], "Closed")
    assert.strictEqual(
      (await rejection(hosted.begin({ serverUrl: world.resource.url, account: "ann" })))["_tag"],
      "Closed"
    )
    // The code was spent, and what it brought is kept.
    const oauth = await createMcpOAuth({
      serverUrl: world.resource.url,
      account: "ann",
      store: credentials,
      prompt: false
    })
    assert.isTrue((await oauth.status()).isSignedIn)
    await oauth.close()
  })

  it("says how to convert a request of node:http or Express, and holds nothing of it", async () => {
    const hosted = await create()
    const request = { url: "/oauth/callback?code=private-code&state=private-state", method: "GET", headers: {} }
    const error = await rejection(hosted.handle(request as unknown as Request))
    assert.deepInclude({ ...error }, { _tag: "InvalidOptions", option: "request" })
    assert.include(error.message, "nodeRequest.ts")
    assert.notInclude(inspect(error, { depth: 9 }) + JSON.stringify(error), "private")
    await hosted.close()
  })

  it("rejects with the reason of an abort: of its own signal, and of that of one begin", async () => {
    const [all, one] = [new AbortController(), new AbortController()]
    const reason = new Error("enough")
    world.authorization.knobs.meanwhile = () => one.abort(reason)
    const hosted = await create({ signal: all.signal })
    const options = { serverUrl: world.resource.url, account: "ann" }
    assert.strictEqual(await rejection(hosted.begin({ ...options, signal: one.signal })), reason)
    all.abort(reason)
    assert.strictEqual(await rejection(hosted.begin(options)), reason)
    assert.strictEqual(await rejection(hosted.handle(new Request("https://agent.example/oauth/callback"))), reason)
    assert.strictEqual(await rejection(create({ signal: all.signal })), reason)
  })
})
