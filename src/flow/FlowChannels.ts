/**
 * The ways into a flow: an HTTP request, a pasted text, a host's input box. Each is checked, and what passes goes to one
 * place; what does not is recorded.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as AuthorizationResponse from "../core/AuthorizationResponse.ts"
import * as CallbackRoute from "../core/CallbackRoute.ts"
import { type HttpRefusalReason, type PasteRefusalReason, PasteRefused, type Refusal } from "../core/Refusal.ts"
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
  /** Has the person told of what is refused, while the scope is open; the listener says whether it does. */
  readonly tellRefusals: (tell: (refusal: ToldRefusal) => boolean) => Effect.Effect<void, never, Scope.Scope>
  /** Ends the flow: pages get their last words, streams end, no timer remains. */
  readonly close: Effect.Effect<void>
}

/** A refusal to be told of, with the length of a pasted text. */
export interface ToldRefusal {
  readonly refusal: Refusal
  readonly characters: number
}

// What browsers and others ask for by themselves says nothing to a person.
const untold: ReadonlySet<HttpRefusalReason> = new Set(["WrongPath", "Prefetch", "Malformed"])

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
  let tell: ((refusal: ToldRefusal) => boolean) | undefined
  const told = new Set(untold)

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

  const offer = (
    parameters: AuthorizationResponse.Parameters,
    characters?: number | undefined
  ): PasteRefusalReason | undefined => {
    const matched = AuthorizationResponse.matchState(parameters, state)
    if (Either.isLeft(matched)) return matched.left
    return pending.take(matched.right, "paste", characters) ? undefined : "FlowEnded"
  }

  return {
    pending,
    refusals,
    route: (rest) => {
      const config: CallbackRoute.RouteConfig = { state, ...rest }
      const refused = (reason: HttpRefusalReason) => {
        const refusal = { via: "http", reason } as const
        refusals.add(refusal)
        // Once each: ten thousand requests are no news.
        if (!told.has(reason) && tell?.({ refusal, characters: 0 }) === true) told.add(reason)
      }
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
      refused: (reason, characters) => {
        if (pending.isOver()) return false
        const refusal = { via: "paste", reason } as const
        refusals.add(refusal)
        return characters !== undefined && tell?.({ refusal, characters }) === true
      }
    },
    submit: (text) =>
      Effect.suspend(() => {
        const verdict = offerText(text, (parameters) => offer(parameters))
        if (Either.isRight(verdict)) return Effect.void
        if (!pending.isOver()) refusals.add({ via: "paste", reason: verdict.left })
        return Effect.fail(new PasteRefused({ reason: verdict.left }))
      }),
    tellRefusals: (listener) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          tell = listener
        }),
        () =>
          Effect.sync(() => {
            tell = undefined
          })
      ),
    close: Effect.suspend(() => {
      pending.close()
      refusals.end()
      return timer === undefined ? Effect.void : Fiber.interrupt(timer)
    })
  }
}
