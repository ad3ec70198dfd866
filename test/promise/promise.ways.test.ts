/**
 * The ways a flow can go and end, as a program without Effect meets them. The sources and the bundle must not differ; after
 * each way no socket, timer or listener is held that was not held before.
 */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as net from "node:net"
import process from "node:process"
import {
  type AuthorizeOptions,
  type Callback,
  openCallback,
  type OpenCallbackOptions,
  type RefusedInput
} from "../../src/promise.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import { rejection } from "../fixtures/rejection.ts"
import { withStranger } from "../fixtures/Stranger.ts"

const portOf = (callback: Callback) => Number(new URL(callback.redirectUri).port)
const query = (parameters: Readonly<Record<string, string>>) => new URLSearchParams(parameters).toString()
const urlFor = ({ redirectUri, state }: Callback) =>
  `https://as.example/authorize?${query({ state, redirect_uri: redirectUri })}`
const answer = ({ redirectUri, state }: Callback, parameters: Readonly<Record<string, string>>) =>
  `${redirectUri}?${query({ state, ...parameters })}`
const get = (callback: Callback, address: string, options?: Parameters<typeof RawClient.get>[2]) => {
  const { pathname, search } = new URL(address, callback.redirectUri)
  return RawClient.get(portOf(callback), `${pathname}${search}`, options)
}
const browse = (callback: Callback, parameters: Readonly<Record<string, string>>) =>
  get(callback, answer(callback, parameters))

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))
const never = () => new Promise<never>(() => {})

/** Waits for the answer to what the caller shows itself. */
const authorize = (callback: Callback, more: Partial<AuthorizeOptions> = {}) =>
  callback.authorize({ url: urlFor(callback), present: false, ...more })

const using = async <A>(options: OpenCallbackOptions, use: (callback: Callback) => Promise<A>): Promise<A> => {
  const callback = await openCallback({ paste: false, openBrowser: false, ...options })
  try {
    return await use(callback)
  } finally {
    await callback.close()
  }
}

const events = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCONT", "exit", "beforeExit"]
const processListeners = () => events.map((event) => process.listenerCount(event)).join()

/** A way, after which nothing is left of it, and no rejection without somebody who takes it. */
const way = (name: string, go: () => Promise<void>) =>
  it(name, async () => {
    const rejections: Array<unknown> = []
    const listen = (error: unknown) => rejections.push(error)
    process.on("unhandledRejection", listen)
    const before = Leaks.held()
    const listeners = processListeners()
    try {
      await go()
      assert.deepStrictEqual(await Leaks.leaked(before), [])
      assert.strictEqual(processListeners(), listeners)
    } finally {
      process.off("unhandledRejection", listen)
    }
    assert.deepStrictEqual(rejections, [])
  })

/** Waits, some seconds at most, until something has become true. */
const until = async (condition: () => boolean): Promise<void> => {
  for (const end = Date.now() + 5000; !condition();) {
    if (Date.now() > end) assert.fail(`it did not become true: ${condition}`)
    await Leaks.turns(1)
  }
}

/** An iterable that gives what it is handed, and knows whether it was ended. */
const handed = () => {
  let ended = 0
  const texts: Array<string> = []
  let wake = () => {}
  const next = async (): Promise<IteratorResult<string>> => {
    while (texts.length === 0) await new Promise<void>((resolve) => wake = resolve)
    return { done: false, value: texts.shift() ?? "" }
  }
  const prompt: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next,
      return: () => {
        ended++
        return Promise.resolve({ done: true, value: undefined })
      }
    })
  }
  const hand = (text: string) => {
    texts.push(text)
    wake()
  }
  return { prompt, hand, ended: () => ended }
}

// What is loaded on first use belongs to no way.
beforeAll(() =>
  using({}, async (callback) => {
    const waiting = authorize(callback)
    await browse(callback, { code: "c" })
    await waiting
    await rejection(callback.submit(""))
  })
)

