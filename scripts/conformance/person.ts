/**
 * The person in front of the client under test: a stand-in browser opens what a real one would be shown.
 */
import * as Effect from "effect/Effect"
import type { Presenter } from "../../src/index.ts"
import * as StandInBrowser from "../../test/fixtures/StandInBrowser.ts"

/** Follows each URL at once; the suite's authorization servers ask nothing. */
export const person = (complain: (message: string) => void): Presenter => ({
  show: ({ url }) =>
    StandInBrowser.make().visit(url, { follow: true }).pipe(
      // People reload a page that does not come; here dozens of servers and browsers start at the same moment.
      Effect.retry({ times: 2 }),
      // Without a page the wait would end only with its deadline: the message says why.
      Effect.catchAll(({ message }) => Effect.sync(() => complain(message))),
      // A browser is a process of its own, and goes on when the sign-in has ended.
      Effect.forkDaemon,
      Effect.asVoid
    ),
  notice: (notice) => Effect.sync(() => complain("message" in notice ? notice.message : notice._tag))
})
