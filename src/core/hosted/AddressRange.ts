/**
 * Which addresses and names are public: what a service may be led to by somebody else's URL (IANA special-purpose address
 * registries, RFC 6890; names of RFC 6761, 6762, 8375).
 */
import { partsOfIpv6 } from "../mcp/SecureUrl.ts"

/** Why an address or a name is not public. */
export type AddressKind =
  | "unspecified"
  | "loopback"
  | "private"
  | "shared"
  | "link-local"
  | "unique-local"
  | "multicast"
  | "metadata"
  | "reserved"
  /** It is no address as it is written. */
  | "unreadable"

type Ipv4 = readonly [number, number, number, number]

const ipv4Ranges: ReadonlyArray<readonly [base: Ipv4, bits: number, kind: AddressKind]> = [
  [[0, 0, 0, 0], 8, "unspecified"],
  [[10, 0, 0, 0], 8, "private"],
  [[100, 64, 0, 0], 10, "shared"],
  [[127, 0, 0, 0], 8, "loopback"],
  // Microsoft Azure answers its own machines here; 169.254.169.254 of most clouds is link-local.
  [[168, 63, 129, 16], 32, "metadata"],
  [[169, 254, 0, 0], 16, "link-local"],
  [[172, 16, 0, 0], 12, "private"],
  [[192, 0, 0, 0], 24, "reserved"],
  [[192, 0, 2, 0], 24, "reserved"],
  [[192, 88, 99, 0], 24, "reserved"],
  [[192, 168, 0, 0], 16, "private"],
  [[198, 18, 0, 0], 15, "reserved"],
  [[198, 51, 100, 0], 24, "reserved"],
  [[203, 0, 113, 0], 24, "reserved"],
  [[224, 0, 0, 0], 4, "multicast"],
  [[240, 0, 0, 0], 4, "reserved"]
]

const numberOf = ([first, second, third, fourth]: Ipv4): number =>
  first * 2 ** 24 + second * 2 ** 16 + third * 2 ** 8 + fourth

const kindOfIpv4 = (address: Ipv4): AddressKind | undefined =>
  ipv4Ranges.find(([base, bits]) => {
    const size = 2 ** (32 - bits)
    return Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size)
  })?.[2]

const ipv4Of = (text: string): Ipv4 | undefined => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  const [first = 256, second = 256, third = 256, fourth = 256] = parts ?? []
  return [first, second, third, fourth].every((part) => part < 256) ? [first, second, third, fourth] : undefined
}

/** The eight parts of an IPv6 address, in whichever way it is written, without its zone. */
const ipv6Of = (text: string): ReadonlyArray<number> | undefined => {
  const written = `http://[${text.replace(/^\[|\]$/g, "").replace(/%.*$/s, "")}]/`
  return URL.canParse(written) ? partsOfIpv6(new URL(written).hostname) : undefined
}

/** Prefixes behind which an IPv4 address stands that is reached, and how many parts come before it. */
const embedding: ReadonlyArray<readonly [prefix: ReadonlyArray<number>, before: number]> = [
  [[0, 0, 0, 0, 0, 0xffff], 6], // mapped (RFC 4291 section 2.5.5.2)
  [[0, 0, 0, 0, 0xffff, 0], 6], // translated (RFC 2765)
  [[0x64, 0xff9b, 0, 0, 0, 0], 6], // by NAT64 (RFC 6052)
  [[0x2002], 1] // by 6to4 (RFC 3056)
]

const kindOfIpv6 = (parts: ReadonlyArray<number>): AddressKind | undefined => {
  const embedded = embedding.find(([prefix]) => prefix.every((part, index) => part === parts[index]))
  if (embedded !== undefined) {
    const [high = 0, low = 0] = parts.slice(embedded[1])
    return kindOfIpv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
  }
  const [first = 0, second = 0] = parts
  if (parts.slice(0, 7).every((part) => part === 0)) {
    if (parts[7] === 0) return "unspecified"
    if (parts[7] === 1) return "loopback"
  }
  if ((first & 0xffc0) === 0xfe80 || (first & 0xffc0) === 0xfec0) return "link-local"
  if ((first & 0xfe00) === 0xfc00) return "unique-local"
  if ((first & 0xff00) === 0xff00) return "multicast"
  // Nothing else is public but 2000::/3, without what is for protocols, for documents, and given back.
  const isReserved = (first & 0xe000) !== 0x2000 || (first === 0x2001 && (second < 0x200 || second === 0xdb8)) ||
    first === 0x3ffe || (first === 0x3fff && second < 0x1000)
  return isReserved ? "reserved" : undefined
}

/**
 * Why an address is not public; `undefined` when it is.
 *
 * @param address - IPv4 with dots, or IPv6 with or without brackets and zone.
 */
export const kindOf = (address: string): AddressKind | undefined => {
  const ipv4 = ipv4Of(address)
  if (ipv4 !== undefined) return kindOfIpv4(ipv4)
  const ipv6 = ipv6Of(address)
  return ipv6 === undefined ? "unreadable" : kindOfIpv6(ipv6)
}

/** The address that the host of a URL is; `undefined` for a name. */
export const addressOf = (hostname: string): string | undefined =>
  hostname.startsWith("[") ? hostname.slice(1, -1) : ipv4Of(hostname) === undefined ? undefined : hostname

/** The last labels of names that no public server has. */
const ownEndings: ReadonlySet<string> = new Set([
  "corp",
  "home",
  "internal",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localhost",
  "private",
  "test"
])

/** Whether a name is of this machine or of a private network by itself: also one without a dot. */
export const isOwnName = (hostname: string): boolean => {
  // A name may end in a dot, that of the root.
  const labels = hostname.toLowerCase().split(".").filter((label) => label !== "")
  const last = labels.at(-1) ?? ""
  return labels.length <= 1 || ownEndings.has(last) || (last === "arpa" && labels.at(-2) === "home")
}
