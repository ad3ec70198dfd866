/** What holds for the bundle alone: Effect 4 keeps the asynchronous context of a caller, Effect 3 does not. */
import { AsyncLocalStorage } from "node:async_hooks"
import { assert, describe, it } from "vitest"
import * as RawClient from "../fixtures/RawClient.ts"

const dist = new URL("../../dist/", import.meta.url)

describe("the bundle", () => {
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
