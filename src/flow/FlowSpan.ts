/**
 * The spans of a flow. `Effect.withSpan` keeps two frames under what it spans, and walks the stack: for a flow that waits
 * among a thousand that is a tenth of what it costs.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"

/** Begins a span below that of the caller. It ends by {@link end}, and by nothing else. */
export const begin = (name: string): Effect.Effect<Tracer.Span> =>
  Effect.map(Effect.makeSpan(name, { captureStackTrace: false }), (span) => {
    // The tracer writes its names letter by letter; reading one makes a single text of the pieces.
    span.traceId.charCodeAt(0)
    span.spanId.charCodeAt(0)
    return span
  })

/** Ends a span with what came of it. */
export const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeNanos, (now) => span.end(now, exit))
