/**
 * Where credentials are exported to and imported from.
 */

/**
 * Where credentials are exported to.
 *
 * @since 0.1.0
 * @category options
 */
export interface ExportOptions {
  /**
   * The path of a file, which is made with mode 0600; of a named pipe (`mkfifo -m 600`); or of a pipe that this process was
   * started with, such as `/dev/fd/3`. A named pipe is waited for until somebody reads it.
   */
  readonly to: string
  /** Whether a file that is there is replaced, in one step. @default false */
  readonly overwrite?: boolean | undefined
  /**
   * Whether the credentials are removed from this store once they are written whole. What a pipe has taken counts as
   * written: a reader that dies then has lost them.
   *
   * @default false
   */
  readonly move?: boolean | undefined
}

/**
 * Where credentials are imported from.
 *
 * @since 0.1.0
 * @category options
 */
export interface ImportOptions {
  /**
   * The path of a file or pipe, of at most 1 MiB; `/dev/stdin` too. It has to be of this user, or of the administrator, and
   * nobody else may be able to write to it. A named pipe is waited for until somebody has written to it.
   */
  readonly from: string
  /** Whether other credentials that are stored for the same are replaced. @default false */
  readonly overwrite?: boolean | undefined
}
