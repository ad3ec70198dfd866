import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import {
  type CredentialKey,
  type Credentials,
  decode,
  encode,
  keyOf,
  keyText,
  secretsOf,
  writtenByNewer
} from "../../../src/core/mcp/Credentials.ts"

/** Everything in the clear, without what is absent: two `Redacted` compare as equal whatever they hold. */
const clear = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? { secret: clear(Redacted.value(value)) }
    : Array.isArray(value)
    ? value.map(clear)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(
      Object.entries(value).filter(([, each]) => each !== undefined).map(([name, each]) => [name, clear(each)])
    )
    : value

const known = {
  top: ["version", "server", "account", "issuer", "client", "nextClient", "tokens"],
  client: ["clientId", "clientSecret", "redirectUris", "isInDoubt", "isUnknown"],
  tokens: ["accessToken", "refreshToken", "expiresAt", "scope", "refreshRefusedAt"]
} as const

const text = FastCheck.string({ unit: "binary" })
const secret = text.map((value) => Redacted.make(value))
const optional = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.option(arbitrary, { nil: undefined })
const fieldName = FastCheck.oneof(
  text,
  FastCheck.constantFrom(
    "id_token",
    "registration_access_token",
    "__proto__",
    "constructor",
    "toJSON",
    "0",
    "extra",
    ""
  )
)
/** Unknown fields of one level; an empty record is the same as none. */
const extra = (level: keyof typeof known) =>
  optional(
    FastCheck.array(
      FastCheck.tuple(
        fieldName,
        // Through JSON once: it has no minus zero.
        FastCheck.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
      ),
      { minLength: 1, maxLength: 4 }
    )
      .map((pairs) => pairs.filter(([name]) => !(known[level] as ReadonlyArray<string>).includes(name)))
      .filter((pairs) => pairs.length > 0)
      .map((pairs) => Redacted.make(Object.fromEntries(pairs)))
  )

const key: FastCheck.Arbitrary<CredentialKey> = FastCheck.record({ serverUrl: text, account: optional(text) })
const client = FastCheck.record({
  clientId: text,
  clientSecret: optional(secret),
  redirectUris: optional(FastCheck.array(text, { maxLength: 3 })),
  isInDoubt: optional(FastCheck.boolean()),
  isUnknown: optional(FastCheck.boolean()),
  extra: extra("client")
})
const credentials: FastCheck.Arbitrary<Credentials> = FastCheck.record({
  issuer: text,
  client: optional(client),
  nextClient: optional(client),
  tokens: optional(FastCheck.record({
    accessToken: secret,
    refreshToken: optional(secret),
    expiresAt: optional(FastCheck.maxSafeInteger().filter((millis) => Math.abs(millis) <= 8.64e15)),
    scope: optional(text),
    refreshRefusedAt: optional(FastCheck.maxSafeInteger()),
    extra: extra("tokens")
  })),
  extra: extra("top")
})

const marker = "s3cret"
const server: CredentialKey = { serverUrl: `https://${marker}.example/`, account: marker }
const example: Credentials = {
  issuer: `https://${marker}.example`,
  client: {
    clientId: marker,
    clientSecret: Redacted.make(marker),
    redirectUris: [`http://127.0.0.1:8976/${marker}`],
    extra: Redacted.make({ registration_access_token: marker })
  },
  tokens: {
    accessToken: Redacted.make(marker),
    refreshToken: Redacted.make(marker),
    expiresAt: 1_795_000_000_000,
    scope: marker,
    extra: Redacted.make({ id_token: marker })
  },
  extra: Redacted.make({ [marker]: marker })
}

/** A clause that says what is wrong: known words, on one line, with nothing that was read. */
const assertClause = (clause: string) => {
  assert.match(clause, /^(the text is |the field [a-zA-Z.]+ is |they were written by a newer version )[a-zA-Z ,-]*$/)
  assert.notInclude(clause, marker)
}

