/**
 * The open connections of a listener, and how they end: those with an answer on its way get a moment, the rest none.
 *
 * Times are the runtime's own, not Effect's clock: a test's clock that stands still must not be able to hang a release.
 */
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"

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
}

// Release is promised within a second, whatever peers do, and the flow may have waited for its last page before.
const drainMillis = 400
const lingerMillis = 250

/** No connections yet. */
export const make = (): Connections => {
  const open = new Set<Socket>()
  const answering = new Map<Socket, ServerResponse | undefined>()
  let drained: (() => void) | undefined
  const settleDrain = () => {
    if (answering.size === 0) drained?.()
  }
  return {
    add: (socket) => {
      if (drained !== undefined) {
        socket.destroy()
        return
      }
      open.add(socket)
      // A reset is the client's affair; unheard it would be an uncaught exception.
      socket.on("error", () => {})
      socket.once("close", () => {
        open.delete(socket)
        answering.delete(socket)
        settleDrain()
      })
    },
    begin: (socket, response) => {
      if (answering.has(socket) || !open.has(socket) || drained !== undefined) return false
      answering.set(socket, response)
      return true
    },
    linger: (socket) => {
      const end = () => {
        socket.end()
        socket.resume()
        const timer = setTimeout(() => socket.destroy(), lingerMillis)
        socket.once("close", () => clearTimeout(timer))
      }
      // `node:http` calls this once the answer is written; closing there resets a connection with unread input, and the
      // reset can overtake the answer.
      socket.destroySoon = end
      return end
    },
    drain: (done) => {
      const timer = setTimeout(() => {
        for (const socket of open) socket.destroy()
        finish()
      }, drainMillis)
      const finish = () => {
        clearTimeout(timer)
        drained = () => {}
        done()
      }
      drained = finish
      for (const socket of Array.from(open)) {
        const response = answering.get(socket)
        const owes = answering.has(socket) && (response === undefined || response.headersSent)
        if (!owes) {
          answering.delete(socket)
          socket.destroy()
        }
      }
      settleDrain()
    }
  }
}
