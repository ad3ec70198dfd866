/** What every fiber of Effect 3 has: in a bundle always the same. */
import * as Context from "effect4/Context"
import * as Clock from "./Clock.ts"

export const liveServices: Context.Context<Clock.Clock> = Context.make(Clock.Clock, Clock.machine)
export const currentServices: Context.Context<Clock.Clock> = liveServices
