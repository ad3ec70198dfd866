import { describe, expect, it } from "@effect/vitest"
import { kindOf, type NetworkKind, of } from "../../../src/core/mcp/NetworkFault.ts"

const withCode = (code: string, message = "…") => Object.assign(new Error(message), { code })
const node = (code: string, message?: string) => new TypeError("fetch failed", { cause: withCode(code, message) })
const bun = (code: string) => withCode(code, "Unable to connect. Is the computer able to access the url?")
const deno = (message: string) =>
  new TypeError("fetch failed", { cause: new Error(`error sending request for url (https://as.example/): ${message}`) })
const denied = Object.assign(
  new Error('Requires net access to "as.example:443", run again with the --allow-net flag'),
  {
    name: "NotCapable"
  }
)

// As the runtimes were seen to throw them.
const seen: ReadonlyArray<readonly [unknown, string, NetworkKind]> = [
  [node("DEPTH_ZERO_SELF_SIGNED_CERT"), "DEPTH_ZERO_SELF_SIGNED_CERT", "UnknownAuthority"],
  [node("SELF_SIGNED_CERT_IN_CHAIN"), "SELF_SIGNED_CERT_IN_CHAIN", "UnknownAuthority"],
  [node("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UnknownAuthority"],
  [node("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UnknownAuthority"],
  [bun("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UnknownAuthority"],
  [deno("client error (Connect): invalid peer certificate: UnknownIssuer"), "UnknownIssuer", "UnknownAuthority"],
  [
    deno("client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
    "CaUsedAsEndEntity",
    "UnknownAuthority"
  ],
  [node("CERT_HAS_EXPIRED"), "CERT_HAS_EXPIRED", "CertificateTime"],
  [
    deno(
      "invalid peer certificate: certificate expired: verification time 1795991706 (UNIX), but certificate is not valid after 1"
    ),
    "CertificateExpired",
    "CertificateTime"
  ],
  [
    deno("invalid peer certificate: certificate not valid yet: verification time 1"),
    "CertificateNotValidYet",
    "CertificateTime"
  ],
  [node("ERR_TLS_CERT_ALTNAME_INVALID"), "ERR_TLS_CERT_ALTNAME_INVALID", "CertificateName"],
  [
    deno('invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for x'),
    "CertificateNotValidForName",
    "CertificateName"
  ],
  [node("ERR_SSL_WRONG_VERSION_NUMBER"), "ERR_SSL_WRONG_VERSION_NUMBER", "NoTls"],
  [deno("client error (Connect): received corrupt message of type InvalidContentType"), "InvalidContentType", "NoTls"],
  [node("EPROTO"), "EPROTO", "TlsFailed"],
  [node("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "TlsFailed"],
  [deno("client error (Connect): tls handshake eof"), "TlsHandshakeEof", "TlsFailed"],
  [node("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ClientCertificate"],
  [deno("received fatal alert: CertificateRequired"), "CertificateRequired", "ClientCertificate"],
  [node("ENOTFOUND", "getaddrinfo ENOTFOUND no.invalid"), "ENOTFOUND", "NameNotFound"],
  [
    deno("client error (Connect): dns error: failed to lookup address information: Name or service not known"),
    "ENOTFOUND",
    "NameNotFound"
  ],
  [
    deno("dns error: failed to lookup address information: Temporary failure in name resolution"),
    "EAI_AGAIN",
    "NameServer"
  ],
  [node("ECONNREFUSED"), "ECONNREFUSED", "Refused"],
  [deno("client error (Connect): tcp connect error: Connection refused (os error 111)"), "ECONNREFUSED", "Refused"],
  [
    deno(
      "tcp connect error: No connection could be made because the target machine actively refused it. (os error 10061)"
    ),
    "ECONNREFUSED",
    "Refused"
  ],
  [bun("ConnectionRefused"), "ConnectionRefused", "Refused"],
  [bun("FailedToOpenSocket"), "FailedToOpenSocket", "NoRoute"],
  [node("ECONNRESET", "read ECONNRESET"), "ECONNRESET", "Closed"],
  [node("UND_ERR_SOCKET", "other side closed"), "UND_ERR_SOCKET", "Closed"],
  [
    new TypeError("fetch failed", { cause: new Error("Connection reset by peer (os error 104)") }),
    "ECONNRESET",
    "Closed"
  ],
  [deno("client error (SendRequest): connection closed before message completed"), "ECONNRESET", "Closed"],
  [
    new TypeError("fetch failed", {
      cause: new Error("peer closed connection without sending TLS close_notify: https://…")
    }),
    "ECONNRESET",
    "Closed"
  ],
  [new TypeError("error reading a body from connection"), "ECONNRESET", "Closed"],
  [node("UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error"), "UND_ERR_CONNECT_TIMEOUT", "NoAnswer"],
  [node("UND_ERR_HEADERS_TIMEOUT", "Headers Timeout Error"), "UND_ERR_HEADERS_TIMEOUT", "NoAnswer"],
  [node("HPE_INVALID_CONSTANT"), "HPE_INVALID_CONSTANT", "NotHttp"],
  [deno("client error (SendRequest): invalid HTTP version parsed"), "InvalidHttpVersion", "NotHttp"],
  [new TypeError("fetch failed", { cause: new Error("bad port") }), "BlockedPort", "BlockedPort"],
  [new TypeError("Fetch failed: Requests to port 1 are blocked"), "BlockedPort", "BlockedPort"],
  [
    new TypeError("fetch failed", {
      cause: new DOMException("Request was cancelled.", {
        name: "Error",
        cause: withCode("UND_ERR_ABORTED", "Proxy response (407) !== 200 when HTTP Tunneling")
      })
    }),
    "407",
    "ProxyAuthentication"
  ],
  [node("UND_ERR_INVALID_ARG", "Proxy Authentication Required (407)"), "407", "ProxyAuthentication"],
  [deno("client error (Connect): proxy authentication required"), "407", "ProxyAuthentication"],
  [node("UND_ERR_ABORTED", "Proxy response (502) !== 200 when HTTP Tunneling"), "ERR_PROXY_TUNNEL", "ProxyFailed"],
  [deno("client error (Connect): unsuccessful tunnel"), "ERR_PROXY_TUNNEL", "ProxyFailed"],
  [denied, "NotCapable", "NotPermitted"],
  [
    new TypeError("fetch failed", {
      cause: new AggregateError([withCode("EHOSTUNREACH"), withCode("ECONNREFUSED")], "")
    }),
    "EHOSTUNREACH",
    "NoRoute"
  ]
]

describe("why a request brought no response", () => {
  for (const [thrown, code, kind] of seen) {
    it(`tells ${kind} by ${code}`, () => {
      const fault = of(thrown)
      expect(fault.code).toBe(code)
      expect(kindOf(fault.code)).toBe(kind)
    })
  }

  it.each<[NetworkKind, ReadonlyArray<string>]>([
    ["UnknownAuthority", ["UNABLE_TO_GET_ISSUER_CERT", "CERT_UNTRUSTED"]],
    ["CertificateTime", ["CERT_NOT_YET_VALID"]],
    ["NoTls", ["ERR_SSL_PACKET_LENGTH_TOO_LONG"]],
    ["TlsFailed", ["InvalidPeerCertificate", "TlsAlert"]],
    ["ClientCertificate", ["BadCertificate", "HandshakeFailure"]],
    [
      "ClientCertificate",
      ["REQUIRED", "UNKNOWN", "EXPIRED", "REVOKED"].map((each) => `ERR_SSL_ALERT_CERTIFICATE_${each}`)
    ],
    [
      "ClientCertificate",
      ["UNKNOWN_CA", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE"].map((each) => `ERR_SSL_SSLV3_ALERT_${each}`)
    ],
    ["NameServer", ["EAI_FAIL"]],
    ["Closed", ["ECONNABORTED", "EPIPE", "ConnectionClosed"]],
    ["NoRoute", ["ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL"]],
    ["NoAnswer", ["ETIMEDOUT", "UND_ERR_BODY_TIMEOUT"]],
    ["NotHttp", ["UND_ERR_RESPONSE"]],
    ["NotPermitted", ["EACCES", "EPERM", "ERR_ACCESS_DENIED", "PermissionDenied"]]
  ])("knows more names for %s", (kind, codes) => {
    expect(codes.map(kindOf)).toEqual(codes.map(() => kind))
  })

  it("knows a name as a whole only", () => {
    const names = ["XBadCertificate", "BadCertificateX", "X_ERR_SSL_", "X_HPE_", "UNKNOWN_CA"]
    expect(names.map(kindOf)).toEqual(names.map(() => undefined))
    expect(kindOf("ERR_SSL_ALERT_UNKNOWN_CA_X")).toBe("TlsFailed")
  })

  it.each([
    ["EAI_AGAIN", "dns error: it is a temporary failure"],
    ["ENOTFOUND", "dns error"],
    ["ENOTFOUND", "failed to lookup address"],
    ["ECONNREFUSED", "os error 111"],
    ["ECONNREFUSED", "os error 61"],
    ["ECONNREFUSED", "os error 10061"],
    ["ECONNREFUSED", "the target actively refused it"],
    ["ECONNRESET", "os error 104"],
    ["ECONNRESET", "os error 54"],
    ["ECONNRESET", "os error 10054"],
    ["ECONNRESET", "unexpected EOF"],
    ["ECONNRESET", "Broken pipe"],
    ["EHOSTUNREACH", "No route to host"],
    ["EHOSTUNREACH", "os error 113"],
    ["EHOSTUNREACH", "os error 10065"],
    ["ENETUNREACH", "Network is unreachable"],
    ["ENETUNREACH", "network unreachable"],
    ["ENETUNREACH", "os error 101"],
    ["ENETUNREACH", "os error 10051"],
    ["ETIMEDOUT", "Connection timed out"],
    ["ETIMEDOUT", "os error 110"],
    ["ETIMEDOUT", "os error 60"],
    ["ETIMEDOUT", "os error 10060"],
    ["UnknownIssuer", "invalid peer certificate UnknownIssuer"],
    ["CertificateNotValidForName", "invalid peer certificate: NotValidForName"],
    ["InvalidPeerCertificate", "invalid peer certificate: Revoked"],
    ["BadCertificate", "received fatal alert: BadCertificate"],
    ["HandshakeFailure", "received fatal alert: HandshakeFailure"],
    ["TlsAlert", "received fatal alert: InternalError"],
    ["ERR_PROXY_TUNNEL", "tunnel error: it ended"],
    ["ERR_PROXY_TUNNEL", "Proxy connect failed"],
    ["ERR_PROXY_TUNNEL", "Proxy response (403)"]
  ])("tells %s by the words of Deno, in letters of any case: %s", (code, words) => {
    for (const message of [words, words.toUpperCase(), `tcp connect error: ${words} (it said)`]) {
      expect(of(deno(message)).code).toBe(code)
    }
  })

  it.each(["os error 1110", "xos error 11", "adns errors", "xbad port", "bad ports", "Requests to port x are blocked"])(
    "tells nothing by other words: %s",
    (words) => expect(of(new TypeError(words))).not.toHaveProperty("code")
  )

  it("takes the name of what is not permitted, and the words of a proxy before a code", () => {
    const named = (name: string) => Object.assign(new Error("no", { cause: withCode("EPIPE") }), { name })
    expect(of(named("PermissionDenied")).code).toBe("PermissionDenied")
    expect(of(named("Other")).code).toBe("EPIPE")
    const outer = Object.assign(new Error("no", { cause: withCode("ECONNREFUSED") }), { code: "ESOMETHING" })
    expect(of(outer).code).toBe("ECONNREFUSED")
    expect(of(new TypeError("Requests to port 6000 are blocked")).code).toBe("BlockedPort")
  })

  it("keeps a code that it does not know, and has none where there is none", () => {
    expect(of(node("ESOMETHING")).code).toBe("ESOMETHING")
    expect(of(new Error("my own"))).toEqual({ cause: expect.objectContaining({ message: "my own" }) })
    expect(kindOf("ESOMETHING")).toBeUndefined()
    expect(kindOf("toString")).toBeUndefined()
  })

  it("cuts what the request carried out of the cause", () => {
    const { cause } = of(new Error("sent abcdefgh"), ["abcdefgh"])
    expect(cause?.message).toBe("sent ***")
  })
})
