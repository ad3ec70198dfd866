import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { isSecure, isThisMachine, mayLeadTo, parseUrl, reachesThisMachine } from "../../../src/core/mcp/SecureUrl.ts"

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

/** Every way in which an address or a name leads here that is not `isThisMachine`, or that a URL writes another way. */
const leadingHere = [
  ...loopback,
  "localhost.",
  "LocalHost.",
  "app.localhost",
  "a.b.localhost",
  "app.localhost.",
  "localhost.localdomain",
  "localhost4",
  "localhost4.localdomain4",
  "localhost6",
  "localhost6.localdomain6",
  "ip6-localhost",
  "ip6-loopback",
  "127.0.0.1.",
  "127.1.",
  "0",
  "0.0.0.0",
  "0x0",
  "00.0.0.0",
  "0.0.0.0.",
  "0.1.2.3",
  "0177.0.0.1",
  "0x7f000001",
  "017700000001",
  "%31%32%37.0.0.1",
  "１２７.0.0.1",
  "127。0。0。1",
  "ⓛocalhost",
  "[::]",
  "[0:0::0]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::FFFF:127.1.2.3]",
  "[0:0:0:0:0:ffff:7f00:1]",
  "[::ffff:0.0.0.0]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b:1::127.0.0.1]",
  "[2002:7f00:1::]",
  "[2002:7f00:0001:1:2:3:4:5]"
]

const notHere = [
  "example.com",
  "example.com.",
  "localhost.example.com",
  "app.localhost.example.com",
  "xlocalhost",
  "localhost.x",
  "mylocalhost.",
  "ip6-localhost.example",
  "10.0.0.1",
  "128.0.0.1",
  "1.0.0.0",
  "169.254.169.254",
  "[::ffff:128.0.0.1]",
  "[::ffff:8.8.8.8]",
  "[2001:db8::7f00:1]",
  "[2001:db8:ffff:7f00::1]",
  "[64:ff9b::8.8.8.8]",
  "[2002:808:808::]",
  "[fe80::1]",
  "[fd00::7f00:1]",
  "[2606:4700:4700::1111]"
]

const linkLocal = [
  "169.254.169.254",
  "169.254.0.1",
  "0xa9fea9fe",
  "2852039166",
  "169.254.43518",
  "[fe80::1]",
  "[FE80::1]",
  "[febf:ffff::1]",
  "[::ffff:169.254.169.254]",
  "[64:ff9b::169.254.169.254]",
  "[2002:a9fe:a9fe::]"
]

describe("reachesThisMachine", () => {
  it.each(leadingHere)("takes %s for this machine", (host) => {
    for (const url of [`https://${host}/`, `http://${host}:8443/x`]) {
      assert.isTrue(reachesThisMachine(new URL(url)), url)
    }
  })

  it.each(notHere)("does not take %s for it", (host) => {
    for (const url of [`https://${host}/`, `http://${host}:8443/localhost`]) {
      assert.isFalse(reachesThisMachine(new URL(url)), url)
    }
  })

  it.prop("takes an IPv4 address for this machine as it does within each IPv6 address that stands for it", [
    FastCheck.oneof(FastCheck.ipV4(), FastCheck.constantFrom("127.9.8.7", "0.0.0.0", "126.0.0.1", "128.0.0.1"))
  ], ([address]) => {
    const expected = /^(?:127|0)\./.test(address)
    for (const host of [address, `[::ffff:${address}]`, `[::${address}]`, `[64:ff9b::${address}]`]) {
      assert.strictEqual(reachesThisMachine(new URL(`https://${host}/`)), expected, host)
    }
  })

  it.prop("never throws, and takes no other IPv6 address for it", [FastCheck.ipV6()], ([address]) => {
    const url = parseUrl(`https://[${address}]/`)
    if (url !== undefined && !/^\[(?:::|64:ff9b:|2002:)/.test(url.hostname)) assert.isFalse(reachesThisMachine(url))
  })
})

describe("mayLeadTo", () => {
  const from = (host: string, to: string) => mayLeadTo(new URL(host), new URL(to))

  it.each([...leadingHere, ...linkLocal])("a server elsewhere leads not to %s", (host) => {
    for (const elsewhere of ["https://mcp.example/mcp", "https://10.0.0.1/mcp"]) {
      assert.isFalse(from(elsewhere, `https://${host}:8443/`))
      assert.isFalse(from(elsewhere, `http://${host}/`))
    }
  })

  it.each([
    "169.1.2.3",
    "10.254.0.1",
    "169.254.169.254.example",
    "127.0.0.1.example",
    "x-ip6-localhost",
    "[2001:7f00:1:2:3:4:5:6]",
    "[fd80::1]",
    "[2606:4700::fe80:1]"
  ])("a server elsewhere leads to %s, by the scheme that it has itself", (host) => {
    assert.isTrue(from("https://mcp.example/mcp", `https://${host}/`))
    assert.isFalse(from("https://mcp.example/mcp", `http://${host}/`))
    assert.isTrue(from("http://mcp.example/mcp", `http://${host}/`))
  })

  it.each([...leadingHere])("a server on this machine, at %s, leads anywhere", (host) => {
    for (const to of [...leadingHere, ...notHere, ...linkLocal]) {
      assert.isTrue(from(`http://${host}:3000/`, `https://${to}/`))
      assert.isTrue(from(`http://${host}:3000/`, `http://${to}/`))
    }
  })

  it("a server elsewhere leads to others by https alone", () => {
    for (const host of notHere.filter((each) => !linkLocal.includes(each))) {
      assert.isTrue(from("https://mcp.example/mcp", `https://${host}/`))
      assert.isFalse(from("https://mcp.example/mcp", `http://${host}/`))
    }
  })

  it("a server leads to itself, wherever it is", () => {
    for (const host of [...leadingHere, ...notHere, ...linkLocal]) {
      assert.isTrue(from(`https://${host}/a`, `https://${host}/b`))
    }
  })
})
