/** The scenarios under vitest; `flow.deno.ts` runs the same ones under Deno's sanitizers. */
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Flow from "../scenarios/flow.ts"
import * as Opening from "../scenarios/opening.ts"

describe("CallbackFlow", () => {
  for (const { clock, name, run } of [...Opening.scenarios, ...Flow.scenarios]) {
    if (clock === "test") it.effect(name, () => Effect.scoped(run))
    else it.live(name, () => Effect.scoped(run))
  }
})
