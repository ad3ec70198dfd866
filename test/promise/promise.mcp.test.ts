/** Signing in to MCP servers as a program without Effect does. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, Exit, Scope } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { connect, connectAll, createMcpOAuth, type CreateMcpOAuthOptions, type TextStore } from "../../src/promise.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as McpServer from "../fixtures/McpServer.ts"
import { rejection } from "../fixtures/rejection.ts"
import * as ScriptedAuthorizationServer from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

interface World {
  readonly authorizationServer: ScriptedAuthorizationServer.ScriptedAuthorizationServer
  readonly server: McpServer.McpServer
  readonly other: McpServer.McpServer
}

let world: World
let stop: () => Promise<void>
let windows: Array<URL>

beforeEach(async () => {
  windows = []
  const scope = Effect.runSync(Scope.make())
  stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  world = await Effect.runPromise(Scope.extend(
    Effect.gen(function* () {
      const authorizationServer = yield* ScriptedAuthorizationServer.make()
      const server = yield* McpServer.make({ name: "one", authorizationServer })
      const other = yield* McpServer.make({ name: "two", authorizationServer })
      return { authorizationServer, server, other }
    }),
    scope
  ))
})

afterEach(() => stop())

/** A person whose browser goes wherever it is sent. */
const openBrowser = (url: URL) => {
  windows.push(url)
  void Effect.runPromise(StandInBrowser.make().visit(url, { follow: true })).catch(() => {})
}

const options = (more: Partial<CreateMcpOAuthOptions> = {}): CreateMcpOAuthOptions => ({
  serverUrl: world.server.url,
  prompt: false,
  openBrowser,
  ...more
})

/** An input box into which nobody types. */
const silent: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({
    next: () => new Promise<never>(() => {}),
    return: () => Promise.resolve({ done: true, value: undefined })
  })
}

const newClient = () => new Client({ name: "test", version: "1.0.0" })

const whoami = async (client: Client): Promise<string> => {
  const { content: [first] } = CallToolResultSchema.parse(await client.callTool({ name: "whoami" }))
  return first?.type === "text" ? first.text : "no text"
}

const texts = (): TextStore & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>()
  return {
    kept,
    get: (name) => Promise.resolve(kept.get(name)),
    set: (name, text) => kept.set(name, text),
    delete: (name) => kept.delete(name)
  }
}