describe("an answer", () => {
  way("from the browser is granted, and the port is free once it is closed", async () => {
    const port = await using({}, async (callback) => {
      const waiting = authorize(callback)
      const page = await browse(callback, { code: "c", iss: "https://as.example" })
      assert.deepStrictEqual(await waiting, { code: "c", iss: "https://as.example", via: "http" })
      assert.match(page, /^HTTP\/1\.1 200 /)
      return portOf(callback)
    })
    assert.isTrue(await Leaks.canBind(port))
  })

  way("gets its last page, however soon the callback is closed and however slow the browser is", async () => {
    const callback = await openCallback({ paste: false })
    const waiting = authorize(callback)
    const seeDone = await get(callback, answer(callback, { code: "c" }), { follow: false })
    await waiting
    const closing = callback.close()
    await pause(100)
    assert.match(await get(callback, RawClient.locationOf(seeDone) ?? ""), /^HTTP\/1\.1 200 /)
    await closing
  })

  way("is no reason to wait for ever, when the browser never fetches its last page", async () => {
    const callback = await openCallback({ paste: false })
    const waiting = authorize(callback)
    await get(callback, answer(callback, { code: "c" }), { follow: false })
    await waiting
    const began = performance.now()
    await callback.close()
    assert.isBelow(performance.now() - began, 1000)
  })

  way("that comes before authorize is kept for it, from the browser and from an input box", async () => {
    await using({}, async (callback) => {
      const seeDone = await get(callback, answer(callback, { code: "early" }), { follow: false })
      const page = get(callback, RawClient.locationOf(seeDone) ?? "")
      await Leaks.turns(3)
      assert.deepStrictEqual(await authorize(callback), { code: "early", via: "http" })
      assert.match(await page, /^HTTP\/1\.1 200 /)
    })
    await using({ prompt: false }, async (callback) => {
      await callback.submit(answer(callback, { code: "early" }))
      let shown = 0
      const present = () => void shown++
      assert.deepStrictEqual(await authorize(callback, { present }), { code: "early", via: "paste" })
      assert.strictEqual(shown, 0, "there is nothing left to show")
    })
  })

  way("counts once: the second browser is told what became of the first", async () => {
    await using({}, async (callback) => {
      const begun: Array<string> = []
      let exchanged = (_token: string) => {}
      const waiting = callback.authorize({
        url: urlFor(callback),
        present: false,
        exchange: ({ code }) => {
          begun.push(code)
          return new Promise<string>((resolve) => exchanged = resolve)
        }
      })
      const pages = [browse(callback, { code: "first" })]
      await until(() => begun.length > 0)
      pages.push(browse(callback, { error: "access_denied" }), browse(callback, { code: "second" }))
      await pause(30)
      exchanged("token")
      assert.strictEqual(await waiting, "token")
      assert.deepStrictEqual(begun, ["first"])
      for (const page of await Promise.all(pages)) assert.include(page, "Signed in")
    })
  })

  way("comes to localhost and by a posted form as well", async () => {
    await using({ host: "localhost" }, async (callback) => {
      const waiting = authorize(callback)
      const { pathname, search } = new URL(answer(callback, { code: "l" }))
      await RawClient.get(portOf(callback), `${pathname}${search}`, { host: `localhost:${portOf(callback)}` })
      assert.strictEqual((await waiting).code, "l")
    })
    await using({ responseMode: "form_post" }, async (callback) => {
      const waiting = authorize(callback)
      await RawClient.get(portOf(callback), "/callback", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: query({ code: "posted", state: callback.state })
      })
      assert.strictEqual((await waiting).code, "posted")
    })
  })

  way("that says no, or that is no good, ends the wait with what is wrong", async () => {
    const cases = [
      [{ error: "access_denied", error_description: "not today" }, {}, {
        _tag: "AuthorizationDenied",
        error: "access_denied",
        description: "not today"
      }],
      [{}, {}, { _tag: "InvalidResponse", reason: "CodeMissing", parameter: "code" }],
      [{ code: "c" }, { issuer: "https://a.example", issuerRequired: true }, {
        _tag: "InvalidResponse",
        reason: "IssuerMissing"
      }],
      [{ code: "c", iss: "https://b.example" }, { issuer: "https://a.example" }, {
        _tag: "InvalidResponse",
        reason: "IssuerMismatch"
      }]
    ] as const
    for (const [parameters, more, expected] of cases) {
      await using({}, async (callback) => {
        const waiting = rejection(authorize(callback, more))
        assert.include(await browse(callback, parameters), "Not signed in")
        assert.include(await waiting, expected)
      })
    }
  })

  way("is not what others send: that is refused and told, in order, and the wait goes on", async () => {
    const told: Array<RefusedInput> = []
    const onRefusal = (refusal: RefusedInput) => {
      told.push(refusal)
      if (told.length === 2) throw new Error("ignored")
    }
    await using({ onRefusal, prompt: false }, async (callback) => {
      const waiting = authorize(callback)
      await get(callback, `/callback?${query({ state: "x".repeat(43), code: "x" })}`)
      await get(callback, "/callback?code=x")
      await get(callback, "/elsewhere")
      await rejection(callback.submit("junk"))
      await get(callback, `${answer(callback, { code: "x" })}&state=${callback.state}`)
      await until(() => told.length >= 5)
      assert.deepStrictEqual(told.map(({ reason, via }) => `${via} ${reason}`), [
        "http StateMismatch",
        "http StateMissing",
        "http WrongPath",
        "paste NotAResponse",
        "http StateRepeated"
      ])
      await browse(callback, { code: "right" })
      assert.strictEqual((await waiting).code, "right")
    })
  })
})

