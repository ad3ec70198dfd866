/**
 * Showing a page that an MCP server asks the person to open, and opening it when the person agrees (MCP 2025-11-25, URL mode
 * elicitation).
 */
import * as Effect from "effect/Effect"
import * as UrlElicitation from "../core/mcp/UrlElicitation.ts"
import type { UrlAction, UrlRequest } from "../core/mcp/UrlRequest.ts"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import { Presenter } from "../services/Presenter.ts"

/**
 * What is needed to ask a person.
 *
 * @since 0.1.0
 * @category options
 */
export interface PresentUrlOptions<E = never, R = never> {
  /** The MCP server that asks, as your program calls it: never a name that the server gave itself. */
  readonly serverName: string
  /**
   * Asks the person, whom all of the page was shown before: the whole URL, its host and the warnings. Only after `"accept"` is
   * the page opened.
   */
  readonly consent: (
    request: UrlRequest
  ) => Effect.Effect<UrlAction, E, R>
}

/** What a browser may take to start, in milliseconds: an opener that never answers holds up no answer to the server. */
const openMillis = 5000

/**
 * Shows each page that a server asks for by the Presenter, asks for consent, and opens the page where the Presenter can. No page
 * is fetched before, and none is opened without consent. With several pages it ends at the first that is not accepted.
 *
 * @param elicitation The request `elicitation/create` with mode `"url"`, or its parameters, or the error -32042 of a request.
 * @returns What the person chose. Whether they did on the page what the server wants is told by the server alone.
 */
export const presentUrl = <E = never, R = never>(
  elicitation: unknown,
  { consent, serverName }: PresentUrlOptions<E, R>
): Effect.Effect<UrlAction, UrlElicitation.InvalidElicitation | E, Presenter | R> =>
  Effect.gen(function* () {
    const requests = yield* UrlElicitation.read(elicitation, serverName)
    const presenter = yield* Presenter
    for (const request of requests) {
      // A presenter that fails or hangs is no reason not to ask.
      const shown = Effect.catchAllCause(
        presenter.notice({ _tag: "UrlRequested", ...request }),
        () => Effect.logDebug("The presenter could not show a page")
      )
      yield* atMost(ReleaseBudget.presenter, shown)
      const action = yield* consent(request)
      if (action !== "accept") return action === "decline" ? action : "cancel"
      // A browser that does not open is no reason to fail: the person has the address.
      if (presenter.open !== undefined) {
        const opened = Effect.catchAllCause(
          presenter.open(new URL(request.url)),
          () => Effect.logDebug("The presenter could not open a page")
        )
        yield* atMost(openMillis, opened)
      }
    }
    return "accept"
  })
