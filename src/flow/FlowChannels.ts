/**
 * The ways into a flow: an HTTP request, a pasted text, a host's input box. Each is checked, and what passes goes to one
 * place; what does not is recorded.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { Answer } from "../core/oauth/Answer.ts"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../core/oauth/CallbackRoute.ts"
import type * as CallbackPage from "../core/page/CallbackPage.ts"
import { type HttpRefusalReason, type PasteRefusalReason, PasteRefused, type Refusal } from "../core/oauth/Refusal.ts"
import type * as CallbackServer from "../services/CallbackServer.ts"
import { offerText } from "../paste/PasteRouter.ts"
import type { WaitingFlow } from "../services/PasteInput.ts"
import type { Delay } from "./Ambient.ts"
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
  /** Has the person told of what is refused; the listener says whether it does. Without one, nobody is told any more. */
  readonly tellRefusals: (tell: ((refusal: ToldRefusal) => boolean) | undefined) => void
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
const patienceMillis = 10_000

// Release is promised within a second, and the listener needs the other half of it. The runtime's own timer.
const fetchMillis = 450

interface Options {
  readonly state: Redacted.Redacted<string>
  readonly delay: Delay
  /** Nonce of the last page. */
  readonly done: string
  readonly render: CallbackPage.Render
}

type RouteOptions = Parameters<FlowChannels["route"]>[0]

class Channels implements FlowChannels {
  readonly pending = PendingResponse.make()
  readonly refusals = RefusalLog.make()
  readonly #options: Options
  #stopTimer: (() => void) | undefined = undefined
  #tell: ((refusal: ToldRefusal) => boolean) | undefined = undefined
  #told: Set<HttpRefusalReason> | undefined = undefined
  #serverName: string | undefined = undefined
  /** Called when the browser that was sent on has its page; undefined when none is on its way. */
  #onFetched: (() => void) | undefined = undefined

  constructor(options: Options) {
    this.#options = options
  }

  route({ beside, ...rest }: RouteOptions): CallbackServer.CallbackRoute {
    const { done, state } = this.#options
    const config: CallbackRoute.RouteConfig = { state, done, ...rest }
    return {
      state,
      done,
      handle: (head, body) => this.#handle(config, beside, head, body),
      refuse: (reason) => {
        this.#refused(reason)
        return CallbackRoute.refusal(reason)
      }
    }
  }

  get waitingFlow(): WaitingFlow {
    return {
      key: Redacted.value(this.#options.state),
      offer: (parameters, characters) => this.#offer(parameters, characters),
      refused: (reason, characters) => {
        if (this.pending.isOver()) return false
        const refusal = { via: "paste", reason } as const
        this.refusals.add(refusal)
        return characters !== undefined && this.#tell?.({ refusal, characters }) === true
      }
    }
  }

  submit(text: string): Effect.Effect<void, PasteRefused> {
    return Effect.suspend(() => {
      const verdict = offerText(text, (parameters) => this.#offer(parameters))
      if (Either.isRight(verdict)) return Effect.void
      if (!this.pending.isOver()) this.refusals.add({ via: "paste", reason: verdict.left })
      return Effect.fail(new PasteRefused({ reason: verdict.left }))
    })
  }

  tellRefusals(tell: ((refusal: ToldRefusal) => boolean) | undefined): void {
    this.#tell = tell
  }

  name(serverName: string): void {
    this.#serverName = serverName
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.pending.close()
      this.refusals.end()
      this.#stopTimer?.()
      return this.#onFetched === undefined ? Effect.void : this.#fetched
    })
  }

  #handle(
    config: CallbackRoute.RouteConfig,
    beside: boolean,
    head: CallbackRoute.RequestHead,
    body: string | undefined
  ): CallbackServer.Reply {
    const decision = CallbackRoute.decide(config, head, body)
    switch (decision._tag) {
      case "ReadBody":
        return decision
      case "Refused":
        this.#refused(decision.reason, head)
        return {
          _tag: "Answer",
          answer: CallbackRoute.isForPeople(decision.reason)
            ? this.#page({ _tag: "Refused", reason: decision.reason }, head)
            : CallbackRoute.refusal(decision.reason, decision.allow)
        }
      case "Matched":
        // A second right response changes nothing; its browser is told the same outcome.
        this.pending.take(decision.response, "http")
        this.#onFetched ??= () => {}
        return { _tag: "Answer", answer: CallbackRoute.seeDone(config.done, beside) }
      case "Done":
        return { _tag: "Hold", onAnswer: (write) => this.#hold(head, write) }
    }
  }

  #hold(head: CallbackRoute.RequestHead, write: (answer: Answer) => void): () => void {
    // Not once the outcome is known: a request may still come between the close of this flow and of its listener.
    if (!this.pending.isSettled()) {
      this.#stopTimer ??= this.#options.delay(patienceMillis, () => this.pending.losePatience())
    }
    return this.pending.onOutcome((outcome) => {
      write(this.#page(outcome, head))
      this.#onFetched?.()
      this.#onFetched = undefined
    })
  }

  get #fetched(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#onFetched === undefined) return resume(Effect.void)
      const timer = setTimeout(() => resume(Effect.void), fetchMillis)
      this.#onFetched = () => {
        clearTimeout(timer)
        resume(Effect.void)
      }
    })
  }

  #page(outcome: CallbackPage.Outcome, head: CallbackRoute.RequestHead): Answer {
    const serverName = this.#serverName
    return this.#options.render(outcome, { serverName, acceptLanguage: head.header("accept-language") })
  }

  #refused(reason: HttpRefusalReason, head?: CallbackRoute.RequestHead): void {
    const refusal = { via: "http", reason } as const
    this.refusals.add(refusal)
    // Once each: ten thousand requests are no news.
    if (this.#tell === undefined || untold.has(reason) || this.#told?.has(reason) === true) return
    // Neither is the reload of an older last page.
    if (head !== undefined && CallbackRoute.claimedDone(head) !== undefined) return
    if (this.#tell({ refusal, characters: 0 })) (this.#told ??= new Set()).add(reason)
  }

  #offer(
    parameters: AuthorizationResponse.Parameters,
    characters?: number | undefined
  ): PasteRefusalReason | undefined {
    const matched = AuthorizationResponse.matchState(parameters, this.#options.state)
    if (Either.isLeft(matched)) return matched.left
    return this.pending.take(matched.right, "paste", characters) ? undefined : "FlowEnded"
  }
}

/** The channels of a new flow. */
export const make = (options: Options): FlowChannels => new Channels(options)