describe("a paste", () => {
  way("comes from the host's own prompt, which is ended with the sign-in", async () => {
    const { ended, hand, prompt } = handed()
    await using({ prompt, paste: true }, async (callback) => {
      const waiting = authorize(callback)
      await Leaks.turns(2)
      hand("no address")
      await Leaks.turns(2)
      hand(answer(callback, { code: "pasted" }))
      assert.deepStrictEqual(await waiting, { code: "pasted", via: "paste" })
    })
    assert.strictEqual(ended(), 1)
  })

  way("may be the browser's rival: who comes second changes nothing, and the prompt is ended", async () => {
    const { ended, hand, prompt } = handed()
    await using({ prompt, paste: true }, async (callback) => {
      const waiting = authorize(callback)
      await browse(callback, { code: "browser" })
      assert.strictEqual((await waiting).via, "http")
      hand(answer(callback, { code: "late" }))
      const late = await rejection(callback.submit(answer(callback, { code: "later" })))
      assert.include(late, { _tag: "PasteRefused", reason: "FlowEnded" })
    })
    assert.strictEqual(ended(), 1)
  })

  way("is not missed when the prompt ends or breaks: the browser is still there", async () => {
    const broken: ReadonlyArray<() => AsyncIterable<string>> = [
      async function* () {},
      async function* () {
        yield "no address"
        throw new Error("broken")
      },
      () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error("broken")),
          return: () => Promise.reject(new Error("broken too"))
        })
      })
    ]
    for (const prompt of broken) {
      await using({ prompt: prompt(), paste: true }, async (callback) => {
        const waiting = authorize(callback)
        await Leaks.turns(3)
        await browse(callback, { code: "c" })
        assert.strictEqual((await waiting).via, "http")
      })
    }
  })

  way("goes by an input box where nothing is read", async () => {
    await using({ prompt: false }, async (callback) => {
      const waiting = authorize(callback)
      assert.include(await rejection(callback.submit("junk")), { _tag: "PasteRefused", reason: "NotAResponse" })
      assert.include(await rejection(callback.submit(urlFor(callback))), { _tag: "PasteRefused" })
      await callback.submit(answer(callback, { code: "typed" }))
      assert.deepStrictEqual(await waiting, { code: "typed", via: "paste" })
    })
  })

  way("holds stdin while a sign-in waits, and no longer", async () => {
    const listeners = () => ["data", "end", "error", "readable"].map((event) => process.stdin.listenerCount(event))
    const before = listeners()
    await using({ paste: true }, async (callback) => {
      const stop = new AbortController()
      const waiting = rejection(authorize(callback, { signal: stop.signal }))
      await pause(20)
      stop.abort("enough")
      assert.strictEqual(await waiting as unknown, "enough")
      assert.deepStrictEqual(listeners(), before)
    })
  })
})

