/**
 * A client that was registered by hand, as the Effect form takes it.
 */
import * as Redacted from "effect/Redacted"
import type { ClientOptions, PreRegisteredClient } from "../core/mcp/ClientOptions.ts"

/** The option `client` with its secret redacted. */
export const redactedClient = (
  client: PreRegisteredClient<string> | undefined
): ClientOptions<Redacted.Redacted<string>>["client"] =>
  client && {
    ...client,
    clientSecret: client.clientSecret === undefined ? undefined : Redacted.make(client.clientSecret)
  }
