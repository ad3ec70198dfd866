/**
 * Pastes from this process's stdin.
 */
import * as Effect from "effect/Effect"
import { fromSource, type PasteReader } from "../../paste/PasteReader.ts"
import { hub } from "./StdinHub.ts"
import { attach } from "./StdinReader.ts"

const { isReading, retain, router, subscribe } = hub()

/** Reads stdin while flows wait. */
export const paste: PasteReader = fromSource({
  available: Effect.sync(isReading),
  router,
  subscribe,
  hold: Effect.asVoid(Effect.acquireRelease(Effect.sync(() => retain(attach)), (letGo) => Effect.sync(letGo)))
})