describe("the exchange", () => {
  const exchanging = <A>(
    callback: Callback,
    exchange: (code: string, signal: AbortSignal) => Promise<A> | A,
    more: {
      readonly describe?: (error: unknown) => string
      readonly exchangeTimeout?: number
      readonly signal?: AbortSignal
    } = {}
  ) =>
    callback.authorize<A>({
      url: urlFor(callback),
      present: false,
      exchange: ({ code }, { signal }) => exchange(code, signal),
      ...more
    })

  way("has the page wait for it", async () => {
    for (
      const exchange of [(code: string) => `token for ${code}`, async (code: string) => {
        await pause(20)
        return `token for ${code}`
      }]
    ) {
      await using({}, async (callback) => {
        const waiting = exchanging<string>(callback, exchange)
        assert.match(await browse(callback, { code: "c" }), /^HTTP\/1\.1 200 [^]*Signed in/)
        assert.strictEqual(await waiting, "token for c")
      })
    }
  })

  way("fails with what it threw, and the page says only what describe makes of it", async () => {
    for (const thrown of [new Error("SECRET"), "SECRET", undefined, null, 0, { _tag: "Closed", message: "SECRET" }]) {
      for (
        const exchange of [() => Promise.reject(thrown), () => {
          throw thrown
        }]
      ) {
        await using({}, async (callback) => {
          const seen: Array<unknown> = []
          const describe = (error: unknown) => {
            seen.push(error)
            return "the token endpoint said no"
          }
          const waiting = rejection(exchanging(callback, exchange, { describe }))
          const page = await browse(callback, { code: "c" })
          assert.match(page, /^HTTP\/1\.1 500 [^]*the token endpoint said no/)
          assert.notInclude(page, "SECRET")
          assert.strictEqual(await waiting as unknown, thrown)
          assert.deepStrictEqual(seen, [thrown])
        })
      }
    }
  })

  way("has the page answered when describe throws", async () => {
    await using({}, async (callback) => {
      const waiting = rejection(exchanging(callback, () => Promise.reject(new Error("SECRET")), {
        describe: () => {
          throw new Error("SECRET")
        }
      }))
      const page = await browse(callback, { code: "c" })
      assert.match(page, /^HTTP\/1\.1 500 /)
      assert.notInclude(page, "SECRET")
      assert.strictEqual((await waiting).message, "SECRET")
    })
  })

  way("is given up when it is too slow, closed or aborted, and hears of it by its signal", async () => {
    const ends = {
      late: { more: { exchangeTimeout: 30 }, end: async () => {} },
      closed: { more: {}, end: (callback: Callback) => callback.close() },
      aborted: {
        more: {},
        end: (_: Callback, controller: AbortController) => Promise.resolve(controller.abort("enough"))
      },
      left: {
        more: {},
        end: (_: Callback, controller: AbortController) => Promise.resolve(controller.abort("enough"))
      }
    }
    for (const [how, { end, more }] of Object.entries(ends)) {
      const controller = new AbortController()
      const { signal } = controller
      await using(how === "left" ? {} : { signal }, async (callback) => {
        let begun = () => {}
        const started = new Promise<void>((resolve) => begun = resolve)
        let isAborted = false
        const waiting = rejection(exchanging(callback, (_code, signal) => {
          signal.addEventListener("abort", () => isAborted = true)
          begun()
          return never()
        }, how === "left" ? { signal } : more))
        const page = browse(callback, { code: "c" })
        await started
        // The browser is on its way to the last page.
        await pause(10)
        await end(callback, controller)
        const error: unknown = await waiting
        if (how === "aborted" || how === "left") assert.strictEqual(error, "enough")
        else if (how === "closed") assert.include(error, { _tag: "Closed" })
        else assert.include(error, { _tag: "AuthorizationTimeout", phase: "exchange", millis: 30 })
        assert.isTrue(isAborted, how)
        const status = how === "late" ? /^HTTP\/1\.1 50\d / : how === "left" ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 503 /
        assert.match(await page, status, how)
      })
    }
  })
})

