/** Effect 4's `Context` by the names of Effect 3. */
import * as Context from "effect4/Context"

export * from "effect4/Context"

export type Tag<I, S> = Context.Service<I, S>

export const GenericTag = <I, S = I>(key: string): Tag<I, S> => Context.Service<I, S>(key)
