/** The laws over our own listener. */
import { CallbackServer } from "../../src/index.ts"
import { listen } from "../../src/runtime/HttpListener.ts"
import { Layer } from "effect"
import { listenerLaws } from "../laws/listenerLaws.ts"

listenerLaws(
  "the listener of ./node, ./deno and ./bun",
  Layer.succeed(CallbackServer, CallbackServer.make(listen)),
  {
    cannot: []
  }
)
