/** The flow for async/await, as a program without Effect uses it. */
import { getEventListeners } from "node:events"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "vitest"
import { type Callback, openCallback, type OpenCallbackOptions, type RefusedInput } from "../../src/promise.ts"
import * as Leaks from "../fixtures/Leaks.ts"
import * as RawClient from "../fixtures/RawClient.ts"
import { rejection } from "../fixtures/rejection.ts"
import { withStranger } from "../fixtures/Stranger.ts"

const portOf = (callback: Callback) => Number(new URL(callback.redirectUri).port)

const urlFor = (callback: Callback): URL => {
  const url = new URL("https://as.example/authorize?response_type=code")
  url.searchParams.set("state", callback.state)
  url.searchParams.set("redirect_uri", callback.redirectUri)
  return url
}

const answer = (callback: Callback, parameters: Record<string, string>): URL => {
  const url = new URL(callback.redirectUri)
  for (const [name, value] of Object.entries({ state: callback.state, ...parameters })) {
    url.searchParams.set(name, value)
  }
  return url
}

const browse = (callback: Callback, url: URL) => RawClient.get(portOf(callback), `${url.pathname}${url.search}`)

const using = async (
  options: OpenCallbackOptions,
  use: (callback: Callback) => Promise<void>
): Promise<void> => {
  const callback = await openCallback({ paste: false, openBrowser: false, ...options })
  try {
    await use(callback)
  } finally {
    await callback.close()
  }
}

/** What is shown on stderr meanwhile. */
const watchingStderr = async (use: (shown: () => string) => Promise<void>): Promise<void> => {
  const { stderr } = process
  const { write } = stderr
  let shown = ""
  stderr.write = ((text: string, done?: () => void) => {
    shown += text
    done?.()
    return true
  }) as typeof write
  try {
    await use(() => shown)
  } finally {
    stderr.write = write
  }
}

