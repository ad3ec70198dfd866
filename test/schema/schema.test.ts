import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit, FastCheck as fc, Redacted, Schema } from "effect"
import { Worker } from "node:worker_threads"
import * as hosted from "../../src/hosted.ts"
import * as index from "../../src/index.ts"
import * as mcp from "../../src/mcp.ts"
import * as redis from "../../src/redis.ts"
import * as codecs from "../../src/schema.ts"

type Fields = Readonly<Record<string, unknown>>
type Codec = Schema.Schema<Error & Fields, unknown>

/** Every class of errors that an entry exports, by name. */
const classes = Object.entries<unknown>({ ...index, ...mcp, ...hosted, ...redis }).filter(
  (entry): entry is [string, new (fields: object) => Error & Fields] =>
    typeof entry[1] === "function" && entry[1].prototype instanceof Error
)
const codecOf = (name: string) => (codecs as unknown as Readonly<Record<string, Codec>>)[`${name}Schema`]

/** What is seen of an error, without where it was made. */
const seen = (error: Error & Fields): Fields => ({
  ...Object.fromEntries(
    Object.keys(error).filter((name) => error[name] !== undefined && name !== "cause").map((
      name
    ) => [name, error[name]])
  ),
  message: error.message,
  causes: causesOf(error.cause)
})
const causesOf = (cause: unknown): ReadonlyArray<unknown> =>
  cause instanceof Error ? [[cause.name, cause.message, (cause as Fields & Error).code], ...causesOf(cause.cause)] : []

const crossed = (codec: Codec, error: Error & Fields): Error & Fields => {
  const encoded = Schema.encodeSync(codec)(error)
  const cloned = structuredClone(encoded)
  assert.strictEqual(JSON.stringify(JSON.parse(JSON.stringify(encoded))), JSON.stringify(cloned))
  return Schema.decodeUnknownSync(codec)(cloned)
}

describe("the codec of an error", () => {
  it("is there for every class that an entry exports", () => {
    assert.isAbove(classes.length, 19)
    assert.deepStrictEqual(classes.map(([name]) => name).filter((name) => codecOf(name) === undefined), [])
  })

  for (const [name, Class] of classes) {
    const codec = codecOf(name)
    if (codec === undefined) continue

    it(`gives an equal instance of ${name}, by structuredClone and by JSON`, () =>
      fc.assert(
        fc.property(Arbitrary.make(codec), (error) => {
          const again = crossed(codec, error)
          assert.instanceOf(again, Class)
          assert.strictEqual(again._tag, name)
          assert.deepStrictEqual(seen(again), seen(error))
        }),
        { numRuns: 30 }
      ))
  }

  it("shows nothing that others wrote otherwise than this package would", () => {
    const decode = Schema.decodeUnknownSync(codecs.AuthorizationDeniedSchema)
    const denied = decode({
      _tag: "AuthorizationDenied",
      error: `a\u001b[31m${"x".repeat(1000)}`,
      description: "\u202egnp.exe\u2028b",
      uri: "javascript:alert(1)"
    })
    assert.notMatch(denied.message, /[\u001b\u202e\u2028]|javascript/)
    assert.strictEqual(denied.error.length, 100)
    assert.isUndefined(denied.uri)
    const timeout = Schema.decodeUnknownSync(codecs.AuthorizationTimeoutSchema)
    assert.throws(() =>
      timeout({ _tag: "AuthorizationTimeout", phase: "response", millis: 1, refusals: { StateMissing: "\u001b" } })
    )
    const hint = timeout({ _tag: "AuthorizationTimeout", phase: "response", millis: 1, refusals: {}, hint: "\u0007a" })
    assert.strictEqual(hint.hint, "a")
  })

  it("takes no other reason than the class has, and no other tag", () => {
    const decode = Schema.decodeUnknownEither(codecs.McpOAuthErrorSchema)
    assert.strictEqual(decode({ _tag: "InvalidServerUrl", reason: "Scheme" })._tag, "Right")
    assert.strictEqual(decode({ _tag: "InvalidServerUrl", reason: "toString" })._tag, "Left")
    assert.strictEqual(decode({ _tag: "SdkMissing" })._tag, "Left")
  })

  it("sends of a cause its names, messages and codes, and no secret", () => {
    const cause = Object.assign(
      new TypeError("POST https://as.example/token?code=hunter2 failed: access_token=hunter2"),
      {
        headers: { authorization: "Bearer hunter2" },
        cause: Object.assign(new Error("socket"), { code: "ECONNRESET" })
      }
    )
    const error = new index.BindError({ reason: "Unknown", host: "127.0.0.1", ports: [1], cause })
    const encoded = Schema.encodeSync(codecs.BindErrorSchema)(error)
    assert.notInclude(JSON.stringify(encoded), "hunter2")
    assert.deepStrictEqual(encoded.cause?.map(({ code, name }) => [name, code]), [
      ["TypeError", undefined],
      ["Error", "ECONNRESET"]
    ])
    // The sender need not be this package.
    const sent = Schema.decodeUnknownSync(codecs.BindErrorSchema)({
      ...encoded,
      cause: [{ name: "Error", message: "Bearer hunter2" }, { name: "Error", message: "refresh_token=hunter2" }]
    })
    assert.deepStrictEqual(causesOf(sent.cause), [["Error", "Bearer ***", undefined], [
      "Error",
      "refresh_token=***",
      undefined
    ]])
    assert.isUndefined(Schema.decodeUnknownSync(codecs.BindErrorSchema)({ ...encoded, cause: [] }).cause)
    assert.strictEqual(new index.BindError(crossed(codecOf("BindError")!, error as never) as never).reason, "Unknown")
  })
})

