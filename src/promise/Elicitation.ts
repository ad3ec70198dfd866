/**
 * What `presentUrl` takes and gives, in types that name neither Effect nor an SDK.
 */
import type { UrlAction, UrlRequest as Checked } from "../core/mcp/UrlRequest.ts"
import type { OpenCallbackOptions } from "./Callback.ts"

export type { UrlAction }

/**
 * A page that a server asks the person to open, checked. Show all of it before you ask: the whole URL, and its host by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlRequest extends Checked {
  /** Aborts when the answer is not waited for any more. */
  readonly signal: AbortSignal
}

/**
 * Options of `presentUrl`.
 *
 * @since 0.1.0
 * @category options
 */
export interface PresentUrlOptions extends Pick<OpenCallbackOptions, "onNotice" | "openBrowser" | "signal" | "texts"> {
  /** The MCP server that asks, as your program calls it: never a name that the server gave itself. */
  readonly serverName: string
  /** Asks the person. Only after `"accept"` the page is opened; what it throws rejects the call. */
  readonly consent: (request: UrlRequest) => UrlAction | Promise<UrlAction>
  /** `false`: nothing is written to stderr, and no browser opens unless `openBrowser` says so: `consent` shows all of it. */
  readonly present?: false | undefined
}
