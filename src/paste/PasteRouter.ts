/**
 * One reader, many flows: a pasted address goes to the flow whose `state` it carries.
 *
 * Plain functions over a map, so that one router can serve every copy of this package in a process, whatever Effect
 * each was built with, and so that a line costs one look-up however many flows wait.
 */
import * as Either from "effect/Either"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import * as PastedText from "../core/paste/PastedText.ts"
import type { PasteRefusalReason } from "../core/oauth/Refusal.ts"
import { charactersIn, maxPasteLength } from "../core/paste/PasteLength.ts"
import * as FlowMetrics from "../metrics/flowMetrics.ts"

/**
 * A flow that can still take an answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitingFlow {
  /** Its `state`, by which it is found. */
  readonly key: string
  /**
   * Checks `state` and takes the answer; the reason when it does not. With the length of the text that held the answer,
   * the person is told that it was taken.
   */
  readonly offer: (
    parameters: AuthorizationResponse.Parameters,
    characters?: number | undefined
  ) => PasteRefusalReason | undefined
  /**
   * Records a text that no flow took. With `characters`, its length, this flow may explain it to the person; returns
   * whether it does.
   */
  readonly refused: (reason: PasteRefusalReason, characters?: number | undefined) => boolean
}

/** Routes pasted text over the flows that wait. */
export interface PasteRouter {
  /** Adds a flow; the result removes it. */
  readonly add: (flow: WaitingFlow) => () => void
  /** Routes one block of text; `notify` says whether the person is to be told what became of it. */
  readonly route: (text: string, notify: boolean) => Either.Either<void, PasteRefusalReason>
}

// Of several pieces of junk in one paste, the one that tells the person most.
const tellingFirst: ReadonlyArray<PasteRefusalReason> = [
  "FlowEnded",
  "StateMismatch",
  "StateRepeated",
  "AuthorizationUrl",
  "DenialWithoutState",
  "StateMissing",
  "WrappedLink",
  "TooLong",
  "BareCode",
  "NotAResponse",
  "Empty"
]

const offerPieces = (
  text: string,
  offer: (parameters: AuthorizationResponse.Parameters) => PasteRefusalReason | undefined
): Either.Either<void, PasteRefusalReason> => {
  let taken = false
  const reasons = new Set<PasteRefusalReason>()
  for (const piece of PastedText.read(text)) {
    const reason = Either.isLeft(piece) ? piece.left : offer(piece.right)
    if (reason === undefined) taken = true
    else reasons.add(reason)
  }
  return taken ? Either.void : Either.left(tellingFirst.find((reason) => reasons.has(reason)) ?? "NotAResponse")
}

const lineBreak = /\r\n|[\r\n]/

/**
 * Reads a block of text and offers each address in it. It counts as taken when one was; otherwise the most telling
 * reason is returned.
 *
 * The block is first read as one address that was wrapped over its lines. When that is not taken, each line is tried by
 * itself: if its `state` is right only without the next line, the address ended there.
 */
export const match = (
  text: string,
  offer: (parameters: AuthorizationResponse.Parameters) => PasteRefusalReason | undefined
): Either.Either<void, PasteRefusalReason> => {
  const verdict = offerPieces(text, offer)
  if (Either.isRight(verdict) || text.length > maxPasteLength) return verdict
  const lines = text.split(lineBreak)
  const isTaken = lines.length > 1 && lines.some((line) => Either.isRight(offerPieces(line, offer)))
  return isTaken ? Either.void : verdict
}

/** A router without flows. */
export const make = (): PasteRouter => {
  const flows = new Map<string, WaitingFlow>()
  return {
    add: (flow) => {
      flows.set(flow.key, flow)
      return () => {
        flows.delete(flow.key)
      }
    },
    route: (text, notify) => {
      const characters = notify ? charactersIn(text) : undefined
      const verdict = match(text, (parameters) => {
        const claimed = AuthorizationResponse.claimedState(parameters)
        const flow = claimed === undefined ? undefined : flows.get(claimed)
        return flow === undefined ? "StateMismatch" : flow.offer(parameters, characters)
      })
      if (Either.isLeft(verdict)) {
        FlowMetrics.refused({ reason: verdict.left, via: "paste" })
        let untold = characters
        for (const flow of flows.values()) {
          if (flow.refused(verdict.left, untold)) untold = undefined
        }
      }
      return verdict
    }
  }
}
