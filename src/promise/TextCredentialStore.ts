/**
 * A credential store over a caller's own store of texts.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ReleaseBudget } from "../core/ReleaseBudget.ts"
import { atMost } from "../effect/atMost.ts"
import type { CredentialStore, Turn, TurnOptions } from "../services/CredentialStore.ts"
import { over as overBackend } from "../store/CredentialBackend.ts"
import type { HeldTurn, TextStore } from "./TextStore.ts"

/** Calls a function of the caller; fails with whatever it throws or rejects with. */
const asked = <A>(ask: () => A | Promise<A>): Effect.Effect<A, unknown> =>
  Effect.tryPromise({ try: async () => await ask(), catch: (error) => error })

/** All names of the caller's list. A string is refused, though it can be iterated over: its letters are no names. */
const namesOf = async (list: NonNullable<TextStore["list"]>): Promise<ReadonlyArray<string>> => {
  const given: unknown = await list()
  if (typeof given === "string") throw new Error("its list gave one text in place of names")
  const names: Array<string> = []
  for await (const name of given as AsyncIterable<unknown>) if (typeof name === "string") names.push(name)
  return names
}

/** What the caller's store is given as `onHolder`. A store in JavaScript may call it with anything. */
const toldTo = ({ onHolder }: TurnOptions) => (holder: unknown): void => {
  const { pid, told }: { readonly pid?: unknown; readonly told?: unknown } = Object(holder)
  onHolder?.({
    pid: typeof pid === "number" ? pid : undefined,
    told: typeof told === "string" ? told : undefined
  })
}

const isHeld = (held: unknown): held is HeldTurn =>
  typeof held === "function" ||
  (typeof held === "object" && held !== null && "release" in held && typeof held.release === "function")

const letGo = async (held: HeldTurn): Promise<void> => {
  try {
    await (typeof held === "function" ? held() : held.release())
  } catch {
    // What was changed is written by now. A lock that cannot be released ends as that of a holder that died.
  }
}

const turnOf = (held: HeldTurn): Turn => ({
  tell: (text) =>
    Effect.sync(() => {
      // Not waited for, and a failure is ignored: the turn does not depend on what the waiting processes are told.
      if (typeof held === "object") void (async () => await held.tell?.(text))().catch(() => {})
    })
})

/** Waits for the caller's lock. One that is handed over after the wait has ended is released at once. */
const turnBy = (
  ask: (signal: AbortSignal) => Promise<unknown> | unknown
): Effect.Effect<Turn, unknown, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      let held: HeldTurn | undefined
      let isGivenUp = false
      const wait = async (signal: AbortSignal) => {
        const handed = await ask(signal)
        if (!isHeld(handed)) {
          throw new Error("its exclusively has to give a promise of a function that releases, or of { release }")
        }
        held = handed
        if (isGivenUp) await letGo(held)
        return held
      }
      return Effect.tryPromise({ try: wait, catch: (error) => error }).pipe(
        restore,
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            isGivenUp = true
            // It may have been handed over in the very moment of the interrupt.
            if (held !== undefined) void letGo(held)
          })
        ),
        Effect.tap((held) =>
          Effect.addFinalizer(() => atMost(ReleaseBudget.connections, Effect.promise(() => letGo(held))))
        ),
        Effect.map(turnOf)
      )
    })
  )

/** The caller's revision; where it throws or is a promise, one that changes each second, as where there is none. */
const revisionBy = (ask: () => unknown): unknown => {
  const eachSecond = Math.floor(Date.now() / 1000)
  try {
    const revision = ask()
    return revision instanceof Promise ? eachSecond : revision
  } catch {
    return eachSecond
  }
}

const over = (texts: TextStore): CredentialStore =>
  overBackend({
    get: (name) => asked(() => texts.get(name)),
    set: (name, text) => asked(() => texts.set(name, text)),
    delete: (name) => asked(() => texts.delete(name)),
    // Called as methods, so that they have their `this`.
    ...(texts.list !== undefined && { list: asked(() => namesOf(() => texts.list?.() ?? [])) }),
    ...(texts.exclusively !== undefined && {
      exclusively: (name, options = {}) =>
        turnBy((signal) => texts.exclusively?.(name, { signal, onHolder: toldTo(options) }))
    }),
    ...(texts.revision !== undefined && { revision: (name) => revisionBy(() => texts.revision?.(name)) })
  })

// One credential store for each store of texts, because turns within the process belong to the credential store.
const stores = new WeakMap<TextStore, CredentialStore>()

/** The credential store: one text for each server and account. */
export const overTexts = (texts: TextStore): CredentialStore => {
  const store = stores.get(texts) ?? over(texts)
  stores.set(texts, store)
  return store
}
