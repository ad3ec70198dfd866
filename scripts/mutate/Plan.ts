/** What is passed to the worker, and what it writes down. */

/** The work of one process: the mutants of one source. */
export interface Plan {
  /** Path of the source. */
  readonly source: string
  /** Paths of the test files, the nearest to the source first. */
  readonly tests: ReadonlyArray<string>
  /** Numbers of the mutants. */
  readonly mutants: ReadonlyArray<number>
  /** Those that an earlier process, which was ended, has settled. */
  readonly done: ReadonlyArray<number>
  /** Milliseconds that a mutant's loops may take. */
  readonly limit: number
  /** Path of the file that {@link Line}s are added to. */
  readonly out: string
}

/** What became of a mutant. `unreached`: no test comes by it. `timeout`: it was ended by time, and counts as killed. */
export type Status = "killed" | "timeout" | "survived" | "unreached"

/** One line of the worker's file. */
export type Line =
  | { readonly begin: number | string }
  | { readonly id: number; readonly status: Status; readonly test?: string }
  /** A test file that fails without a mutant. */
  | { readonly unusable: string; readonly test: string }
  | { readonly end: true }
