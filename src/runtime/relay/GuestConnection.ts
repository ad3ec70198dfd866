/**
 * The connection of a process whose flows wait on a port to the process that listens on it.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { connect, type Socket } from "node:net"
import { type Answer, text } from "../../core/oauth/Answer.ts"
import { ReleaseBudget } from "../../core/ReleaseBudget.ts"
import {
  decodeHolder,
  type FlowDigests,
  headOf,
  type RelayedRequest,
  replyMillis,
  version
} from "../../core/relay/RelayMessage.ts"
import { firstOf } from "../../effect/firstOf.ts"
import { eventLoopTurns, machineSleep } from "../../effect/machineClock.ts"
import type { CallbackRoute, RequestHandler } from "../../services/CallbackServer.ts"
import { within } from "../lease/within.ts"
import { onLine, send } from "./lines.ts"
import { digest, networkName, type RelayPlace } from "./RelayPlace.ts"

/** A process that listens, and relays what is for this one. */
export interface GuestConnection {
  /** Registers a flow, and calls back when the other process knows it. */
  readonly add: (route: CallbackRoute, added: () => void) => void
  readonly remove: (route: CallbackRoute) => void
  /** Calls back when the other process leaves or ends, at once when it has. */
  readonly onEnd: (ended: () => void) => void
  /** Ends it, when what was said before has been sent; waits a moment for the other process to know. Never rejects. */
  readonly end: () => Promise<void>
}

/**
 * What became of an attempt.
 *
 * - `OtherVersion`: a process of this package, with another version of the protocol
 * - `Silent`: a process that does not answer, perhaps because it is stopped
 * - `Nobody`: nobody is there (yet)
 */
export type Joined =
  | { readonly _tag: "Joined"; readonly connection: GuestConnection }
  | { readonly _tag: "OtherVersion" | "Silent" | "Nobody" }

/**
 * How long the other process may take to say whether it serves this one. A program that starts, or works without a pause,
 * may be busy for more than a second; one that is stopped should not hold up this one for long.
 */
const welcomeMillis = 2000

const digestsOf = ({ done, state }: CallbackRoute): FlowDigests => ({
  state: digest(Redacted.value(state)),
  done: digest(done)
})

const tooLong = text(500, "The page of this sign-in is too long to be shown here.")

/** Answers a relayed request by the flows of this process. `held` has what takes it back, until it is answered. */
const answerTo = (
  socket: Socket,
  routes: RequestHandler,
  held: Map<number, () => void>,
  id: number,
  request: RelayedRequest
): void => {
  let isAnswered = false
  const answer = (answer: Answer) => {
    isAnswered = true
    held.delete(id)
    if (!send(socket, { _tag: "Answer", id, answer })) send(socket, { _tag: "Answer", id, answer: tooLong })
  }
  const reply = routes.handle(headOf(request), request.body)
  switch (reply._tag) {
    case "Answer":
      return answer(reply.answer)
    case "ReadBody":
      // Whoever relays a form has read its body already.
      return answer(routes.refuse("Malformed"))
    case "Hold": {
      send(socket, { _tag: "Hold", id })
      const takeBack = reply.onAnswer(answer)
      if (!isAnswered) held.set(id, takeBack)
    }
  }
}

const connected = (socket: Socket, routes: RequestHandler) => {
  const waiting = new Map<string, () => void>()
  const held = new Map<number, () => void>()
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
  let hasEnded = false
  let ended = () => {}
  const end = () => {
    if (hasEnded) return
    hasEnded = true
    for (const added of waiting.values()) added()
    for (const takeBack of held.values()) takeBack()
    ended()
  }
  socket.on("close", end)
  const connection: GuestConnection = {
    add: (route, added) => {
      const digests = digestsOf(route)
      if (hasEnded) return added()
      waiting.set(digests.state, added)
      send(socket, { _tag: "Add", takesForms: route.takesForms, ...digests })
    },
    remove: (route) => void send(socket, { _tag: "Remove", ...digestsOf(route) }),
    onEnd: (callback) => {
      ended = callback
      if (hasEnded) callback()
    },
    end: () => {
      socket.end()
      return within(ReleaseBudget.relayed, closed).then(() => void socket.destroy())
    }
  }
  const hear = (line: string) => {
    const message = decodeHolder(line)
    switch (message?._tag) {
      case "Added":
        waiting.get(message.state)?.()
        return waiting.delete(message.state)
      case "Request":
        // This process was stopped, or busy, for so long that the browser is on its way once more.
        if (Date.now() - message.at >= replyMillis) return
        return answerTo(socket, routes, held, message.id, message.request)
      case "Gone":
        held.get(message.id)?.()
        return held.delete(message.id)
      case "Leaving":
        return end()
    }
  }
  return { connection, hear }
}

/** The greeting: ends with what became of it. An interrupt ends the connection. */
const greet = (socket: Socket, port: number, routes: RequestHandler): Effect.Effect<Joined> =>
  Effect.async((resume) => {
    let hear: ((line: string) => void) | undefined
    const end = (_tag: "OtherVersion" | "Nobody") => {
      socket.destroy()
      resume(Effect.succeed({ _tag }))
    }
    socket.on("error", () => end("Nobody"))
    socket.on("close", () => end("Nobody"))
    socket.on("connect", () => send(socket, { _tag: "Hello", version, port, network: networkName() }))
    onLine(socket, (line) => {
      if (hear !== undefined) return void hear(line)
      const message = decodeHolder(line)
      if (message?._tag !== "Welcome" || message.version !== version) return end("OtherVersion")
      if (!message.isServed) return end("Nobody")
      const joined = connected(socket, routes)
      hear = joined.hear
      resume(Effect.succeed({ _tag: "Joined", connection: joined.connection }))
    })
    return Effect.sync(() => socket.destroy())
  })

/** Connects to the process that listens, if there is one. Its requests are answered by `routes`. An interrupt ends it. */
export const join = (place: RelayPlace, port: number, routes: RequestHandler): Effect.Effect<Joined> =>
  Effect.suspend(() => {
    let socket: Socket
    try {
      socket = connect({ path: place.socket })
    } catch {
      return Effect.succeed<Joined>({ _tag: "Nobody" })
    }
    // Some turns of the event loop more: it may be this process that is busy, and not the other one.
    const silence = Effect.zipRight(machineSleep(welcomeMillis), eventLoopTurns(10, 2))
    const joined = firstOf<Joined, never, never>([
      greet(socket, port, routes),
      Effect.as(silence, { _tag: "Silent" as const })
    ])
    // Also where it is interrupted just as the other process has answered.
    return Effect.onInterrupt(joined, () => Effect.sync(() => socket.destroy()))
  })
