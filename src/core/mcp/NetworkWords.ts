/**
 * What a person is told when a server could not be reached: what happened, then what to do.
 */
import { withoutStop } from "../text/SafeText.ts"
import { kindOf, type NetworkFault, type NetworkKind } from "./NetworkFault.ts"
import { parts, shown } from "./ThrownValue.ts"

const proxyHelp =
  "Behind a proxy, set HTTPS_PROXY (on Node 24 with NODE_USE_ENV_PROXY=1), or pass a `fetch` that uses it"

/** What happened, then what to do. The code follows what happened. */
const words: Readonly<Record<NetworkKind, readonly [string, string]>> = {
  UnknownAuthority: [
    "its certificate is of an authority that is not trusted here",
    "If it is the authority of your organisation, set NODE_EXTRA_CA_CERTS to its certificate, or start node with " +
    "--use-system-ca (Deno: DENO_TLS_CA_STORE=system, or --cert), or pass a `fetch` that trusts it"
  ],
  CertificateTime: [
    "its certificate has expired, or is not valid yet",
    "Check the clock of this machine; if it is right, the server's operator has to renew the certificate"
  ],
  CertificateName: [
    "its certificate is for another name",
    "Check the URL; if it is right, the server's operator has to correct the certificate"
  ],
  ClientCertificate: [
    "it wants a certificate of this program, or shares no TLS version with it",
    "Use a `fetch` that has the client certificate"
  ],
  NoTls: ["it does not speak TLS at this port", "Check the port, and whether the URL has to begin with http:"],
  TlsFailed: [
    "no secure connection could be made",
    "Check the port, and whether a proxy or another program stands in between; if not, the server's operator has to look " +
    "at it"
  ],
  NameNotFound: [
    "its name was not found",
    `Check the name, the connection, and whether it needs a VPN. ${proxyHelp}`
  ],
  NameServer: ["its name could not be looked up", `Check the connection, and try again. ${proxyHelp}`],
  Refused: ["the connection was refused", "Check the host and the port, and that it is running"],
  Closed: [
    "the connection was closed before an answer came",
    "Try again; if it stays, check that the URL begins rightly with http: or https:, and whether a firewall or proxy closes it"
  ],
  NoRoute: ["no connection leads there", `Check the name, the connection, and whether it needs a VPN. ${proxyHelp}`],
  NoAnswer: ["it did not answer in time", `Check the connection, and whether it needs a VPN. ${proxyHelp}`],
  NotHttp: ["it does not speak HTTP at this port", "Check the port, and whether the URL has to begin with https:"],
  BlockedPort: ["`fetch` connects to no such port", "Check the port"],
  ProxyAuthentication: [
    "the proxy wants a name and a password",
    "Set HTTPS_PROXY with both (on Node 24 with NODE_USE_ENV_PROXY=1), as in http://name:password@proxy:8080, or pass a " +
    "`fetch` that has them"
  ],
  ProxyFailed: [
    "the proxy did not connect to it",
    "Check HTTPS_PROXY and NO_PROXY, or the `fetch` that uses the proxy, and that the proxy may connect to this server"
  ],
  NotPermitted: ["this program is not permitted to connect to it", "Check its permissions: on Deno, grant --allow-net"]
}

/** The host that Deno asks a permission for. */
const deniedHost = (texts: ReadonlyArray<string>): string => {
  for (const text of texts) {
    const [, host] = /net access to "([\x21\x23-\x7e]{1,260})"/.exec(text) ?? []
    if (host !== undefined) return `=${host}`
  }
  return ""
}

/** What happened, with the code in brackets, then what to do. */
export const sentence = ({ cause, code }: NetworkFault): string => {
  const inBrackets = code === undefined ? "" : ` (${code === "407" ? "HTTP 407" : code})`
  const kind = kindOf(code)
  if (kind !== undefined) {
    const [what, todo] = words[kind]
    const host = kind === "NotPermitted" && cause !== undefined
      ? deniedHost(parts(cause).map(({ message }) => message))
      : ""
    return `${what}${inBrackets}. ${todo}${host}`
  }
  const why = cause === undefined ? "" : parts(cause).map(shown).filter((text) => text !== "").join(": ").slice(0, 250)
  return `it could not be reached${inBrackets}${why === "" ? "" : `: ${withoutStop(why)}`}. ` +
    "Check the connection, and try again"
}
