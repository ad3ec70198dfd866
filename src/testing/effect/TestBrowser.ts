/**
 * The browser of the testing kit, as a service, and the Presenter that sends it to each sign-in that is shown.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { type Notice, type PendingAuthorization, Presenter } from "../../services/Presenter.ts"
import { type Behaviour, type BrowserOptions, makeBrowser } from "../makeBrowser.ts"
import type { Page } from "../Navigator.ts"
import type { BrowserError } from "../requestAsBrowser.ts"

/**
 * A browser with a person in front of it; its cookies are its own, and stay from page to page.
 *
 * @since 0.1.0
 * @category services
 */
export interface TestBrowser {
  /** Signs in and agrees; gives the last page. */
  readonly approve: (url: URL | string) => Effect.Effect<Page, BrowserError>
  /** Presses "Cancel"; gives the last page. */
  readonly deny: (url: URL | string) => Effect.Effect<Page, BrowserError>
  /** Opens the sign-in page and never comes back; gives the sign-in page. */
  readonly wanderOff: (url: URL | string) => Effect.Effect<Page, BrowserError>
  /** Agrees, and goes to the redirect URI twice; gives the last page of the second time. */
  readonly comeBackTwice: (url: URL | string) => Effect.Effect<Page, BrowserError>
  /** Agrees on a machine without the program: gives the address to paste. It holds a code. */
  readonly addressAfter: (
    url: URL | string,
    options?: { readonly deny?: boolean }
  ) => Effect.Effect<string, BrowserError>
  /** Goes to an address and wherever it redirects to, and presses nothing. */
  readonly open: (url: URL | string) => Effect.Effect<Page, BrowserError>
  /** What is done with the next sign-ins that the Presenter of {@link layerPresenter} is given; a test may change it. */
  behaviour: Behaviour
  /** Waits until the browser is done with what was shown; fails with what got stuck first. */
  readonly done: Effect.Effect<void, BrowserError>
  /** What the Presenter was given, in order. */
  readonly shown: ReadonlyArray<PendingAuthorization>
  /** Waits for the next sign-in that is shown, and takes each once. */
  readonly takeShown: Effect.Effect<PendingAuthorization>
  /** What the person was told. */
  readonly notices: ReadonlyArray<Notice>
}

const tag = Context.GenericTag<TestBrowser>("effect-oauth-callback/TestBrowser")

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, BrowserError> =>
  Effect.tryPromise({ try: run, catch: (error) => error as BrowserError })

/** Both services. What the browser does goes on when a flow has ended, as in life, and ends with the scope. */
const make = (
  options: BrowserOptions
): Effect.Effect<Context.Context<TestBrowser | Presenter>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const closed = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort())
    )
    const browser = makeBrowser({ signal: closed.signal, ...options })
    const shown: Array<PendingAuthorization> = []
    const notices: Array<Notice> = []
    const untaken = yield* Queue.unbounded<PendingAuthorization>()
    const service: TestBrowser = {
      approve: (url) => attempt(() => browser.approve(url)),
      deny: (url) => attempt(() => browser.deny(url)),
      wanderOff: (url) => attempt(() => browser.wanderOff(url)),
      comeBackTwice: (url) => attempt(() => browser.comeBackTwice(url)),
      addressAfter: (url, how) => attempt(() => browser.addressAfter(url, how)),
      open: (url) => attempt(() => browser.open(url)),
      get behaviour() {
        return browser.behaviour
      },
      set behaviour(behaviour) {
        browser.behaviour = behaviour
      },
      done: attempt(() => browser.done()),
      shown,
      takeShown: Queue.take(untaken),
      notices
    }
    const presenter: Presenter = {
      show: (pending) =>
        Effect.suspend(() => {
          shown.push(pending)
          browser.present(pending.url)
          return Effect.asVoid(Queue.offer(untaken, pending))
        }),
      notice: (notice) => Effect.sync(() => void notices.push(notice))
    }
    return Context.make(tag, service).pipe(Context.add(Presenter, presenter))
  })

/**
 * Tag of the {@link TestBrowser} service.
 *
 * @since 0.1.0
 * @category services
 */
export const TestBrowser: Context.Tag<TestBrowser, TestBrowser> = tag

/**
 * A browser, and a Presenter that sends each sign-in to it.
 *
 * @example
 * ```ts
 * import { layerPresenter } from "effect-oauth-callback/testing/effect"
 *
 * const deniesAll = layerPresenter({ behaviour: "deny" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPresenter = (options: BrowserOptions = {}): Layer.Layer<TestBrowser | Presenter> =>
  Layer.scopedContext(make(options))
