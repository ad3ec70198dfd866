/**
 * What the person is told of one flow: where to sign in, what was refused meanwhile, and how it ended.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import { base64url } from "../core/oauth/Base64Url.ts"
import { Refusal } from "../core/oauth/Refusal.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"
import type { Notice } from "../services/Presenter.ts"
import type { AuthorizeRequest, Flow } from "./authorize.ts"
import type { ToldRefusal } from "./FlowChannels.ts"
import { randomBytes } from "./randomBytes.ts"
import * as Teller from "./Teller.ts"

/** What the person is told of one flow. Of a flow that the caller shows, only what became of pastes. */
export interface Telling {
  /** Whether there is anything to show. */
  readonly shows: boolean
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
  /** Tells how it ended, and waits a moment until everything is told; nothing where nothing was. */
  readonly ended: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void> | undefined
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
const shortId = (): string => base64url(randomBytes(6))

type Request = Pick<AuthorizeRequest, "present" | "serverName">

class OneTelling implements Telling {
  readonly #flow: Flow
  readonly #runtime: Runtime.Runtime<never>
  readonly #url: URL
  readonly #request: Request
  // Made when there is something to tell: most flows are shown by their callers, or answered in silence.
  #made: Teller.Teller | undefined = undefined
  #id: string | undefined = undefined
  #isKnown = false
  // An interrupt ends the arms only after this: what has not been shown by then is not shown any more.
  #isOver = false
  #isExchanging = false
  #shownIn: Scope.CloseableScope | undefined = undefined
  #turnIn: Scope.CloseableScope | undefined = undefined

  constructor(flow: Flow, runtime: Runtime.Runtime<never>, url: URL, request: Request) {
    this.#flow = flow
    this.#runtime = runtime
    this.#url = url
    this.#request = request
  }

  get shows(): boolean {
    return this.#request.present !== false
  }

  get #serverName(): string {
    return this.#request.serverName ?? this.#url.host
  }

  get #named(): { readonly id: string; readonly serverName: string } {
    this.#id ??= shortId()
    return { id: this.#id, serverName: this.#serverName }
  }

  #pending(paste: boolean) {
    const { forwarded, listening, redirectUri } = this.#flow
    return { ...this.#named, url: this.#url, redirectUri, listening, forwarded, paste }
  }

  #tell(notice: Notice): void {
    this.#made ??= Teller.make(this.#flow.presenter, this.#runtime)
    this.#made.tell(notice)
  }

  show(deadline: number, paste: boolean): Effect.Effect<unknown> {
    return Effect.suspend(() => {
      const { present } = this.#request
      if (present === false || this.#isOver) return Effect.void
      if (present !== undefined) return present(this.#url)
      // A presenter that hangs, dies or gives up ends no sign-in: the answer may come all the same.
      return Effect.disconnect(
        Teller.careless("show the sign-in", () =>
          this.#isOver ? Effect.void : Effect.flatMap(Scope.make(), (scope) => {
            this.#isKnown = true
            this.#shownIn = scope
            return Scope.extend(this.#flow.presenter.show({ ...this.#pending(paste), deadline }), scope)
          }))
      )
    })
  }

  queue(turn: Effect.Effect<void, never, Scope.Scope>, paste: boolean): Effect.Effect<void> {
    return Effect.gen(function* (this: OneTelling) {
      const scope = yield* Scope.make()
      this.#turnIn = scope
      const waiting = yield* Effect.fork(Scope.extend(turn, scope))
      yield* Effect.yieldNow()
      if (!this.#isOver && this.#request.present === undefined && Option.isNone(yield* Fiber.poll(waiting))) {
        this.#isKnown = true
        this.#tell({ _tag: "SignInQueued", pending: this.#pending(paste) })
      }
      // Not `join`, which would take over the scope that the turn was taken in.
      yield* Effect.flatten(Fiber.await(waiting))
    }.bind(this))
  }

  refused({ characters, refusal }: ToldRefusal): boolean {
    const message = Refusal.describe(refusal)
    if (refusal.via === "paste") this.#tell({ _tag: "PasteRefused", refusal, message, characters })
    else if (this.#isKnown) this.#tell({ _tag: "CallbackRefused", ...this.#named, refusal, message })
    return refusal.via === "paste" || this.#isKnown
  }

  accepted(characters: number): void {
    this.#tell({ _tag: "PasteAccepted", ...this.#named, characters })
  }

  exchanging(): void {
    this.#isExchanging = true
  }

  ended(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> | undefined {
    this.#isOver = true
    if (this.#isKnown) {
      this.#tell({ _tag: "SignInEnded", ...this.#named, outcome: outcomeOf(exit, this.#isExchanging) })
    }
    const [shown, turn] = [this.#shownIn, this.#turnIn]
    const letGo = shown &&
      Teller.careless("let go of the sign-in", () => Effect.uninterruptible(Scope.close(shown, exit)))
    const told = this.#made === undefined ? letGo : this.#made.finish(letGo)
    if (turn === undefined) return told
    // The presenter has let go before the turn of the next sign-in comes.
    const close = Scope.close(turn, exit)
    return told === undefined ? close : Effect.zipRight(told, close)
  }
}

/**
 * The telling of one flow.
 *
 * @param runtime - Runs what nobody waits for.
 */
export const make = (flow: Flow, runtime: Runtime.Runtime<never>, url: URL, request: Request): Telling =>
  new OneTelling(flow, runtime, url, request)
