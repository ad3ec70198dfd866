/**
 * The open connections of a listener, and how they end: those with an answer on its way get a moment, the rest none.
 *
 * Times are the runtime's own, not Effect's clock: a test's clock that stands still must not be able to hang a release.
 */
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { after } from "./after.ts"

/** Connections of one listener. */
export interface Connections {
  readonly add: (socket: Socket) => void
  /** Notes that a request is being answered; false when the connection has had its one request already. */
  readonly begin: (socket: Socket, response?: ServerResponse) => boolean
  /**
   * Has the connection half-close after the answer instead of closing, and read on for a moment: the client is still
   * sending. The result does it now, where no response of `node:http` does.
   */
  readonly linger: (socket: Socket) => () => void
  /** Ends all connections: at once those that owe nothing, the others when their answer is delivered, or too slow. */
  readonly drain: (done: () => void) => void
  /** Calls back when no connection is left. */
  readonly whenGone: (done: () => void) => void
}

// How long a client that still sends may do so after its answer, so that the answer is not lost with a reset.
const lingerMillis = 250

const ignore = () => {}

class Open implements Connections {
  // Made for the first one: most flows wait long for it.
  #open: Set<Socket> | undefined = undefined
  #answering: Map<Socket, ServerResponse | undefined> | undefined = undefined
  #drained: (() => void) | undefined = undefined
  #gone: (() => void) | undefined = undefined
  add(socket: Socket): void {
    if (this.#drained !== undefined) {
      socket.destroy()
      return
    }
    ;(this.#open ??= new Set()).add(socket)
    // Without a listener a reset by the client would be an uncaught exception.
    socket.on("error", ignore)
    socket.on("close", () => {
      this.#open?.delete(socket)
      this.#answering?.delete(socket)
      this.#settleDrain()
      if (this.#open?.size === 0) this.#gone?.()
    })
  }
  begin(socket: Socket, response?: ServerResponse): boolean {
    const answering = this.#answering ??= new Map()
    if (answering.has(socket) || this.#open?.has(socket) !== true || this.#drained !== undefined) return false
    answering.set(socket, response)
    return true
  }
  linger(socket: Socket): () => void {
    const end = () => {
      socket.end()
      socket.resume()
      socket.once("close", after(lingerMillis, () => socket.destroy()))
    }
    // `node:http` calls this once the answer is written; closing there resets a connection with unread input, and the
    // reset can overtake the answer.
    socket.destroySoon = end
    return end
  }
  drain(done: () => void): void {
    const open = Array.from(this.#open ?? [])
    this.#drained = done
    for (const socket of open) {
      const response = this.#answering?.get(socket)
      const owes = this.#answering?.has(socket) === true && (response === undefined || response.headersSent)
      if (owes) continue
      this.#answering?.delete(socket)
      socket.destroy()
    }
    if (this.#isQuiet()) return this.#settleDrain()
    const cancel = after(ReleaseBudget.connections, () => {
      for (const socket of this.#open ?? []) socket.destroy()
      this.#answering?.clear()
      this.#settleDrain()
    })
    this.#drained = () => {
      cancel()
      done()
    }
  }
  whenGone(done: () => void): void {
    this.#gone = done
    if (this.#open === undefined || this.#open.size === 0) done()
  }
  #isQuiet(): boolean {
    return this.#answering === undefined || this.#answering.size === 0
  }
  #settleDrain(): void {
    const drained = this.#drained
    if (drained === undefined || !this.#isQuiet()) return
    this.#drained = () => {}
    drained()
  }
}

/** No connections yet. */
export const make = (): Connections => new Open()