describe("the end", () => {
  way("by time counts what was refused, and the callback can still be closed", async () => {
    await using({}, async (callback) => {
      const waiting = rejection(authorize(callback, { timeout: 150 }))
      await get(callback, "/callback?code=a&state=b")
      await get(callback, "/callback?code=a&state=b")
      await get(callback, "/elsewhere")
      const error = await waiting
      assert.include(error, { _tag: "AuthorizationTimeout", phase: "response", millis: 150 })
      assert.deepStrictEqual(error["refusals"], { StateMismatch: 2, WrongPath: 1 })
    })
  })

  way("comes at once for no time at all, and never too soon for a long one", async () => {
    for (const timeout of [0, -5, NaN, 0.5]) {
      await using({}, async (callback) => {
        assert.include(await rejection(authorize(callback, { timeout })), { _tag: "AuthorizationTimeout" })
      })
    }
    for (const timeout of [Infinity, 2 ** 31, 1e12]) {
      await using({}, async (callback) => {
        const waiting = authorize(callback, { timeout })
        await pause(20)
        await browse(callback, { code: "c" })
        assert.strictEqual((await waiting).code, "c")
      })
    }
  })

  way("by a signal is the signal's reason; that of authorize leaves the callback listening", async () => {
    const reason = new Error("enough")
    await using({}, async (callback) => {
      const stop = new AbortController()
      const waiting = rejection(authorize(callback, { signal: stop.signal }))
      await pause(5)
      stop.abort(reason)
      assert.strictEqual(await waiting as unknown, reason)
      assert.match(await get(callback, "/elsewhere"), /^HTTP\/1\.1 404 /)
      assert.strictEqual(
        await rejection(authorize(callback, { signal: AbortSignal.abort(reason) })) as unknown,
        reason,
        "nothing is begun for a signal that has aborted"
      )
    })
    const stop = new AbortController()
    await using({ signal: stop.signal }, async (callback) => {
      const waiting = rejection(authorize(callback))
      await pause(5)
      stop.abort(reason)
      assert.strictEqual(await waiting as unknown, reason)
      await callback.close()
      assert.strictEqual(await get(callback, "/"), "")
      assert.strictEqual(await rejection(authorize(callback)) as unknown, reason)
      assert.strictEqual(await rejection(callback.submit("x")) as unknown, reason)
    })
  })

  way("by a signal is told after the listeners of the signal, not within abort", async () => {
    const stop = new AbortController()
    await using({ signal: stop.signal }, async (callback) => {
      const order: Array<string> = []
      const waiting = authorize(callback).catch((error) => void order.push(`rejected: ${error}`))
      await pause(5)
      stop.signal.addEventListener("abort", () => order.push("listener"))
      stop.abort("why")
      order.push("abort returned")
      await waiting
      assert.deepStrictEqual(order, ["listener", "abort returned", "rejected: why"])
    })
  })

  way("by a signal may come at any moment of opening", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const stop = new AbortController()
      const opening = openCallback({ paste: false, signal: stop.signal }).then(
        async (callback) => {
          await callback.close()
          return "opened"
        },
        (error) => error
      )
      for (let count = 0; count < moment && moment < 25; count++) await null
      if (moment >= 25) await Leaks.turns(Math.floor((moment - 23) / 2))
      stop.abort("enough")
      assert.match(await opening, /^(enough|opened)$/)
    }
  })

  way("by close rejects with Closed, at once, later and in the same turn; close is one promise", async () => {
    for (const moment of [() => {}, () => Promise.resolve(), () => pause(5)]) {
      const callback = await openCallback({ paste: false })
      const waiting = rejection(authorize(callback))
      await moment()
      const closing = callback.close()
      assert.strictEqual(callback.close(), closing)
      assert.include(await waiting, { _tag: "Closed" })
      await closing
      assert.include(await rejection(authorize(callback)), { _tag: "Closed" })
      assert.include(await rejection(callback.submit("x")), { _tag: "PasteRefused" })
      assert.include(await rejection(callback.submit(answer(callback, { code: "c" }))), { _tag: "PasteRefused" })
    }
  })

  way("does not wait for a hundred connections that say nothing", async () => {
    const callback = await openCallback({ paste: false })
    const waiting = authorize(callback)
    const sockets = await Promise.all(Array.from({ length: 100 }, () =>
      new Promise<net.Socket>((resolve) => {
        const socket = net.connect(portOf(callback), "127.0.0.1", () => resolve(socket))
        socket.on("error", () => {})
      })))
    await browse(callback, { code: "c" })
    await waiting
    const began = performance.now()
    await callback.close()
    assert.isBelow(performance.now() - began, 1000)
    for (const socket of sockets) socket.destroy()
  })
})

