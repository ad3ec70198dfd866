/**
 * `fetch` as far as it is used; it is the same type as that of both MCP SDKs.
 *
 * @since 0.1.0
 * @category models
 */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>
