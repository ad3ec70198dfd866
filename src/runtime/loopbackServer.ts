/**
 * The one server of a process on the loopback interface: flows that ask for the same port share it, here and with other
 * processes of this user.
 */
import { CallbackServer } from "../server/CallbackServer.ts"
import { listen } from "./HttpListener.ts"
import { relayed } from "./relay/relayedListen.ts"

export const server: CallbackServer = CallbackServer.make(relayed(listen))
