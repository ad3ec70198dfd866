/**
 * The one server of a process on the loopback interface: flows that ask for the same port share it, here and with other
 * processes of this user.
 */
import * as Effect from "effect/Effect"
import { BindError, reasonOf } from "../core/oauth/BindError.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import type { Listen } from "../services/CallbackServer.ts"
import { listen } from "./HttpListener.ts"

/** What it takes to share with other processes is loaded for a port that was asked for: any free one (0) is nobody else's. */
const listenFor: Listen = (address, port, serve) =>
  port === 0 ? listen(address, port, serve) : Effect.flatMap(
    Effect.tryPromise({
      try: () => import("./relay/relayedListen.ts"),
      catch: (cause) => new BindError({ reason: reasonOf(cause), host: address, ports: [port], cause })
    }),
    ({ relayed }) => relayed(listen)(address, port, serve)
  )

/** Listens on the loopback interface. */
export const server: CallbackServer = CallbackServer.make(listenFor)
