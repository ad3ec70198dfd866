/**
 * A {@link PasteInput} over a host's stream of pasted text.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { PasteInput } from "../services/PasteInput.ts"
import { fromReader } from "./PasteReader.ts"

/** Reads chunk by chunk, in one step each: an interrupt between two texts would lose the second. */
export const readStream = (lines: Stream.Stream<string>): Required<PasteInput> =>
  fromReader((onTexts) => Stream.runForEachChunk(lines, (texts) => Effect.sync(() => onTexts(texts))))
