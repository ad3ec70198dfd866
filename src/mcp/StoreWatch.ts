/**
 * Keeping what a session knows and what its store has in step: other processes change the store, and what could not be written
 * is written later.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import { SessionBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import { endAfter } from "../effect/endAfter.ts"
import type { CredentialStoreError } from "../services/CredentialStoreError.ts"
import type { Environment } from "./Environment.ts"
import { load } from "./executePlan.ts"
import type { SessionCell } from "./SessionCell.ts"
import * as Stored from "./Stored.ts"

/** What keeps a session and its store in step. */
export interface StoreWatch {
  /** Whether there is nothing to read or to write, as far as can be told without waiting. */
  readonly isUpToDate: () => boolean
  /**
   * Reads a store that has changed, and writes what could not be written: without holding up, or failing, a request. A store
   * that is slow holds up one request, for a moment; what it does goes on, and counts when it is done.
   */
  readonly catchUp: Effect.Effect<void>
}

// A program whose store works does not load it.
const unstoredModule = Effect.promise(() => import("./Unstored.ts"))

const writeUnstored = (env: Environment, cell: SessionCell): Effect.Effect<void, CredentialStoreError> =>
  Effect.flatMap(unstoredModule, ({ write }) => write(env, cell))

/** So many milliseconds a request with a good token waits at most for a store that has changed, or is written to. */
const patience = 250

/**
 * For so many milliseconds a look at the revision counts. With one at each request `oauth.fetch` took 1.22 times as long as a
 * bare `fetch` on Node and 1.41 on Deno; so it takes 1.1.
 */
const pauseMillis = 10

/** How long tokens that could not be stored before are still being written after a close, as what is spent is. */
const writeLimit = Duration.seconds(10)

/** The watch of a session. */
export const make = (env: Environment, cell: SessionCell): StoreWatch => {
  let current: { readonly revision: unknown; readonly at: number } | undefined
  const isCurrent = (): boolean => {
    const { revision } = cell.get().known
    const now = performance.now()
    if (current !== undefined && current.revision === revision && now - current.at < pauseMillis) return true
    if (!Object.is(Stored.revision(env), revision)) return false
    current = { revision, at: now }
    return true
  }
  const isWriteDue = (): boolean => KnownCredentials.isWriteDue(cell.get().known, cell.now())
  const isUpToDate = () => isCurrent() && !isWriteDue()
  let isRunning = false
  return {
    isUpToDate,
    catchUp: Effect.suspend(() => {
      if (isRunning || isUpToDate()) return Effect.void
      isRunning = true
      const ended = Effect.sync(() => {
        isRunning = false
      })
      const running = Effect.ensuring(Effect.ignore(isWriteDue() ? writeUnstored(env, cell) : load(env, cell)), ended)
      return Effect.flatMap(Effect.forkDaemon(running), (fiber) => atMost(patience, Fiber.await(fiber)))
    })
  }
}

/** Writes what the store does not have, at the end of a session. It is waited for a moment only. */
export const writeAtEnd = (env: Environment, cell: SessionCell): Effect.Effect<void> =>
  Effect.suspend(() =>
    cell.get().known.isStored ? Effect.void : Effect.flatMap(
      Effect.forkDaemon(endAfter(Effect.ignore(writeUnstored(env, cell)), writeLimit, Effect.void)),
      (fiber) => atMost(SessionBudget.writing, Fiber.await(fiber))
    )
  )
