/** Effect 4's `Clock` by the names of Effect 3. */
import * as Clock from "effect4/Clock"

export * from "effect4/Clock"

/** The machine's clock. */
export const make = (): Clock.Clock => Clock.Clock.defaultValue()
