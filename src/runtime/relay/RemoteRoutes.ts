/**
 * The flows of other processes that wait on a port of this one: their requests are relayed, and answered when they say how.
 */
import type { Socket } from "node:net"
import type { Answer } from "../../core/oauth/Answer.ts"
import * as CallbackRoute from "../../core/oauth/CallbackRoute.ts"
import type { RequestHead } from "../../core/oauth/RequestHead.ts"
import { receivedPage, reloadPage } from "../../core/page/ReloadPage.ts"
import { ReleaseBudget } from "../../core/ReleaseBudget.ts"
import {
  decodeGuest,
  type FlowDigests,
  type GuestMessage,
  relayed,
  replyMillis,
  version
} from "../../core/relay/RelayMessage.ts"
import type { Reply, RequestHandler } from "../../services/CallbackServer.ts"
import { after } from "../after.ts"
import * as KeptPages from "./KeptPages.ts"
import { onLine, send } from "./lines.ts"
import { digest, networkName } from "./RelayPlace.ts"

/** The flows of all processes that share a port, for the one that listens. */
export interface RemoteRoutes extends RequestHandler {
  /** Serves a process that has connected. */
  readonly accept: (socket: Socket) => void
  /**
   * Waits a moment for what other processes owe to browsers, and has the others come back. Takes at most the part of a
   * release that `ReleaseBudget` has for it.
   */
  readonly finish: () => Promise<void>
  /** Tells the others that the port is free. */
  readonly leave: () => void
  /** Whether another process waits. */
  readonly hasGuests: () => boolean
}

/** So long after this process took over a port, a flow that is not known may be of a process that is on its way. */
const gapMillis = 2000

/** What a request waits for. */
interface Pending {
  /** For a browser that has to come back. */
  readonly later: Answer
  /** For a browser when this process has no more time for it. */
  readonly last: Answer
  readonly write: (answer: Answer) => void
  /** Ends the time in which the other process has to answer. */
  readonly endTime: () => void
}

interface Guest {
  readonly socket: Socket
  readonly flows: Set<string>
  readonly pending: Map<number, Pending>
  /** What remembers an answer that comes when the browser was told to come back already. */
  readonly late: Map<number, (answer: Answer) => void>
}

interface Flow {
  readonly guest: Guest
  /** Digest of the name of its last page. */
  readonly done: string
  readonly takesForms: boolean
  readonly answers: KeptPages.Answers
}

/**
 * No flow of another process yet.
 *
 * @param tookOver Whether another process had the port before.
 */
