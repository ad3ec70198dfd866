/** Effect 4's `Option` by the names of Effect 3. */
import * as Option from "effect4/Option"

export * from "effect4/Option"

export const fromNullable: typeof Option.fromNullishOr = Option.fromNullishOr
