/**
 * Asks the Secret Service of this person's D-Bus session whether it is there, on Linux.
 *
 * `@napi-rs/keyring` would ask too, but it waits for a bus that does not answer without an end, and stops the whole program
 * meanwhile. So it is asked here first, over a socket.
 */
import { connect, type Socket } from "node:net"
import { type Call, decodeFirst, encodeCall } from "../../core/keychain/BusMessage.ts"
import { type KeychainProblem, problemOfBusError } from "../../core/keychain/KeychainProblem.ts"
import { after } from "../after.ts"

const bus = "org.freedesktop.DBus"
const hello: Call = { destination: bus, path: "/org/freedesktop/DBus", interface: bus, member: "Hello" }
/** Starts the service where it can be started, and has it look something up. */
const readAlias: Call = {
  destination: "org.freedesktop.secrets",
  path: "/org/freedesktop/secrets",
  interface: "org.freedesktop.Secret.Service",
  member: "ReadAlias",
  args: ["default"]
}
const lookUp = 2

/** A line of what has come, and the rest; `undefined` while no line is whole. */
const lineOf = (bytes: Buffer): readonly [string, Buffer] | undefined => {
  const end = bytes.indexOf("\r\n")
  return end < 0 ? undefined : [bytes.toString("latin1", 0, end), bytes.subarray(end + 2)]
}

/** Speaks with the bus until it is known whether the service answers. */
const converse = (socket: Socket, done: (found: KeychainProblem | undefined) => void): void => {
  let received: Buffer = Buffer.alloc(0)
  let isAuthenticated = false
  const authenticate = (): void => {
    for (let line = lineOf(received); line !== undefined && !isAuthenticated; line = lineOf(received)) {
      const [said, rest] = line
      received = rest
      // Who this is the bus learns from the socket.
      if (said.startsWith("DATA")) socket.write("DATA\r\n")
      else if (!said.startsWith("OK ")) return done("BusUnreachable")
      else {
        isAuthenticated = true
        socket.write("BEGIN\r\n")
        socket.write(encodeCall(1, hello))
        socket.write(encodeCall(lookUp, readAlias))
      }
    }
  }
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk])
    if (!isAuthenticated) authenticate()
    while (isAuthenticated) {
      const message = decodeFirst(received)
      if (message === "broken") return done("BusUnreachable")
      if (message === undefined) return
      received = received.subarray(message.length)
      const { reply } = message
      if (reply?.error !== undefined) {
        return done(reply.to === lookUp ? problemOfBusError(reply.error) : "BusUnreachable")
      }
      if (reply?.to === lookUp) return done(undefined)
    }
  })
  socket.write("\0AUTH EXTERNAL\r\n")
}

const askAt = (path: string, signal: AbortSignal): Promise<KeychainProblem | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ path })
    const done = (found: KeychainProblem | undefined): void => {
      signal.removeEventListener("abort", late)
      socket.destroy()
      resolve(found)
    }
    const late = () => done("Silent")
    signal.addEventListener("abort", late)
    socket.on("error", () => done("BusUnreachable"))
    socket.on("close", () => done("BusUnreachable"))
    socket.on("connect", () => converse(socket, done))
  })

/**
 * What keeps the Secret Service from this program; `undefined` when it answers.
 *
 * @param sockets - Where the session bus may listen, as `BusAddress.sessionBus` has it.
 * @param millis - How long it may take altogether.
 */
export const askSecretService = async (
  sockets: ReadonlyArray<string> | undefined,
  millis: number
): Promise<KeychainProblem | undefined> => {
  if (sockets === undefined) return "Busless"
  const late = new AbortController()
  const cancel = after(millis, () => late.abort())
  try {
    let found: KeychainProblem | undefined = "BusUnknown"
    for (const path of sockets) {
      found = await askAt(path, late.signal)
      if (found !== "BusUnreachable") break
    }
    return found
  } finally {
    cancel()
  }
}