describe("encode and decode", () => {
  it.prop("keep everything, also what they do not know", [key, credentials], ([key, credentials]) => {
    const decoded = Either.getOrThrow(decode(encode(key, credentials)))
    assert.deepStrictEqual(clear(decoded), clear(credentials))
  }, { fastCheck: { numRuns: 500 } })

  it.prop("write the same text again", [key, credentials], ([key, credentials]) => {
    const text = encode(key, credentials)
    assert.strictEqual(encode(key, Either.getOrThrow(decode(text))), text)
  })

  it("write JSON that a person can read", () => {
    const written = encode({ serverUrl: "https://mcp.example/mcp", account: "me" }, {
      issuer: "https://as.example",
      client: { clientId: "client", redirectUris: ["http://127.0.0.1:8976/callback"] },
      tokens: {
        accessToken: Redacted.make("access"),
        refreshToken: Redacted.make("refresh"),
        expiresAt: 1_795_000_000_000,
        scope: "mcp",
        extra: Redacted.make({ id_token: "identity" })
      }
    })
    assert.strictEqual(
      written,
      `{
  "version": 1,
  "server": "https://mcp.example/mcp",
  "account": "me",
  "issuer": "https://as.example",
  "client": {
    "clientId": "client",
    "redirectUris": [
      "http://127.0.0.1:8976/callback"
    ]
  },
  "tokens": {
    "accessToken": "access",
    "refreshToken": "refresh",
    "expiresAt": 1795000000000,
    "scope": "mcp",
    "id_token": "identity"
  }
}
`
    )
  })

  it("let no unknown field take the place of a known one, also of an absent one", () => {
    const decoded = Either.getOrThrow(decode(encode(server, {
      issuer: "https://as.example",
      tokens: {
        accessToken: Redacted.make("access"),
        extra: Redacted.make({ accessToken: "other", refreshToken: "other", token_type: "Bearer" })
      },
      extra: Redacted.make({ version: 2, issuer: "other", client: { clientId: "other" } })
    })))
    assert.deepStrictEqual(clear(decoded), {
      issuer: "https://as.example",
      tokens: { accessToken: { secret: "access" }, extra: { secret: { token_type: "Bearer" } } }
    })
  })

  it("print no secret of what was read", () => {
    const decoded = Either.getOrThrow(decode(encode(server, example)))
    for (const part of [decoded.tokens, decoded.extra, decoded.client?.clientSecret, decoded.client?.extra]) {
      const { scope: _scope, ...secrets } = { scope: "", ...part }
      assert.notInclude(`${JSON.stringify(secrets)} ${String(part)}`, marker)
    }
  })
})

