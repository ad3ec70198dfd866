/**
 * The types of a store of texts that a caller without Effect brings.
 */

/**
 * What a store of your own gives to the process that has its turn: a function that ends the turn, or an object with one.
 *
 * @since 0.1.0
 * @category models
 */
export type HeldTurn = (() => unknown) | {
  /** Ends the turn. It is waited for a moment only. */
  release(): unknown
  /** Tells the processes that wait for this turn something, such as where to sign in. @default they are told nothing */
  tell?(text: string): unknown
}

/**
 * How a turn is waited for.
 *
 * @since 0.1.0
 * @category options
 */
export interface TurnRequest {
  /** Aborted when the turn is not waited for any more. A turn that is given after that is released at once. */
  readonly signal: AbortSignal
  /**
   * To be called, where that is known, when another process has the turn, and each time that it tells something by `tell`.
   * `pid` is its process identifier.
   */
  readonly onHolder: (holder: { readonly pid?: number | undefined; readonly told?: string | undefined }) => void
}

/**
 * A store of texts by name, such as a database. The texts hold tokens in the clear. Names are URLs with the account after
 * a `#`, in ASCII, and as long as the URL of a server.
 *
 * @example
 * ```ts
 * import type { TextStore } from "effect-oauth-callback/promise"
 *
 * // `locks` stands for the lock of your database: one holder among all processes, and none that outlives its process.
 * const storeOver = (
 *   texts: Map<string, string>,
 *   locks: { acquire(name: string, signal: AbortSignal): Promise<{ release(): Promise<void> }> }
 * ): TextStore => ({
 *   get: async (name) => texts.get(name),
 *   set: async (name, text) => texts.set(name, text),
 *   delete: async (name) => texts.delete(name),
 *   list: async () => texts.keys(),
 *   exclusively: async (name, { signal }) => {
 *     const lock = await locks.acquire(name, signal)
 *     return () => lock.release()
 *   }
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface TextStore {
  /** Gives the text of a name; `undefined` or `null` where there is none. */
  readonly get: (name: string) => Promise<string | undefined | null> | string | undefined | null
  /** Keeps a text, in one step: a `get` at the same time finds the old text or the new one. */
  readonly set: (name: string, text: string) => unknown
  /** Removes a text. One that is not there is no failure. */
  readonly delete: (name: string) => unknown
  /**
   * The names there are, in no particular order. Others than those of credentials do not matter.
   *
   * @default `accounts` rejects: the store cannot be listed
   */
  readonly list?: (() => Iterable<string> | AsyncIterable<string> | Promise<Iterable<string>>) | undefined
  /**
   * Waits for the turn of this name among all processes that share the store, and gives what ends it. A holder that dies
   * must not keep the turn.
   *
   * @default every process for itself: two of them may both spend a refresh token, and one loses its sign-in
   */
  readonly exclusively?: ((name: string, request: TurnRequest) => Promise<HeldTurn>) | undefined
  /**
   * A value that changes when the text of a name is changed, in any process. It must come at once: a promise
   * counts as none.
   *
   * @default a text is read again in a request if it was not for a second
   */
  readonly revision?: ((name: string) => unknown) | undefined
}
