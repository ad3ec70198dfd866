import { describe, expect, it } from "@effect/vitest"
import * as NetworkFault from "../../../src/core/mcp/NetworkFault.ts"
import { sentence } from "../../../src/core/mcp/NetworkWords.ts"

describe("the words for what kept a request from its server", () => {
  const told: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["DEPTH_ZERO_SELF_SIGNED_CERT", ["NODE_EXTRA_CA_CERTS", "--use-system-ca", "DENO_TLS_CA_STORE=system", "`fetch`"]],
    ["CERT_HAS_EXPIRED", ["expired", "clock"]],
    ["ERR_TLS_CERT_ALTNAME_INVALID", ["another name"]],
    ["ERR_SSL_WRONG_VERSION_NUMBER", ["http:"]],
    ["ENOTFOUND", ["name was not found", "VPN", "NODE_USE_ENV_PROXY=1"]],
    ["ECONNREFUSED", ["refused", "running"]],
    ["ECONNRESET", ["closed"]],
    ["UND_ERR_CONNECT_TIMEOUT", ["in time", "HTTPS_PROXY"]],
    ["ERR_PROXY_TUNNEL", ["proxy"]],
    ["CertificateRequired", ["certificate of this program", "`fetch`"]]
  ]
  for (const [code, words] of told) {
    it(`${code}: ${words.join(", ")}`, () => {
      const text = sentence({ code })
      for (const word of [`(${code}).`, ...words]) expect(text).toContain(word)
    })
  }

  it("names the proxy's status", () => {
    expect(sentence({ code: "407" })).toMatch(/proxy wants a name and a password \(HTTP 407\).*HTTPS_PROXY/)
  })

  it("names the host that Deno wants a permission for", () => {
    const thrown = Object.assign(new Error('Requires net access to "as.example:443", run again with …'), {
      name: "NotCapable"
    })
    expect(sentence(NetworkFault.of(thrown))).toMatch(/grant --allow-net=as\.example:443$/)
    expect(sentence({ code: "NotCapable" })).toMatch(/grant --allow-net$/)
  })

  it("has name, message and code of an error that somebody's own fetch threw", () => {
    class VaultError extends Error {
      override readonly name = "VaultError"
      readonly code = "VAULT_SEALED"
    }
    expect(sentence(NetworkFault.of(new VaultError("the vault is sealed.", { cause: new Error("no key") })))).toBe(
      "it could not be reached (VAULT_SEALED): VaultError: the vault is sealed.: no key. Check the connection, and try again"
    )
    const long = Array.from({ length: 4 }, () => new Error("x".repeat(100))).reduce((cause, { message }) =>
      new Error(message, { cause })
    )
    expect(sentence({ cause: long })).toMatch(/: x{100}: x{100}: x{46}\. Check the connection, and try again$/)
    expect(sentence({ cause: Object.assign(new Error(""), { name: "" }) })).toBe(sentence({}))
    expect(sentence({})).toBe("it could not be reached. Check the connection, and try again")
  })
})
