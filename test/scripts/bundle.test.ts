/** Where the bundle, which runs on Effect 4, calls a caller's functions. */
import { AsyncLocalStorage } from "node:async_hooks"
import { assert, describe, it } from "vitest"
import type { Callback } from "../../src/promise.ts"
import * as RawClient from "../fixtures/RawClient.ts"

const dist = new URL("../../dist/", import.meta.url)

const { openCallback }: typeof import("../../src/promise.ts") = await import(
  /* @vite-ignore */ `${dist.href}promise.js`
)

const urlFor = ({ redirectUri, state }: Callback) =>
  `https://as.example/authorize?${new URLSearchParams({ state, redirect_uri: redirectUri })}`

const browse = ({ redirectUri, state }: Callback) =>
  RawClient.get(Number(new URL(redirectUri).port), `/callback?${new URLSearchParams({ state, code: "c" })}`)

describe("the bundle", () => {
  // Effect 4 keeps the asynchronous context of a caller; Effect 3 does not.
  it("runs a caller's functions in the caller's asynchronous context, and not in that of a request", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    const see = () => void seen.push(storage.getStore())
    const callback = await storage.run("opening", () => openCallback({ paste: false }))
    try {
      let page: Promise<unknown> | undefined
      await storage.run("signing in", async () => {
        await callback.authorize({
          url: urlFor(callback),
          present: () => {
            see()
            page = storage.run("browsing", () => browse(callback))
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

  // An exchange that blocks would else hold the answer of the request that brought the code.
  it("runs the exchange after the request's handler has returned", async () => {
    const callback = await openCallback({ paste: false })
    const { stackTraceLimit } = Error
    let stack: string | undefined
    try {
      let page: Promise<unknown> | undefined
      await callback.authorize({
        url: urlFor(callback),
        present: () => {
          page = browse(callback)
        },
        exchange: () => {
          Error.stackTraceLimit = 200
          stack = new Error("called from").stack
        }
      })
      await page
    } finally {
      Error.stackTraceLimit = stackTraceLimit
      await callback.close()
    }
    assert.include(stack, "called from")
    assert.notMatch(stack ?? "", /onRequest/)
  })
})
