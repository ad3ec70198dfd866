/**
 * Which URLs a credential may be sent to: https, or this machine.
 */

/**
 * Whether a URL of any scheme names this machine: `localhost`, `[::1]` or an address of 127.0.0.0/8 (RFC 8252 section 8.3).
 * What is sent there passes no network. The loopback redirect URIs of `core/oauth` are fewer.
 */
export const isThisMachine = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)

/** Whether a credential may be sent to a URL: https anywhere, http to this machine only (RFC 6749 section 3.1.2.1). */
export const isSecure = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isThisMachine(url))

/** Reads an absolute URL. @returns `undefined` when the text is not one. */
export const parseUrl = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined
