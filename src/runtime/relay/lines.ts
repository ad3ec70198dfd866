/**
 * Lines over a private socket between processes.
 */
import type { Socket } from "node:net"
import { encode, type GuestMessage, type HolderMessage, maxLine } from "../../core/relay/RelayMessage.ts"

/** Sends a message; false where it is too long for that. */
export const send = (socket: Socket, message: GuestMessage | HolderMessage): boolean => {
  const line = encode(message)
  if (line !== undefined && socket.writable) socket.write(line)
  return line !== undefined
}

/** Calls back with each line. Whoever sends one that is too long is cut off. */
export const onLine = (socket: Socket, hear: (line: string) => void): void => {
  let pieces: Array<string> = []
  let length = 0
  socket.setEncoding("utf8")
  socket.on("data", (chunk) => {
    const [first = "", ...others] = String(chunk).split("\n")
    pieces.push(first)
    length += first.length
    for (const next of others) {
      hear(pieces.join(""))
      pieces = [next]
      length = next.length
    }
    if (length > maxLine) socket.destroy()
  })
}
