/**
 * The stored credentials of a session. A store that does not answer, such as a key chain that waits for its user or a
 * network folder that is gone, delays neither an interrupt nor a close: the call to it goes on without its caller.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type Credentials, secretsOf } from "../core/mcp/Credentials.ts"
import { abandonable } from "../effect/abandonable.ts"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import type { ModifyOptions, Turn, TurnOptions } from "../services/CredentialStore.ts"
import { type CredentialStoreError, failedBy } from "../services/CredentialStoreError.ts"
import { Presenter } from "../services/Presenter.ts"
import type { ServerEnvironment } from "./Environment.ts"

/** What is used of the environment. A store of files tells the presenter, where there is one, of a damaged file. */
interface Keeping extends Pick<ServerEnvironment, "key" | "store"> {
  readonly presenter?: Presenter | undefined
}

const presentedBy = ({ presenter }: Keeping) => <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  presenter === undefined ? effect : Effect.provideService(effect, Presenter, presenter)

const isToldAlready = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "CredentialStoreError"

/**
 * A store that dies, throws or fails in another way than it is written fails with `CredentialStoreError`.
 *
 * @param isOwn Whether it was not the store that failed.
 * @param secrets What the store was given, and may quote.
 */
const guarded = <A, E, R = never>(
  reason: "Unreadable" | "Unwritable" | "Locked",
  use: () => Effect.Effect<A, E, R>,
  isOwn: () => boolean,
  secrets: () => ReadonlyArray<string> = () => []
): Effect.Effect<A, E | CredentialStoreError, R> => {
  const told = (error: unknown, otherwise: Effect.Effect<never, E>): Effect.Effect<never, E | CredentialStoreError> =>
    isOwn() || isToldAlready(error) ? otherwise : failedBy(reason, error, secrets())
  return Effect.suspend(use).pipe(
    Effect.catchAll((error) => told(error, Effect.fail(error))),
    Effect.catchAllDefect((defect) => told(defect, Effect.die(defect)))
  )
}

/** What is stored. */
export const load = (keeping: Keeping): Effect.Effect<Option.Option<Credentials>, CredentialStoreError> =>
  abandonable(guarded("Unreadable", () => presentedBy(keeping)(keeping.store.load(keeping.key)), () => false))

/** What changes when the store does; `undefined`: it does not say. */
export const revision = ({ key, store }: Keeping): unknown => {
  try {
    return store.revision?.(key)
  } catch {
    return undefined
  }
}

/** Reads, decides and writes as one step; see `CredentialStore.modify`. */
export const modify = <A, E>(
  keeping: Keeping,
  change: (current: Option.Option<Credentials>) => Effect.Effect<readonly [A, Option.Option<Credentials>], E>,
  options: ModifyOptions = {}
): Effect.Effect<A, E | CredentialStoreError> =>
  Effect.suspend(() => {
    let isChangeFailed = false
    // What the store is given, and may quote.
    let given: ReadonlyArray<string> = []
    const watched = (current: Option.Option<Credentials>) =>
      Effect.suspend(() => change(current)).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            if (Exit.isFailure(exit)) isChangeFailed = true
            else given = Option.match(exit.value[1], { onNone: () => [], onSome: secretsOf })
          })
        )
      )
    return abandonable(
      guarded(
        "Unwritable",
        () => presentedBy(keeping)(keeping.store.modify(keeping.key, watched, options)),
        () => isChangeFailed,
        () => given
      )
    )
  })

/**
 * Waits for the turn of a name among all processes, where the store gives turns. `tell` takes a moment at most, and never
 * fails.
 */
export const turn = (
  { store }: Keeping,
  name: string,
  options: TurnOptions
): Effect.Effect<Turn | undefined, CredentialStoreError, Scope.Scope> =>
  Effect.suspend(() => {
    const { exclusively } = store
    if (exclusively === undefined) return Effect.succeed(undefined)
    const taken = abandonable(guarded("Locked", () => exclusively.call(store, name, options), () => false))
    return Effect.map(taken, (given: Partial<Turn> | undefined): Turn => ({
      tell: (text) =>
        atMost(
          ReleaseBudget.presenter,
          Effect.catchAllCause(Effect.suspend(() => given?.tell?.(text) ?? Effect.void), () => Effect.void)
        )
    }))
  })
