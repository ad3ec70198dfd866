import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as EncryptedText from "../../../src/core/keychain/EncryptedText.ts"
import * as Credentials from "../../../src/core/mcp/Credentials.ts"

const nonce = FastCheck.uint8Array({ minLength: 12, maxLength: 12 })
const bytes = FastCheck.uint8Array({ maxLength: 100 })

describe("decode", () => {
  it.prop("reads what encode wrote", [FastCheck.string(), nonce, bytes], ([keyId, nonce, bytes]) => {
    const text = EncryptedText.encode({ keyId, nonce, bytes })
    assert.isTrue(EncryptedText.isEncrypted(text))
    const decoded = Either.getOrThrow(EncryptedText.decode(text))
    assert.deepStrictEqual(
      [decoded.keyId, Array.from(decoded.nonce), Array.from(decoded.bytes)],
      [keyId, Array.from(nonce), Array.from(bytes)]
    )
  })

  it.prop("never throws, whatever the text", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    EncryptedText.decode(text)
    EncryptedText.decodeKey(text)
    EncryptedText.isEncrypted(text)
  })

  it("tells a newer version from a damaged text", () => {
    const text = EncryptedText.encode({ keyId: "k", nonce: new Uint8Array(12), bytes: new Uint8Array(20) })
    assert.deepStrictEqual(EncryptedText.decode(text.replace('"version": 2', '"version": 3')), Either.left("newer"))
    assert.deepStrictEqual(EncryptedText.decode(text.replace('"format": 1', '"format": 2')), Either.left("newer"))
    const damaged = [
      "",
      "[]",
      "{}",
      '{"version":2,"encrypted":null}',
      text.slice(0, -3),
      text.replace('"key": "k"', '"key": 1'),
      text.replace('"nonce": "A', '"nonce": "'),
      text.replace('"text": "', '"text": "*'),
      text.replace('"text": "', '"text": "AA'),
      text.replace(/"nonce": "\w+"/, '"nonce": 1'),
      text.replace('"version": 2', '"version": 1'),
      text.replace('"version": 2', '"version": "3"'),
      text.replace('"format": 1', '"format": 0')
    ]
    for (const each of damaged) assert.deepStrictEqual(EncryptedText.decode(each), Either.left("damaged"), each)
  })

  it("is a newer version to whoever knows credentials in the clear alone, so that they leave the file where it is", () => {
    const text = EncryptedText.encode({ keyId: "k", nonce: new Uint8Array(12), bytes: new Uint8Array(20) })
    assert.deepStrictEqual(Credentials.decode(text), Either.left(Credentials.writtenByNewer))
  })
})

describe("isEncrypted", () => {
  it("is so for a damaged text of an encrypted file, and for nothing else", () => {
    assert.isTrue(EncryptedText.isEncrypted('{"encrypted":1}'))
    for (
      const text of [
        "",
        "{}",
        "[]",
        "null",
        '"encrypted"',
        Credentials.encode({ serverUrl: "https://a" }, { issuer: "i" })
      ]
    ) {
      assert.isFalse(EncryptedText.isEncrypted(text), text)
    }
  })
})

describe("additionalData", () => {
  it("names the format, the key and the file, as each file that was written before has it", () => {
    const data = EncryptedText.additionalData("k", 'a"b')
    assert.strictEqual(new TextDecoder().decode(data), '["effect-oauth-callback",2,1,"k","a\\"b"]')
  })
})

describe("decodeKey", () => {
  it("reads what encodeKey wrote, and nothing that is no key of 256 bits", () => {
    const key = { id: "k", bytes: Uint8Array.from({ length: 32 }, (_, at) => at * 8) }
    const decoded = EncryptedText.decodeKey(EncryptedText.encodeKey(key))
    assert.deepStrictEqual(Array.from(decoded?.bytes ?? []), Array.from(key.bytes))
    assert.strictEqual(decoded?.id, "k")
    assert.isUndefined(EncryptedText.decodeKey(EncryptedText.encodeKey({ id: "k", bytes: new Uint8Array(31) })))
    const text = EncryptedText.encodeKey(key)
    for (
      const each of [
        "",
        "{}",
        text.replace('"version":1', '"version":2'),
        text.replace('"id":"k"', '"id":1'),
        text.replace('"key":"', '"key":"*')
      ]
    ) {
      assert.isUndefined(EncryptedText.decodeKey(each), each)
    }
  })
})
