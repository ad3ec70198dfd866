/** The part of `fetch` that is used: both MCP SDKs take and give it. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>
