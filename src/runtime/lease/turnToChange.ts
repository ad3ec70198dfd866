/**
 * A turn for a change of credentials, which is waited for as long as a change can take.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { abandonable } from "../../effect/abandonable.ts"
import { firstOf } from "../../effect/firstOf.ts"
import { machineSleep } from "../../effect/machineClock.ts"
import { CredentialStoreError, type TurnHolder } from "../../services/CredentialStore.ts"
import type { Lease, Leases } from "./Lease.ts"

/** A request that spends a refresh token may take a minute. */
const longest = Duration.seconds(90)

/**
 * Takes a lease for a change. A process that has it and is stopped, and not dead, holds up nobody for ever: after 90 seconds
 * this fails with reason `Locked`.
 *
 * @param what What is to be changed, in words.
 */
export const turnToChange = (
  exclusively: Leases["exclusively"],
  name: string,
  what: string
): Effect.Effect<Lease, CredentialStoreError, Scope.Scope> =>
  Effect.suspend(() => {
    let pid: number | undefined
    const onHolder = (holder: TurnHolder) => {
      pid = holder.pid
    }
    const late = Effect.flatMap(machineSleep(longest), () =>
      new CredentialStoreError({
        reason: "Locked",
        detail:
          `another process${pid === undefined ? "" : ` (pid ${pid})`} has its turn to change ${what}, and did not ` +
          `end it within ${Duration.toSeconds(longest)} s. Continue that process, or end it`
      }))
    return firstOf<Lease, CredentialStoreError, Scope.Scope>([abandonable(exclusively(name, { onHolder })), late])
  })
