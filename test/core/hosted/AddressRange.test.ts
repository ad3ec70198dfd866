import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as AddressRange from "../../../src/core/hosted/AddressRange.ts"
import * as TargetCheck from "../../../src/core/hosted/TargetCheck.ts"
import { TargetRefused } from "../../../src/core/hosted/TargetRefused.ts"

describe("AddressRange.kindOf", () => {
  it("tells why an address is not public", () => {
    const kinds: Readonly<Record<string, string | undefined>> = {
      "0.0.0.0": "unspecified",
      "10.255.255.255": "private",
      "100.64.0.1": "shared",
      "100.100.100.200": "shared",
      "100.127.255.255": "shared",
      "127.0.0.1": "loopback",
      "168.63.129.16": "metadata",
      "169.254.169.254": "link-local",
      "172.16.0.1": "private",
      "172.31.255.255": "private",
      "192.0.0.192": "reserved",
      "192.0.2.255": "reserved",
      "192.88.99.1": "reserved",
      "192.168.1.1": "private",
      "198.19.0.1": "reserved",
      "198.51.100.1": "reserved",
      "203.0.113.9": "reserved",
      "224.0.0.1": "multicast",
      "255.255.255.255": "reserved",
      "::": "unspecified",
      "::1": "loopback",
      "::2": "reserved",
      "[::1]": "loopback",
      "0:0:0:0:0:0:0:1": "loopback",
      "fe80::1%eth0": "link-local",
      "febf::1": "link-local",
      "fec0::1": "link-local",
      "fc00::1": "unique-local",
      "fd00:ec2::254": "unique-local",
      "ff02::1": "multicast",
      "::ffff:127.0.0.1": "loopback",
      "::ffff:a9fe:a9fe": "link-local",
      "::ffff:0:10.0.0.1": "private",
      "::127.0.0.1": "reserved",
      "64:ff9b::10.0.0.1": "private",
      "64:ff9b:1::1": "reserved",
      "2002:7f00:1::": "loopback",
      "2001::1": "reserved",
      "2001:db8::1": "reserved",
      "3ffe::1": "reserved",
      "3fff::1": "reserved",
      "3fff:fff::1": "reserved",
      "100::1": "reserved",
      "5f00::1": "reserved",
      "": "unreadable",
      "1.2.3": "unreadable",
      "1.2.3.256": "unreadable",
      "1.2.3.4.5": "unreadable",
      "::[1": "unreadable",
      "::]1": "unreadable",
      "a name": "unreadable",
      "1::2::3": "unreadable"
    }
    for (const [address, kind] of Object.entries(kinds)) {
      assert.strictEqual(AddressRange.kindOf(address), kind as AddressRange.AddressKind, address)
    }
  })

  it("takes public ones, also beside the borders of those that are not", () => {
    const addresses = [
      ..."1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0".split(" "),
      ..."169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255".split(" "),
      ..."198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450::1 2001:200::1 2001:4860::8888".split(" "),
      ..."192.0.1.255 192.0.3.0 192.88.98.255 192.88.100.0 198.51.99.255 198.51.101.0 2600:1::1 3fff:1000::1".split(
        " "
      ),
      ..."::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::".split(" ")
    ]
    for (const address of addresses) assert.strictEqual(AddressRange.kindOf(address), undefined, address)
  })

  it("is asked for the address of a host, without brackets, and for no name", () => {
    const hosts = { "[::1]": "::1", "127.0.0.1": "127.0.0.1", "a.example": undefined, localhost: undefined }
    for (const [host, address] of Object.entries(hosts)) assert.strictEqual(AddressRange.addressOf(host), address, host)
  })

  it("says the same of an IPv4 address however it is written within an IPv6 one", () => {
    FastCheck.assert(FastCheck.property(FastCheck.ipV4(), (address) => {
      const [first = 0, second = 0, third = 0, fourth = 0] = address.split(".").map(Number)
      const hex = [first * 256 + second, third * 256 + fourth].map((part) => part.toString(16)).join(":")
      const written = [`::ffff:${address}`, `::FFFF:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`, `[::ffff:0:${hex}]`]
      const kind = AddressRange.kindOf(address)
      for (const each of written) assert.strictEqual(AddressRange.kindOf(each), kind, each)
    }))
  })

  it("never throws, whatever it is given", () => {
    FastCheck.assert(FastCheck.property(FastCheck.string(), (text) => {
      const kind = AddressRange.kindOf(text)
      assert.isTrue(kind === undefined || typeof kind === "string")
    }))
  })
})

describe("TargetCheck", () => {
  it("judges a URL by its scheme, its name, and each of its addresses", () => {
    const reasonOf = (url: string, ...addresses: ReadonlyArray<string>) =>
      TargetCheck.problemOf({ url: new URL(url), addresses })?.reason
    assert.strictEqual(reasonOf("http://example.com/"), "NotHttps")
    for (
      const host of [
        "localhost",
        "LOCALHOST.",
        "localhost..",
        "a.localhost",
        "db",
        "metadata.google.internal",
        "nas.local",
        ..."corp home internal intranet invalid lan localdomain private test home.arpa".split(" ").map((end) =>
          `a.${end}`
        )
      ]
    ) {
      assert.strictEqual(reasonOf(`https://${host}/`), "Name", host)
    }
    for (const host of ["127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:169.254.169.254]"]) {
      assert.strictEqual(reasonOf(`https://${host}/`), "Address", host)
    }
    assert.strictEqual(reasonOf("https://example.com/", "93.184.215.14", "10.0.0.1"), "Address")
    assert.strictEqual(reasonOf("https://example.com/", "93.184.215.14", "2606:4700::1111"), undefined)
    assert.strictEqual(reasonOf("https://example.com/"), undefined)
    assert.strictEqual(reasonOf("https://93.184.215.14/", "93.184.215.14"), undefined)
    for (const host of ["home.example", "1.in-addr.arpa", "home.a.arpa"]) {
      assert.strictEqual(reasonOf(`https://${host}/`), undefined, host)
    }
    const refused = TargetCheck.problemOf({ url: new URL("https://example.com/"), addresses: ["10.1.2.3"] })
    assert.include(refused?.message, "guard")
    assert.notInclude(refused?.message, "10.1.2.3")
  })
})

describe("TargetRefused", () => {
  it.each([
    [new TargetRefused({ reason: "NotHttps", host: "a.example" }), "its URL is not https"],
    [new TargetRefused({ reason: "Name", host: "a.example" }), "it is a name of this machine or of a private network"],
    [new TargetRefused({ reason: "Address", host: "a.example" }), "it leads to an address that is not public"],
    [
      new TargetRefused({ reason: "Address", host: "a.example", kind: "loopback" }),
      "it leads to an address that is not public (loopback)"
    ],
    [new TargetRefused({ reason: "Guard", host: "a.example" }), "the option guard refuses it"]
  ])("says why nothing was sent, and how to allow it: %s", (error, why) => {
    assert.strictEqual(error._tag, "TargetRefused")
    assert.strictEqual(
      error.message,
      `Cannot ask "a.example": ${why}. If it is meant, allow it by the option guard`
    )
  })
})
