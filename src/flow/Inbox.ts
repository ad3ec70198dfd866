/**
 * Where answers to one flow arrive: by an HTTP request, by a paste, or from the host's own input box. The first one that
 * carries the flow's `state` is the answer; everything else is refused, recorded, and changes nothing.
 *
 * Requests and texts are handed over by plain calls, so that a junk request costs no fiber.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import type { Answer } from "../core/oauth/Answer.ts"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import * as CallbackRoute from "../core/oauth/CallbackRoute.ts"
import * as CrossOrigin from "../core/oauth/CrossOrigin.ts"
import { type HttpRefusalReason, type PasteRefusalReason, PasteRefused } from "../core/oauth/Refusal.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import type { Outcome, Render } from "../core/page/CallbackPage.ts"
import * as FlowMetrics from "../metrics/flowMetrics.ts"
import { match, type WaitingFlow } from "../paste/PasteRouter.ts"
import type * as CallbackServer from "../services/CallbackServer.ts"
import * as LastPage from "./LastPage.ts"
import * as Refusals from "./Refusals.ts"

/** How an answer came. */
export type Via = "http" | "paste"

/** The answer of a flow: it carries its `state`, and is not checked further yet. */
export interface Arrival {
  readonly response: AuthorizationResponse.Matched
  readonly via: Via
  /** Length of the pasted text that held it, where the person is to be told that it was taken. */
  readonly characters?: number | undefined
}

/** A refused request or paste that is to be explained to the person. */
export type ToExplain =
  | { readonly via: "http"; readonly reason: HttpRefusalReason }
  /** A pasted text of so many characters. */
  | { readonly via: "paste"; readonly reason: PasteRefusalReason; readonly characters: number }

/** Where a request may be addressed to; see {@link CallbackRoute.RouteConfig}. */
export type Served = Omit<CallbackRoute.RouteConfig, "state" | "done"> & {
  /** Whether the last page is at `?done=…` of the callback's path, because a proxy may forward only that path. */
  readonly beside: boolean
}

/** What receives the answer to one flow. */
export interface Inbox {
  /** The route that a listener serves. */
  readonly route: (served: Served) => CallbackServer.CallbackRoute
  /** What the router of pasted texts knows of this flow. */
  readonly waitingFlow: WaitingFlow
  /** Takes a text from the host's own input box. */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /** The answer of an HTTP request. Interrupted when the flow closes. */
  readonly request: Deferred.Deferred<Arrival>
  /**
   * What the paste arm takes: the pasted answer, or something to explain to the person, which is a refused paste or a
   * refused request (each reason once).
   */
  readonly pastes: Queue.Dequeue<Either.Either<Arrival, ToExplain>>
  /**
   * Begins to wait: from now on `pastes` has what is to be explained. Refused requests are put there only after the
   * person was shown the sign-in.
   */
  readonly begin: (serverName: string, isKnown: () => boolean) => void
  /** Whether the answer is here, or can come no more. */
  readonly isOver: () => boolean
  /** Tells every browser how the sign-in ended. Only the first outcome counts. */
  readonly settle: (outcome: Outcome) => void
  readonly refusals: Refusals.Refusals
  /** Answers the pages that wait with neutral words. */
  readonly answerNeutrally: () => void
  readonly isClosed: () => boolean
  /** Never succeeds; interrupted when the flow closes. */
  readonly closed: Deferred.Deferred<never>
  /** Ends everything that waits, and gives a browser a moment to fetch its last page. */
  readonly close: Effect.Effect<void>
}

/** What an inbox is made from. */
export interface Options {
  readonly state: Redacted.Redacted<string>
  /** Nonce of the last page's address. */
  readonly done: string
  readonly render: Render
}

// What browsers and scanners ask for by themselves says nothing to the person, unless it brings the answer.
const ofNoInterest: ReadonlySet<HttpRefusalReason> = new Set(["WrongPath", "Prefetch", "Malformed"])

