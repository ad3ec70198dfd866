/**
 * A credential store over anything that reads and writes: one change of a key at a time, in this process and, where there
 * are turns for them, among all processes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type CredentialKey, type Credentials, keyText } from "../core/mcp/Credentials.ts"
import type { CredentialStore, CredentialStoreError, ModifyOptions } from "../services/CredentialStore.ts"

/** What reads, writes and (by `None`) removes what is kept under a key. */
export interface Kept extends Pick<CredentialStore, "exclusively" | "list" | "load"> {
  readonly write: (key: CredentialKey, value: Option.Option<Credentials>) => Effect.Effect<void, CredentialStoreError>
  /** Runs after the turn has come and before anything is read: what it acquires is released when all is written. */
  readonly prepare?: (
    key: CredentialKey,
    options: ModifyOptions
  ) => Effect.Effect<void, CredentialStoreError, Scope.Scope>
  /** See `CredentialStore.revision`. @default this process alone changes what is kept */
  readonly revision?: CredentialStore["revision"]
}

/** Turns in this process, by name. */
const makeTurns = () => {
  const turns = new Map<string, { readonly semaphore: Effect.Semaphore; users: number }>()
  return <A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const turn = turns.get(name) ?? { semaphore: Effect.unsafeMakeSemaphore(1), users: 0 }
        turn.users++
        turns.set(name, turn)
        return turn
      }),
      ({ semaphore }) => semaphore.withPermits(1)(effect),
      (turn) => Effect.sync(() => void (--turn.users === 0 && turns.delete(name)))
    )
}

/** A store over what is kept, exclusive within this process, and among all of them where it has `exclusively`. */
export const make = (kept: Kept): CredentialStore => {
  const { exclusively, list, load, prepare, revision, write } = kept
  const inTurn = makeTurns()
  const changes = new Map<string, number>()
  const writeAndCount = (key: CredentialKey, value: Option.Option<Credentials>) =>
    Effect.zipRight(
      write(key, value),
      Effect.sync(() => void changes.set(keyText(key), (changes.get(keyText(key)) ?? 0) + 1))
    )
  return {
    load,
    list,
    modify: (key, change, options = {}) =>
      inTurn(
        keyText(key),
        Effect.scoped(Effect.gen(function* () {
          if (exclusively !== undefined) yield* exclusively(keyText(key))
          if (prepare !== undefined) yield* prepare(key, options)
          const current = yield* load(key)
          // What the function got from the server must be kept: a rotated refresh token exists only here.
          return yield* Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(change(current)), ([result, next]) => Effect.as(writeAndCount(key, next), result))
          )
        }))
      ),
    ...(exclusively !== undefined && { exclusively }),
    revision: revision ?? ((key) => changes.get(keyText(key)) ?? 0)
  }
}