describe("decode", () => {
  it.each<[string, string, string]>([
    ["nothing", "", "the text is not JSON"],
    ["half a text", encode(server, example).slice(0, -20), "the text is not JSON"],
    ["null", "null", "the text is no JSON object"],
    ["a list", "[]", "the text is no JSON object"],
    ["a text", `"${marker}"`, "the text is no JSON object"],
    ["no version", `{"issuer":"a"}`, "the field version is missing or of the wrong type"],
    ["a version in words", `{"version":"1","issuer":"a"}`, "the field version is missing or of the wrong type"],
    ["version 0", `{"version":0,"issuer":"a"}`, "the field version is no version"],
    ["a newer version", `{"version":2,"secret":"${marker}"}`, writtenByNewer],
    ["a version far away", `{"version":1e300}`, writtenByNewer],
    ["no issuer", `{"version":1}`, "the field issuer is missing or of the wrong type"],
    ["null for an issuer", `{"version":1,"issuer":null}`, "the field issuer is missing or of the wrong type"],
    [
      "a client in words",
      `{"version":1,"issuer":"a","client":"${marker}"}`,
      "the field client is missing or of the wrong type"
    ],
    [
      "a client without id",
      `{"version":1,"issuer":"a","client":{}}`,
      "the field client.clientId is missing or of the wrong type"
    ],
    [
      "redirect URIs that are none",
      `{"version":1,"issuer":"a","client":{"clientId":"c","redirectUris":["a",{}]}}`,
      "the field client.redirectUris is missing or of the wrong type"
    ],
    ["a list of tokens", `{"version":1,"issuer":"a","tokens":[]}`, "the field tokens is missing or of the wrong type"],
    [
      "no access token",
      `{"version":1,"issuer":"a","tokens":{"refreshToken":"${marker}"}}`,
      "the field tokens.accessToken is missing or of the wrong type"
    ],
    [
      "a doubt in words",
      `{"version":1,"issuer":"a","client":{"clientId":"c","isInDoubt":"${marker}"}}`,
      "the field client.isInDoubt is missing or of the wrong type"
    ],
    [
      "another doubt in words",
      `{"version":1,"issuer":"a","client":{"clientId":"c","isUnknown":"${marker}"}}`,
      "the field client.isUnknown is missing or of the wrong type"
    ],
    [
      "a client secret that is a number",
      `{"version":1,"issuer":"a","client":{"clientId":"c","clientSecret":5}}`,
      "the field client.clientSecret is missing or of the wrong type"
    ],
    [
      "redirect URIs in one text",
      `{"version":1,"issuer":"a","client":{"clientId":"c","redirectUris":"${marker}"}}`,
      "the field client.redirectUris is missing or of the wrong type"
    ],
    [
      "a next client in words",
      `{"version":1,"issuer":"a","nextClient":"${marker}"}`,
      "the field nextClient is missing or of the wrong type"
    ],
    [
      "a refresh token that is a number",
      `{"version":1,"issuer":"a","tokens":{"accessToken":"${marker}","refreshToken":5}}`,
      "the field tokens.refreshToken is missing or of the wrong type"
    ],
    [
      "scopes in a list",
      `{"version":1,"issuer":"a","tokens":{"accessToken":"${marker}","scope":["${marker}"]}}`,
      "the field tokens.scope is missing or of the wrong type"
    ],
    [
      "a time of refusal in words",
      `{"version":1,"issuer":"a","tokens":{"accessToken":"${marker}","refreshRefusedAt":"${marker}"}}`,
      "the field tokens.refreshRefusedAt is missing or of the wrong type"
    ],
    [
      "an endless expiry",
      `{"version":1,"issuer":"a","tokens":{"accessToken":"${marker}","expiresAt":1e999}}`,
      "the field tokens.expiresAt is missing or of the wrong type"
    ]
  ])("refuses %s", (_name, text, clause) => {
    assert.deepStrictEqual(decode(text), Either.left(clause))
    assertClause(clause)
  })

  it("takes null for an absent field", () => {
    const decoded = decode(
      `{"version":1,"issuer":"a","client":null,"tokens":{"accessToken":"b","refreshToken":null,"expiresAt":null}}`
    )
    assert.deepStrictEqual(clear(Either.getOrThrow(decoded)), { issuer: "a", tokens: { accessToken: { secret: "b" } } })
  })

  it.prop("never throws, and quotes nothing, whatever it reads", [
    FastCheck.oneof(
      text,
      FastCheck.json(),
      FastCheck.json().map((json) => `{"version":1,"issuer":"a","tokens":${json}}`)
    )
  ], ([text]) => {
    Either.mapLeft(decode(text), assertClause)
  }, { fastCheck: { numRuns: 500 } })

  it.prop("quotes nothing of a text with one change", [
    FastCheck.nat(),
    FastCheck.nat(30),
    FastCheck.oneof(FastCheck.constantFrom("", "{", '"', "2", "null", "[]", "\u0000"), text)
  ], ([start, length, instead]) => {
    const whole = encode(server, example)
    const from = start % whole.length
    Either.mapLeft(decode(whole.slice(0, from) + instead + whole.slice(from + length)), assertClause)
  }, { fastCheck: { numRuns: 1000 } })
})

