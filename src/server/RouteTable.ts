/**
 * The flows behind one address. Each request goes to the flow whose `state` it carries, or whose last page it asks for, by
 * one look-up.
 */
import * as Redacted from "effect/Redacted"
import { text } from "../core/oauth/Answer.ts"
import * as CallbackRoute from "../core/oauth/CallbackRoute.ts"
import type { HttpRefusalReason } from "../core/oauth/RefusalReason.ts"
import type { RequestHead } from "../core/oauth/RequestHead.ts"
import type * as Service from "../services/CallbackServer.ts"

/** The flows behind one address. */
export interface RouteTable extends Service.RequestHandler {
  readonly add: (route: Service.CallbackRoute) => void
  /**
   * Takes a flow out. A browser that comes late, or once more, still gets the page of how its sign-in ended, until
   * `isForgotten` says so.
   */
  readonly end: (route: Service.CallbackRoute, isForgotten: () => boolean) => void
  /** Whether a request carries the `state` of a flow, or asks for the last page of one. */
  readonly knows: (head: RequestHead, body?: string) => boolean
}

/** How many of those that wait longest hear of a request that names no flow, so that it costs no more among thousands. */
const maxHearers = 8

/** Of how many ended flows the page is kept at most. */
const maxEnded = 10_000

interface Entry {
  readonly route: Service.CallbackRoute
  /** Whether a browser has brought its answer, and may do so once more. */
  isAnswered: boolean
  isForgotten: () => boolean
}

const never = () => false

/** No flows. */
export const make = (): RouteTable => {
  const byState = new Map<string, Entry>()
  const byDone = new Map<string, Entry>()
  const waiting = new Set<Service.CallbackRoute>()
  /** Those that wait, by the paths they answer at. */
  const byPath = new Map<string, Set<Service.CallbackRoute>>()
  /** How many of them take posted forms. */
  let formTakers = 0
  /** In the order in which they ended. */
  const ended = new Set<Entry>()

  const forget = (entry: Entry) => {
    ended.delete(entry)
    byState.delete(Redacted.value(entry.route.state))
    byDone.delete(entry.route.done)
  }
  const forgetOld = () => {
    for (const entry of ended) {
      if (ended.size <= maxEnded && !entry.isForgotten()) return
      forget(entry)
    }
  }

  const find = (head: RequestHead, body: string | undefined): Entry | undefined => {
    if (ended.size > 0) forgetOld()
    const done = CallbackRoute.claimedDone(head)
    return done === undefined ? byState.get(CallbackRoute.claimedState(head, body) ?? "") : byDone.get(done)
  }

  /** Those that may be meant by a request that names no flow: the ones at its path, or all. */
  const candidates = (head: RequestHead): ReadonlySet<Service.CallbackRoute> =>
    byPath.get(CallbackRoute.pathOf(head) ?? "") ?? waiting

  const overhear = (hearers: ReadonlySet<Service.CallbackRoute>, reason: HttpRefusalReason) => {
    let count = 0
    for (const route of hearers) {
      if (count > 0) route.overhear(reason)
      if (++count >= maxHearers) return
    }
  }

  return {
    add: (route) => {
      const entry: Entry = { route, isAnswered: false, isForgotten: never }
      byState.set(Redacted.value(route.state), entry)
      byDone.set(route.done, entry)
      waiting.add(route)
      for (const path of route.paths) byPath.set(path, (byPath.get(path) ?? new Set()).add(route))
      if (route.takesForms) formTakers++
    },
    end: (route, isForgotten) => {
      if (!waiting.delete(route)) return
      if (route.takesForms) formTakers--
      for (const path of route.paths) {
        byPath.get(path)?.delete(route)
        if (byPath.get(path)?.size === 0) byPath.delete(path)
      }
      const entry = byDone.get(route.done)
      if (entry === undefined) return
      if (!entry.isAnswered) byState.delete(Redacted.value(route.state))
      entry.isForgotten = isForgotten
      ended.add(entry)
      forgetOld()
    },
    knows: (head, body) => find(head, body) !== undefined,
    handle: (head, body) => {
      const found = find(head, body)
      if (found !== undefined) {
        const reply = found.route.handle(head, body)
        if (reply._tag === "Answer" && reply.refused === undefined) found.isAnswered = true
        return reply
      }
      // A posted form names its flow in its body.
      if (formTakers > 0 && body === undefined && CallbackRoute.mayBeForm(head)) {
        return { _tag: "ReadBody", limit: CallbackRoute.bodyLimit }
      }
      const hearers = candidates(head)
      for (const route of hearers) {
        const reply = route.handle(head, body)
        if (reply._tag === "Answer" && reply.refused !== undefined) overhear(hearers, reply.refused)
        return reply
      }
      return { _tag: "Answer", answer: text(404, "No sign-in is waiting here.") }
    },
    refuse: (reason) => {
      for (const route of waiting) {
        overhear(waiting, reason)
        return route.refuse(reason)
      }
      return CallbackRoute.refusal(reason)
    }
  }
}
