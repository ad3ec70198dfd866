/** What the bundle knows instead of asking: on the built package, for there it counts. */
import { AsyncLocalStorage } from "node:async_hooks"
import { readFileSync } from "node:fs"
import process from "node:process"
import { assert, describe, it } from "vitest"
import { readEffect, withAnswers } from "../../scripts/bundle/readEffect.ts"
import * as RawClient from "../fixtures/RawClient.ts"

const dist = new URL("../../dist/", import.meta.url)
const effect = "node_modules/effect4/dist"

describe("readEffect", () => {
  it("leaves a module as it is that asks nothing", () => {
    const file = `${effect}/Option.js`
    assert.strictEqual(readEffect(file), readFileSync(file, "utf8"))
  })

  it("leaves all but the question of a module that asks", () => {
    const [read, written] = [readEffect(`${effect}/Utils.js`), readFileSync(`${effect}/Utils.js`, "utf8")]
    assert.isBelow(written.length - read.length, 200)
    assert.strictEqual(read.slice(0, 1000), written.slice(0, 1000))
  })

  it("says which module asks no more, or twice", () => {
    const asking = "export const internalCall = ask();\n"
    assert.strictEqual(withAnswers("Utils.js", asking), "export const internalCall = (body) => body();\n")
    assert.throws(() => withAnswers("Utils.js", ""), /Utils\.js has 0 of what is to become/)
    assert.throws(() => withAnswers("Utils.js", asking + asking), /Utils\.js has 2 of what/)
  })
})

describe("the bundle", () => {
  it("looks into no stack trace, and asks for no module, when it is loaded", async () => {
    const asked: Array<string> = []
    const { getBuiltinModule } = process
    const { prepareStackTrace } = Error
    process.getBuiltinModule = ((name: string) => {
      asked.push(name)
    }) as typeof getBuiltinModule
    Error.prepareStackTrace = (error) => {
      asked.push("stack")
      return String(error)
    }
    try {
      // A second copy: the tests of `./promise` may have loaded the first.
      const loaded = await import(/* @vite-ignore */ `${dist.href}promise/effect.js?again`)
      assert.isNotEmpty(Object.keys(loaded))
    } finally {
      Error.prepareStackTrace = prepareStackTrace
      process.getBuiltinModule = getBuiltinModule
    }
    assert.deepStrictEqual(asked, [])
  })

  it("runs a caller's functions in the caller's asynchronous context, and not in that of a request", async () => {
    const { openCallback }: typeof import("../../src/promise.ts") = await import(
      /* @vite-ignore */ `${dist.href}promise.js`
    )
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    const see = () => void seen.push(storage.getStore())
    const callback = await storage.run("opening", () => openCallback({ paste: false }))
    const { redirectUri, state } = callback
    try {
      let page: Promise<unknown> | undefined
      await storage.run("signing in", async () => {
        await callback.authorize({
          url: `https://as.example/authorize?${new URLSearchParams({ state, redirect_uri: redirectUri })}`,
          present: () => {
            see()
            const target = `/callback?${new URLSearchParams({ state, code: "c" })}`
            page = storage.run("browsing", () => RawClient.get(Number(new URL(redirectUri).port), target))
          },
          exchange: async () => {
            see()
            await Promise.resolve()
            see()
          }
        })
        see()
      })
      await page
    } finally {
      await callback.close()
    }
    assert.deepStrictEqual(seen, seen.map(() => "signing in"))
    assert.lengthOf(seen, 4)
  })
})
