/** Hosts with a screen of their own: what they are told, what the terminal is not, and what their mistakes cost. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { Effect, Exit, Scope } from "effect"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { afterEach, assert, beforeEach, describe, expectTypeOf, it, vi } from "vitest"
import type { Notice as EffectNotice } from "../../src/index.ts"
import {
  closeAll,
  connectAll,
  type Connected,
  createMcpOAuth,
  type CreateMcpOAuthOptions,
  type Notice,
  openCallback,
  type PendingSignIn,
  presentUrl,
  type UrlRequest
} from "../../src/promise.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

let one: McpServer.McpServer
let two: McpServer.McpServer
let stop: () => Promise<void>
let stderr: Array<string>
let notices: Array<Notice>

beforeEach(async () => {
  stderr = []
  notices = []
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr.push(String(text))
    return true
  })
  const scope = Effect.runSync(Scope.make())
  stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  await Effect.runPromise(Scope.extend(
    Effect.gen(function* () {
      const authorizationServer = yield* ScriptedAuthorizationServer.make()
      one = yield* McpServer.make({ name: "one", authorizationServer })
      two = yield* McpServer.make({ name: "two", authorizationServer })
    }),
    scope
  ))
})

afterEach(() => {
  vi.restoreAllMocks()
  return stop()
})

const onNotice = (notice: Notice) => void notices.push(notice)
const newClient = () => new Client({ name: "test", version: "1.0.0" })

/** Goes to the address as a browser does, and gives where it ended. */
const visit = (url: URL, follow = true): Promise<string> =>
  Effect.runPromise(Effect.map(StandInBrowser.make().visit(url, { follow }), ({ callbackUrl }) => callbackUrl))

const ended = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })

const options = (more: Partial<CreateMcpOAuthOptions>): CreateMcpOAuthOptions => ({
  serverUrl: one.url,
  name: "one",
  prompt: false,
  onNotice,
  ...more
})

