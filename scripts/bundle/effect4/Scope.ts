/** Effect 4's `Scope` by the names of Effect 3. */
import * as Scope from "effect4/Scope"

export * from "effect4/Scope"

export type CloseableScope = Scope.Closeable

export const extend: typeof Scope.provide = Scope.provide