describe("openCallback", () => {
  it("grants the code as a string, and leaves nothing after close", async () => {
    await using({}, async () => {})
    const before = Leaks.held()
    await using({}, async (callback) => {
      const seen: Array<string> = []
      const waiting = callback.authorize({ url: urlFor(callback), present: (url) => seen.push(url.href) })
      const page = await browse(callback, answer(callback, { code: "c0de", iss: "https://as.example" }))
      assert.deepStrictEqual(await waiting, { code: "c0de", iss: "https://as.example", via: "http" })
      assert.match(page, /^HTTP\/1\.1 200 /)
      assert.deepStrictEqual(seen, [urlFor(callback).href])
    })
    assert.deepStrictEqual(await Leaks.leaked(before), [])
  })

  it("rejects with Errors that carry the tag and the fields", async () => {
    await using({}, async (callback) => {
      const waiting = rejection(callback.authorize({ url: urlFor(callback), present: false }))
      await browse(callback, answer(callback, { error: "access_denied", error_description: "no" }))
      const error = await waiting
      assert.instanceOf(error, Error)
      assert.strictEqual(error["_tag"], "AuthorizationDenied")
      assert.strictEqual(error["error"], "access_denied")
      assert.strictEqual(error["description"], "no")
      assert.include(error.message, "access_denied")
    })
    await withStranger(async (port) => {
      const error = await rejection(openCallback({ port }))
      assert.strictEqual(error["_tag"], "BindError")
      assert.strictEqual(error["reason"], "PortInUse")
    })
    await using({}, async (callback) => {
      const error = await rejection(callback.authorize({ url: urlFor(callback), present: false, timeout: 20 }))
      assert.strictEqual(error["_tag"], "AuthorizationTimeout")
      assert.strictEqual(error["millis"], 20)
    })
  })

  it("exchanges the code within, and rejects with what the exchange threw", async () => {
    await using({}, async (callback) => {
      const waiting = callback.authorize({
        url: urlFor(callback),
        present: false,
        exchange: ({ code }, { signal }) => {
          assert.isFalse(signal.aborted)
          return Promise.resolve(`token for ${code}`)
        }
      })
      assert.include(await browse(callback, answer(callback, { code: "c" })), "Signed in")
      assert.strictEqual(await waiting, "token for c")
    })
    await using({}, async (callback) => {
      const thrown = new TypeError("SECRET")
      const waiting = rejection(callback.authorize({
        url: urlFor(callback),
        present: false,
        exchange: () => Promise.reject(thrown),
        describe: (error) => error === thrown ? "the token endpoint said no" : "?"
      }))
      const page = await browse(callback, answer(callback, { code: "c" }))
      assert.include(page, "the token endpoint said no")
      assert.notInclude(page, "SECRET")
      assert.strictEqual(await waiting, thrown)
    })
  })

  it("rejects with the signal's own reason when it aborts, whoever holds the signal", async () => {
    const reason = { why: "the person pressed Escape" }
    assert.strictEqual(await rejection(openCallback({ signal: AbortSignal.abort(reason) })) as unknown, reason)
    const opened = new AbortController()
    await using({ signal: opened.signal }, async (callback) => {
      const waiting = rejection(callback.authorize({ url: urlFor(callback), present: false }))
      opened.abort(reason)
      assert.strictEqual(await waiting as unknown, reason)
      assert.strictEqual(await RawClient.get(portOf(callback), "/"), "", "aborting closes it")
    })
    const authorized = new AbortController()
    await using({}, async (callback) => {
      const options = { url: urlFor(callback), present: false as const, signal: authorized.signal }
      const waiting = rejection(callback.authorize(options))
      authorized.abort(reason)
      assert.strictEqual(await waiting as unknown, reason)
    })
  })

  it("takes one signal for many flows without a listener for each, and leaves none on it", async () => {
    const { signal } = new AbortController()
    const callbacks = await Promise.all(
      Array.from({ length: 24 }, () => openCallback({ paste: false, openBrowser: false, signal }))
    )
    const granted = callbacks.map((callback) => callback.authorize({ url: urlFor(callback), present: false, signal }))
    // Node warns at the eleventh.
    assert.strictEqual(getEventListeners(signal, "abort").length, 1)
    await Promise.all(callbacks.map((callback) => browse(callback, answer(callback, { code: "c" }))))
    await Promise.all(granted)
    await Promise.all(callbacks.map((callback) => callback.close()))
    assert.strictEqual(getEventListeners(signal, "abort").length, 0)
  })

  it("rejects a waiting authorize with Closed when it is closed", async () => {
    await using({}, async (callback) => {
      const waiting = rejection(callback.authorize({ url: urlFor(callback), present: false }))
      await callback.close()
      await callback[Symbol.asyncDispose]()
      const error = await waiting
      assert.strictEqual(error["_tag"], "Closed")
      assert.include(error.message, "closed")
    })
  })

  it("takes pastes from the host's own prompt, and text from its input box", async () => {
    let finished = false
    const lines: Array<(line: string) => void> = []
    async function* prompt() {
      try {
        for (;;) yield await new Promise<string>((resolve) => lines.push(resolve))
      } finally {
        finished = true
      }
    }
    const refused: Array<RefusedInput> = []
    const before = Leaks.held()
    await using({ prompt: prompt(), paste: true, onRefusal: (refusal) => refused.push(refusal) }, async (callback) => {
      const waiting = callback.authorize({ url: urlFor(callback), present: false })
      while (lines.length === 0) await Leaks.turns(1)
      const error = await rejection(callback.submit("nonsense"))
      assert.strictEqual(error["_tag"], "PasteRefused")
      lines[0]!(answer(callback, { code: "pasted" }).href)
      assert.deepStrictEqual(await waiting, { code: "pasted", via: "paste" })
    })
    assert.deepStrictEqual(refused, [{ via: "paste", reason: "NotAResponse" }])
    assert.deepStrictEqual(await Leaks.leaked(before), [], "a generator that waits for ever does not hold the close")
    assert.isBoolean(finished)
    await using({ prompt: false, paste: true }, async (callback) => {
      await callback.submit(answer(callback, { code: "typed" }).href)
      assert.strictEqual((await callback.authorize({ url: urlFor(callback), present: false })).code, "typed")
    })
  })

  it("opens the browser by a function of the host's, whatever that function does", async () => {
    for (const fails of [false, true]) {
      const opened: Array<string> = []
      const openBrowser = (url: URL) => {
        opened.push(url.href)
        if (fails) throw new Error("no browser here")
      }
      await using({ openBrowser }, async (callback) => {
        const waiting = callback.authorize({ url: urlFor(callback) })
        while (opened.length === 0) await Leaks.turns(1)
        await browse(callback, answer(callback, { code: "c" }))
        assert.strictEqual((await waiting).code, "c")
        assert.deepStrictEqual(opened, [urlFor(callback).href])
      })
    }
  })

  it("neither waits for a function that opens the browser nor lets it change anything", async () => {
    const rejections: Array<unknown> = []
    const listen = (error: unknown) => rejections.push(error)
    process.on("unhandledRejection", listen)
    const never = new Promise<void>(() => {})
    for (const outcome of [() => never, () => Promise.reject(new Error("no browser here"))]) {
      let opened = ""
      const openBrowser = (url: URL) => {
        opened = url.href
        url.href = "https://elsewhere.example/"
        return outcome()
      }
      const before = Leaks.held()
      await watchingStderr(() =>
        using({ openBrowser }, async (callback) => {
          const waiting = callback.authorize({ url: urlFor(callback) })
          while (opened === "") await Leaks.turns(1)
          assert.strictEqual(opened, urlFor(callback).href)
          await browse(callback, answer(callback, { code: "c" }))
          assert.strictEqual((await waiting).code, "c")
        })
      )
      assert.deepStrictEqual(await Leaks.leaked(before), [])
    }
    process.off("unhandledRejection", listen)
    assert.deepStrictEqual(rejections, [])
  })

  it.skipIf(process.platform === "win32")("opens what BROWSER names, unless it is told not to", async () => {
    const folder = mkdtempSync(join(tmpdir(), "promise-"))
    const [program, called] = [join(folder, "browser"), join(folder, "called")]
    writeFileSync(program, `#!/bin/sh\nprintf '%s' "$*" > "${called}.new"\nmv "${called}.new" "${called}"\n`)
    chmodSync(program, 0o755)
    const { BROWSER } = process.env
    process.env.BROWSER = program
    try {
      // The one that opens nothing comes first, so that it would have been seen by the end.
      for (const openBrowser of [false, true, undefined]) {
        await watchingStderr((shown) =>
          using({ openBrowser }, async (callback) => {
            const waiting = callback.authorize({ url: urlFor(callback), serverName: "mail" })
            while (!shown().includes("callback, ")) await Leaks.turns(1)
            assert.strictEqual(shown().includes("Your browser should open"), openBrowser !== false)
            const until = Date.now() + 20_000
            while (openBrowser !== false && !existsSync(called) && Date.now() < until) await Leaks.turns(1)
            if (openBrowser === false) assert.isFalse(existsSync(called))
            else assert.strictEqual(readFileSync(called, "utf8"), urlFor(callback).href)
            rmSync(called, { force: true })
            await browse(callback, answer(callback, { code: "c" }))
            await waiting
          })
        )
      }
    } finally {
      if (BROWSER === undefined) delete process.env.BROWSER
      else process.env.BROWSER = BROWSER
      rmSync(folder, { recursive: true })
    }
  })

  it("says on stderr what it is given to say, and the rest in English", async () => {
    const texts: OpenCallbackOptions["texts"] = {
      signIn: ({ opening, serverName }) => `Anmelden bei ${serverName}${opening ? " im Browser" : ""}:`,
      ended: { Received: (serverName) => `Antwort von ${serverName}.` },
      callbackReasons: { StateMismatch: "Eine fremde Antwort" }
    }
    await watchingStderr((shown) =>
      using({ texts }, async (callback) => {
        const waiting = rejection(callback.authorize({ url: urlFor(callback), serverName: "mail" }))
        while (!shown().includes("callback, ")) await Leaks.turns(1)
        await browse(callback, answer(callback, { state: "other" }))
        while (!shown().includes("goes on.")) await Leaks.turns(1)
        await browse(callback, answer(callback, { error: "access_denied" }))
        await waiting
        assert.include(shown(), "\nAnmelden bei mail:\n")
        assert.include(shown(), "\nEine fremde Antwort. It was refused; the sign-in to mail goes on.\n")
        assert.include(shown(), "\nNot signed in to mail: it answered with an error.\n")
      })
    )
    await watchingStderr((shown) =>
      using({ texts, openBrowser: () => {} }, async (callback) => {
        const waiting = callback.authorize({ url: urlFor(callback), serverName: "mail" })
        while (!shown().includes("callback, ")) await Leaks.turns(1)
        await browse(callback, answer(callback, { code: "c" }))
        await waiting
        assert.include(shown(), "\nAnmelden bei mail im Browser:\n")
        assert.include(shown(), "\nAntwort von mail.\n")
      })
    )
  })

  it("survives an onRefusal that rejects, and a prompt of bytes", async () => {
    const onRefusal = async () => {
      await Promise.reject(new Error("broken"))
    }
    const rejections: Array<unknown> = []
    const listen = (error: unknown) => rejections.push(error)
    process.on("unhandledRejection", listen)
    let pasted = (_line: string) => {}
    async function* prompt() {
      yield (new TextEncoder().encode("bytes") as unknown as string)
      yield await new Promise<string>((resolve) => pasted = resolve)
    }
    await using({ onRefusal, prompt: prompt(), paste: true }, async (callback) => {
      await RawClient.get(portOf(callback), "/callback?state=x")
      const waiting = callback.authorize({ url: urlFor(callback), present: false })
      await Leaks.turns(20)
      pasted(answer(callback, { code: "pasted" }).href)
      assert.strictEqual((await waiting).code, "pasted")
    })
    process.off("unhandledRejection", listen)
    assert.deepStrictEqual(rejections, [])
  })

  it("closes when it is aborted at any moment of opening", async () => {
    await using({}, async () => {})
    for (let microtasks = 0; microtasks < 40; microtasks++) {
      const controller = new AbortController()
      let port = 0
      const opening = openCallback({
        paste: false,
        signal: controller.signal,
        redirectUri: (bound) => {
          port = bound
          void (async () => {
            for (let count = 0; count < microtasks; count++) await null
            controller.abort("stop")
          })()
          return `http://127.0.0.1:${bound}/callback`
        }
      })
      const callback = await opening.catch((error) => {
        assert.strictEqual(error, "stop")
      })
      await Leaks.turns(10)
      if (callback !== undefined) assert.isTrue(controller.signal.aborted)
      assert.isTrue(await Leaks.canBind(port), `aborted after ${microtasks} microtasks`)
    }
  })

  it("says so when authorize is called twice, and that it is closed after close", async () => {
    const callback = await openCallback({ paste: false })
    await callback.submit(answer(callback, { code: "c" }).href)
    await callback.authorize({ url: urlFor(callback), present: false })
    const twice = await rejection(callback.authorize({ url: urlFor(callback), present: false }))
    assert.strictEqual(twice["_tag"], "AlreadyUsed")
    await callback.close()
    const closed = await rejection(callback.authorize({ url: urlFor(callback), present: false }))
    assert.strictEqual(closed["_tag"], "Closed")
  })

  it("shows the URL to nobody but the host where it is asked to", async () => {
    await using({}, async (callback) => {
      const error = await rejection(callback.authorize({
        url: urlFor(callback),
        present: () => {
          throw new RangeError("cannot show it")
        }
      }))
      assert.instanceOf(error, RangeError)
    })
  })
})
