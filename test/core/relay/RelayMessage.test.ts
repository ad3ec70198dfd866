/** What processes that share a port say to each other. */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as RelayMessage from "../../../src/core/relay/RelayMessage.ts"

const digest = FastCheck.stringMatching(/^[\w-]{43}$/)
const digests = FastCheck.record({ state: digest, done: digest })
const texts = FastCheck.dictionary(FastCheck.string().filter((name) => name !== "__proto__"), FastCheck.string())
const fields = FastCheck.dictionary(
  FastCheck.stringMatching(/^x-[\w!#-]+$/),
  FastCheck.stringMatching(/^[\t -~\xff]*$/)
)
const id = FastCheck.nat()
const tagged = <const Tag extends string, A extends object>(_tag: Tag, fields: FastCheck.Arbitrary<A>) =>
  fields.map((each) => ({ _tag, ...each }))

const ofGuest: FastCheck.Arbitrary<RelayMessage.GuestMessage> = FastCheck.oneof(
  tagged(
    "Hello",
    FastCheck.record({ version: FastCheck.nat(), port: FastCheck.nat(65_535), network: FastCheck.string() }, {
      requiredKeys: ["version", "port"]
    })
  ),
  FastCheck.tuple(digests, FastCheck.boolean()).map(([each, takesForms]) => ({
    _tag: "Add" as const,
    ...each,
    takesForms
  })),
  tagged("Remove", digests),
  tagged("Hold", FastCheck.record({ id })),
  tagged(
    "Answer",
    FastCheck.record({
      id,
      answer: FastCheck.record({
        status: FastCheck.integer({ min: 200, max: 599 }),
        headers: fields,
        body: FastCheck.string()
      })
    })
  )
)

const ofHolder: FastCheck.Arbitrary<RelayMessage.HolderMessage> = FastCheck.oneof(
  tagged("Welcome", FastCheck.record({ version: FastCheck.nat(), isServed: FastCheck.boolean() })),
  tagged("Added", FastCheck.record({ state: digest })),
  tagged("Gone", FastCheck.record({ id })),
  FastCheck.constant({ _tag: "Leaving" as const }),
  tagged(
    "Request",
    FastCheck.record({
      id,
      at: FastCheck.nat(),
      request: FastCheck.record({
        method: FastCheck.string(),
        target: FastCheck.string(),
        hosts: FastCheck.array(FastCheck.string()),
        headers: texts,
        body: FastCheck.string()
      }, { requiredKeys: ["method", "target", "hosts", "headers"] })
    })
  )
)

describe("lines of the relay", () => {
  it.prop("say what was meant, in one line", [ofGuest, ofHolder], ([guest, holder]) => {
    for (const [message, decode] of [[guest, RelayMessage.decodeGuest], [holder, RelayMessage.decodeHolder]] as const) {
      const line = RelayMessage.encode(message) ?? ""
      assert.strictEqual(line.indexOf("\n"), line.length - 1)
      assert.deepEqual(decode(line), message)
    }
  })

  it.prop("mean nothing where they are anything else", [FastCheck.string(), FastCheck.json()], (lines) => {
    for (const line of lines) {
      assert.isUndefined(RelayMessage.decodeGuest(line))
      assert.isUndefined(RelayMessage.decodeHolder(line))
    }
  })

  it("mean nothing where a field is of another kind", () => {
    const answer = { status: 200, headers: {}, body: "" }
    for (
      const [name, value] of [
        ["status", 99],
        ["status", 600],
        ["status", "200"],
        ["headers", { a: 1 }],
        ["headers", null],
        ["headers", "text"],
        ["body", 1]
      ]
    ) {
      const line = JSON.stringify({ _tag: "Answer", id: 1, answer: { ...answer, [String(name)]: value } })
      assert.isUndefined(RelayMessage.decodeGuest(line), line)
    }
    // What a listener cannot write, or writes itself.
    for (
      const [name, value] of [
        ["x-split", "a\r\nset-cookie: b"],
        ["x-zero", "\0"],
        ["x-wide", "\u2028"],
        ["bad name", "a"],
        ["", "a"],
        ["Trailer", "a"],
        ["content-length", "1000"]
      ]
    ) {
      const headers = { "content-type": "text/html", [String(name)]: value }
      const line = JSON.stringify({ _tag: "Answer", id: 1, answer: { ...answer, headers } })
      assert.isUndefined(RelayMessage.decodeGuest(line), line)
    }
    for (const state of ["", "x".repeat(42), "x".repeat(44), `${"x".repeat(42)} `, 1, ["x".repeat(43)]]) {
      assert.isUndefined(RelayMessage.decodeGuest(JSON.stringify({ _tag: "Add", state, done: "x".repeat(43) })))
      assert.isUndefined(RelayMessage.decodeHolder(JSON.stringify({ _tag: "Added", state })))
    }
    const request = { method: "GET", target: "/", hosts: ["a"], headers: {} }
    for (
      const message of [
        { _tag: "Hello", version: "1", port: 1 },
        { _tag: "Hello", version: 1 },
        { _tag: "Hold", id: 0.5 },
        { _tag: "Answer", id: "1", answer },
        { _tag: "Welcome", version: "1", isServed: true },
        { _tag: "Gone" },
        { _tag: "Request", id: "1", at: 1, request },
        { _tag: "Request", id: 1, at: "1", request },
        { _tag: "Request", id: 1, at: 1 },
        ...[{ method: 1 }, { target: null }, { hosts: "a" }, { hosts: [1] }, { headers: { a: 1 } }, { headers: "a" }]
          .map((
            field
          ) => ({ _tag: "Request", id: 1, at: 1, request: { ...request, ...field } }))
      ]
    ) {
      const line = JSON.stringify(message)
      assert.isUndefined(RelayMessage.decodeGuest(line), line)
      assert.isUndefined(RelayMessage.decodeHolder(line), line)
    }
  })

  it("are read without a network or a body that is no text", () => {
    assert.deepStrictEqual(RelayMessage.decodeGuest('{"_tag":"Hello","version":1,"port":2,"network":3}'), {
      _tag: "Hello",
      version: 1,
      port: 2
    })
    const request = { method: "GET", target: "/", hosts: [], headers: {} }
    const message = { _tag: "Request", id: 1, at: 2, request } as const
    const line = JSON.stringify({ ...message, request: { ...request, body: 1 } })
    assert.deepStrictEqual(RelayMessage.decodeHolder(line), message)
  })

  it("carry any status of an answer, and headers that only begin or end like those of the connection", () => {
    for (const status of [200, 599]) {
      const answer = { status, headers: { "te-x": "a", "x-te": "b" }, body: "" }
      const message = { _tag: "Answer", id: 1, answer } as const
      assert.deepStrictEqual(RelayMessage.decodeGuest(RelayMessage.encode(message) ?? ""), message)
    }
  })

  it("are not sent where they would be too long", () => {
    const message = (body: string) => ({ _tag: "Answer", id: 1, answer: { status: 200, headers: {}, body } }) as const
    const room = RelayMessage.maxLine - JSON.stringify(message("")).length
    assert.strictEqual(RelayMessage.encode(message("x".repeat(room)))?.length, RelayMessage.maxLine + 1)
    assert.isUndefined(RelayMessage.encode(message("x".repeat(room + 1))))
  })

  it("carry a request whole, and no header that is not its own", () => {
    const headers = { host: "127.0.0.1:8976", accept: "text/html", "set-cookie": ["a", "b"], empty: undefined }
    const head = { method: "POST", target: "/callback?x", hosts: ["127.0.0.1:8976"], headers, header: () => undefined }
    assert.strictEqual(RelayMessage.relayed(head, "body").body, "body")
    assert.notProperty(RelayMessage.relayed(head, undefined), "body")
    const relayed = RelayMessage.headOf(RelayMessage.relayed(head, "body"))
    assert.deepStrictEqual([relayed.method, relayed.target, relayed.hosts], ["POST", "/callback?x", head.hosts])
    assert.deepStrictEqual(["accept", "set-cookie", "empty", "constructor"].map(relayed.header), [
      "text/html",
      "a, b",
      undefined,
      undefined
    ])
  })
})
