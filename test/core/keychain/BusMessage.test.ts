import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { decodeFirst, encodeCall } from "../../../src/core/keychain/BusMessage.ts"

const hello = encodeCall(1, {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello"
})

/**
 * A reply as a service of either byte order writes it: the serial it answers, and the name of an error.
 *
 * @param more - Fields before these, each aligned.
 */
const reply = (little: boolean, to: number, error?: string, more: ReadonlyArray<number> = []): Uint8Array => {
  const fields: Array<number> = []
  const u32 = (value: number) => {
    const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]
    return little ? bytes : bytes.reverse()
  }
  const text = (value: string) => [...u32(value.length), ...new TextEncoder().encode(value), 0]
  const align = () => {
    while (fields.length % 8 !== 0) fields.push(0)
  }
  fields.push(...more, 8, 1, 103, 0, 1, 115, 0)
  align()
  if (error !== undefined) fields.push(4, 1, 115, 0, ...text(error))
  align()
  fields.push(5, 1, 117, 0, ...u32(to))
  const length = fields.length
  align()
  const body = text("hi")
  return Uint8Array.from([
    (little ? "l" : "B").charCodeAt(0),
    error === undefined ? 2 : 3,
    0,
    1,
    ...u32(body.length),
    ...u32(77),
    ...u32(length),
    ...fields,
    ...body
  ])
}

describe("encodeCall", () => {
  it("writes a call as the specification has it", () => {
    const text = new TextDecoder("latin1").decode(hello)
    assert.deepStrictEqual(Array.from(hello.subarray(0, 4)), [108, 1, 0, 1])
    assert.strictEqual(hello.length % 8, 0)
    // The path is the first field, of type `o`: after its code and signature, its length, itself, and a zero.
    assert.strictEqual(text.slice(16, 24), "\x01\x01o\0\x15\0\0\0")
    assert.strictEqual(text.slice(24, 46), "/org/freedesktop/DBus\0")
    assert.include(text, "\x03\x01s\0\x05\0\0\0Hello\0")
    assert.include(text, "\x06\x01s\0\x14\0\0\0org.freedesktop.DBus\0")
    assert.include(text, "\x02\x01s\0\x14\0\0\0org.freedesktop.DBus\0")
    assert.notInclude(text, "\x08\x01g")
  })

  it("writes numbers of four bytes, the lowest first", () => {
    const message = encodeCall(0x1020304, { destination: "a.b", path: "/", interface: "a.b", member: "M" })
    assert.deepStrictEqual(Array.from(message.subarray(8, 12)), [4, 3, 2, 1])
  })

  it("puts arguments behind, with their signature and the length of all", () => {
    const message = encodeCall(2, { destination: "a.b", path: "/", interface: "a.b", member: "M", args: ["x", "yz"] })
    const text = new TextDecoder("latin1").decode(message)
    assert.include(text, "\x08\x01g\0\x02ss\0")
    assert.isTrue(text.endsWith("\x01\0\0\0x\0\0\0\x02\0\0\0yz\0"))
    assert.strictEqual(message[4], 15)
  })
})

describe("decodeFirst", () => {
  it("reads replies and errors in both byte orders, and what follows is left", () => {
    for (const little of [true, false]) {
      const [good, bad] = [reply(little, 2), reply(little, 3, "org.freedesktop.DBus.Error.ServiceUnknown")]
      assert.deepStrictEqual(decodeFirst(Uint8Array.from([...good, ...bad])), { length: good.length, reply: { to: 2 } })
      assert.deepStrictEqual(decodeFirst(bad), {
        length: bad.length,
        reply: { to: 3, error: "org.freedesktop.DBus.Error.ServiceUnknown" }
      })
    }
  })

  it("waits for the whole of a message, and passes over what is no reply", () => {
    const good = reply(true, 2)
    for (let length = 0; length < good.length; length++) assert.isUndefined(decodeFirst(good.subarray(0, length)))
    assert.deepStrictEqual(decodeFirst(hello), { length: hello.length, reply: undefined })
  })

  it("passes over fields that it does not need, and over a message with one that it cannot read", () => {
    const [u, o, g, y] = ["u", "o", "g", "y"].map((type) => type.charCodeAt(0)) as [number, number, number, number]
    const skipped = [
      [1, 1, o, 0, 3, 0, 0, 0, 47, 97, 98, 0, 0, 0, 0, 0],
      [9, 1, u, 0, 1, 0, 0, 0],
      [8, 1, g, 0, 13, ...Array<number>(13).fill(121), 0, 0, 0, 0, 0, 0]
    ]
    for (const more of skipped) {
      const message = reply(true, 2, undefined, more)
      assert.deepStrictEqual(decodeFirst(message), { length: message.length, reply: { to: 2 } })
    }
    const unread = [
      [10, 1, y, 0, 0, 0, 0, 0],
      [10, 1, y, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [9, 2, u, u, 0, 0, 0, 0]
    ]
    for (const more of unread) {
      const message = reply(true, 2, undefined, more)
      assert.deepStrictEqual(decodeFirst(message), { length: message.length, reply: undefined })
    }
  })

  it("takes for a reply only what is one, and says which serial it answers", () => {
    const signal = reply(true, 2)
    signal[1] = 4
    assert.deepStrictEqual(decodeFirst(signal), { length: signal.length, reply: undefined })
    const toNothing = hello.slice()
    toNothing[1] = 2
    assert.deepStrictEqual(decodeFirst(toNothing), { length: hello.length, reply: undefined })
  })

  it("takes an error that has no name for one, and one whose name is no text", () => {
    for (const more of [[], [4, 1, 117, 0, 1, 0, 0, 0]]) {
      const message = reply(true, 2, undefined, more)
      message[1] = 3
      assert.deepStrictEqual(decodeFirst(message), { length: message.length, reply: { to: 2, error: "" } })
    }
  })

  it.prop("never throws, and ends, whatever comes", [FastCheck.uint8Array({ maxLength: 100 }), FastCheck.nat(60)], ([
    noise,
    at
  ]) => {
    decodeFirst(noise)
    const message = reply(true, 2, "a.b")
    message.set(noise.subarray(0, Math.max(message.length - at, 0)), Math.min(at, message.length))
    decodeFirst(message)
  })

  it("takes no other protocol for D-Bus, nor a message without end", () => {
    assert.strictEqual(decodeFirst(new TextEncoder().encode("HTTP/1.1 400 Bad Request")), "broken")
    assert.strictEqual(decodeFirst(Uint8Array.from([108, 2, 0, 1, ...new Array(12).fill(255)])), "broken")
    const other = reply(false, 2)
    other[0] = "x".charCodeAt(0)
    assert.strictEqual(decodeFirst(other), "broken")
    // A body that ends at 1 MiB is waited for.
    const body = (length: number) => {
      const message = new Uint8Array(16)
      message.set([108, 2, 0, 1])
      new DataView(message.buffer).setUint32(4, length - 16, true)
      return decodeFirst(message)
    }
    assert.isUndefined(body(1_048_576))
    assert.strictEqual(body(1_048_577), "broken")
  })

  it("takes a message for broken in which a text is longer than what there is", () => {
    const message = reply(true, 2, "a.b", [1, 1, 111, 0, 255, 255, 255, 0])
    assert.strictEqual(decodeFirst(message), "broken")
  })
})
