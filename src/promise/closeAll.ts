/**
 * Closing all that `connectAll` connected.
 */
import * as Effect from "effect/Effect"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import { checkObject } from "./checkOptions.ts"
import type { ConnectedAll, ServersToConnect } from "./McpOAuth.ts"
import type { ConnectableClient } from "../mcp/ConnectableClient.ts"

/** See `closeAll` of the entry. */
export const closeAll = async (
  connected: ConnectedAll<ServersToConnect<Readonly<Record<string, ConnectableClient>>>>
): Promise<void> => {
  checkObject(connected, "connected")
  const closing = Object.values(connected).map(async (each) => {
    if (each?.status === "fulfilled") await each.value.oauth.close()
  })
  await Effect.runPromise(atMost(ReleaseBudget.total, Effect.promise(() => Promise.allSettled(closing))))
}