describe("keyOf", () => {
  it.each<[string, CredentialKey]>([
    ["a server", { serverUrl: "https://a.example/" }],
    ["an account", { serverUrl: "https://a.example/", account: "me" }],
    ["a variant", { serverUrl: "https://a.example/", variant: "audience=a" }]
  ])("reads back the key that a text was written for: %s", (_name, key) => {
    assert.deepStrictEqual(keyOf(encode(key, example)), key)
  })

  it("leaves out an account and a variant that are empty, or no texts", () => {
    for (const none of ["", 5, null]) {
      const text = JSON.stringify({ version: 1, issuer: "a", server: "s", account: none, variant: none })
      assert.deepStrictEqual(keyOf(text), { serverUrl: "s" })
    }
  })

  it.each(["", "[]", '{"version":2,"server":"s"}', '{"version":1,"server":"s"}', '{"version":1,"issuer":"a"}'])(
    "has none for what is not ours, or of a newer version: %s",
    (text) => assert.isUndefined(keyOf(text))
  )
})

describe("keyText", () => {
  it("is the same for two spellings of a server, and another for each account and variant", () => {
    const serverUrl = "https://a.example/mcp"
    assert.strictEqual(keyText({ serverUrl: "HTTPS://A.example:443/mcp" }), "https://a.example/mcp#")
    assert.strictEqual(keyText({ serverUrl, account: "me", variant: "a=b" }), "https://a.example/mcp#me#a%3Db")
    assert.strictEqual(keyText({ serverUrl, variant: "me" }), "https://a.example/mcp##me")
  })

  it.prop("is text that UTF-8 and a URL can hold", [
    FastCheck.string({ unit: FastCheck.nat(0xffff).map((unit) => String.fromCharCode(unit)) })
  ], ([
    value
  ]) => {
    const text = keyText({ serverUrl: value, account: value })
    assert.strictEqual(new TextDecoder().decode(new TextEncoder().encode(text)), text)
    assert.doesNotThrow(() => encodeURIComponent(text))
  })

  it("tells half characters apart", () => {
    const halves = ["\ud83d", "\ud83e", "\ufffd"]
    assert.strictEqual(new Set(halves.map((account) => keyText({ serverUrl: "https://a.example/", account }))).size, 3)
    assert.strictEqual(new Set(halves.map((serverUrl) => keyText({ serverUrl }))).size, 3)
  })
})

describe("secretsOf", () => {
  it("names every secret at every level, of a newer registration too", () => {
    const secrets = (name: string) => ({
      clientId: "public",
      clientSecret: Redacted.make(`${name} secret`),
      extra: Redacted.make({ registration_access_token: `${name} registration`, deep: [{ a: `${name} deep` }] })
    })
    const credentials = {
      issuer: "https://as.example",
      client: secrets("client"),
      nextClient: secrets("next"),
      tokens: {
        accessToken: Redacted.make("access"),
        refreshToken: Redacted.make("refresh"),
        extra: Redacted.make({ id_token: "identity" })
      },
      extra: Redacted.make({ mine: "own" })
    }
    assert.deepStrictEqual([...secretsOf(credentials)].sort(), [
      "access",
      "client deep",
      "client registration",
      "client secret",
      "identity",
      "next deep",
      "next registration",
      "next secret",
      "own",
      "refresh"
    ])
    const atDepth = (depth: number): unknown => depth === 0 ? "deep" : { in: atDepth(depth - 1), not: [5, null] }
    const secretsAt = (depth: number) => secretsOf({ issuer: "i", extra: Redacted.make({ in: atDepth(depth - 1) }) })
    assert.deepStrictEqual([10, 11].map(secretsAt), [["deep"], []])
    assert.deepStrictEqual(secretsOf({ issuer: "https://as.example" }), [])
  })
})

describe("a time that is read", () => {
  it.each([[1e300, 8.64e15], [8.64e15, 8.64e15], [8.64e15 + 2, 8.64e15], [-1e300, -8.64e15], [1.5, 1.5]])(
    "as %d is %d, which a Date takes",
    (written, expected) => {
      const text = JSON.stringify({ version: 1, issuer: "a", tokens: { accessToken: "b", expiresAt: written } })
      const read = Either.getOrThrow(decode(text)).tokens?.expiresAt ?? Number.NaN
      assert.strictEqual(read, expected)
      assert.isNotNaN(new Date(read).getTime())
    }
  )
})
