import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { isSecure, isThisMachine, parseUrl } from "../../../src/core/mcp/SecureUrl.ts"

const loopback = [
  "localhost",
  "LOCALHOST",
  "127.0.0.1",
  "127.0.0.2",
  "127.255.255.255",
  "[::1]",
  // A URL writes all of these as 127.0.0.1 or ::1.
  "127.1",
  "0x7f.0.0.1",
  "2130706433",
  "[0:0:0:0:0:0:0:1]"
]

const elsewhere = [
  "example.com",
  "localhost.example.com",
  "example.localhost.com",
  "xlocalhost",
  "localhostx",
  "127.0.0.1.example.com",
  "127.0.0.1.nip.io",
  "x127.0.0.1.example",
  "128.0.0.1",
  "12.7.0.0",
  "10.0.0.1",
  "192.168.0.1",
  "169.254.169.254",
  "0.0.0.0",
  "[::]",
  "[::2]",
  "[fe80::1]",
  "[::127.0.0.2]"
]

describe("isThisMachine", () => {
  it.each(loopback)("takes %s for this machine", (host) => {
    for (const url of [`http://${host}/`, `https://${host}:8443/x`, `http://user@${host}:1/`]) {
      assert.isTrue(isThisMachine(new URL(url)), url)
    }
  })

  it.each(elsewhere)("does not take %s for this machine", (host) => {
    for (const url of [`http://${host}/`, `https://${host}:8443/localhost`]) {
      assert.isFalse(isThisMachine(new URL(url)), url)
    }
  })

  it.each([
    "https://localhost@example.com/",
    "https://127.0.0.1:80@example.com/",
    "https://example.com/?http://127.0.0.1/",
    "https://example.com/#@localhost"
  ])("is not misled by where else the name stands: %s", (url) => {
    assert.isFalse(isThisMachine(new URL(url)))
  })

  it("is not misled by a name of another scheme, which a URL does not read as an address", () => {
    for (const host of ["x127.0.0.1", "127.0.0.1x", "1127.0.0.1"]) {
      assert.isFalse(isThisMachine(new URL(`app://${host}/`)))
    }
  })

  it.prop("takes every address that begins with 127, and no other", [FastCheck.ipV4()], ([address]) => {
    assert.strictEqual(isThisMachine(new URL(`http://${address}/`)), address.startsWith("127."))
  })
})

describe("isSecure", () => {
  it.each<[string, boolean]>([
    ["https://example.com/", true],
    ["https://example.com:8443/", true],
    ["HTTPS://EXAMPLE.COM/", true],
    ["https://10.0.0.1/", true],
    ["https://localhost/", true],
    ["http://localhost/", true],
    ["http://127.0.0.1:3000/mcp", true],
    ["http://[::1]:3000/mcp", true],
    ["http://example.com/", false],
    ["http://localhost.example.com/", false],
    ["http://10.0.0.1/", false],
    ["http://https.example.com/", false],
    ["ws://localhost/", false],
    ["wss://example.com/", false],
    ["ftp://localhost/", false],
    ["file:///etc/passwd", false],
    ["file://localhost/etc/passwd", false],
    ["javascript:alert(1)", false],
    ["data:text/plain,x", false],
    ["blob:https://example.com/x", false],
    ["myapp://localhost/", false],
    ["https-x://example.com/", false]
  ])("%s: %s", (url, secure) => {
    assert.strictEqual(isSecure(new URL(url)), secure)
  })

  it.prop("http goes to this machine alone, and other schemes nowhere", [
    FastCheck.constantFrom("http", "https", "ws", "ftp", "x-app"),
    FastCheck.constantFrom(...loopback, ...elsewhere)
  ], ([scheme, host]) => {
    // Other schemes' hosts are not read as addresses, so that some are no host at all.
    const url = parseUrl(`${scheme}://${host}/`)
    const expected = scheme === "https" || (scheme === "http" && loopback.includes(host))
    if (url !== undefined) assert.strictEqual(isSecure(url), expected)
  })
})

describe("parseUrl", () => {
  it.each<[string, string | undefined]>([
    ["https://example.com", "https://example.com/"],
    ["https://EXAMPLE.com/a/../b", "https://example.com/b"],
    ["mailto:a@b", "mailto:a@b"],
    ["", undefined],
    ["/mcp", undefined],
    ["//example.com/mcp", undefined],
    ["example.com/mcp", undefined],
    ["https://", undefined],
    ["http://exa mple.com/", undefined],
    ["http://example.com:99999/", undefined]
  ])("reads %j as %j", (text, href) => {
    assert.strictEqual(parseUrl(text)?.href, href)
  })

  it.prop("never throws", [FastCheck.string({ unit: "binary" })], ([text]) => {
    const url = parseUrl(text)
    assert.strictEqual(url === undefined, !URL.canParse(text))
  })
})
