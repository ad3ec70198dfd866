/**
 * What is counted of sign-ins to MCP servers. The names and labels are in .github/OBSERVABILITY.md, and may be relied on.
 */
import * as Effect from "effect/Effect"
import type { RegistrationReason } from "../core/mcp/AuthorizationServerError.ts"
import * as LabelledCounter from "./LabelledCounter.ts"

/**
 * What came of a refresh token that was sent. `refused`: the authorization server does not take it (any more). `failed`: the
 * server could not be asked, or did not say.
 */
export type RefreshOutcome = "refreshed" | "refused" | "failed"

const refreshes = LabelledCounter.make<{ readonly outcome: RefreshOutcome }>(
  "mcp_oauth_refreshes",
  "Refresh tokens that were traded for new tokens, or not taken"
)

type RegistrationOutcome = "registered" | "not_supported" | "rejected" | "failed"

const registrations = LabelledCounter.make<{ readonly outcome: RegistrationOutcome }>(
  "mcp_oauth_registrations",
  "Dynamic registrations of this program at authorization servers"
)

/** Counts a refresh. */
export const refreshEnded = (outcome: RefreshOutcome): Effect.Effect<void> => refreshes.add({ outcome })

/** Counts a registration when it ends. */
export const countRegistration = <A, E extends { readonly reason: RegistrationReason }, R>(
  register: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.tapError(
    Effect.tap(register, () => registrations.add({ outcome: "registered" })),
    ({ reason }) =>
      registrations.add({
        outcome: reason === "NotSupported" ? "not_supported" : reason === "Rejected" ? "rejected" : "failed"
      })
  )
