/**
 * The caller's exchange of the code, within its time and within the flow.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AuthorizationTimeout } from "../core/oauth/FlowError.ts"
import { firstOf } from "../effect/firstOf.ts"
import { timeLimit } from "../effect/timeLimit.ts"
import type { ExchangeRequest, Granted } from "./AuthorizeRequest.ts"
import type { Inbox } from "./Inbox.ts"

// A person should not look at an empty page for longer.
const patience = "10 seconds"

/**
 * Exchanges the code. The page waits for the result, and after 10 seconds says only that the answer arrived. The exchange
 * is interrupted, and has released what it held, when its time is over (`AuthorizationTimeout` of phase `"exchange"`) or
 * the flow is closed.
 */
export const exchange = <A, E, R>(
  inbox: Inbox,
  granted: Granted,
  { exchange, exchangeTimeout = "30 seconds" }: Pick<ExchangeRequest<A, E, R>, "exchange" | "exchangeTimeout">
): Effect.Effect<A, E | AuthorizationTimeout, R> =>
  Effect.suspend(() => {
    const duration = Duration.decode(exchangeTimeout)
    const timesOut = Effect.flatMap(timeLimit(duration), () =>
      new AuthorizationTimeout({
        phase: "exchange",
        millis: Duration.toMillis(duration),
        refusals: inbox.refusals.counts()
      }))
    const answerNeutrally = Effect.zipRight(Effect.delay(Effect.sync(inbox.answerNeutrally), patience), Effect.never)
    const exchanged = Effect.suspend(() => exchange(granted))
    return inbox.isClosed()
      ? Effect.interrupt
      : firstOf<A, E | AuthorizationTimeout, R>([exchanged, timesOut, answerNeutrally, Deferred.await(inbox.closed)])
  })
