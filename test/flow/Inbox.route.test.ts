import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, Option, Redacted } from "effect"
import type { Answer } from "../../src/core/oauth/Answer.ts"
import * as AuthorizationResponse from "../../src/core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../../src/core/oauth/CallbackRoute.ts"
import * as CallbackPage from "../../src/core/page/CallbackPage.ts"
import { PageTexts } from "../../src/core/page/PageTexts.ts"
import { ReleaseBudget } from "../../src/core/ReleaseBudget.ts"
import * as Inbox from "../../src/flow/Inbox.ts"

const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const done = "Zk3_v9-QpL0aXcT7yHn4Wg"

interface Request {
  readonly method?: string
  readonly target?: string
  readonly hosts?: ReadonlyArray<string>
  readonly headers?: Readonly<Record<string, string>>
}

const head = (
  { headers = {}, hosts = ["127.0.0.1:4321"], method = "GET", target = `/callback?code=abc&state=${state}` }: Request
) => ({
  method,
  target,
  hosts,
  header: (name: string) => Object.hasOwn(headers, name) ? headers[name] : undefined
})

const form = { "content-type": "application/x-www-form-urlencoded" }

describe("a flow's route", () => {
  const secret = "SplxlOBeZQQYbYS6WxSbIA"

  const german: PageTexts = {
    ...PageTexts.english,
    signedIn: () => ({ title: "Angemeldet", text: "Fertig." }),
    refused: () => ({ title: "Falsch", text: "Noch einmal." })
  }

  const open = (options: { readonly beside?: boolean; readonly formPost?: boolean } = {}) =>
    Effect.gen(function* () {
      const render = CallbackPage.make({ texts: { de: german } })
      const inbox = yield* Inbox.make({ state: Redacted.make(state), done, render })
      const { beside = false, formPost = false } = options
      const route = inbox.route({
        formPost,
        hosts: new Set(["127.0.0.1:4321"]),
        paths: new Set(["/callback"]),
        beside
      })
      const answer = (request: Request, body?: string): Answer => {
        const reply = route.handle(head(request), body)
        return reply._tag === "Answer" ? reply.answer : assert.fail(reply._tag)
      }
      /** Asks for the last page; what it was given so far. */
      const lastPage = (request: Request = {}) => {
        const reply = route.handle(head({ target: `/done/${done}`, ...request }))
        if (reply._tag !== "Hold") return assert.fail(reply._tag)
        const pages: Array<Answer> = []
        return { pages, leave: reply.onAnswer((page) => void pages.push(page)) }
      }
      return { inbox, route, answer, lastPage }
    })

  it.effect("sends the browser on at once, to an address that holds neither code nor state", () =>
    Effect.gen(function* () {
      for (const beside of [false, true]) {
        const { answer, inbox, route } = yield* open({ beside, formPost: true })
        assert.strictEqual(route.done, done)
        const sent = `code=${secret}&state=${state}&iss=${encodeURIComponent("https://as.example")}`
        for (
          const given of [
            answer({ target: `/callback?${sent}` }),
            answer({ method: "POST", headers: form, target: "/callback" }, sent),
            answer({ target: `/callback?error=access_denied&error_description=${secret}&state=${state}` })
          ]
        ) {
          assert.deepStrictEqual(given, CallbackRoute.redirectToDone(done, beside))
          for (const text of [secret, state, "as.example", "access_denied"]) {
            assert.notInclude(JSON.stringify(given), text)
          }
        }
        assert.isTrue(inbox.isOver())
        const { response } = yield* inbox.request
        assert.strictEqual(Redacted.value(Either.getOrThrow(AuthorizationResponse.check(response, {})).code), secret)
      }
    }))

  it.effect("holds the last page until the outcome is known, and gives it again", () =>
    Effect.gen(function* () {
      const { answer, inbox, lastPage } = yield* open()
      inbox.begin("Example", () => true)
      answer({})
      const [first, gone, beside] = [lastPage(), lastPage(), lastPage({ target: `/callback?done=${done}` })]
      gone.leave()
      assert.deepStrictEqual([first.pages, gone.pages, beside.pages], [[], [], []])
      inbox.settle({ _tag: "SignedIn" })
      const page = CallbackPage.make()({ _tag: "SignedIn" }, { serverName: "Example", acceptLanguage: undefined })
      assert.deepStrictEqual([first.pages, gone.pages, beside.pages], [[page], [], [page]])
      assert.deepStrictEqual(lastPage().pages, [page])
      yield* inbox.close
      assert.deepStrictEqual(lastPage().pages, [page])
    }))

  it.effect("gives each browser the last page in its language", () =>
    Effect.gen(function* () {
      const { answer, inbox, lastPage } = yield* open()
      answer({})
      const [german, english] = [
        lastPage({ headers: { "accept-language": "de-CH,de;q=0.9" } }),
        lastPage({ headers: { "accept-language": "tlh" } })
      ]
      inbox.settle({ _tag: "SignedIn" })
      assert.include(german.pages[0]?.body, '<html lang="de">')
      assert.include(german.pages[0]?.body, "<h1>Angemeldet</h1>")
      assert.include(english.pages[0]?.body, "<h1>Signed in</h1>")
      yield* inbox.close
    }))

  it.effect("gives a person a page in words and a program a short text, and neither takes the flow", () =>
    Effect.gen(function* () {
      const { answer, inbox } = yield* open()
      const headers = { "accept-language": "de" }
      const page = answer({ target: "/callback?code=<b>&state=other", headers })
      assert.strictEqual(page.status, 400)
      assert.include(page.body, "<h1>Falsch</h1>")
      assert.match(page.headers["content-type"] ?? "", /^text\/html;/)
      assert.notInclude(page.body, "<b>")
      assert.include(answer({ target: "/callback" }).body, "<h1>Nothing to sign in with</h1>")
      for (
        const [request, reason] of [
          [{ target: "/favicon.ico" }, "WrongPath"],
          [{ target: "/done/x" }, "WrongPath"],
          [{ method: "HEAD", target: `/done/${done}` }, "WrongMethod"],
          [{ target: `/done/${done}`, hosts: ["evil.example"] }, "WrongHost"],
          [{ target: `/done/${done}`, headers: { "sec-fetch-dest": "iframe" } }, "NotANavigation"],
          [{ target: `/done/${done}`, headers: { purpose: "prefetch" } }, "Prefetch"]
        ] as const
      ) {
        assert.deepStrictEqual(answer(request), CallbackRoute.refusal(reason))
      }
      assert.isFalse(inbox.isOver())
      yield* inbox.close
    }))

  it.effect.prop("shows no page with anything of what was sent and refused", [
    FastCheck.constantFrom("state", "code", "error", "error_description", "iss", "done"),
    FastCheck.constantFrom("<script>alert('7f3a')</script>", "7f3a", "&lt;7f3a", '"7f3a', "7f3a</style><img src=x>"),
    FastCheck.boolean()
  ], ([name, value, inLanguage]) =>
    Effect.gen(function* () {
      const { answer, inbox } = yield* open()
      const target = `/callback?${new URLSearchParams({ state: "other", [name]: value })}`
      const { body, headers } = answer({ target, ...(inLanguage && { headers: { "accept-language": value } }) })
      assert.notInclude(body + JSON.stringify(headers), "7f3a")
      yield* inbox.close
    }))

  it.effect("waits at its end, and only then, for a browser that was sent on", () =>
    Effect.gen(function* () {
      const never = yield* open()
      assert.doesNotThrow(() => Effect.runSync(never.inbox.close), "nobody was sent on")

      const fetched = yield* open()
      fetched.answer({})
      const page = fetched.lastPage()
      assert.doesNotThrow(() => Effect.runSync(fetched.inbox.close), "its page was there to be written")
      assert.strictEqual(page.pages[0]?.status, 503)

      const lost = yield* open()
      lost.answer({})
      const started = performance.now()
      yield* lost.inbox.close
      assert.isAtLeast(performance.now() - started, ReleaseBudget.lastPage - 20)

      const late = yield* open()
      late.answer({})
      const closing = yield* Effect.fork(late.inbox.close)
      yield* Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 50)))
      assert.isTrue(Option.isNone(yield* Fiber.poll(closing)))
      assert.strictEqual(late.lastPage().pages[0]?.status, 503)
      yield* Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve)))
      assert.isTrue(Option.isSome(yield* Fiber.poll(closing)))
    }))
})
