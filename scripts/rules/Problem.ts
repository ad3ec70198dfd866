/** What a rule finds in the sources, and the exceptions to a rule. */

/** One place in the sources that breaks a rule. */
export interface Problem {
  readonly file: string
  /** First line is 1; absent when the whole file is meant. */
  readonly line?: number
  /** What is forbidden, as an {@link Exception} names it: `Effect.race`, `setTimeout`, `circle`. */
  readonly use: string
  readonly text: string
}

/** Something that a rule forbids elsewhere. */
export interface Exception {
  /** A file; or the beginning of several, when it ends with `/` or `.`. */
  readonly in: string
  /** What is allowed there, as {@link Problem.use} names it. */
  readonly uses: ReadonlyArray<string>
  readonly reason: string
}

const covers = (exception: Exception, problem: Problem): boolean =>
  exception.uses.includes(problem.use) &&
  (/[/.]$/.test(exception.in) ? problem.file.startsWith(exception.in) : problem.file === exception.in)

/** The problems that no exception covers, each once; and the exceptions that cover none. */
export const applyExceptions = (
  problems: ReadonlyArray<Problem>,
  exceptions: ReadonlyArray<Exception>
): { readonly problems: ReadonlyArray<Problem>; readonly unused: ReadonlyArray<Exception> } => {
  const distinct = new Map(problems.map((each) => [format(each), each]))
  return {
    problems: [...distinct.values()].filter((problem) => !exceptions.some((each) => covers(each, problem))),
    unused: exceptions.filter((exception) => !problems.some((problem) => covers(exception, problem)))
  }
}

/** One line for a person and for an editor that jumps to `file:line`. */
export const format = ({ file, line, text }: Problem): string =>
  `${file}${line === undefined ? "" : `:${line}`}: ${text}`
