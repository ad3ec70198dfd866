/**
 * The private socket of the process that has a port.
 */
import { renameSync, unlinkSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { ReleaseBudget } from "../../core/ReleaseBudget.ts"
import { attempt } from "../attempt.ts"
import { listenAt } from "../listenAt.ts"
import { within } from "../lease/within.ts"
import type { RelayPlace } from "./RelayPlace.ts"

/** A socket that others find by the port. */
export interface HolderSocket {
  /** Has others find it no more. Only while this process has the port: after that it may be the next one's. */
  readonly remove: () => void
  /** Listens no more. Never rejects. */
  readonly close: () => Promise<void>
}

/**
 * Listens at the place of a port. Only the process that has the port may call this: it replaces what is left of another.
 */
export const open = async (place: RelayPlace, accept: (socket: Socket) => void): Promise<HolderSocket> => {
  const sockets = new Set<Socket>()
  const own = place.newSocket()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.unref()
    accept(socket)
  })
  await listenAt(server, own)
  try {
    // In one step, so that others find the one or the other. And the runtime, which removes the path that it listened on when
    // it closes, does not remove that of the next holder.
    renameSync(own, place.socket)
  } catch (error) {
    server.close()
    throw error
  }
  return {
    remove: () => void attempt(() => unlinkSync(place.socket)),
    close: () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of sockets) socket.end(() => socket.destroy())
      // Whoever has not read it by then, finds the connection closed instead.
      return within(ReleaseBudget.goodbye, closed).then(() => sockets.forEach((socket) => socket.destroy()))
    }
  }
}
