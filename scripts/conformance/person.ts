/**
 * The person who signs in: a Presenter that opens each URL in a stand-in browser.
 */
import * as Effect from "effect/Effect"
import type { Presenter } from "../../src/index.ts"
import * as StandInBrowser from "../../test/fixtures/StandInBrowser.ts"

/** Follows each URL at once; the suite's authorization servers ask nothing. */
export const person = (complain: (message: string) => void): Presenter => ({
  show: ({ url }) =>
    StandInBrowser.make().visit(url, { follow: true }).pipe(
      // As a person reloads a page that failed to load; dozens of servers and browsers start at the same moment here.
      Effect.retry({ times: 2 }),
      // When no page loads, the sign-in only times out: this message says why.
      Effect.catchAll(({ message }) => Effect.sync(() => complain(message))),
      // Like a real browser, it is not interrupted when the sign-in has ended.
      Effect.forkDaemon,
      Effect.asVoid
    ),
  notice: (notice) => Effect.sync(() => complain(("message" in notice ? notice.message : undefined) ?? notice._tag))
})
