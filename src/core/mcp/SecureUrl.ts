/**
 * Which URLs a credential may be sent to (https, or this machine), and where one server may lead to.
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

/** Why a sign-in uses no such URL. `NotHttps`: http elsewhere than on this machine. */
export type UrlProblem = "Scheme" | "Credentials" | "NotHttps"

/** What is wrong with a URL that a person or a credential is to be sent to; `undefined`: nothing. */
export const urlProblem = (url: URL): UrlProblem | undefined => {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "Scheme"
  if (url.username !== "" || url.password !== "") return "Credentials"
  return isSecure(url) ? undefined : "NotHttps"
}

/** Reads an absolute URL. @returns `undefined` when the text is not one. */
export const parseUrl = (text: string): URL | undefined => URL.canParse(text) ? new URL(text) : undefined

/** The sixteen bits of each part of an IPv6 address, as `URL` writes it in brackets. */
export const partsOfIpv6 = (hostname: string): ReadonlyArray<number> => {
  const [left = "", right = ""] = hostname.slice(1, -1).split("::")
  const parts = (text: string) => text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16))
  const [first, last] = [parts(left), parts(right)]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

/** Prefixes of IPv6 addresses that stand for the IPv4 address behind them, and how many parts come before it. */
const ipv4Prefixes: ReadonlyArray<readonly [prefix: ReadonlyArray<number>, before: number]> = [
  [[0, 0, 0, 0, 0, 0], 6], // compatible (RFC 4291 section 2.5.5.1), with `::` and `::1`
  [[0, 0, 0, 0, 0, 0xffff], 6], // mapped (RFC 4291 section 2.5.5.2)
  [[0, 0, 0, 0, 0xffff, 0], 6], // translated (RFC 2765)
  [[0x64, 0xff9b], 6], // by NAT64 (RFC 6052, RFC 8215)
  [[0x2002], 1] // by 6to4 (RFC 3056)
]

/** The first two bytes of the IPv4 address that a host is, or stands for. */
const ipv4Of = (hostname: string): readonly [number, number] | undefined => {
  const dotted = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(hostname)
  if (dotted !== null) return [Number(dotted[1]), Number(dotted[2])]
  if (!hostname.startsWith("[")) return undefined
  const parts = partsOfIpv6(hostname)
  const found = ipv4Prefixes.find(([prefix]) => prefix.every((part, index) => part === parts[index]))
  const high = found === undefined ? undefined : parts[found[1]]
  return high === undefined ? undefined : [high >> 8, high & 0xff]
}

/** Names that systems have for themselves in their own list of hosts. */
const ownNames = /\.localhost$|^localhost[46]?(?:\.localdomain[46]?)?$|^ip6-(?:localhost|loopback)$/

/**
 * Whether a URL leads to this machine in some way, also by an address or name that is no safe way for a credential: with a
 * dot at the end, `*.localhost` (RFC 6761 section 6.3), the unspecified address, or an IPv4 address within an IPv6 one.
 */
export const reachesThisMachine = (url: URL): boolean => {
  const hostname = url.hostname.replace(/\.$/, "")
  const [first] = ipv4Of(hostname) ?? []
  // `[::]` and `[::1]` are of 0.0.0.0/8 too, when they are read as IPv4 addresses.
  return isThisMachine(url) || ownNames.test(hostname) || first === 127 || first === 0
}

/** Whether a URL leads to a device beside this machine: a link-local address, as the metadata services of clouds have. */
const isLinkLocal = ({ hostname }: URL): boolean => {
  const [first, second] = ipv4Of(hostname) ?? []
  return (first === 169 && second === 254) || /^\[fe[89ab][\da-f]:/.test(hostname)
}

/**
 * Whether one server may name another, or redirect to it: a server elsewhere could have this program send requests to other
 * programs on this machine, or to devices beside it, and may not give up https either.
 */
export const mayLeadTo = (from: URL, to: URL): boolean =>
  from.origin === to.origin || reachesThisMachine(from) ||
  (!reachesThisMachine(to) && !isLinkLocal(to) && (to.protocol === "https:" || from.protocol !== "https:"))
