/** `accounts` of the entry, and the option `store` that it shares with the other functions. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import {
  accounts,
  type AccountsOptions,
  createMcpOAuth,
  exportCredentials,
  importCredentials,
  type TextStore
} from "../../src/promise.ts"
import { rejection } from "../fixtures/rejection.ts"
import { assertQuiet, secretText } from "../fixtures/secretCredentials.ts"

const me = { serverUrl: "https://a.example/mcp", account: "me" }
const you = { serverUrl: "https://a.example/mcp", account: "you" }
const other = { serverUrl: "https://b.example/mcp?key=s3cr3t" }
const names = new Map([
  ["https://b.example/mcp?key=s3cr3t#", other],
  ["https://a.example/mcp#you", you],
  ["https://a.example/mcp#me", me]
])

const filled = (): TextStore & { readonly texts: Map<string, string> } => {
  const texts = new Map([...names].map(([name, key]) => [name, secretText(key, "s3cr3t")]))
  return {
    texts,
    get: (name) => texts.get(name),
    set: (name, text) => texts.set(name, text),
    delete: (name) => texts.delete(name),
    list: () => texts.keys()
  }
}

describe("accounts", () => {
  it("lists who is signed in where, in order and without secrets", async () => {
    const all = await accounts({ store: filled() })
    assert.deepStrictEqual(
      all.map(({ account, isSignedIn, server, serverUrl }) => [server, account, serverUrl, isSignedIn]),
      [
        ["https://a.example/mcp", "me", "https://a.example/mcp", true],
        ["https://a.example/mcp", "you", "https://a.example/mcp", true],
        ["https://b.example/mcp", "", undefined, true]
      ]
    )
    assert.strictEqual(new Set(all.map(({ id }) => id)).size, 3)
    assertQuiet(all, "s3cr3t")
  })

  it("leads to signing out of one of them", async () => {
    const store = filled()
    const [first] = await accounts({ store })
    assert.isDefined(first?.serverUrl)
    const fetch = () => Promise.reject(new TypeError("no network"))
    const oauth = await createMcpOAuth({
      serverUrl: first?.serverUrl ?? "",
      account: first?.account,
      store,
      prompt: false,
      fetch
    })
    assert.isTrue((await oauth.status()).isSignedIn)
    await oauth.logout().catch(() => {})
    await oauth.close()
    assert.deepStrictEqual((await accounts({ store })).map(({ account }) => account), ["you", ""])
  })

  it("rejects where the store cannot list, and by an aborted signal", async () => {
    const { list: _, ...store } = filled()
    assert.deepInclude(await rejection(accounts({ store })), { _tag: "CredentialStoreError", reason: "Unreadable" })
    const reason = new Error("enough")
    const hanging = { ...store, list: () => new Promise<ReadonlyArray<string>>(() => {}) }
    const controller = new AbortController()
    const waiting = rejection(accounts({ store: hanging, signal: controller.signal }))
    controller.abort(reason)
    assert.strictEqual(await waiting, reason)
  })
})

describe("exportCredentials and importCredentials", () => {
  const inFolder = async (use: (path: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "transfer-"))
    try {
      await use(join(folder, "login.json"))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it("carry one sign-in from a store to another", () =>
    inFolder(async (path) => {
      const from = filled()
      await exportCredentials({ store: from, serverUrl: you.serverUrl, account: "you", to: path, move: true })
      assert.isFalse(from.texts.has("https://a.example/mcp#you"))
      const store = { ...filled(), texts: new Map<string, string>() }
      const kept: TextStore = {
        get: (name) => store.texts.get(name),
        set: (name, text) => store.texts.set(name, text),
        delete: (name) => store.texts.delete(name)
      }
      const account = await importCredentials({ store: kept, from: path })
      assert.deepInclude(account, { account: "you", isSignedIn: true, server: you.serverUrl })
      assert.strictEqual(store.texts.get("https://a.example/mcp#you"), secretText(you, "s3cr3t"))
    }))

  it("export what an id of accounts names, also where its server is not shown", () =>
    inFolder(async (path) => {
      const store = filled()
      const last = (await accounts({ store })).at(-1)
      await exportCredentials({ store, id: last?.id, to: path })
      assert.strictEqual((await importCredentials({ store, from: path })).id, last?.id)
      const error = await rejection(exportCredentials({ store, id: "00", to: `${path}2` }))
      assert.include(error.message, "nothing is stored under this id")
    }))

  it("say what is missing or of the wrong type", async () => {
    const store = filled()
    const serverUrl = me.serverUrl
    const wrong: ReadonlyArray<readonly [string, Promise<unknown>]> = [
      ["store", accounts({} as never)],
      ["options", accounts(undefined as never)],
      ["store", exportCredentials({ serverUrl, to: "x" } as never)],
      ["to", exportCredentials({ serverUrl, store } as never)],
      ["serverUrl", exportCredentials({ store, to: "x" })],
      ["move", exportCredentials({ store, serverUrl, to: "x", move: 1 } as never)],
      ["from", importCredentials({ store } as never)],
      ["overwrite", importCredentials({ store, from: "x", overwrite: "yes" } as never)]
    ]
    for (const [option, promise] of wrong) {
      assert.deepInclude(await rejection(promise), { _tag: "InvalidOptions", option })
    }
    assert.strictEqual(
      (await rejection(exportCredentials({ store, serverUrl: "x", to: "y" })))._tag,
      "InvalidServerUrl"
    )
  })
})

describe("the option store", () => {
  const { delete: remove, get, set } = filled()
  const store = { get, set, delete: remove }
  it.each<readonly [string, object]>([
    ["store.delete", { get, set }],
    ["store.set", { get, delete: remove, set: "x" }],
    ["store.get", { set, delete: remove }],
    ["store.list", { ...store, list: [] }],
    ["store.exclusively", { ...store, exclusively: true }],
    ["store.revision", { ...store, revision: 1 }],
    ["store.exclusive", { ...store, exclusive: () => {} }],
    ["store.exclusivly", { ...store, exclusivly: () => {} }],
    ["store.revisions", { ...store, revisions: () => {} }],
    ["store.listNames", { ...store, listNames: () => {} }],
    [
      "store.lists",
      new class {
        get = get
        set = set
        delete = remove
        lists() {}
      }()
    ],
    ["store.dir", { appName: "a", dir: "/x" }],
    ["store.directory", { appName: "a", directory: 1 }],
    ["store.appName", { appName: "a/b" }],
    ["store.encrypt", { appName: "a", encrypt: "yes" }],
    ["store.keychain", { appName: "a", keychain: 1 }],
    ["store.encrypted", { appName: "a", encrypted: true }],
    ["store.appName", { appName: "a/b", keychain: true }],
    ["store.directory", { appName: "a", directory: "/x", keychain: true }],
    ["store.encrypt", { appName: "a", encrypt: true, keychain: true }]
  ])("names the member that is wrong: %s", async (option, store) => {
    for (const call of [accounts({ store } as never), createMcpOAuth({ serverUrl: me.serverUrl, store } as never)]) {
      assert.deepInclude(await rejection(call), { _tag: "InvalidOptions", option })
    }
  })

  it("may be a Map, and may have members of its own", async () => {
    for (const own of [new Map<string, string>(), { ...store, last: () => {}, exclusive: true, close() {} }]) {
      const oauth = await createMcpOAuth({ serverUrl: me.serverUrl, store: own, prompt: false })
      await oauth.close()
    }
  })

  it("says what `keychain` has no place beside", async () => {
    for (
      const [beside, why] of [[{ directory: "/x" }, /in no files/], [{ encrypt: true }, /encrypted anyway/]] as const
    ) {
      const error = await rejection(accounts({ store: { appName: "a", keychain: true, ...beside } as never }))
      assert.match(error.message, /beside keychain/)
      assert.match(error.message, why)
    }
  })
})

describe.skipIf(process.platform !== "linux")("where there is no keychain", () => {
  const folder = mkdtempSync(join(tmpdir(), "no-keychain-"))
  const before = process.env["DBUS_SESSION_BUS_ADDRESS"]
  beforeAll(() => {
    process.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${join(folder, "nothing")}`
    writeFileSync(join(folder, "export.json"), secretText(me, "s3cr3t"), { mode: 0o600 })
  })
  afterAll(() => {
    if (before === undefined) delete process.env["DBUS_SESSION_BUS_ADDRESS"]
    else process.env["DBUS_SESSION_BUS_ADDRESS"] = before
    rmSync(folder, { recursive: true, force: true })
  })

  it.each<[string, Exclude<AccountsOptions["store"], TextStore>]>([
    ["keychain", { appName: "no-keychain-test", keychain: true }],
    ["encrypt", { appName: "no-keychain-test", directory: folder, encrypt: true }]
  ])("a store with `%s` rejects, and writes nothing elsewhere", async (_option, store) => {
    const error = await rejection(importCredentials({ store, from: join(folder, "export.json") }))
    assert.strictEqual(error._tag, "CredentialStoreError")
    assert.match(String(error.code), /^Keychain/)
    assertQuiet(error, "s3cr3t")
    const credentials = join(folder, "credentials")
    const written = existsSync(credentials) ? readdirSync(credentials).filter((name) => name !== "leases") : []
    assert.deepStrictEqual(written, [])
  })

  it("files in the clear are kept all the same", async () => {
    const store = { appName: "no-keychain-test", directory: folder, encrypt: false, keychain: false } as const
    assert.strictEqual((await importCredentials({ store, from: join(folder, "export.json") })).account, "me")
    assert.strictEqual((await accounts({ store })).length, 1)
  })
})
