/**
 * The {@link PasteInput} service with its constructor from a stream.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type PasteInput as Service, PasteInput as tag } from "./PasteInput.ts"
import { fromReader } from "./PasteReader.ts"

/** One reader of pasted text for all flows of a program. */
export interface PasteInput extends Service {}

/** Text from a stream that the host owns: a TUI's input box, a chat, a test's script. */
const make = (lines: Stream.Stream<string>): Required<PasteInput> =>
  fromReader((onTexts) =>
    // Chunk by chunk, in one step each: an interrupt between two texts would lose the second.
    Stream.runForEachChunk(lines, (texts) => Effect.sync(() => onTexts(texts)))
  )

/** Tag of the {@link PasteInput} service, and its constructors. */
export const PasteInput: Context.Tag<PasteInput, PasteInput> & {
  /**
   * Reads a stream of text, one element a paste, for hosts that own stdin. It runs only while a flow waits, and starts
   * again with the next flow, so give one that continues (`Stream.fromQueue`), not one that begins anew.
   */
  readonly make: (lines: Stream.Stream<string>) => Required<PasteInput>
} = Object.assign(tag, { make })
