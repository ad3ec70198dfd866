/**
 * The ways into a flow: an HTTP request, a pasted text, a host's input box. Each is checked, and what passes goes to one
 * place; what does not is recorded.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as AuthorizationResponse from "../core/AuthorizationResponse.ts"
import * as CallbackRoute from "../core/CallbackRoute.ts"
import { type HttpRefusalReason, type PasteRefusalReason, PasteRefused } from "../core/Refusal.ts"
import type * as CallbackServer from "../services/CallbackServer.ts"
import { offerText, type WaitingFlow } from "../services/PasteRouter.ts"
import * as PendingResponse from "./PendingResponse.ts"
import * as RefusalLog from "./RefusalLog.ts"

/** Everything by which a flow hears from outside. */
export interface FlowChannels {
  readonly pending: PendingResponse.PendingResponse
  readonly refusals: RefusalLog.RefusalLog
  /** What a listener serves for this flow. */
  readonly route: (config: Omit<CallbackRoute.RouteConfig, "state">) => CallbackServer.CallbackRoute
  /** What the shared paste reader knows of this flow. */
  readonly waitingFlow: WaitingFlow
  /** Text from a host's own input box. */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /** While the scope is open, the pastes that were refused and that this flow is to tell the person of. */
  readonly refusedPastes: Effect.Effect<Queue.Dequeue<PasteRefusalReason>, never, Scope.Scope>
  /** Ends the flow: pages get their last words, streams end, no timer remains. */
  readonly close: Effect.Effect<void>
}

// How long a person looks at an empty page before it says something that promises nothing.
const patience = "10 seconds"

/** The channels of a new flow. */
export const make = (options: {
  readonly state: Redacted.Redacted<string>
  readonly runtime: Runtime.Runtime<never>
}): FlowChannels => {
  const { state, runtime } = options
  const pending = PendingResponse.make()
  const refusals = RefusalLog.make()
  let timer: Fiber.RuntimeFiber<void> | undefined
  let toTell: Queue.Queue<PasteRefusalReason> | undefined

  const hold: CallbackServer.Hold = {
    _tag: "Hold",
    onAnswer: (write) => {
      // Not once the outcome is known: a request may still come between the close of this flow and of its listener.
      // Interruptible, even when the flow was opened in an uninterruptible region: closing must not wait for it.
      if (!pending.isSettled()) {
        timer ??= Runtime.runFork(runtime)(
          Effect.interruptible(Effect.delay(Effect.sync(pending.losePatience), patience))
        )
      }
      return pending.onOutcome(write)
    }
  }

  const offer = (parameters: AuthorizationResponse.Parameters): PasteRefusalReason | undefined => {
    const matched = AuthorizationResponse.matchState(parameters, state)
    if (Either.isLeft(matched)) return matched.left
    return pending.take(matched.right, "paste") ? undefined : "FlowEnded"
  }

  return {
    pending,
    refusals,
    route: (rest) => {
      const config: CallbackRoute.RouteConfig = { state, ...rest }
      const refused = (reason: HttpRefusalReason) => refusals.add({ via: "http", reason })
      return {
        state,
        handle: (head, body) => {
          const decision = CallbackRoute.decide(config, head, body)
          switch (decision._tag) {
            case "ReadBody":
              return decision
            case "Refused":
              refused(decision.reason)
              return { _tag: "Answer", answer: decision.answer }
            case "Matched":
              // A second right response changes nothing; its browser is told the same outcome.
              pending.take(decision.response, "http")
              return hold
          }
        },
        refuse: (reason) => {
          refused(reason)
          return CallbackRoute.refuse(reason).answer
        }
      }
    },
    waitingFlow: {
      key: Redacted.value(state),
      offer,
      refused: (reason, notify) => {
        if (pending.isOver()) return false
        refusals.add({ via: "paste", reason })
        return notify && toTell !== undefined && toTell.unsafeOffer(reason)
      }
    },
    submit: (text) =>
      Effect.suspend(() => {
        const verdict = offerText(text, offer)
        if (Either.isRight(verdict)) return Effect.void
        if (!pending.isOver()) refusals.add({ via: "paste", reason: verdict.left })
        return Effect.fail(new PasteRefused({ reason: verdict.left }))
      }),
    refusedPastes: Effect.acquireRelease(
      Effect.tap(Queue.unbounded<PasteRefusalReason>(), (queue) => {
        toTell = queue
        return Effect.void
      }),
      (queue) => {
        toTell = undefined
        return Queue.shutdown(queue)
      }
    ),
    close: Effect.suspend(() => {
      pending.close()
      refusals.end()
      return timer === undefined ? Effect.void : Fiber.interrupt(timer)
    })
  }
}
