/**
 * What the person is told of one flow, in order. A presenter that fails or hangs neither fails nor stops the
 * sign-in.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { Refusal } from "../core/oauth/Refusal.ts"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"
import { atMost } from "../effect/atMost.ts"
import type { Notice, PendingAuthorization, Presenter } from "../services/Presenter.ts"
import type { ToExplain } from "./Inbox.ts"
import { randomHex } from "./randomHex.ts"

/** What is shown of a sign-in. */
export type Shown = Omit<PendingAuthorization, "id" | "deadline">

/** The notices of one flow. A flow that the caller shows has only those about pastes. */
export interface Notices {
  /** Whether the person knows of the sign-in: it was shown, or told of as queued. */
  readonly isKnown: () => boolean
  /** Has the presenter show the sign-in. What it acquires is released when the sign-in has ended. */
  readonly show: (shown: Shown, deadline: number) => Effect.Effect<void>
  /**
   * Waits for the turn of this sign-in. Unless it has come already the person is told that the sign-in waits. What the
   * turn acquires is released when the sign-in has ended.
   *
   * @param isShown - Whether the presenter shows this sign-in; else it is told nothing.
   */
  readonly queue: <R>(
    shown: Shown,
    turn: Effect.Effect<void, never, Scope.Scope | R>,
    isShown: boolean
  ) => Effect.Effect<void, never, R>
  /** Explains why a paste or a request was refused. Does not wait for the presenter. */
  readonly refused: (refused: ToExplain) => Effect.Effect<void>
  /** Tells that a pasted text of so many characters is the answer. Does not wait for the presenter. */
  readonly pasteAccepted: (characters: number) => Effect.Effect<void>
  /** Tells how the sign-in ended, and waits until all is told and released, within the budget. Nothing is told later. */
  readonly end: (outcome: SignInOutcome, exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Asks something of a presenter. It never fails; and no cause is logged, for it may hold the URL, and so `state`. */
const ask = (what: string, effect: () => Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.suspend(effect).pipe(
    Effect.catchAllCause(() => Effect.logDebug(`The presenter could not ${what}`)),
    Effect.asVoid
  )

/** Disconnected, as is what shows a sign-in: a presenter that hangs, and cannot be interrupted, is left to itself. */
const tellTo = (presenter: Presenter, notice: Notice) =>
  Effect.disconnect(ask(`tell of ${notice._tag}`, () => presenter.notice(notice)))

/** Tells something outside the order of a flow, and waits for it within the budget. */
export const tellNow = (presenter: Presenter, notice: Notice): Effect.Effect<void> =>
  atMost(ReleaseBudget.presenter, tellTo(presenter, notice))

/** The notices of a sign-in, named for the person by `serverName`. */
export const make = (presenter: Presenter, serverName: string): Effect.Effect<Notices> =>
  Effect.gen(function* () {
    /** Tells flows of one process apart; it is no secret. */
    const id = yield* randomHex(6)
    let scope: Scope.CloseableScope | undefined
    let turnScope: Scope.CloseableScope | undefined
    let waiting: { readonly notices: Queue.Queue<Notice | "end">; readonly telling: Fiber.Fiber<void> } | undefined
    let isKnown = false
    let hasEnded = false

    /** Made with the first thing that is told or shown. */
    const scoped: Effect.Effect<Scope.CloseableScope> = Effect.suspend(() =>
      scope !== undefined ? Effect.succeed(scope) : Effect.tap(Scope.make(), (made) =>
        Effect.sync(() => {
          scope = made
        }))
    )

    /** One fiber tells one notice after the other. It is started by the first one: most flows have none. */
    const tell = (notice: Notice) =>
      Effect.gen(function* () {
        if (waiting === undefined) {
          const notices = yield* Queue.unbounded<Notice | "end">()
          const tellAll: Effect.Effect<void> = Effect.flatMap(
            Queue.take(notices),
            (notice) => notice === "end" ? Effect.void : Effect.zipRight(tellTo(presenter, notice), tellAll)
          )
          waiting = { notices, telling: yield* Effect.forkIn(Effect.interruptible(tellAll), yield* scoped) }
        }
        yield* Queue.offer(waiting.notices, notice)
      })

    return {
      isKnown: () => isKnown,
      show: (shown, deadline) =>
        Effect.disconnect(ask("show the sign-in", () => {
          if (hasEnded) return Effect.void
          isKnown = true
          return Effect.flatMap(scoped, (scope) => Scope.extend(presenter.show({ ...shown, id, deadline }), scope))
        })),
      queue: (shown, turn, isShown) =>
        Effect.gen(function* () {
          turnScope = yield* Scope.make()
          const taking = yield* Effect.fork(Scope.extend(turn, turnScope))
          yield* Effect.yieldNow()
          if (!hasEnded && isShown && Option.isNone(yield* Fiber.poll(taking))) {
            isKnown = true
            yield* tell({ _tag: "SignInQueued", pending: { ...shown, id } })
          }
          // Not `Fiber.join`, which would take over the scope that the turn was taken in.
          yield* Effect.flatten(Fiber.await(taking))
        }),
      refused: (refused) => {
        if (refused.via === "http") {
          const message = Refusal.describe(refused)
          return tell({ _tag: "CallbackRefused", id, serverName, refusal: refused, message })
        }
        const { characters, ...refusal } = refused
        return tell({ _tag: "PasteRefused", refusal, message: Refusal.describe(refusal), characters })
      },
      pasteAccepted: (characters) => tell({ _tag: "PasteAccepted", id, serverName, characters }),
      end: (outcome, exit) =>
        Effect.gen(function* () {
          hasEnded = true
          if (isKnown) yield* tell({ _tag: "SignInEnded", id, serverName, outcome })
          const [used, started] = [scope, waiting]
          if (used !== undefined) {
            const told = started === undefined
              ? Effect.void
              : Effect.zipRight(Queue.offer(started.notices, "end"), Fiber.await(started.telling))
            const letGo = ask("let go of the sign-in", () => Scope.close(used, exit))
            yield* atMost(ReleaseBudget.presenter, Effect.ensuring(told, letGo))
          }
          // After the presenter has let go: the next sign-in comes with this.
          if (turnScope !== undefined) yield* Scope.close(turnScope, exit)
        })
    }
  })
