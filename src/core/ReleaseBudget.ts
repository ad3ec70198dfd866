/**
 * The second in which a flow promises to be gone, and how its steps share it.
 */

/**
 * Milliseconds that each step of a release may take at most, in the order in which they run. Steps that take longer are
 * left behind, or cut off. Together with what the code between them needs they stay below one second; see `total`.
 *
 * All of them are measured by the machine's clock, never by Effect's `Clock`: a test's clock that stands still must not
 * hold a release.
 */
export const ReleaseBudget = {
  /** What is promised. */
  total: 1000,
  /** A source of pasted text that does not stop, such as an async generator that waits for its next line. */
  pasteReader: 150,
  /** A presenter that does not return from its last notice, or from letting go of what it showed. */
  presenter: 200,
  /** A browser that was sent on to the last page and has not asked for it yet. */
  lastPage: 250,
  /** Answers that another process owes to browsers of this one's port. */
  relayed: 75,
  /** Connections whose answer is on its way to a slow client. */
  connections: 250,
  /** The last words to other processes, which tell them that the port is free. */
  goodbye: 25
} as const

/**
 * The same for what a closed session of `./mcp`, and a client connected through it, wait for beside their flows. What takes
 * longer goes on alone.
 */
export const SessionBudget = {
  /** All of a session, its flow's release included. */
  total: 950,
  /** A request that spends a code or a refresh token: so that the page can still tell how it ended. */
  spending: 500,
  /** New tokens that could not be stored before, and are tried once more. */
  writing: 200,
  /** What runs for a session, to be interrupted: part of `total`. */
  running: 900,
  /** A server that is told that its session ends. */
  goodbye: 300,
  /** After that, a client that closes. */
  client: 300
} as const
