/**
 * What `presentUrl` takes and gives, in types that name neither Effect nor an SDK.
 */
import type { OpenCallbackOptions } from "./Callback.ts"

/**
 * What the person chose, in the words of the protocol: `cancel` is no answer, such as a closed window.
 *
 * @since 0.1.0
 * @category models
 */
export type UrlAction = "accept" | "decline" | "cancel"

/**
 * A page that a server asks the person to open, checked. Show all of it before you ask: the whole URL, and its host by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlRequest {
  /** The MCP server that asks, as your program calls it. */
  readonly serverName: string
  /** The page. It may hold a secret: write it into no log. */
  readonly url: URL
  /** The host and port of the page, in ASCII: the part that tells whose page it is. */
  readonly host: string
  /** Why the server asks, in one printable line. */
  readonly message?: string | undefined
  /** The server's name for this request. */
  readonly elicitationId?: string | undefined
  /**
   * What is unusual about the address. `"Punycode"`: its name has letters that may look like others. `"ThisMachine"`: the page
   * is on the person's own machine.
   */
  readonly warnings: ReadonlyArray<"Punycode" | "ThisMachine">
  /** Aborts when nobody waits for the answer any more. */
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
