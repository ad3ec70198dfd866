/** What a host without Effect plugs in and what does not answer: it holds up no close and no abort. */
import { Effect, Exit, Scope } from "effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { createMcpOAuth, type CreateMcpOAuthOptions, type TextStore } from "../../src/promise.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as ProtectedServer from "../fixtures/ProtectedServer.ts"
import { rejection } from "../fixtures/rejection.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

let server: ProtectedServer.ProtectedServer
let stop: () => Promise<void>
let windows: Array<URL>

beforeEach(async () => {
  windows = []
  const scope = Effect.runSync(Scope.make())
  stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  server = await Effect.runPromise(Scope.extend(
    Effect.flatMap(
      ScriptedAuthorizationServer.make(),
      (authorizationServer) => ProtectedServer.make({ authorizationServer })
    ),
    scope
  ))
})

afterEach(() => stop())

const openBrowser = (url: URL) => {
  windows.push(url)
  void Effect.runPromise(StandInBrowser.make().visit(url, { follow: true })).catch(() => {})
}

/** A promise that resolves when it is told to, and one that never does. */
const signalled = () => {
  let reach = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const hang = () => {
    reach()
    return new Promise<never>(() => {})
  }
  return { hang, reached }
}

/** A store over a map, of which one function never answers from the call with this number on. */
const storeThatHangs = (name: "get" | "set", from: number, hang: () => Promise<never>): TextStore => {
  const kept = new Map<string, string>()
  let calls = 0
  const store: TextStore = {
    get: (key) => kept.get(key),
    set: (key, text) => kept.set(key, text),
    delete: (key) => kept.delete(key)
  }
  return {
    ...store,
    [name]: (key: string, text: string) => ++calls < from ? store[name](key, text) : hang()
  }
}

const plugged: ReadonlyArray<
  readonly [what: string, (hang: () => Promise<never>) => Partial<CreateMcpOAuthOptions>]
> = [
  ["get", (hang) => ({ store: storeThatHangs("get", 1, hang) })],
  ["a later get", (hang) => ({ store: storeThatHangs("get", 3, hang) })],
  ["set, at a registration", (hang) => ({ store: storeThatHangs("set", 1, hang) })],
  ["set, at a sign-in", (hang) => ({ store: storeThatHangs("set", 2, hang) })],
  ["openBrowser", (hang) => ({ openBrowser: hang })],
  [
    "prompt",
    (hang) => ({ openBrowser: false, prompt: { [Symbol.asyncIterator]: () => ({ next: hang, return: hang }) } })
  ]
]

describe("createMcpOAuth, with what never answers", () => {
  for (const [what, plug] of plugged) {
    it(`closes within a second over ${what}, and all who wait get Closed`, async () => {
      const { hang, reached } = signalled()
      const oauth = await createMcpOAuth({ serverUrl: server.url, prompt: false, openBrowser, ...plug(hang) })
      const waiting = [oauth.ensure(), oauth.fetch(server.url), oauth.login()].map(rejection)
      await reached
      const status = what === "get" ? [rejection(oauth.status())] : []
      const before = Date.now()
      await oauth.close()
      assert.isBelow(Date.now() - before, 1100)
      for (const error of await Promise.all([...waiting, ...status])) assert.propertyVal(error, "_tag", "Closed")
      assert.isBelow(Date.now() - before, 1300)
      for (const url of windows) {
        const port = Number(new URL(url.searchParams.get("redirect_uri") ?? "").port)
        assert.isTrue(await Leaks.canBind(port))
      }
    })

    it(`lets a caller abort over ${what}, and closes by a signal`, async () => {
      const { hang, reached } = signalled()
      const [own, all] = [new AbortController(), new AbortController()]
      const oauth = await createMcpOAuth({
        serverUrl: server.url,
        prompt: false,
        openBrowser,
        signal: all.signal,
        ...plug(hang)
      })
      const ensuring = rejection(oauth.ensure({ signal: own.signal }))
      const request = rejection(oauth.fetch(server.url))
      await reached
      const before = Date.now()
      own.abort("enough")
      assert.strictEqual<unknown>(await ensuring, "enough")
      assert.isBelow(Date.now() - before, 1100)
      all.abort("over")
      assert.strictEqual<unknown>(await request, "over")
      await oauth.close()
      assert.isBelow(Date.now() - before, 2200)
    })
  }
})