describe("a ParseError", () => {
  const secret = "hunter2-hunter2"
  const said = /^Expected \w+\. What there is instead is not shown, because it may hold a secret$/
  const all = Object.entries(codecs as unknown as Readonly<Record<string, Schema.Schema<unknown, unknown>>>)
    .filter(([name]) => name.endsWith("Schema"))

  for (const [name, codec] of all) {
    it(`quotes nothing of what ${name} refuses, either way, however long it is`, () => {
      const tag = name.replace(/Schema$/, "")
      const causes = Array.from({ length: 9 }, () => ({ name: "Error", message: `Bearer ${secret}` }))
      const wrong: ReadonlyArray<unknown> = [
        secret,
        secret.repeat(40_000),
        [secret],
        { _tag: secret },
        { _tag: tag, reason: [secret], cause: `Bearer ${secret}`, via: secret, issuer: [secret], server: [secret] },
        { _tag: "TokenError", reason: secret, cause: causes },
        { _tag: "InvalidServerUrl", reason: "Scheme", cause: causes },
        { _tag: "InvalidServerUrl", reason: "Scheme", cause: [{ name: "Error", message: "", code: secret }] },
        { via: "http", reason: secret },
        Object.assign(new Error(secret), { _tag: tag, server: [secret] }),
        Object.assign(new Error(secret), { _tag: "TokenError" })
      ]
      for (const value of wrong) {
        for (const run of [Schema.decodeUnknownEither(codec), Schema.encodeUnknownEither(codec)]) {
          const refused = run(value, { errors: "all" })
          if (refused._tag === "Left") assert.match(refused.left.message, said)
        }
        if (codecOf(tag) !== undefined && classes.some(([known]) => known === tag)) {
          assert.throws(() => Schema.validateSync(codec)(value), said)
        }
      }
      assert.strictEqual(Schema.decodeUnknownEither(codec)(wrong[1])._tag, "Left")
      assert.strictEqual(Schema.encodeUnknownEither(codec)(wrong[9])._tag, "Left")
    })
  }
})

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => Redacted.isRedacted(each) ? { secret: Redacted.value(each) } : each))

