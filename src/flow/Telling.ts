/**
 * What the person is told of one flow: where to sign in, what was refused meanwhile, and how it ended.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { base64url } from "../core/Base64Url.ts"
import { Refusal } from "../core/Refusal.ts"
import type { SignInOutcome } from "../core/Texts.ts"
import type { AuthorizeRequest, Flow } from "./authorize.ts"
import type { ToldRefusal } from "./FlowChannels.ts"
import * as Teller from "./Teller.ts"

/** What the person is told of one flow. Of a flow that the caller shows, only what became of pastes. */
export interface Telling {
  /** Shows it. What the presenter acquires is released when the sign-in has ended. */
  readonly show: (deadline: number, paste: boolean) => Effect.Effect<unknown>
  /**
   * Waits for the turn of this sign-in; unless it has come already, the person is told of it meanwhile. What the turn
   * acquires is released when the sign-in has ended.
   */
  readonly queue: (turn: Effect.Effect<void, never, Scope.Scope>, paste: boolean) => Effect.Effect<void>
  /** Tells of a refusal, and says whether it does: of requests only once the person knows of the sign-in. */
  readonly refused: (refusal: ToldRefusal) => boolean
  readonly accepted: (characters: number) => void
  /** The exchange begins: what fails from now on is not the response. */
  readonly exchanging: () => void
  /** Tells how it ended, and waits a moment until everything is told. */
  readonly ended: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, isExchanging: boolean): SignInOutcome => {
  if (Exit.isSuccess(exit)) return isExchanging ? "SignedIn" : "Received"
  if (Cause.isInterruptedOnly(exit.cause)) return "Cancelled"
  if (isExchanging) return "Failed"
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause)) as { readonly _tag?: unknown } | undefined
  switch (error?._tag) {
    case "AuthorizationDenied":
      return "Denied"
    case "InvalidResponse":
      return "Invalid"
    case "AuthorizationTimeout":
      return "TimedOut"
    default:
      return "Failed"
  }
}

/** Tells flows of one process apart. */
const shortId = (): string => base64url(crypto.getRandomValues(new Uint8Array(6)))

/** The telling of one flow. */
export const make = (flow: Flow, url: URL, request: Pick<AuthorizeRequest, "present" | "serverName">): Telling => {
  const { forwarded, listening, presenter, redirectUri } = flow
  const { present } = request
  const serverName = request.serverName ?? url.host
  let known: string | undefined
  const id = () => known ??= shortId()
  const pending = () => ({ id: id(), serverName, url, redirectUri, listening, forwarded })
  const { finish, tell } = Teller.make(presenter, flow.runtime)
  let isKnown = false
  // An interrupt ends the arms only after this: what has not been shown by then is not shown any more.
  let isOver = false
  let shownIn: Scope.CloseableScope | undefined
  let turnIn: Scope.CloseableScope | undefined
  let isExchanging = false
  return {
    show: (deadline, paste) =>
      Effect.suspend(() => {
        if (present === false || isOver) return Effect.void
        if (present !== undefined) return present(url)
        // A presenter that hangs, dies or gives up ends no sign-in: the answer may come all the same.
        return Effect.disconnect(
          Teller.careless("show the sign-in", () =>
            isOver ? Effect.void : Effect.flatMap(Scope.make(), (scope) => {
              isKnown = true
              shownIn = scope
              return Scope.extend(presenter.show({ ...pending(), paste, deadline }), scope)
            }))
        )
      }),
    queue: (turn, paste) =>
      Effect.gen(function* () {
        turnIn = yield* Scope.make()
        const waiting = yield* Effect.fork(Scope.extend(turn, turnIn))
        yield* Effect.yieldNow()
        if (!isOver && present === undefined && Option.isNone(yield* Fiber.poll(waiting))) {
          isKnown = true
          tell({ _tag: "SignInQueued", pending: { ...pending(), paste } })
        }
        // Not `join`, which would take over the scope that the turn was taken in.
        yield* Effect.flatten(Fiber.await(waiting))
      }),
    refused: ({ characters, refusal }) => {
      const message = Refusal.describe(refusal)
      if (refusal.via === "paste") tell({ _tag: "PasteRefused", refusal, message, characters })
      else if (isKnown) tell({ _tag: "CallbackRefused", id: id(), serverName, refusal, message })
      return refusal.via === "paste" || isKnown
    },
    accepted: (characters) => tell({ _tag: "PasteAccepted", id: id(), serverName, characters }),
    exchanging: () => {
      isExchanging = true
    },
    ended: (exit) =>
      Effect.suspend(() => {
        isOver = true
        if (isKnown) tell({ _tag: "SignInEnded", id: id(), serverName, outcome: outcomeOf(exit, isExchanging) })
        const [shown, turn] = [shownIn, turnIn]
        const told = finish(
          shown && Teller.careless("let go of the sign-in", () => Effect.uninterruptible(Scope.close(shown, exit)))
        )
        // The presenter has let go before the turn of the next sign-in comes.
        return turn === undefined ? told : Effect.zipRight(told, Scope.close(turn, exit))
      })
  }
}
