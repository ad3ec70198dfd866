/**
 * A person who pastes when a test says so, as a service.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { PasteInput } from "../../paste/PasteInput.ts"

/**
 * What a test pastes.
 *
 * @since 0.1.0
 * @category services
 */
export interface TestPaste {
  /** Pastes a text. When no sign-in reads, the next one that does gets it. */
  readonly paste: (text: string) => Effect.Effect<void>
}

/**
 * Tag of the {@link TestPaste} service.
 *
 * @since 0.1.0
 * @category services
 */
export const TestPaste: Context.Tag<TestPaste, TestPaste> = Context.GenericTag<TestPaste>(
  "effect-oauth-callback/TestPaste"
)

/**
 * A PasteInput that reads what the test pastes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPaste: Layer.Layer<TestPaste | PasteInput> = Layer.scopedContext(
  Effect.map(
    Effect.acquireRelease(Queue.unbounded<string>(), Queue.shutdown),
    (texts) =>
      Context.make(TestPaste, { paste: (text) => Effect.asVoid(Queue.offer(texts, text)) }).pipe(
        Context.add(PasteInput, PasteInput.make(Stream.fromQueue(texts)))
      )
  )
)
