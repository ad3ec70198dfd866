/**
 * Tokens that could not be stored. They are used as long as the program runs, the person is told, and they are written as
 * soon as that is possible: else the next run of the program would send a refresh token that is spent.
 */
import * as Effect from "effect/Effect"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import { tellNow } from "../flow/Notices.ts"
import type { CredentialStoreError } from "../services/CredentialStoreError.ts"
import type { Environment } from "./Environment.ts"
import type { SessionCell } from "./SessionCell.ts"
import * as Stored from "./Stored.ts"

/** Tells the person that new tokens could not be stored, and why. */
export const tell = ({ presenter, serverName }: Environment, { message }: CredentialStoreError): Effect.Effect<void> =>
  tellNow(presenter, { _tag: "TokensNotStored", serverName, message })

/** Tries to write what the store does not have. Tokens that another process has stored since then are used, and stay. */
export const write = (env: Environment, cell: SessionCell): Effect.Effect<void, CredentialStoreError> =>
  Effect.suspend(() => {
    if (cell.get().known.isStored) return Effect.void
    cell.update(SessionState.writeTried)
    return Effect.asVoid(
      Stored.modify(env, (stored) =>
        Effect.sync(() => {
          const newest = KnownCredentials.newest(cell.get().known, stored)
          return [newest, newest] as const
        })).pipe(
          Effect.tap((newest) =>
            Effect.sync(() =>
              cell.update((state, now) =>
                SessionState.credentialsStored(SessionState.credentialsReplaced(state, newest, newest, now))
              )
            )
          )
        )
    )
  })