describe("createMcpOAuth", () => {
  it("signs in, tells the status without a secret, signs out, and leaves nothing after close", async () => {
    const oauth = await createMcpOAuth(options())
    assert.isFalse((await oauth.status()).isSignedIn)
    await oauth.ensure()
    await oauth.ensure()
    assert.lengthOf(windows, 1)
    const status = await oauth.status()
    assert.include(status, {
      server: world.server.url,
      issuer: world.authorizationServer.issuer,
      isSignedIn: true,
      isRefreshable: true
    })
    assert.deepStrictEqual(status.scopes, ["mcp", "offline_access"])
    assert.notMatch(JSON.stringify(status), /secret|token"/i)
    assert.notStrictEqual((await oauth.fetch(world.server.url, { method: "POST", body: "{}" })).status, 401)
    await oauth.login()
    assert.lengthOf(windows, 2)
    await oauth.logout()
    assert.isFalse((await oauth.status()).isSignedIn)
    await oauth.close()
    await oauth.close()
    const redirectUri = windows[0]?.searchParams.get("redirect_uri") ?? ""
    assert.isTrue(await Leaks.canBind(Number(new URL(redirectUri).port)))
    for (const call of [oauth.ensure(), oauth.login(), oauth.logout(), oauth.fetch(world.server.url)]) {
      assert.strictEqual((await rejection(call))._tag, "Closed")
    }
  })

  it("rejects waiters with Closed when it is closed, and with the signal's reason when that aborts", async () => {
    const never = { openBrowser: (url: URL) => windows.push(url) }
    const closed = await createMcpOAuth(options(never))
    const waiting = rejection(closed.ensure())
    const request = rejection(closed.fetch(world.server.url))
    while (windows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await closed.close()
    assert.strictEqual((await waiting)._tag, "Closed")
    assert.strictEqual((await request)._tag, "Closed")

    const controller = new AbortController()
    const aborted = await createMcpOAuth(options({ ...never, signal: controller.signal }))
    const reasons = [rejection(aborted.ensure()), rejection(aborted.fetch(world.server.url))]
    while (windows.length === 1) await new Promise((resolve) => setTimeout(resolve, 5))
    const reason = new Error("enough")
    controller.abort(reason)
    assert.deepStrictEqual(await Promise.all(reasons), [reason, reason])
    assert.strictEqual(await rejection(aborted.login()), reason)
    assert.strictEqual(await rejection(createMcpOAuth(options({ signal: controller.signal }))), reason)
    await aborted.close()
  })

  it("ends one call's wait by its own signal, and not the sign-in of others", async () => {
    const oauth = await createMcpOAuth(options({ openBrowser: (url) => windows.push(url) }))
    const controller = new AbortController()
    const one = rejection(oauth.ensure({ signal: controller.signal }))
    const two = oauth.ensure()
    while (windows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort(new Error("not me"))
    assert.strictEqual((await one).message, "not me")
    const [url] = windows
    assert.isDefined(url)
    if (url !== undefined) openBrowser(url)
    await two
    await oauth.close()
  })

  it("takes a pasted address", async () => {
    const oauth = await createMcpOAuth(options({
      openBrowser: (url) => {
        windows.push(url)
        void Effect.runPromise(StandInBrowser.make().visit(url, { follow: false })).then(({ callbackUrl }) =>
          oauth.submit(callbackUrl)
        )
      },
      // Nothing is read: the host has an input box of its own.
      prompt: false
    }))
    assert.strictEqual((await rejection(oauth.submit("nonsense")))._tag, "PasteRefused")
    await oauth.ensure()
    assert.isTrue((await oauth.status()).isSignedIn)
    await oauth.close()
  })

  it("counts a text that is no answer once, whether pasted texts are read or not", async () => {
    for (const paste of [true, false]) {
      const oauth = await createMcpOAuth(options({
        callback: { paste, timeout: 500 },
        openBrowser: async () => {
          await rejection(oauth.submit("nonsense"))
        },
        prompt: silent
      }))
      assert.deepInclude(await rejection(oauth.ensure()), {
        _tag: "AuthorizationTimeout",
        refusals: { NotAResponse: 1 }
      })
      await oauth.close()
    }
  })

  it("rejects with the errors themselves", async () => {
    const invalid = await rejection(createMcpOAuth(options({ serverUrl: "http://example.com/mcp" })))
    assert.include(invalid, { _tag: "InvalidServerUrl", reason: "NotHttps" })
    const oauth = await createMcpOAuth(options({ interactive: false }))
    assert.strictEqual((await rejection(oauth.ensure()))._tag, "InteractionRequired")
    assert.strictEqual((await rejection(oauth.fetch(world.server.url)))._tag, "InteractionRequired")
    assert.lengthOf(windows, 0)
    await oauth.close()
  })

  it("keeps credentials in files, and in a place of one's own", async () => {
    const directory = await mkdtemp(join(tmpdir(), "effect-oauth-callback-test-"))
    try {
      for (const store of [{ appName: "test", directory }, texts()]) {
        windows = []
        for (let run = 0; run < 2; run++) {
          const oauth = await createMcpOAuth(options({ store }))
          await oauth.ensure()
          await oauth.close()
        }
        assert.lengthOf(windows, 1)
      }
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it("says how a place failed, and quotes no credential", async () => {
    const { kept, ...own } = texts()
    let given = ""
    const store: TextStore = {
      ...own,
      set: (name, text) => {
        if (!text.includes("accessToken")) return kept.set(name, text)
        given = text
        throw Object.assign(new RangeError(`no room for ${text}`), { code: "QUOTA", text })
      }
    }
    const oauth = await createMcpOAuth(options({ store }))
    const error = await rejection(oauth.ensure())
    assert.include(error, { _tag: "CredentialStoreError", reason: "Unwritable", code: "QUOTA" })
    assert.include(error.message, "(QUOTA): RangeError: no room for")
    const { tokens } = JSON.parse(given)
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.message
    for (const secret of [tokens.accessToken, tokens.refreshToken]) {
      assert.isAbove(secret.length, 8)
      assert.notInclude(shown, secret)
    }
    const damaged = await createMcpOAuth(options({ store: { ...texts(), get: () => "{" } }))
    assert.include(await rejection(damaged.ensure()), { _tag: "CredentialStoreError", reason: "Damaged" })
    await Promise.all([oauth.close(), damaged.close()])
  })
})

describe("connect and connectAll", () => {
  it("connects a client, and closes it", async () => {
    const { client, oauth } = await connect(newClient(), options())
    assert.strictEqual(await whoami(client), "person at one")
    await oauth.close()
    assert.isUndefined(client.transport)
  })

  it("rejects when the server cannot be connected to, and leaves nothing", async () => {
    world.authorizationServer.knobs.authorize = { error: "access_denied" }
    assert.strictEqual((await rejection(connect(newClient(), options())))._tag, "AuthorizationDenied")
    const redirectUri = windows[0]?.searchParams.get("redirect_uri") ?? ""
    assert.isTrue(await Leaks.canBind(Number(new URL(redirectUri).port)))
  })

  it("connects to all, each under its name, and one failure is its server's own", async () => {
    const { bad, one, two } = await connectAll({
      one: { client: newClient(), serverUrl: world.server.url },
      two: { client: newClient(), serverUrl: world.other.url },
      bad: { client: newClient(), serverUrl: "ftp://example.com" }
    }, { openBrowser, prompt: false })
    assert.strictEqual(bad.status === "rejected" && bad.reason._tag, "InvalidServerUrl")
    assert.isTrue(one.status === "fulfilled" && two.status === "fulfilled")
    if (one.status === "rejected" || two.status === "rejected") return
    assert.strictEqual(await whoami(one.value.client), "person at one")
    await one.value.oauth.close()
    assert.strictEqual(await whoami(two.value.client), "person at two")
    await two.value.oauth.close()
    assert.lengthOf(windows, 2)
  })

  it("closes all by one signal", async () => {
    const controller = new AbortController()
    const { one } = await connectAll({
      one: { client: newClient(), serverUrl: world.server.url }
    }, { openBrowser, prompt: false, present: "all", concurrency: 1, signal: controller.signal })
    controller.abort()
    assert.isTrue(one.status === "fulfilled")
    if (one.status === "fulfilled") {
      await one.value.oauth.close()
      assert.isUndefined(one.value.client.transport)
    }
  })
})
