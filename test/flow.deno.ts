/**
 * The flow's scenarios under `Deno.test`, whose sanitizers watch operations and resources: run with `--sanitize-ops
 * --sanitize-resources`. What they do not see, an unref'ed `node:http` server, the descriptors decide.
 */
import { Effect, TestContext } from "effect"
import * as Leaks from "./fixtures/Leaks.ts"
import * as Flow from "./scenarios/flow.ts"
import * as Opening from "./scenarios/opening.ts"

declare const Deno: { readonly test: (name: string, run: () => Promise<void>) => void }

// Loads what is loaded lazily, so that no test is charged with it.
await import("../src/runtime/HttpListener.ts")

for (const { clock, name, run } of [...Opening.scenarios, ...Flow.scenarios]) {
  Deno.test(`CallbackFlow ${name}`, async () => {
    const before = Leaks.held()
    const scoped = Effect.scoped(run)
    await Effect.runPromise(clock === "test" ? Effect.provide(scoped, TestContext.TestContext) : scoped)
    const leaked = await Leaks.leaked(before)
    if (leaked.length > 0) throw new Error(leaked.join(", "))
  })
}
