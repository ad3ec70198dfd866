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
