/**
 * One stored sign-in, as it is listed.
 */
import type { Status } from "./Status.ts"

/**
 * What is stored for one account, without secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account extends Status {
  /**
   * The option `serverUrl` to sign in or out with. `undefined` where that URL has a query: it may hold a key, so that only
   * the program that passed it can know it.
   */
  readonly serverUrl: string | undefined
  /**
   * Tells what is stored apart, also where the rest is equal: a digest, the same in every process. Two of one server and
   * account were signed in to with other options, such as another audience; sign out of each with its own.
   */
  readonly id: string
}
