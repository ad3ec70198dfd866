/**
 * Which URLs a credential may travel to: https, or this machine.
 */

/** Loopback addresses and names (RFC 8252 section 8.3): what is sent there leaves no wire. */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)

/** Whether a credential may be sent to a URL: https anywhere, http to this machine alone (RFC 6749 section 3.1.2.1). */
export const isSecure = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))

/** Reads an absolute URL. @returns `undefined` when it is none. */
export const parseUrl = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined
