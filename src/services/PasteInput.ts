/**
 * Where a person pastes the address a sign-in ended on: the service. What makes one is in PasteReader and PasteStream, so
 * that a program which only names the service loads neither.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import type { PasteRefusalReason, PasteRefused } from "../core/oauth/Refusal.ts"

/** A flow that can still take a response. */
export interface WaitingFlow {
  /** Its `state`, by which it is found. */
  readonly key: string
  /**
   * Checks `state` and takes the response; the reason when it does not. With the length of the text that it was in, the
   * person is told.
   */
  readonly offer: (
    parameters: AuthorizationResponse.Parameters,
    characters?: number | undefined
  ) => PasteRefusalReason | undefined
  /** A text was for no waiting flow. With its length this flow may tell the person, and says whether it does. */
  readonly refused: (reason: PasteRefusalReason, characters?: number | undefined) => boolean
}

/** One reader of pasted text for all flows of a program. */
export interface PasteInput {
  /**
   * Every block of text from now on, while the scope is open. The reader is shared, and held only while someone listens.
   * After the input ended no more text comes.
   */
  readonly lines: Effect.Effect<Queue.Dequeue<string>, never, Scope.Scope>
  /**
   * Takes text from a host's own input box and gives it to the waiting flow whose `state` it carries; fails with
   * {@link PasteRefused} when there is none.
   */
  readonly submit: (text: string) => Effect.Effect<void, PasteRefused>
  /**
   * Routes text to a flow until the effect it gives has run; the reader is not held by this. Without it, `lines` is read.
   * Nothing interrupts it, as what `Effect.acquireRelease` acquires: where it may wait, it is to be `interruptible` itself.
   */
  readonly register?: (flow: WaitingFlow) => Effect.Effect<Effect.Effect<void>>
  /** Holds the reader until the effect it gives has run, likewise. Without it, `lines` is read. */
  readonly hold?: Effect.Effect<Effect.Effect<void>>
  /** Whether a person can paste now; asked while the reader is held. Without it, yes. */
  readonly available?: Effect.Effect<boolean>
}

/** Tag of the {@link PasteInput} service. */
export const PasteInput: Context.Tag<PasteInput, PasteInput> = Context.GenericTag<PasteInput>(
  "effect-oauth-callback/PasteInput"
)

/** A service whose parts are loaded when one of them is used. */
export const deferred = (paste: Effect.Effect<Required<PasteInput>>): Required<PasteInput> => ({
  available: Effect.flatMap(paste, ({ available }) => available),
  hold: Effect.flatMap(paste, ({ hold }) => hold),
  lines: Effect.flatMap(paste, ({ lines }) => lines),
  submit: (text) => Effect.flatMap(paste, ({ submit }) => submit(text)),
  register: (flow) => Effect.flatMap(paste, ({ register }) => register(flow))
})
