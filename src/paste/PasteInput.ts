/**
 * Where a person pastes the address that a sign-in ended on: the service, and its constructor from a stream.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type PasteInput as Service, PasteInput as tag } from "./PasteInputTag.ts"
import * as PasteReader from "./PasteReader.ts"

/**
 * One reader of pasted text for all flows of a program.
 *
 * @since 0.1.0
 * @category services
 */
export interface PasteInput extends Service {}

/** Text from a stream that the host owns: a TUI's input box, a chat, a test's script. */
const make = (lines: Stream.Stream<string>): PasteReader.PasteReader =>
  // Chunk by chunk, in one step each: an interrupt between two texts would lose the second.
  PasteReader.make((onText) =>
    Stream.runForEachChunk(lines, (texts) =>
      Effect.sync(() => {
        for (const text of texts) onText(text)
      }))
  )

/**
 * Tag of the {@link PasteInput} service, and its constructor.
 *
 * @since 0.1.0
 * @category services
 */
export const PasteInput: Context.Tag<PasteInput, PasteInput> & {
  /**
   * Reads a stream of text, one element a paste, for hosts that own stdin. It runs only while a flow waits, and starts
   * again with the next flow, so give one that continues (`Stream.fromQueue`), not one that begins anew.
   */
  readonly make: (lines: Stream.Stream<string>) => PasteReader.PasteReader
} = Object.assign(tag, { make })

// By service, so that all flows of one service share one reader of its `lines`.
const readers = new WeakMap<PasteInput, PasteReader.PasteReader>()

/** The reader of a service: the service itself if it has `hold` and `register`, else one over its `lines`, made once. */
export const readerOf = (input: PasteInput): PasteReader.PasteReader => {
  const { available = Effect.succeed(true), hold, lines, register, submit } = input
  if (hold !== undefined && register !== undefined) return { available, hold, lines, register, submit }
  const known = readers.get(input)
  if (known !== undefined) return known
  const reader = PasteReader.make((onText) =>
    Effect.scoped(
      Effect.flatMap(lines, (queue) => Effect.forever(Effect.map(Queue.take(queue), onText)))
    ), available)
  readers.set(input, reader)
  return reader
}
