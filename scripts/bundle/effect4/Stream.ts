/** Effect 4's `Stream` by the names of Effect 3. */
import * as Effect from "effect4/Effect"
import * as Option from "effect4/Option"
import * as Stream from "effect4/Stream"

export * from "effect4/Stream"

export const runForEachChunk: typeof Stream.runForEachArray = Stream.runForEachArray
export const flattenIterables: typeof Stream.flattenIterable = Stream.flattenIterable
export const unfoldEffect = <S, A, E, R>(
  initial: S,
  next: (state: S) => Effect.Effect<Option.Option<readonly [A, S]>, E, R>
): Stream.Stream<A, E, R> => Stream.unfold(initial, (state) => Effect.map(next(state), Option.getOrUndefined))
