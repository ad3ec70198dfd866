/**
 * Pastes from this process's stdin.
 */
import * as Effect from "effect/Effect"
import type { PasteInput } from "../services/PasteInput.ts"
import { fromSource } from "../paste/PasteReader.ts"
import { hub } from "./StdinHub.ts"
import { attach } from "./StdinReader.ts"

const { isReading, retain, router, subscribe } = hub()

/** Reads stdin while flows wait. */
export const paste: Required<PasteInput> = fromSource({
  available: Effect.sync(isReading),
  router,
  subscribe,
  hold: Effect.sync(() => Effect.sync(retain(attach)))
})