export const make = (own: RequestHandler, port: number, tookOver: boolean): RemoteRoutes => {
  const begun = performance.now()
  const guests = new Set<Guest>()
  const byState = new Map<string, Flow>()
  const byDone = new Map<string, Flow>()
  let nextId = 1
  let formTakers = 0
  let nothingOwed = () => {}
  const kept = KeptPages.make()

  /** Flows whose browser was sent on to the last page, and has not asked for it yet. */
  const sentOn = new Set<string>()

  const owed = () => [...guests].reduce((sum, { pending }) => sum + pending.size, sentOn.size)

  const add = (guest: Guest, { done, state, takesForms }: FlowDigests & { readonly takesForms: boolean }) => {
    // Nobody takes the place of another: the first one keeps it.
    if (!byState.has(state) && !byDone.has(done)) {
      const flow: Flow = { guest, done, takesForms, answers: {} }
      byState.set(state, flow)
      byDone.set(done, flow)
      guest.flows.add(`${state} ${done}`)
      if (takesForms) formTakers++
    }
    send(guest.socket, { _tag: "Added", state })
  }
  const remove = (guest: Guest, { done, state }: FlowDigests) => {
    if (!guest.flows.delete(`${state} ${done}`)) return
    const flow = byState.get(state)
    if (flow?.takesForms === true) formTakers--
    if (flow !== undefined) kept.keep({ done, state }, flow.answers)
    byState.delete(state)
    byDone.delete(done)
    sentOn.delete(done)
  }
  const settle = (guest: Guest, id: number, answer: Answer) => {
    const pending = guest.pending.get(id)
    if (pending === undefined) return
    guest.pending.delete(id)
    pending.endTime()
    pending.write(answer)
    if (owed() === 0) nothingOwed()
  }
  const settleAll = (guest: Guest, page: "later" | "last") => {
    for (const [id, pending] of [...guest.pending]) settle(guest, id, pending[page])
  }
  const hear = (guest: Guest, message: GuestMessage) => {
    switch (message._tag) {
      case "Hello": {
        const isHere = message.network === undefined || networkName() === undefined || message.network === networkName()
        const isServed = message.version === version && message.port === port && isHere
        send(guest.socket, { _tag: "Welcome", version, isServed })
        if (isServed) guests.add(guest)
        else guest.socket.end()
        return
      }
      case "Add":
        if (guests.has(guest)) add(guest, message)
        return
      case "Remove":
        return remove(guest, message)
      case "Hold":
        return guest.pending.get(message.id)?.endTime()
      case "Answer":
        guest.late.get(message.id)?.(message.answer)
        guest.late.delete(message.id)
        return settle(guest, message.id, message.answer)
    }
  }

  /** The digest of what a request names: the last page of a flow, or its `state`. */
  const named = (head: RequestHead, body: string | undefined): string | undefined => {
    const claimed = CallbackRoute.claimedDone(head) ?? CallbackRoute.claimedState(head, body)
    return claimed === undefined ? undefined : digest(claimed)
  }
  const relay = ({ answers, done, guest }: Flow, head: RequestHead, body: string | undefined): Reply => ({
    _tag: "Hold",
    onAnswer: (write) => {
      const id = nextId++
      const isLastPage = CallbackRoute.claimedDone(head) !== undefined
      const later = reloadPage(head.method)
      const last = isLastPage ? receivedPage : later
      const remember = (answer: Answer) => {
        if (answer.status === 303) answers.sentOn = answer
        else if (isLastPage) answers.page = answer
      }
      const late = () => {
        guest.late.set(id, remember)
        settle(guest, id, later)
      }
      guest.pending.set(id, {
        later,
        last,
        write: (answer) => {
          if (answer !== later && answer !== last) remember(answer)
          if (answer.status === 303 && byDone.has(done)) sentOn.add(done)
          else sentOn.delete(done)
          write(answer)
        },
        endTime: after(replyMillis, late)
      })
      send(guest.socket, { _tag: "Request", id, at: Date.now(), request: relayed(head, body) })
      return () => {
        const pending = guest.pending.get(id)
        if (pending === undefined) return
        guest.pending.delete(id)
        pending.endTime()
        send(guest.socket, { _tag: "Gone", id })
      }
    }
  })

  return {
    handle: (head, body) => {
      if (own.knows?.(head, body) !== false) return own.handle(head, body)
      const name = named(head, body)
      const flow = name === undefined ? undefined : byDone.get(name) ?? byState.get(name)
      const isForm = body === undefined && CallbackRoute.mayBeForm(head)
      // A posted form is relayed with its body; where it names no flow in its address, it does so there.
      const isEarly = tookOver && performance.now() - begun < gapMillis
      if (isForm && (flow?.takesForms ?? (formTakers > 0 || isEarly))) {
        return { _tag: "ReadBody", limit: CallbackRoute.bodyLimit }
      }
      if (flow !== undefined) return relay(flow, head, body)
      const page = name === undefined ? undefined : kept.find(name)
      if (page !== undefined) return { _tag: "Answer", answer: page }
      return isEarly && name !== undefined
        ? { _tag: "Answer", answer: reloadPage(head.method) }
        : own.handle(head, body)
    },
    refuse: own.refuse,
    accept: (socket) => {
      const guest: Guest = { socket, flows: new Set(), pending: new Map(), late: new Map() }
      // Without a listener a reset by the other process would be an uncaught exception.
      socket.on("error", () => {})
      socket.on("end", () => guests.delete(guest))
      socket.on("close", () => {
        guests.delete(guest)
        for (const flow of guest.flows) {
          const [state = "", done = ""] = flow.split(" ")
          remove(guest, { state, done })
        }
        settleAll(guest, "later")
      })
      onLine(socket, (line) => {
        const message = decodeGuest(line)
        if (message !== undefined) hear(guest, message)
      })
    },
    finish: async () => {
      if (owed() > 0) {
        await new Promise<void>((resolve) => {
          const cancel = after(ReleaseBudget.relayed, resolve)
          nothingOwed = () => {
            cancel()
            resolve()
          }
        })
      }
      for (const guest of guests) settleAll(guest, "last")
    },
    leave: () => {
      for (const guest of guests) send(guest.socket, { _tag: "Leaving" })
    },
    hasGuests: () => guests.size > 0
  }
}
