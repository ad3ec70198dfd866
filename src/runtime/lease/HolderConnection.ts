/**
 * The connection of one who waits for a lease to the one who has it.
 */
import * as Effect from "effect/Effect"
import { connect, type Socket } from "node:net"
import { cut, decode, type HolderLine, type Rest } from "../../core/lease/HolderLine.ts"
import { type Connection, connectionOf } from "../../core/lease/Verdict.ts"
import { codeOf } from "../systemError.ts"

/** What is called while the connection is there. */
export interface Hearing {
  readonly onConnect: () => void
  readonly onLine: (line: HolderLine) => void
}

/** Connects, and ends with what became of it. An interrupt ends the connection. */
const open = (
  path: string,
  use: (socket: Socket, end: (connection: Connection) => void) => void
): Effect.Effect<Connection> =>
  Effect.async((resume) => {
    let socket: Socket | undefined
    let isConnected = false
    const end = (connection: Connection) => {
      socket?.destroy()
      resume(Effect.succeed(connection))
    }
    try {
      socket = connect({ path })
    } catch (error) {
      return end(connectionOf(codeOf(error)))
    }
    socket.on("error", (error) => end(isConnected ? "Closed" : connectionOf(codeOf(error))))
    socket.on("close", () => end(isConnected ? "Closed" : "Unknown"))
    socket.on("connect", () => {
      isConnected = true
    })
    use(socket, end)
    return Effect.sync(() => socket?.destroy())
  })

/** Stays connected until the holder ends the connection, or ends. */
export const stay = (path: string, { onConnect, onLine }: Hearing): Effect.Effect<Connection> =>
  open(path, (socket) => {
    let rest: Rest = ""
    socket.setEncoding("utf8")
    socket.on("connect", onConnect)
    socket.on("data", (chunk) => {
      const [lines, next] = cut(rest, String(chunk))
      rest = next
      for (const line of lines) {
        const said = decode(line)
        if (said !== undefined) onLine(said)
      }
    })
  })

/** Connects only to see whether somebody listens: `Closed` then. */
export const knock = (path: string): Effect.Effect<Connection> =>
  open(path, (socket, end) => socket.on("connect", () => end("Closed")))
