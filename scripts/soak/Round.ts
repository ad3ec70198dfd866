/** One row of the soak: what is run, what was counted, and what of it is wrong. */

/** What a round found. */
export interface Result {
  /** Figures by their names, as they are printed. */
  readonly figures: Readonly<Record<string, number | string>>
  /** What is not as promised; none when all is well. */
  readonly problems: ReadonlyArray<string>
  /** Why it could not be run here. */
  readonly skipped?: string | undefined
}

/** A row. */
export interface Round {
  /** The part that `--only` names. */
  readonly part: string
  readonly name: string
  readonly run: () => Promise<Result>
}

/** What is expected, and what is not so, in words. */
export const differences = (
  figures: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, number>>
): ReadonlyArray<string> =>
  Object.entries(expected).flatMap(([name, value]) =>
    figures[name] === value ? [] : [`${name}: ${String(figures[name])} instead of ${value}`]
  )