describe("what cannot work", () => {
  way("a second authorize is refused, and changes nothing for the first", async () => {
    await using({}, async (callback) => {
      const waiting = authorize(callback)
      assert.include(await rejection(authorize(callback)), { _tag: "AlreadyUsed" })
      await browse(callback, { code: "c" })
      assert.strictEqual((await waiting).code, "c")
      assert.include(await rejection(authorize(callback)), { _tag: "AlreadyUsed" })
    })
  })

  way("a URL that brings its answer elsewhere is refused, and authorize can be asked again", async () => {
    await using({}, async (callback) => {
      const urls = [
        ["nonsense", "NotAUrl"],
        ["ftp://as.example/", "Scheme"],
        ["https://as.example/?state=x", "StateMismatch"],
        [`https://as.example/?state=${callback.state}`, "RedirectUriMismatch"]
      ] as const
      for (const [url, reason] of urls) {
        assert.include(await rejection(authorize(callback, { url })), { _tag: "InvalidAuthorizationUrl", reason })
      }
      const waiting = authorize(callback, { url: new URL(urlFor(callback)) })
      await browse(callback, { code: "c" })
      await waiting
    })
  })

  way("a port that a stranger has is said, or another one is used, or a paste finishes it", async () => {
    await withStranger(async (port) => {
      assert.include(await rejection(openCallback({ paste: false, port })), { _tag: "BindError", reason: "PortInUse" })
      await using({ port: [port, 0] }, (second) => {
        assert.isTrue(second.listening)
        assert.notStrictEqual(portOf(second), port)
        return Promise.resolve()
      })
      const { hand, prompt } = handed()
      await using({ port, onPortBusy: "paste", paste: true, prompt }, async (third) => {
        assert.isFalse(third.listening)
        const waiting = authorize(third)
        await Leaks.turns(2)
        hand(answer(third, { code: "p" }))
        assert.deepStrictEqual(await waiting, { code: "p", via: "paste" })
      })
    })
  })

  way("options that make no sense are said before anything is bound", async () => {
    const redirectUri = () => {
      throw new Error("no")
    }
    const wrong: ReadonlyArray<OpenCallbackOptions> = [
      { port: -1 },
      { port: [] },
      { path: "no slash" },
      { redirectUri },
      { redirectUri: () => "ftp://x" },
      { onPortBusy: "paste", paste: false }
    ]
    for (const options of wrong) {
      const error = await rejection(openCallback({ paste: false, ...options }))
      assert.include(error, { _tag: "BindError", reason: "InvalidOptions" })
    }
  })

  way("what present throws is what authorize rejects with, whatever it is", async () => {
    for (const thrown of [undefined, null, 0, "text", { a: 1 }, Object.assign(new Error("e"), { _tag: "Closed" })]) {
      for (
        const present of [() => Promise.reject(thrown), () => {
          throw thrown
        }]
      ) {
        await using({}, async (callback) => {
          const error = await authorize(callback, { present }).then(() => "resolved", (error) => error)
          assert.strictEqual(error, thrown)
        })
      }
    }
  })

  way("a present that hangs is not waited for, neither by the answer nor by the end", async () => {
    await using({}, async (callback) => {
      const waiting = authorize(callback, { present: never })
      await browse(callback, { code: "c" })
      assert.strictEqual((await waiting).code, "c")
    })
    await using({}, async (callback) => {
      const waiting = authorize(callback, { present: never, timeout: 20 })
      assert.include(await rejection(waiting), { _tag: "AuthorizationTimeout", phase: "response" })
    })
    await using({}, async (callback) => {
      const waiting = rejection(authorize(callback, { present: never }))
      await callback.close()
      assert.include(await waiting, { _tag: "Closed" })
    })
  })
})

