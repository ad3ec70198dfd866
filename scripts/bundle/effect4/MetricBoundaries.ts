/** Boundaries of histograms, which are not filled; see Metric.ts. */
export const fromIterable = (_boundaries: Iterable<number>): undefined => undefined
