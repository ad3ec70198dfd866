import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { decodeFirst, encodeCall } from "../../../src/core/keychain/BusMessage.ts"

const hello = encodeCall(1, {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello"
})

/** A reply as a service of either byte order writes it: the serial it answers, and the name of an error. */
const reply = (little: boolean, to: number, error?: string): Uint8Array => {
  const fields: Array<number> = []
  const u32 = (value: number) => {
    const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]
    return little ? bytes : bytes.reverse()
  }
  const text = (value: string) => [...u32(value.length), ...new TextEncoder().encode(value), 0]
  const align = () => {
    while (fields.length % 8 !== 0) fields.push(0)
  }
  fields.push(8, 1, 103, 0, 1, 115, 0)
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
  })
})
