/**
 * A credential store over anything that reads and writes: one change of a key at a time, in this process and, where there
 * are turns for them, among all processes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type CredentialKey, type Credentials, keyText } from "../core/mcp/Credentials.ts"
import * as OneAtATime from "../effect/OneAtATime.ts"
import type { CredentialStore, CredentialStoreError, ModifyOptions } from "../services/CredentialStore.ts"

/** A change of what is kept under one key, while nobody else changes it. */
export interface Change {
  readonly read: Effect.Effect<Option.Option<Credentials>, CredentialStoreError>
  /** Keeps credentials, or by `None` removes what there is. */
  readonly write: (value: Option.Option<Credentials>) => Effect.Effect<void, CredentialStoreError>
}

/** What keeps credentials. */
export interface Kept extends Pick<CredentialStore, "exclusively" | "list" | "load"> {
  /**
   * Begins a change: waits for the turn of the key among all processes, and takes what the change needs. The scope ends it.
   */
  readonly begin: (
    key: CredentialKey,
    options: ModifyOptions
  ) => Effect.Effect<Change, CredentialStoreError, Scope.Scope>
  /**
   * See `CredentialStore.revision`. @default the number of changes by this store, as if this process alone changed what is kept
   *
   * @param changes Gives that number.
   */
  readonly revision?: (key: CredentialKey, changes: () => number) => unknown
}

/** Turns in this process, by name. */
const makeTurns = () => {
  const all = new Map<string, { readonly turns: OneAtATime.OneAtATime; users: number }>()
  return <A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const each = all.get(name) ?? { turns: OneAtATime.make(), users: 0 }
        each.users++
        all.set(name, each)
        return each
      }),
      ({ turns }) => turns.run(effect),
      (each) => Effect.sync(() => void (--each.users === 0 && all.delete(name)))
    )
}

/** A store over what is kept, in which one change of a key is made at a time. */
export const make = (
  { begin, exclusively, list, load, revision = (_, changes) => changes() }: Kept
): CredentialStore => {
  const inTurn = makeTurns()
  const changes = new Map<string, number>()
  const changeOf = (key: CredentialKey) => changes.get(keyText(key)) ?? 0
  return {
    load,
    list,
    modify: (key, change, options = {}) =>
      inTurn(
        keyText(key),
        Effect.scoped(Effect.gen(function* () {
          const { read, write } = yield* begin(key, options)
          const current = yield* read
          // What the function got from the server must be kept: a rotated refresh token exists only here.
          return yield* Effect.uninterruptibleMask((restore) =>
            Effect.gen(function* () {
              const [result, next] = yield* restore(change(current))
              // Removing is done in any case: it may remove more than what could be read.
              if (Option.isSome(next) && next === current) return result
              yield* write(next)
              changes.set(keyText(key), changeOf(key) + 1)
              return result
            })
          )
        }))
      ),
    ...(exclusively !== undefined && { exclusively }),
    revision: (key) => revision(key, () => changeOf(key))
  }
}
