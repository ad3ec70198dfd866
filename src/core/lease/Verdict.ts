/**
 * Whether a lease can be had: decided from its highest generation and from what came of connecting to its holder.
 *
 * A holder listens on a socket for as long as it lives. A connection that ends tells that the lease may be free; on the same
 * host, one that is refused proves that the holder is gone. From another host a socket may be out of reach though its holder
 * lives: there the holder's heartbeat counts, a write to its generation file each second.
 */
import type { Content } from "./Generation.ts"

/** What came of a connection to the holder. */
export type Connection =
  /** It was made, and has ended. */
  | "Closed"
  /** Nobody listens at that socket. */
  | "Refused"
  /** Somebody listens, and has more connections waiting than the system allows. */
  | "Busy"
  /** It could not be tried. */
  | "Unknown"

/** What is known so far. It grows until there is a verdict. */
export interface Seen {
  readonly content: Content
  /** Whether the holder's host is this one. Two that do not know their host are taken for the same. */
  readonly isSameHost: boolean
  /** @default it was not tried yet */
  readonly connection?: Connection | undefined
  /** How many connections to this very generation have ended before. */
  readonly closings: number
  /** Milliseconds since the holder's last heartbeat, by the clock of the file system. @default not looked at yet */
  readonly heartbeatAge?: number | undefined
}

/** What to do next. */
export type Verdict =
  /** Nobody has the lease: claim the next generation. */
  | "Free"
  /** Find out by connecting, and wait until the connection ends. */
  | "Connect"
  /** Find out how old the heartbeat is. */
  | "AskHeartbeat"
  /** Look again at once: things have changed. */
  | "Look"
  /** Somebody has it, and nothing will tell when that ends: look again in a while. */
  | "LookLater"

/** How old a heartbeat may be, in milliseconds. The holder makes one each second. */
export const maxHeartbeatAge = 10_000

/** How often a holder shows that it lives, in milliseconds. */
export const heartbeatInterval = 1000

/** What a failed connection means, by the code of the system. */
export const connectionOf = (code: string | undefined): Connection => {
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
    case "ECONNRESET":
    case "EPIPE":
      return "Refused"
    case "EAGAIN":
    case "EBUSY":
      return "Busy"
    default:
      return "Unknown"
  }
}

const byHeartbeat = (age: number | undefined): Verdict =>
  age === undefined ? "AskHeartbeat" : age > maxHeartbeatAge ? "Free" : "LookLater"

/** Decides what to do next. */
export const verdict = ({ closings, connection, content, heartbeatAge, isSameHost }: Seen): Verdict => {
  if (content._tag === "Empty") return "Free"
  if (content._tag === "Damaged") return byHeartbeat(heartbeatAge)
  switch (connection) {
    case undefined:
      return "Connect"
    case "Closed":
      // The first time it is the end of a turn. Again and again, it is a holder that cannot take more connections.
      return closings > 1 ? "LookLater" : "Look"
    case "Busy":
      return "LookLater"
    case "Refused":
      return isSameHost ? "Free" : byHeartbeat(heartbeatAge)
    case "Unknown":
      return byHeartbeat(heartbeatAge)
  }
}