describe("a call from within a function of the caller's", () => {
  way("brings the answer while the URL is shown", async () => {
    const later: ReadonlyArray<() => Promise<unknown> | undefined> = [
      () => undefined,
      () => Promise.resolve(),
      () => Leaks.turns(2)
    ]
    for (const wait of later) {
      for (const presentEnds of [true, false]) {
        await using({ prompt: false }, async (callback) => {
          const present = async () => {
            const moment = wait()
            if (moment !== undefined) await moment
            await callback.submit(answer(callback, { code: "c" }))
            if (!presentEnds) await never()
          }
          assert.deepStrictEqual(await authorize(callback, { present }), { code: "c", via: "paste" })
        })
      }
    }
  })

  way("closes or aborts it, wherever that function is called", async () => {
    const places = ["present", "exchange", "describe", "onRefusal", "prompt"] as const
    for (const place of places) {
      for (const how of ["close", "abort"] as const) {
        const stop = new AbortController()
        let end = () => {}
        const at = (here: typeof places[number]) => here === place ? end() : undefined
        const prompt: AsyncIterable<string> = {
          [Symbol.asyncIterator]: () => ({ next: () => (at("prompt"), never()) })
        }
        const options = { signal: stop.signal, prompt, paste: true, onRefusal: () => at("onRefusal") }
        await using(options, async (callback) => {
          end = () => how === "close" ? void callback.close() : stop.abort("enough")
          const exchange = () => {
            at("exchange")
            if (place === "exchange") return never()
            throw new Error("no token")
          }
          const waiting = rejection(callback.authorize({
            url: urlFor(callback),
            present: () => at("present"),
            exchange,
            describe: () => String(at("describe"))
          }))
          if (place === "onRefusal") await get(callback, "/elsewhere")
          const page = browse(callback, { code: "c" })
          const error: unknown = await waiting
          await page
          // The exchange was over: it is only said on the page.
          if (place === "describe" && error instanceof Error && error.message === "no token") return
          if (how === "abort") assert.strictEqual(error, "enough", place)
          else assert.include(error, { _tag: "Closed" }, place)
        })
      }
    }
  })

  way("is a second sign-in: while the first is shown, exchanged or has just ended", async () => {
    const signIn = (code: string, within: () => Promise<unknown>): Promise<unknown> =>
      using({ prompt: false }, async (callback) => {
        const present = async () => {
          await within()
          await callback.submit(answer(callback, { code }))
        }
        const exchange = async ({ code }: { readonly code: string }) => [code, await within()]
        return await callback.authorize({ url: urlFor(callback), present, exchange })
      })
    const inner = () => signIn("inner", () => Promise.resolve("nothing"))
    assert.deepStrictEqual(await signIn("outer", inner), ["outer", ["inner", "nothing"]])
  })

  way("is told in order: shown, answered, exchanged, done", async () => {
    const order: Array<string> = []
    await using({ prompt: false }, async (callback) => {
      const waiting = callback.authorize({
        url: urlFor(callback),
        present: () => void order.push("shown"),
        exchange: () => void order.push("exchanged")
      }).then(() => order.push("done"))
      order.push("asked")
      await Leaks.turns(2)
      const submitted = callback.submit(answer(callback, { code: "c" })).then(() => order.push("taken"))
      order.push("answered")
      await Promise.all([waiting, submitted])
    })
    assert.sameMembers(order, ["shown", "asked", "answered", "exchanged", "taken", "done"])
    const isBefore = (first: string, second: string) => order.indexOf(first) < order.indexOf(second)
    assert.isTrue(isBefore("shown", "answered"), order.join())
    assert.isTrue(isBefore("answered", "exchanged"), `an exchange within the call of submit: ${order.join()}`)
    assert.isTrue(isBefore("exchanged", "done"), order.join())
  })
})

