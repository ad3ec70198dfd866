/**
 * `fetch` as this package takes it, and as it gives it.
 */

/**
 * `fetch` as far as it is used; it is the same type as that of both MCP SDKs.
 *
 * @since 0.1.0
 * @category models
 */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * A `fetch` that takes what the runtime's own takes, a `Request` too: it can be given where `typeof fetch` is wanted, and
 * where an MCP SDK wants its `FetchLike`.
 *
 * @since 0.1.0
 * @category models
 */
export type SignedInFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>
