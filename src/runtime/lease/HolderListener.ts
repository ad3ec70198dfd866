/**
 * The socket that the holder of a lease listens on. Whoever waits is connected to it, and learns by the end of the
 * connection that the lease is free; the system ends it also when the holder is killed.
 */
import { createServer, type Socket } from "node:net"
import process from "node:process"
import { encode } from "../../core/lease/HolderLine.ts"
import { listenAt } from "../listenAt.ts"
import { within } from "./within.ts"

/** A socket that is listened on. */
export interface HolderListener {
  /** Says something to all who wait, and to those who come later. A text of more than about 60,000 letters is left out. */
  readonly tell: (text: string) => void
  /** Ends all connections, and listens no more. Takes at most a quarter of a second. */
  readonly close: () => Promise<void>
}

const closeMillis = 250

/** Listens on the path of a socket, or the name of a pipe. Neither keeps the process alive. Rejects as the system does. */
export const listen = async (path: string): Promise<HolderListener> => {
  const waiting = new Set<Socket>()
  let said = encode({ pid: process.pid, told: undefined })
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on("close", () => waiting.delete(socket))
    // Without a listener a reset by the other process would be an uncaught exception.
    socket.on("error", () => {})
    socket.unref()
    socket.resume()
    if (said !== undefined) socket.write(said)
  })
  await listenAt(server, path)
  return {
    tell: (text) => {
      const line = encode({ pid: process.pid, told: text })
      if (line === undefined) return
      said = line
      for (const socket of waiting) socket.write(line)
    },
    close: () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      // Not at once: what was told last arrives before the end.
      for (const socket of waiting) socket.end(() => socket.destroy())
      return within(closeMillis, closed)
    }
  }
}
