/**
 * A page that a server asks a person to open, and what the person chose.
 */

/**
 * What is unusual about an address. `Punycode`: the host is written with `xn--`, so that its name has letters which may look
 * like others. `ThisMachine`: the page is on the person's own machine.
 *
 * @since 0.1.0
 * @category models
 */
export type UrlWarning = "Punycode" | "ThisMachine"

/**
 * A page that a server asks the person to open, checked. Show all of it before you ask: the whole URL, and its host by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlRequest {
  /** The MCP server that asks, as the host of the program calls it. */
  readonly serverName: string
  /** The page. It may hold a secret: write it into no log. */
  readonly url: URL
  /** The host and port of the page, in ASCII: the part that tells whose page it is. */
  readonly host: string
  /** Why the server asks, in one printable line of at most 1,000 characters. */
  readonly message?: string | undefined
  /** The server's name for this request, at most 256 characters. */
  readonly elicitationId?: string | undefined
  /** What the person should know of the address before they agree; empty where there is nothing. */
  readonly warnings: ReadonlyArray<UrlWarning>
}

/**
 * What the person chose, in the words of the protocol: `cancel` is no answer, such as a closed window.
 *
 * @since 0.1.0
 * @category models
 */
export type UrlAction = "accept" | "decline" | "cancel"
