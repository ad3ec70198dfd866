/**
 * What a flow refused, as a stream.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Refusal } from "../core/oauth/Refusal.ts"
import type { RefusalLog } from "./RefusalLog.ts"

/** Hot; begins with the last 64; a reader slower than that misses the oldest; ends with the log. */
export const refusalStream = (log: RefusalLog): Stream.Stream<Refusal> =>
  Stream.unfoldChunkEffect(
    0,
    (seen) =>
      Effect.map(log.after(seen), Option.map(([refusals, total]) => [Chunk.unsafeFromArray(refusals), total] as const))
  )
