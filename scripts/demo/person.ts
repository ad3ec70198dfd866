/**
 * The people of the demo: a stand-in browser for each sign-in, and pastes for those whose browser is elsewhere.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as StandInBrowser from "../../test/fixtures/StandInBrowser.ts"
import { DemoError } from "./DemoError.ts"

/** A person who signs in. */
export interface Person {
  /** How their answer arrives. */
  readonly via: "http" | "paste"
  /** For a Presenter: opens the URL in a browser, and does not wait for it. */
  readonly open: (url: URL) => Effect.Effect<void>
  /**
   * Waits until the browser is done, if it was opened; fails when it got stuck, or when its last page is not that of a
   * successful sign-in.
   */
  readonly done: Effect.Effect<void, DemoError>
}

const gotStuck = (cause: StandInBrowser.BrowserError): DemoError => new DemoError(cause.message, { cause })

/** Runs the visit in the background; it ends with the scope. */
const person = (
  via: Person["via"],
  visit: (url: URL) => Effect.Effect<void, DemoError>
): Effect.Effect<Person, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const done = yield* Deferred.make<void, DemoError>()
    let opened = false
    return {
      via,
      open: (url) =>
        Effect.suspend(() => {
          opened = true
          return Effect.asVoid(Effect.forkIn(Deferred.complete(done, visit(url)), scope))
        }),
      done: Effect.suspend(() => opened ? Deferred.await(done) : Effect.void)
    }
  })

/** A person whose browser follows the redirect to this machine. */
export const following = (user: string): Effect.Effect<Person, never, Scope.Scope> =>
  person("http", (url) =>
    StandInBrowser.make().visit(url, { user, follow: true }).pipe(
      Effect.mapError(gotStuck),
      Effect.filterOrFail(
        ({ page }) => page?.status === 200,
        ({ page }) => new DemoError(`Cannot sign in ${user}: the last page has status ${page?.status}`)
      ),
      Effect.asVoid
    ))

/** Two people whose browsers are on another machine, and who paste the address of their last page. */
export interface Pasting {
  /** What is pasted, for `PasteInput.make`. */
  readonly lines: Stream.Stream<string>
  readonly earlier: (user: string) => Effect.Effect<Person, never, Scope.Scope>
  readonly later: (user: string) => Effect.Effect<Person, never, Scope.Scope>
}

// When one of the two is already signed in, there is no second address.
const patience = "2 seconds"

/**
 * Waits for both addresses, then pastes a wrong one (the sign-in page's), that of the later flow, and that of the earlier
 * flow. When only one address comes, it is pasted after the wrong one.
 */
export const pasting: Effect.Effect<Pasting> = Effect.gen(function* () {
  const lines = yield* Queue.unbounded<string>()
  const both = yield* Deferred.make<void>()
  const copied: { earlier?: string; later?: string } = {}
  const paste = (signInPage: URL): void => {
    const { earlier, later } = copied
    for (const line of [signInPage.href, later, earlier]) if (line !== undefined) lines.unsafeOffer(line)
    delete copied.earlier
    delete copied.later
  }
  const copying = (who: "earlier" | "later") => (user: string) =>
    person("paste", (url) =>
      Effect.gen(function* () {
        const { callbackUrl } = yield* Effect.mapError(
          StandInBrowser.make().visit(url, { user, follow: false }),
          gotStuck
        )
        copied[who] = callbackUrl
        if (copied.earlier !== undefined && copied.later !== undefined) yield* Deferred.succeed(both, undefined)
        yield* Effect.timeoutOption(Deferred.await(both), patience)
        if (copied[who] !== undefined) paste(url)
      }))
  return { lines: Stream.fromQueue(lines), earlier: copying("earlier"), later: copying("later") }
})
