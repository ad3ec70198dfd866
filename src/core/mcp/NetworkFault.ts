/**
 * Why a request brought no response, told from what `fetch` threw, and the words that say what to do.
 *
 * Node has a `code` somewhere in the chain of causes, Bun one of its own at the error, and Deno has a message only, in which
 * the words of its libraries are looked for.
 */
import * as ThrownValue from "./ThrownValue.ts"

/** What went wrong between this program and a server. */
export type NetworkKind =
  | "UnknownAuthority"
  | "CertificateTime"
  | "CertificateName"
  | "ClientCertificate"
  | "NoTls"
  | "TlsFailed"
  | "NameNotFound"
  | "NameServer"
  | "Refused"
  | "Closed"
  | "NoRoute"
  | "NoAnswer"
  | "NotHttp"
  | "BlockedPort"
  | "ProxyAuthentication"
  | "ProxyFailed"
  | "NotPermitted"

/** Why a request brought no response. */
export interface NetworkFault {
  /** The name that the system, TLS or the runtime has for it; `407` where a proxy wants credentials. */
  readonly code?: string | undefined
  /** What was thrown, without secrets. */
  readonly cause?: Error | undefined
}

const kinds: Readonly<Record<string, NetworkKind>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "UnknownAuthority",
  SELF_SIGNED_CERT_IN_CHAIN: "UnknownAuthority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "UnknownAuthority",
  UNABLE_TO_GET_ISSUER_CERT: "UnknownAuthority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "UnknownAuthority",
  CERT_UNTRUSTED: "UnknownAuthority",
  UnknownIssuer: "UnknownAuthority",
  CaUsedAsEndEntity: "UnknownAuthority",
  CERT_HAS_EXPIRED: "CertificateTime",
  CERT_NOT_YET_VALID: "CertificateTime",
  CertificateExpired: "CertificateTime",
  CertificateNotValidYet: "CertificateTime",
  ERR_TLS_CERT_ALTNAME_INVALID: "CertificateName",
  CertificateNotValidForName: "CertificateName",
  ERR_SSL_WRONG_VERSION_NUMBER: "NoTls",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "NoTls",
  InvalidContentType: "NoTls",
  EPROTO: "TlsFailed",
  TlsHandshakeEof: "TlsFailed",
  InvalidPeerCertificate: "TlsFailed",
  TlsAlert: "TlsFailed",
  ENOTFOUND: "NameNotFound",
  EAI_AGAIN: "NameServer",
  EAI_FAIL: "NameServer",
  ECONNREFUSED: "Refused",
  ConnectionRefused: "Refused",
  FailedToOpenSocket: "NoRoute",
  ECONNRESET: "Closed",
  ECONNABORTED: "Closed",
  EPIPE: "Closed",
  UND_ERR_SOCKET: "Closed",
  ConnectionClosed: "Closed",
  EHOSTUNREACH: "NoRoute",
  ENETUNREACH: "NoRoute",
  EHOSTDOWN: "NoRoute",
  ENETDOWN: "NoRoute",
  EADDRNOTAVAIL: "NoRoute",
  ETIMEDOUT: "NoAnswer",
  UND_ERR_CONNECT_TIMEOUT: "NoAnswer",
  UND_ERR_HEADERS_TIMEOUT: "NoAnswer",
  UND_ERR_BODY_TIMEOUT: "NoAnswer",
  UND_ERR_RESPONSE: "NotHttp",
  InvalidHttpVersion: "NotHttp",
  BlockedPort: "BlockedPort",
  "407": "ProxyAuthentication",
  ERR_PROXY_TUNNEL: "ProxyFailed",
  EACCES: "NotPermitted",
  EPERM: "NotPermitted",
  ERR_ACCESS_DENIED: "NotPermitted",
  NotCapable: "NotPermitted",
  PermissionDenied: "NotPermitted"
}

