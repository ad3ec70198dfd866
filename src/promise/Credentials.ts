/**
 * The types of stored credentials without Effect.
 */
import type { CreateMcpOAuthOptions } from "./McpOAuth.ts"

/**
 * Options of `accounts`.
 *
 * @since 0.1.0
 * @category options
 */
export interface AccountsOptions {
  /** Where credentials are stored: what `createMcpOAuth` is given. */
  readonly store: NonNullable<CreateMcpOAuthOptions["store"]>
  /** Ends the waiting. @default none */
  readonly signal?: AbortSignal | undefined
}

/**
 * Options of `exportCredentials`: what to export, by its server or its `id`, and where to.
 *
 * @since 0.1.0
 * @category options
 */
export interface ExportCredentialsOptions extends AccountsOptions {
  /** The server. Without `id` it is needed. */
  readonly serverUrl?: string | URL | undefined
  /** The account. @default the one without `account`, else the only one of that server */
  readonly account?: string | undefined
  /** The `id` of one of `accounts`, in place of server and account. @default none */
  readonly id?: string | undefined
  /**
   * The path of a file, which is made with mode 0600; of a named pipe (`mkfifo -m 600`); or of a pipe that this process was
   * started with, such as `/dev/fd/3`. A named pipe is waited for until another process reads it.
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
 * Options of `importCredentials`.
 *
 * @since 0.1.0
 * @category options
 */
export interface ImportCredentialsOptions extends AccountsOptions {
  /**
   * The path of a file or pipe, of at most 1 MiB; `/dev/stdin` too. It has to be of this user, or of the administrator, and
   * no other user may be able to write to it. A named pipe is waited for until another process has written to it.
   */
  readonly from: string
  /** Whether other credentials that are stored for the same are replaced. @default false */
  readonly overwrite?: boolean | undefined
}
