/** Medians and quartiles. */

/** A figure with its spread. */
export interface Figure {
  /** Median, or ratio of two medians. */
  readonly value: number
  /** First and third quartile: of the values, or of the ratios of values that were measured side by side. */
  readonly spread: readonly [number, number]
  /** Median of the ratios of values that were measured side by side, which a busy machine changes least. */
  readonly paired?: number | undefined
}

/** A quantile between 0 and 1, linear between neighbours. */
export const quantile = (values: ReadonlyArray<number>, at: number): number => {
  const sorted = [...values].sort((left, right) => left - right)
  const index = (sorted.length - 1) * at
  const low = sorted[Math.floor(index)] ?? NaN
  const high = sorted[Math.ceil(index)] ?? NaN
  return low + (high - low) * (index - Math.floor(index))
}

/** The middle value, or the mean of the two in the middle. */
export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

const quartiles = (values: ReadonlyArray<number>): readonly [number, number] => [
  quantile(values, 0.25),
  quantile(values, 0.75)
]

/** The median of values and their quartiles. */
export const figure = (values: ReadonlyArray<number>): Figure => ({ value: median(values), spread: quartiles(values) })

/** The ratio of two medians; values of one index were measured side by side, and their ratios show the spread. */
export const ratio = (ours: ReadonlyArray<number>, base: ReadonlyArray<number>): Figure => {
  const ratios = ours.slice(0, base.length).map((value, index) => value / (base[index] ?? NaN))
  return { value: median(ours) / median(base), spread: quartiles(ratios), paired: median(ratios) }
}
