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
import type * as CallbackPage from "../core/page/CallbackPage.ts"
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
  readonly route: (
    config: Omit<CallbackRoute.RouteConfig, "state" | "done"> & {
      /** Whether the last page is beside the callback: only the callback's path is known to lead here. */
      readonly beside: boolean
    }
  ) => CallbackServer.CallbackRoute
  /** What the shared paste reader knows of this flow. */
  readonly waitingFlow: WaitingFlow
  /** Text from a host's own input box. */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /** Has the person told of what is refused, while the scope is open; the listener says whether it does. */
  readonly tellRefusals: (tell: (refusal: ToldRefusal) => boolean) => Effect.Effect<void, never, Scope.Scope>
  /** Names what the person signs in to, for the pages. */
  readonly name: (serverName: string) => void
  /**
   * Ends the flow: pages get their last words, streams end, no timer remains. A browser that was sent on to the last page
   * is waited for, for less than half a second.
   */
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

// Release is promised within a second, and the listener needs the other half of it. The runtime's own timer.
const fetchMillis = 450

/** The channels of a new flow. */
export const make = (options: {
  readonly state: Redacted.Redacted<string>
  readonly runtime: Runtime.Runtime<never>
  /** Nonce of the last page. */
  readonly done: string
  readonly render: CallbackPage.Render
}): FlowChannels => {
  const { done, render, runtime, state } = options
  const pending = PendingResponse.make()
  const refusals = RefusalLog.make()
  let timer: Fiber.RuntimeFiber<void> | undefined
  let tell: ((refusal: ToldRefusal) => boolean) | undefined
  const told = new Set(untold)
  let serverName: string | undefined
  /** Called when the browser that was sent on has its page; undefined when none is on its way. */
  let onFetched: (() => void) | undefined

  const page = (outcome: CallbackPage.Outcome, head: CallbackRoute.RequestHead) =>
    render(outcome, { serverName, acceptLanguage: head.header("accept-language") })

  const hold = (head: CallbackRoute.RequestHead): CallbackServer.Hold => ({
    _tag: "Hold",
    onAnswer: (write) => {
      // Not once the outcome is known: a request may still come between the close of this flow and of its listener.
      // Interruptible, even when the flow was opened in an uninterruptible region: closing must not wait for it.
      if (!pending.isSettled()) {
        timer ??= Runtime.runFork(runtime)(
          Effect.interruptible(Effect.delay(Effect.sync(pending.losePatience), patience))
        )
      }
      return pending.onOutcome((outcome) => {
        write(page(outcome, head))
        onFetched?.()
        onFetched = undefined
      })
    }
  })

  const fetched = Effect.async<void>((resume) => {
    if (onFetched === undefined) return resume(Effect.void)
    const timer = setTimeout(() => resume(Effect.void), fetchMillis)
    onFetched = () => {
      clearTimeout(timer)
      resume(Effect.void)
    }
  })

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
    route: ({ beside, ...rest }) => {
      const config: CallbackRoute.RouteConfig = { state, done, ...rest }
      const refused = (reason: HttpRefusalReason, isNews = true) => {
        const refusal = { via: "http", reason } as const
        refusals.add(refusal)
        // Once each: ten thousand requests are no news.
        if (isNews && !told.has(reason) && tell?.({ refusal, characters: 0 }) === true) told.add(reason)
      }
      return {
        state,
        done,
        handle: (head, body) => {
          const decision = CallbackRoute.decide(config, head, body)
          switch (decision._tag) {
            case "ReadBody":
              return decision
            case "Refused":
              // The reload of an older last page is no news.
              refused(decision.reason, CallbackRoute.claimedDone(head) === undefined)
              return {
                _tag: "Answer",
                answer: CallbackRoute.isForPeople(decision.reason)
                  ? page({ _tag: "Refused", reason: decision.reason }, head)
                  : CallbackRoute.refusal(decision.reason, decision.allow)
              }
            case "Matched":
              // A second right response changes nothing; its browser is told the same outcome.
              pending.take(decision.response, "http")
              onFetched ??= () => {}
              return { _tag: "Answer", answer: CallbackRoute.seeDone(done, beside) }
            case "Done":
              return hold(head)
          }
        },
        refuse: (reason) => {
          refused(reason)
          return CallbackRoute.refusal(reason)
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
    name: (name) => {
      serverName = name
    },
    close: Effect.suspend(() => {
      pending.close()
      refusals.end()
      return Effect.zipRight(timer === undefined ? Effect.void : Fiber.interrupt(timer), fetched)
    })
  }
}
