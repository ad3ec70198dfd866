/**
 * The span of a flow's wait. `Effect.withSpan` keeps two frames under what it spans, and walks the stack: for a flow that
 * waits among a thousand that is a tenth of what it costs.
 */
import * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"

/** Begins a span below that of the caller. It ends by its own `end`, and by nothing else. */
export const begin = <A, E, R>(
  name: string,
  use: (span: Tracer.Span) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.makeSpan(name, { captureStackTrace: false }), (span) => {
    // The tracer writes its names letter by letter; reading one makes a single text of the pieces.
    span.traceId.charCodeAt(0)
    span.spanId.charCodeAt(0)
    return use(span)
  })
