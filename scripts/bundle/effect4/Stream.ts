/** Effect 4's `Stream` by the names of Effect 3. */
import * as Stream from "effect4/Stream"

export * from "effect4/Stream"

export const runForEachChunk: typeof Stream.runForEachArray = Stream.runForEachArray
export const unwrapScoped: typeof Stream.unwrap = Stream.unwrap
