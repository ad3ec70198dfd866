/**
 * The callback flow for async/await. The runtime is found by itself, and everything behind it is loaded on first use.
 *
 * Times are milliseconds. Rejections are `Error`s with a `_tag` and fields; an abort rejects with `signal.reason` itself.
 *
 * @module
 */

import type { Callback, OpenCallbackOptions } from "./promise/Callback.ts"

export type {
  AuthorizeOptions,
  Callback,
  CallbackError,
  ExchangeOptions,
  GrantedCode,
  OpenCallbackOptions,
  RefusedInput
} from "./promise/Callback.ts"

const load = async () => {
  try {
    return await import("./promise/openCallback.ts")
  } catch (cause) {
    const missing = /(?:package|module|resolve|specifier)\s+["'](?:npm:)?effect(?:[/@][^"']*)?["']/i.test(String(cause))
    throw missing
      ? new Error(
        "Cannot load effect-oauth-callback: the package effect is missing. Install it: npm install effect@3",
        {
          cause
        }
      )
      : cause
  }
}

/**
 * Binds the listener and returns the callback; close it when done.
 *
 * Rejects with `BindError` when no port could be had or the options cannot work, or with `signal.reason`.
 *
 * @example
 * ```ts
 * import { openCallback } from "effect-oauth-callback/promise"
 *
 * const callback = await openCallback({ paste: false })
 * try {
 *   if (!callback.redirectUri.startsWith("http://127.0.0.1:")) throw new Error("already listening here")
 * } finally {
 *   await callback.close()
 * }
 * ```
 */
export const openCallback = async (options: OpenCallbackOptions = {}): Promise<Callback> =>
  (await load()).openCallback(options)