describe("the codec of what a sign-in gives", () => {
  for (
    const [name, schema] of Object.entries<Schema.Schema<unknown, unknown>>({
      Credentials: codecs.CredentialsInClearSchema,
      Granted: codecs.GrantedInClearSchema,
      CredentialKey: codecs.CredentialKeySchema,
      Refusal: codecs.RefusalSchema,
      Status: codecs.StatusSchema,
      Account: codecs.AccountSchema
    } as never)
  ) {
    it(`gives an equal ${name}`, () =>
      fc.assert(
        fc.property(Arbitrary.make(schema), (value) => {
          const encoded = Schema.encodeSync(schema)(value)
          const again = Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(encoded)))
          assert.deepStrictEqual(plain(again), plain(value))
          assert.deepStrictEqual(plain(Schema.decodeUnknownSync(schema)(structuredClone(encoded))), plain(value))
        }),
        { numRuns: 30 }
      ))
  }

  it("has secrets in the clear in what it encodes, and redacted in what it decodes", () => {
    const granted = { code: Redacted.make("hunter2"), via: "http" } as const
    const encoded = Schema.encodeSync(codecs.GrantedInClearSchema)(granted)
    assert.deepStrictEqual(encoded, { code: "hunter2", via: "http" })
    assert.notInclude(JSON.stringify(Schema.decodeSync(codecs.GrantedInClearSchema)(encoded)), "hunter2")
  })

  it("quotes nothing of what it cannot decode, whatever is wrong with it", () => {
    const secret = "hunter2"
    const decoders: ReadonlyArray<(value: unknown) => { readonly _tag: string }> = [
      Schema.decodeUnknownEither(codecs.CredentialsInClearSchema),
      Schema.decodeUnknownEither(codecs.GrantedInClearSchema),
      Schema.decodeUnknownEither(codecs.CredentialKeySchema)
    ]
    const wrong: ReadonlyArray<unknown> = [
      secret,
      [secret],
      { issuer: [secret], serverUrl: [secret], code: [secret] },
      { issuer: "i", tokens: secret, code: secret, serverUrl: "", account: [secret] },
      { issuer: "i", tokens: { accessToken: { secret } }, code: { secret }, via: secret },
      { issuer: "i", client: { clientId: "c", clientSecret: [secret] } },
      { issuer: "i", extra: secret },
      { issuer: "i", tokens: { accessToken: "a", expiresAt: secret } },
      null
    ]
    for (const decode of decoders) {
      for (const value of wrong) {
        const result = decode(value) as unknown as { readonly _tag: string; readonly left?: unknown }
        if (result._tag === "Left") assert.notInclude(String(result.left), secret)
      }
    }
    const within = Schema.decodeUnknownEither(Schema.Struct({ found: codecs.CredentialsInClearSchema }))
    assert.notInclude(String(within({ found: { issuer: "i", tokens: { accessToken: [secret] } } })), secret)
  })

  it("hands on what it does not know as it is, and takes no value that JSON has not", () => {
    const decode = Schema.decodeUnknownSync(codecs.CredentialsInClearSchema)
    const decoded = decode({ issuer: "i", extra: JSON.parse('{"__proto__":{"a":1},"id_token":"t"}') })
    assert.deepStrictEqual(Object.keys(Redacted.value(decoded.extra!)), ["__proto__", "id_token"])
    assert.throws(() =>
      Schema.encodeSync(codecs.CredentialsInClearSchema)({ issuer: "i", extra: Redacted.make({ n: 10n }) })
    )
  })
})

const result = Schema.Exit({
  success: codecs.CredentialsInClearSchema,
  failure: codecs.McpOAuthErrorSchema,
  defect: Schema.Defect
})

it.scopedLive("an error of this package, and credentials, cross to a worker and back", () =>
  Effect.gen(function* () {
    // Plain JavaScript that sends back what it gets: loading this package in a worker would take seconds, and test no more.
    const echo = `const { parentPort } = require("node:worker_threads")
      parentPort.on("message", (message) => parentPort.postMessage(message))`
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(echo, { eval: true })),
      (worker) => Effect.promise(() => worker.terminate())
    )
    const cross = (exit: typeof result.Type) =>
      Effect.flatMap(Schema.encode(result)(exit), (encoded) =>
        Effect.async<unknown, Error>((resume) => {
          worker.once("message", (message) => resume(Effect.succeed(message)))
          worker.once("error", (error) => resume(Effect.fail(error as Error)))
          worker.postMessage(encoded)
        })).pipe(Effect.flatMap(Schema.decodeUnknown(result)))
    const issuer = "https://as.example"
    const granted = yield* cross(Exit.succeed({ issuer, tokens: { accessToken: Redacted.make("at-1") } }))
    assert.isTrue(Exit.isSuccess(granted))
    if (Exit.isSuccess(granted)) {
      assert.strictEqual(Redacted.value(granted.value.tokens!.accessToken), "at-1")
      assert.notInclude(JSON.stringify(granted.value), "at-1")
    }
    const cause = new TypeError("fetch failed", {
      cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
    })
    const refused = yield* cross(Exit.fail(
      new mcp.TokenError({ reason: "Unreachable", grant: "refresh_token", issuer, code: "ECONNREFUSED", cause })
    ))
    const error = Exit.isFailure(refused) ? Cause.squash(refused.cause) : undefined
    assert.instanceOf(error, mcp.TokenError)
    assert.match(
      (error as mcp.TokenError).message,
      /^Cannot renew the sign-in at https:\/\/as\.example: the connection was refused \(ECONNREFUSED\)/
    )
    assert.strictEqual((error as { cause?: Error }).cause?.name, "TypeError")
  }))