describe("present", () => {
  it("shows each sign-in instead of the terminal, until that sign-in has ended", async () => {
    const shown: Array<PendingSignIn> = []
    const present = async (pending: PendingSignIn) => {
      shown.push(pending)
      assert.isFalse(pending.signal.aborted)
      await visit(pending.url)
    }
    const oauth = await createMcpOAuth(options({ present }))
    await oauth.ensure()
    const [first] = shown
    assert(first !== undefined)
    await ended(first.signal)
    await oauth.login()
    await oauth.close()
    assert.strictEqual(shown.length, 2)
    assert.include(first, { serverName: "one", listening: true, paste: false })
    assert.isAbove(first.deadline, Date.now())
    assert.deepStrictEqual(notices.map(({ _tag }) => _tag), ["SignInEnded", "SignInEnded"])
    assert.deepStrictEqual(stderr, [])
  })

  it("is told of a damaged file of credentials, of which the terminal says nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "screen-"))
    try {
      const store = { appName: "test", directory }
      const present = async ({ url }: PendingSignIn) => void await visit(url)
      const signIn = async () => {
        const oauth = await createMcpOAuth(options({ present, store }))
        await oauth.ensure()
        await oauth.close()
      }
      await signIn()
      const folder = join(directory, "credentials")
      const file = readdirSync(folder).find((name) => name.endsWith(".json")) ?? ""
      writeFileSync(join(folder, file), "{")
      await signIn()
      const told = notices.filter(({ _tag }) => _tag !== "SignInEnded")
      const movedTo = join(folder, readdirSync(folder).find((name) => name.includes(".damaged-")) ?? "")
      assert.deepStrictEqual(told.map(({ _tag, serverName }) => [_tag, serverName]), [["CredentialsDamaged", "one"]])
      assert.deepInclude(told[0], { movedTo })
      assert.deepStrictEqual(stderr, [])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it("is told of the end too when the sign-in is given up", async () => {
    let tell = (_pending: PendingSignIn) => {}
    const shown = new Promise<PendingSignIn>((resolve) => tell = resolve)
    const oauth = await createMcpOAuth(options({ present: (pending) => tell(pending) }))
    const waiting = oauth.ensure().catch((error) => error._tag)
    const { signal } = await shown
    await oauth.close()
    assert.strictEqual(await waiting, "Closed")
    assert.isTrue(signal.aborted)
    assert.deepInclude(notices.at(-1), { _tag: "SignInEnded", outcome: "Cancelled", serverName: "one" })
  })

  const mistakes: Readonly<Record<string, () => void | Promise<void>>> = {
    throws: () => {
      throw new Error("no screen")
    },
    rejects: () => Promise.reject(new Error("no screen")),
    "never answers": () => new Promise(() => {})
  }
  for (const [what, mistake] of Object.entries(mistakes)) {
    it(`that ${what} hurts nobody: a paste finishes the sign-in, and the next notices come`, async () => {
      const rejections: Array<unknown> = []
      const listen = (error: unknown) => rejections.push(error)
      process.on("unhandledRejection", listen)
      let tell = (_address: string) => {}
      const address = new Promise<string>((resolve) => tell = resolve)
      const oauth = await createMcpOAuth(options({
        prompt: (async function* () {
          const last = await address
          yield "nonsense"
          yield last
        })(),
        present: (pending) => {
          void visit(pending.url, false).then(tell)
          return mistake()
        },
        onNotice: (notice) => {
          notices.push(notice)
          return mistake()
        }
      }))
      await oauth.ensure()
      const before = Date.now()
      await oauth.close()
      assert.isBelow(Date.now() - before, 1100)
      process.off("unhandledRejection", listen)
      assert.deepStrictEqual(rejections, [])
      assert.includeMembers(notices.map(({ _tag }) => _tag), ["PasteRefused", "PasteAccepted", "SignInEnded"])
      for (const notice of notices) assert.propertyVal(notice, "serverName", "one")
      assert.deepStrictEqual(stderr, [])
    })
  }

  it("of connectAll shows one after the other, and every notice names its server", async () => {
    let open = 0
    let most = 0
    const order: Array<string> = []
    const present = async ({ serverName, signal, url }: PendingSignIn) => {
      most = Math.max(most, ++open)
      void ended(signal).then(() => open--)
      order.push(serverName)
      await visit(url)
    }
    const servers = {
      one: { client: newClient(), serverUrl: one.url },
      two: { client: newClient(), serverUrl: two.url }
    }
    const connected = await connectAll(servers, { present, onNotice, prompt: false })
    assert.deepStrictEqual(Object.values(connected).map(({ status }) => status), ["fulfilled", "fulfilled"])
    assert.sameMembers(order, ["one", "two"])
    assert.strictEqual(most, 1)
    assert.isTrue(notices.some(({ _tag }) => _tag === "SignInQueued"))
    for (const notice of notices) assert.include(["one", "two"], (notice as { serverName?: string }).serverName)
    await Promise.all([closeAll(connected), closeAll(connected)])
    await closeAll(connected)
    for (const { client } of Object.values(servers)) assert.isUndefined(client.transport)
    assert.deepStrictEqual(stderr, [])
  })

  it("opens a browser beside the own screen where that is asked for, and shows nothing with false", async () => {
    const opened: Array<URL> = []
    const openBrowser = (url: URL) => {
      opened.push(url)
      return visit(url)
    }
    const oauth = await createMcpOAuth(options({ present: false, openBrowser }))
    await oauth.ensure()
    await oauth.close()
    assert.strictEqual(opened.length, 1)
    assert.deepStrictEqual(stderr, [])
  })

  it("is taken by openCallback too", async () => {
    const shown: Array<PendingSignIn> = []
    const callback = await openCallback({ paste: false, onNotice, present: (pending) => void shown.push(pending) })
    const query = new URLSearchParams({ state: callback.state, redirect_uri: callback.redirectUri })
    const waiting = callback.authorize({ url: `https://as.example/authorize?${query}`, serverName: "own" })
    await RawClient.get(Number(new URL(callback.redirectUri).port), `/callback?state=${callback.state}&code=c`)
    assert.strictEqual((await waiting).code, "c")
    await callback.close()
    assert.deepStrictEqual(shown.map(({ serverName, signal }) => [serverName, signal.aborted]), [["own", true]])
    assert.deepStrictEqual(stderr, [])
  })

  it("without it the terminal says the same as onNotice is told", async () => {
    const oauth = await createMcpOAuth(options({ openBrowser: (url) => visit(url) }))
    await oauth.ensure()
    await oauth.close()
    assert.match(stderr.join(""), /Sign in to one/)
    assert.deepStrictEqual(notices.map(({ _tag }) => _tag), ["SignInEnded"])
  })

  it("has every notice of the Effect form in its types", () => {
    expectTypeOf<EffectNotice["_tag"]>().toEqualTypeOf<Notice["_tag"]>()
  })
})

describe("closeAll", () => {
  const hanging = (): PromiseSettledResult<Connected<Client>> => ({
    status: "fulfilled",
    value: { client: newClient(), oauth: { close: () => new Promise<void>(() => {}) } as never }
  })

  it("resolves within a second over a close that hangs, and closes the others", async () => {
    let closed = 0
    const close = () => Promise.resolve(void closed++)
    const good: PromiseSettledResult<Connected<Client>> = {
      status: "fulfilled",
      value: { client: newClient(), oauth: { close } as never }
    }
    const bad = { status: "rejected", reason: new Error("not connected") } as const
    const broken: PromiseSettledResult<Connected<Client>> = {
      status: "fulfilled",
      value: {
        client: newClient(),
        oauth: {
          close: () => {
            throw new Error("broken")
          }
        } as never
      }
    }
    const before = Date.now()
    await closeAll({ bad, broken, hanging: hanging(), good })
    assert.strictEqual(closed, 1)
    assert.isBelow(Date.now() - before, 1400)
  })

  it("resolves at once where nothing hangs", async () => {
    const before = Date.now()
    await closeAll({})
    assert.isBelow(Date.now() - before, 500)
  })
})

describe("presentUrl", () => {
  const ask = (actions: ReadonlyArray<"accept" | "decline" | "cancel">) => {
    const requests: Array<UrlRequest> = []
    const opened: Array<string> = []
    const consent = (request: UrlRequest) => {
      assert.deepStrictEqual(opened.length, requests.length)
      requests.push(request)
      return actions[requests.length - 1] ?? "cancel"
    }
    const openBrowser = (url: URL) => void opened.push(url.href)
    return { consent, opened, openBrowser, requests }
  }

  it("shows the whole address and its host, asks, and only then opens", async () => {
    const { consent, openBrowser, opened, requests } = ask(["accept"])
    const params = {
      mode: "url",
      url: "https://pay.example/a?id=1",
      message: "Enter your key\u001b[2J",
      elicitationId: "e-1"
    }
    assert.strictEqual(await presentUrl(params, { serverName: "shop", consent, openBrowser, onNotice }), "accept")
    assert.deepStrictEqual(opened, ["https://pay.example/a?id=1"])
    assert.deepInclude(requests[0], { host: "pay.example", message: "Enter your key [2J", elicitationId: "e-1" })
    const text = stderr.join("")
    for (const part of ["shop", "pay.example", "https://pay.example/a?id=1", "Enter your key"]) {
      assert.include(text, part)
    }
    assert.notInclude(text.replaceAll(/\u001b\[\d*m|\u001b\]8;.*?(?:\u001b\\|\u0007)/g, ""), "\u001b[2J")
    assert.deepInclude(notices[0], { _tag: "UrlRequested", serverName: "shop", host: "pay.example" })
  })

  it("opens nothing without consent, and tells what the person chose", async () => {
    for (const action of ["decline", "cancel"] as const) {
      const { consent, openBrowser, opened } = ask([action])
      const chosen = await presentUrl({ url: "https://a.example/" }, {
        serverName: "a",
        consent,
        openBrowser,
        present: false
      })
      assert.strictEqual(chosen, action)
      assert.deepStrictEqual(opened, [])
    }
    assert.deepStrictEqual(stderr, [])
    const odd = presentUrl({ url: "https://a.example/" }, {
      serverName: "a",
      consent: (() => "yes") as never,
      present: false
    })
    assert.strictEqual(await odd, "cancel")
  })

  it("takes the error -32042 with several pages, up to the first that is not accepted", async () => {
    const page = (url: string) => ({ mode: "url", url, message: "m", elicitationId: url })
    const pages = ["https://a.example/", "https://b.example/", "https://c.example/"].map(page)
    const error = Object.assign(new Error("required"), { code: -32042, data: { elicitations: pages } })
    const { consent, openBrowser, opened, requests } = ask(["accept", "decline", "accept"])
    const chosen = await presentUrl(error, { serverName: "a", consent, openBrowser, present: false })
    assert.strictEqual(chosen, "decline")
    assert.deepStrictEqual(opened, ["https://a.example/"])
    assert.strictEqual(requests.length, 2)
    const { opened: all, requests: _, ...accepting } = ask(["accept", "accept", "accept"])
    assert.strictEqual(await presentUrl(error, { serverName: "a", ...accepting, present: false }), "accept")
    assert.strictEqual(all.length, 3)
  })

  it("shows none of them when one may not be shown", async () => {
    const { consent, openBrowser, requests } = ask(["accept"])
    const error = { data: { elicitations: [{ url: "https://a.example/" }, { url: "http://b.example/" }] } }
    const rejected = await presentUrl(error, { serverName: "a", consent, openBrowser }).catch((error) => error)
    assert.deepInclude(rejected, { _tag: "InvalidElicitation", reason: "NotHttps", server: "a" })
    assert.notInclude(rejected.message, "b.example")
    assert.deepStrictEqual([requests, stderr], [[], []])
  })
})