/** What went wrong, by the code of a fault. */
export const kindOf = (code: string | undefined): NetworkKind | undefined => {
  if (code === undefined) return undefined
  if (Object.hasOwn(kinds, code)) return kinds[code]
  // TLS's own names: https://www.rfc-editor.org/rfc/rfc8446#section-6
  if (
    /ALERT_(CERTIFICATE_(REQUIRED|UNKNOWN|EXPIRED|REVOKED)|UNKNOWN_CA|BAD_CERTIFICATE|HANDSHAKE_FAILURE)$/.test(code)
  ) return "ClientCertificate"
  if (/^(CertificateRequired|BadCertificate|HandshakeFailure)$/.test(code)) return "ClientCertificate"
  if (/^ERR_SSL_/.test(code)) return "TlsFailed"
  if (/^HPE_/.test(code)) return "NotHttp"
  return undefined
}

type Words = ReadonlyArray<readonly [RegExp, string]>

/** A proxy's refusal: Node hides it behind the code of an aborted request. */
const proxyWords: Words = [
  [/proxy response \(407\)|proxy authentication required/i, "407"],
  [/proxy response \(\d{3}\)|tunnel error|unsuccessful tunnel|proxy connect/i, "ERR_PROXY_TUNNEL"]
]

/** What Deno, and the libraries that it is made of, say. The names of the system where it has one, else theirs. */
const denoWords: Words = [
  [/\bdns error\b.*temporary failure/i, "EAI_AGAIN"],
  [/\bdns error\b|failed to lookup address/i, "ENOTFOUND"],
  [/connection refused|actively refused|os error (111|61|10061)\b/i, "ECONNREFUSED"],
  [/connection reset|os error (104|54|10054)\b/i, "ECONNRESET"],
  [
    /connection closed before|peer closed connection|unexpected eof|error reading a body from connection|broken pipe/i,
    "ECONNRESET"
  ],
  [/no route to host|os error (113|10065)\b/i, "EHOSTUNREACH"],
  [/network (is )?unreachable|os error (101|10051)\b/i, "ENETUNREACH"],
  [/connection timed out|os error (110|60|10060)\b/i, "ETIMEDOUT"],
  [/invalid peer certificate:? UnknownIssuer/i, "UnknownIssuer"],
  [/invalid peer certificate\b.*CaUsedAsEndEntity/i, "CaUsedAsEndEntity"],
  [/invalid peer certificate\b.*not valid yet/i, "CertificateNotValidYet"],
  [/invalid peer certificate\b.*(NotValidForName|not valid for)/i, "CertificateNotValidForName"],
  [/invalid peer certificate\b.*expired/i, "CertificateExpired"],
  [/invalid peer certificate/i, "InvalidPeerCertificate"],
  [/fatal alert: CertificateRequired/i, "CertificateRequired"],
  [/fatal alert: BadCertificate/i, "BadCertificate"],
  [/fatal alert: HandshakeFailure/i, "HandshakeFailure"],
  [/received fatal alert/i, "TlsAlert"],
  [/corrupt message of type InvalidContentType/i, "InvalidContentType"],
  [/tls handshake eof/i, "TlsHandshakeEof"],
  [/invalid HTTP version/i, "InvalidHttpVersion"],
  [/^bad port$|requests to port \d+ are blocked/i, "BlockedPort"]
]

const firstWord = (messages: ReadonlyArray<string>, words: Words): string | undefined =>
  words.find(([pattern]) => messages.some((message) => pattern.test(message)))?.[1]

/** Deno has names in place of codes for what it does not permit. */
const isDenial = ({ name }: ThrownValue.ThrownPart): boolean => name === "NotCapable" || name === "PermissionDenied"

/**
 * Why a request brought no response.
 *
 * @param thrown What `fetch` threw.
 * @param secrets What the request carried.
 */
export const of = (thrown: unknown, secrets: ReadonlyArray<string | undefined> = []): NetworkFault => {
  const parts = ThrownValue.parts(thrown, secrets)
  const messages = parts.map(({ message }) => message)
  const codes = parts.flatMap(({ code }) => code === undefined ? [] : [code])
  const code = firstWord(messages, proxyWords) ??
    parts.find(isDenial)?.name ??
    codes.find((each) => kindOf(each) !== undefined) ??
    firstWord(messages, denoWords) ??
    codes[0]
  return { ...(code !== undefined && { code }), cause: ThrownValue.toCause(parts) }
}
