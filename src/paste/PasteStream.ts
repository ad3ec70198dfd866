/**
 * The {@link PasteInput} service with its constructor from a stream.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { onFirstUse } from "../services/onFirstUse.ts"
import { deferred, type PasteInput as Service, PasteInput as tag } from "../services/PasteInput.ts"

/** One reader of pasted text for all flows of a program. */
export interface PasteInput extends Service {}

/** Text from a stream that the host owns: a TUI's input box, a chat, a test's script. */
const make = (lines: Stream.Stream<string>): Required<PasteInput> =>
  // Streams are half of what this package would load of Effect, and whoever has one has loaded them already.
  deferred(
    onFirstUse(Effect.map(Effect.promise(() => import("./readStream.ts")), ({ readStream }) => readStream(lines)))
  )

/** Tag of the {@link PasteInput} service, and its constructors. */
export const PasteInput: Context.Tag<PasteInput, PasteInput> & {
  /**
   * Reads a stream of text, one element a paste, for hosts that own stdin. It runs only while a flow waits, and starts
   * again with the next flow, so give one that continues (`Stream.fromQueue`), not one that begins anew.
   */
  readonly make: (lines: Stream.Stream<string>) => Required<PasteInput>
} = Object.assign(tag, { make })
