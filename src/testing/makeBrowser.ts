/**
 * A browser with a person in front of it, for tests: it opens sign-in pages, presses a button there, and comes back.
 */
import { checkName, checkNames } from "./checkNames.ts"
import { addressOf, makeNavigator, type Page } from "./Navigator.ts"
import type { BrowserError } from "./requestAsBrowser.ts"

/**
 * What the person does with a sign-in that is shown: the names of the methods of {@link Browser}.
 *
 * @since 0.1.0
 * @category models
 */
export type Behaviour = "approve" | "deny" | "wanderOff" | "comeBackTwice"

/**
 * Options of {@link makeBrowser}.
 *
 * @since 0.1.0
 * @category options
 */
export interface BrowserOptions {
  /** What `present` does at the beginning. @default "approve" */
  readonly behaviour?: Behaviour | undefined
  /** The name to sign in with, where a page asks for one. @default what the page has filled in, or "person" */
  readonly user?: string | undefined
  /** Milliseconds of the machine's clock until a page that does not come is given up. @default 15000 */
  readonly timeout?: number | undefined
  /** Gives everything up when it aborts. @default none */
  readonly signal?: AbortSignal | undefined
  /** Told when a sign-in that `present` was given got stuck: the program that shows it does not hear of it. @default stderr */
  readonly onStuck?: ((error: BrowserError) => void) | undefined
}

/**
 * A browser; its cookies are its own, and stay from page to page. Every method rejects with `BrowserError`, which says on
 * which page the browser got stuck and what that said.
 *
 * @since 0.1.0
 * @category models
 */
export interface Browser {
  /** Signs in and agrees; gives the last page. */
  readonly approve: (url: URL | string) => Promise<Page>
  /** Presses "Cancel"; gives the last page. */
  readonly deny: (url: URL | string) => Promise<Page>
  /** Opens the sign-in page and never comes back; gives the sign-in page. */
  readonly wanderOff: (url: URL | string) => Promise<Page>
  /** Agrees, and goes to the redirect URI twice, as with a restored tab; gives the last page of the second time. */
  readonly comeBackTwice: (url: URL | string) => Promise<Page>
  /**
   * Agrees on a machine without the program: gives the address that the browser cannot open there, which the person copies. It
   * holds a code.
   */
  readonly addressAfter: (url: URL | string, options?: { readonly deny?: boolean }) => Promise<string>
  /** Goes to an address and wherever it redirects to, and presses nothing. */
  readonly open: (url: URL | string) => Promise<Page>
  /** What `present` does with a sign-in. */
  behaviour: Behaviour
  /**
   * Does with a sign-in what `behaviour` says, in the background. Give it as `present` or as `openBrowser` of `./promise`.
   */
  readonly present: (pending: URL | string | { readonly url: URL }) => void
  /** Waits until `present` has nothing left to do; rejects with what got stuck first, since the beginning. */
  readonly done: () => Promise<void>
}

const behaviours = Object.keys(
  { approve: true, deny: true, wanderOff: true, comeBackTwice: true } satisfies Record<Behaviour, true>
)

const names: Readonly<Record<keyof BrowserOptions, true>> = {
  behaviour: true,
  onStuck: true,
  signal: true,
  timeout: true,
  user: true
}

/**
 * Makes a browser for tests, without cookies. It presses the buttons that it finds: to agree, the first one that does not
 * say no; to refuse, the first that says "Cancel", "Deny" or the like.
 *
 * Throws a `TypeError` for an option, or a behaviour, that does not exist.
 *
 * @example
 * ```ts no_run
 * import { openCallback } from "effect-oauth-callback/promise"
 * import { makeBrowser } from "effect-oauth-callback/testing"
 *
 * const browser = makeBrowser({ behaviour: "deny" })
 * const callback = await openCallback({ present: browser.present, prompt: false })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeBrowser = (
  options: BrowserOptions = {}
): Browser => {
  checkNames("makeBrowser", options, names)
  const { behaviour = "approve", onStuck = (error) => console.error(error.message), signal, timeout, user } = options
  checkName("behaviour", behaviour, behaviours)
  const { comeBack, follow, load, wanderOff } = makeNavigator({ signal, timeout, user })
  const visits: Array<Promise<Page>> = []

  const browser: Browser = {
    approve: async (url) => await follow(await load(await comeBack(url, false))),
    deny: async (url) => await follow(await load(await comeBack(url, true))),
    wanderOff,
    comeBackTwice: async (url) => {
      const callback = await comeBack(url, false)
      const [first, second] = [await load(callback), await load(callback)]
      const pages = await Promise.allSettled([follow(first), follow(second)])
      const read = pages.filter((page) => page.status === "fulfilled")
      // Once one of them was read, the program may have gone, as after any sign-in.
      const page = read.at(-1)
      if (page === undefined) throw (pages[0] as PromiseRejectedResult).reason
      return page.value
    },
    addressAfter: async (url, { deny = false } = {}) => addressOf(await comeBack(url, deny)),
    open: async (url) => await follow(await load({ url: new URL(url) })),
    behaviour,
    present: (pending) => {
      const url = typeof pending === "string" || pending instanceof URL ? pending : pending.url
      const visit = browser[browser.behaviour](url)
      visits.push(visit)
      visit.catch((error) => {
        if (signal?.aborted !== true) onStuck(error)
      })
    },
    done: async () => {
      await Promise.allSettled(visits)
      await Promise.all(visits)
    }
  }
  return browser
}