/** An inbox that is empty. */
export const make = ({ done, render, state }: Options): Effect.Effect<Inbox> =>
  Effect.gen(function* () {
    const request = yield* Deferred.make<Arrival>()
    const closed = yield* Deferred.make<never>()
    const pastes = yield* Queue.unbounded<Either.Either<Arrival, ToExplain>>()
    const lastPage = LastPage.make()
    const refusals = Refusals.make()
    let told: ReadonlyArray<HttpRefusalReason> = []
    let isOver = false
    let isAnswered = false
    let isClosed = false
    let serverName: string | undefined
    let isKnown: (() => boolean) | undefined

    /** `true` for the first right answer, by HTTP or by paste, and for no other. */
    const isFirst = () => !isOver && (isOver = isAnswered = true)

    const page = (outcome: Outcome, head: RequestHead): Answer =>
      render(outcome, { serverName, acceptLanguage: head.header("accept-language") })

    const refuse = (reason: HttpRefusalReason, head?: RequestHead, isPersons = false) => {
      refusals.add({ via: "http", reason })
      FlowMetrics.refused({ via: "http", reason })
      // Each reason is told once, however many requests come; the reload of an older last page is not told at all.
      const isReload = head !== undefined && CallbackRoute.claimedDone(head) !== undefined
      const isOfInterest = isPersons || !ofNoInterest.has(reason)
      if (isOver || isReload || !isOfInterest || told.includes(reason) || isKnown?.() !== true) return
      told = [...told, reason]
      Queue.unsafeOffer(pastes, Either.left({ via: "http", reason }))
    }

    const handle = (
      config: CallbackRoute.RouteConfig,
      beside: boolean,
      head: RequestHead,
      body: string | undefined
    ): CallbackServer.Reply => {
      const decision = CallbackRoute.decide(config, head, body)
      switch (decision._tag) {
        case "ReadBody":
          return decision
        case "Preflight":
          return { _tag: "Answer", answer: decision.answer }
        case "Refused": {
          const { answer, page: forPerson, reason } = decision
          refuse(reason, head, forPerson !== undefined)
          if (forPerson === undefined) return { _tag: "Answer", answer, refused: reason }
          const shown = page({ _tag: "Refused", reason: forPerson }, head)
          const { allow } = answer.headers
          const headers = allow === undefined ? shown.headers : { ...shown.headers, allow }
          return { _tag: "Answer", answer: { ...shown, status: answer.status, headers }, refused: reason }
        }
        case "Matched":
          // A second right answer changes nothing; its browser is told the same outcome.
          if (isFirst()) {
            Deferred.unsafeDone(request, Effect.succeed({ response: decision.response, via: "http" }))
          }
          if (decision.origin !== undefined) return { _tag: "Answer", answer: CrossOrigin.delivered(decision.origin) }
          lastPage.expect()
          return { _tag: "Answer", answer: CallbackRoute.redirectToDone(done, beside) }
        case "Done":
          return { _tag: "Hold", onAnswer: (write) => lastPage.hold((outcome) => write(page(outcome, head))) }
      }
    }

    const offer: WaitingFlow["offer"] = (parameters, characters) => {
      const matched = AuthorizationResponse.matchState(parameters, state)
      if (Either.isLeft(matched)) return matched.left
      if (!isFirst()) return "FlowEnded"
      Queue.unsafeOffer(pastes, Either.right({ response: matched.right, via: "paste", characters }))
      return undefined
    }

    const refused: WaitingFlow["refused"] = (reason, characters) => {
      if (isOver) return false
      refusals.add({ via: "paste", reason })
      if (characters === undefined || isKnown === undefined) return false
      return Queue.unsafeOffer(pastes, Either.left({ via: "paste", reason, characters }))
    }

    return {
      route: ({ beside, ...served }) => {
        const config: CallbackRoute.RouteConfig = { state, done, ...served }
        return {
          state,
          done,
          paths: served.paths,
          takesForms: served.formPost,
          overhear: (reason) => refusals.add({ via: "http", reason }),
          handle: (head, body) => handle(config, beside, head, body),
          refuse: (reason) => {
            refuse(reason)
            return CallbackRoute.refusal(reason)
          }
        }
      },
      waitingFlow: { key: Redacted.value(state), offer, refused },
      submit: (text) =>
        Effect.suspend(() =>
          Either.match(match(text, (parameters) => offer(parameters)), {
            onLeft: (reason) => {
              refused(reason)
              FlowMetrics.refused({ via: "paste", reason })
              return Effect.fail(new PasteRefused({ reason }))
            },
            onRight: () => Effect.void
          })
        ),
      request,
      pastes,
      begin: (name, known) => {
        serverName = name
        isKnown = known
      },
      isOver: () => isOver,
      settle: (outcome) => {
        isOver = true
        lastPage.settle(outcome)
      },
      refusals,
      answerNeutrally: lastPage.answerNeutrally,
      isClosed: () => isClosed,
      closed,
      close: Effect.suspend(() => {
        // An answer that came before is still taken.
        if (!isAnswered) Deferred.unsafeDone(request, Effect.interrupt)
        isOver = true
        isClosed = true
        Deferred.unsafeDone(closed, Effect.interrupt)
        refusals.end()
        return lastPage.close
      })
    }
  })