describe("what needs nothing from outside", () => {
  /** Lets promises settle, and no timer or socket. */
  const settle = async () => {
    for (let count = 0; count < 200; count++) await null
  }

  way("is done in the turn in which it is asked for", async () => {
    const done: Array<string> = []
    const prompt: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          done.push("asked for a paste")
          return never()
        },
        return: () => {
          done.push("asked no more")
          return Promise.resolve({ done: true, value: undefined })
        }
      })
    }
    const onRefusal = () => void done.push("told of a refusal")
    await using({ prompt, paste: true, onRefusal }, async (callback) => {
      const waiting = callback.authorize({
        url: urlFor(callback),
        present: () => void done.push("shown"),
        exchange: () => void done.push("exchanged")
      })
      await settle()
      assert.sameMembers(done, ["asked for a paste", "shown"])
      await rejection(callback.submit("junk"))
      await settle()
      assert.strictEqual(done[2], "told of a refusal")
      void waiting.then(() => done.push("granted"))
      void callback.submit(answer(callback, { code: "c" }))
      await settle()
      assert.sameMembers(done.slice(3), ["exchanged", "asked no more", "granted"])
    })
    for (const how of ["aborted", "closed"] as const) {
      const stop = new AbortController()
      await using({ signal: stop.signal }, async (callback) => {
        let ended: unknown
        authorize(callback).catch((error) => ended = error)
        await settle()
        assert.isUndefined(ended)
        if (how === "aborted") stop.abort("enough")
        else void callback.close()
        await settle()
        if (how === "aborted") assert.strictEqual(ended, "enough")
        else assert.include(ended as unknown as object, { _tag: "Closed" })
      })
    }
  })
})

describe("two hundred at once", () => {
  way("end each in its own way", async () => {
    const one = async (index: number) => {
      const kind = index % 5
      const stop = new AbortController()
      const options = { paste: kind === 1, prompt: false, signal: kind === 3 ? stop.signal : undefined } as const
      return await using(options, async (callback) => {
        const timeout = kind === 2 ? 40 + index : undefined
        const waiting = authorize(callback, { timeout }).then(({ code }) => code, (error) => error._tag ?? error)
        await pause(index % 7)
        if (kind === 0) await browse(callback, { code: `c${index}` })
        if (kind === 1) await callback.submit(answer(callback, { code: `c${index}` }))
        if (kind === 3) stop.abort("enough")
        if (kind === 4) await callback.close()
        return await waiting
      })
    }
    const ends = await Promise.all(Array.from({ length: 200 }, (_, index) => one(index)))
    const expected = (index: number) =>
      [`c${index}`, `c${index}`, "AuthorizationTimeout", "enough", "Closed"][index % 5]
    assert.deepStrictEqual(ends, ends.map((_, index) => expected(index)))
  })
})
