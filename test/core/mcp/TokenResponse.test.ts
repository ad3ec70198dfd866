import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import type { Tokens } from "../../../src/core/mcp/Credentials.ts"
import * as TokenResponse from "../../../src/core/mcp/TokenResponse.ts"

const now = 1_700_000_000_000

/** The tokens in the clear. */
const shown = (tokens: Tokens | undefined) =>
  tokens && {
    ...tokens,
    accessToken: Redacted.value(tokens.accessToken),
    refreshToken: tokens.refreshToken && Redacted.value(tokens.refreshToken),
    ...(tokens.extra && { extra: Redacted.value(tokens.extra) })
  }

const read = (document: object, reading: Partial<TokenResponse.Reading> = {}) =>
  shown(TokenResponse.parse(document as Record<string, unknown>, { now, ...reading }))

const bare = { accessToken: "at", refreshToken: undefined, expiresAt: undefined, scope: undefined }

describe("parse", () => {
  it.each<[string, object, object]>([
    ["a token alone", { access_token: "at" }, bare],
    ["a bearer token", { access_token: "at", token_type: "Bearer" }, bare],
    ["a bearer token in any case", { access_token: "at", token_type: "bEARER" }, bare],
    [
      "all there is",
      { access_token: "at", token_type: "bearer", expires_in: 3600, refresh_token: "rt", scope: "a b" },
      {
        accessToken: "at",
        refreshToken: "rt",
        expiresAt: now + 3_600_000,
        scope: "a b"
      }
    ],
    [
      "null for what is absent",
      { access_token: "at", refresh_token: null, expires_in: null, scope: null, x: null },
      bare
    ],
    ["another type, as Slack writes it", { access_token: "at", token_type: "user" }, bare],
    ["an empty type", { access_token: "at", token_type: "" }, bare],
    ["null for an error, as Keycloak writes it", { access_token: "at", error: null }, bare],
    ["an empty error", { access_token: "at", error: "" }, bare],
    ["null for the type", { access_token: "at", token_type: null }, bare],
    ["seconds in a string", { access_token: "at", expires_in: "60" }, { ...bare, expiresAt: now + 60_000 }],
    ["half seconds", { access_token: "at", expires_in: 0.5 }, { ...bare, expiresAt: now + 500 }],
    ["less than a millisecond", { access_token: "at", expires_in: 5e-324 }, { ...bare, expiresAt: now + 1 }],
    ["no seconds", { access_token: "at", expires_in: 0 }, bare],
    ["seconds before now", { access_token: "at", expires_in: -1 }, bare],
    ["seconds that are no number", { access_token: "at", expires_in: "soon" }, bare],
    ["an empty string for seconds", { access_token: "at", expires_in: " " }, bare],
    ["true for seconds", { access_token: "at", expires_in: true }, bare],
    ["a list for seconds", { access_token: "at", expires_in: [60] }, bare],
    ["endless seconds", { access_token: "at", expires_in: Number.POSITIVE_INFINITY }, bare],
    ["more seconds than there are dates", { access_token: "at", expires_in: 1e300 }, { ...bare, expiresAt: 8.64e15 }],
    ["as many in a string", { access_token: "at", expires_in: "1e308" }, { ...bare, expiresAt: 8.64e15 }],
    ["just too many", { access_token: "at", expires_in: 8.64e12 }, { ...bare, expiresAt: 8.64e15 }],
    ["scopes and what is none", { access_token: "at", scope: "a \u001b[2J b" }, { ...bare, scope: "a b" }],
    ["no scope but what is none", { access_token: "at", scope: "\u202e" }, { ...bare, scope: "" }],
    ["an empty refresh token", { access_token: "at", refresh_token: "" }, bare],
    ["a refresh token of another type", { access_token: "at", refresh_token: 5 }, bare],
    ["an empty scope, which is none", { access_token: "at", scope: "" }, { ...bare, scope: "" }],
    ["a scope of another type", { access_token: "at", scope: ["a"] }, bare],
    ["what it does not know", { access_token: "at", id_token: "x.y.z", "__proto__x": 1 }, {
      ...bare,
      extra: { id_token: "x.y.z", "__proto__x": 1 }
    }]
  ])("reads %s", (_name, document, tokens) => {
    assert.deepStrictEqual<unknown>(read(document), tokens)
  })

  it.each<[string, object]>([
    ["nothing", {}],
    ["null for a token", { access_token: null }],
    ["an empty token", { access_token: "" }],
    ["a token that is a number", { access_token: 5 }],
    ["a token in a list", { access_token: ["at"] }],
    ["a token with a space", { access_token: "a t" }],
    ["a token with a line break, which would end the header", { access_token: "at\r\nx: y" }],
    ["a token that ends with a line break", { access_token: "at\n" }],
    ["a token in letters that no header takes", { access_token: "tökén" }],
    ["a token that needs a proof", { access_token: "at", token_type: "DPoP" }],
    ["a token that signs requests", { access_token: "at", token_type: "mac" }],
    ["an error beside a token", { access_token: "at", error: "access_denied" }],
    ["an error that is no text beside a token", { access_token: "at", error: { code: 1 } }],
    ["a type that is no text", { access_token: "at", token_type: ["bearer"] }],
    ["a type that cannot be made text", { access_token: "at", token_type: { toString: 1 } }]
  ])("finds no token in %s", (_name, document) => {
    assert.isUndefined(read(document))
  })

  it("keeps the scope that was asked for, and the refresh token, where the server brings none", () => {
    const reading = { scope: "asked", refreshToken: Redacted.make("old") }
    assert.deepInclude(read({ access_token: "at" }, reading), { scope: "asked", refreshToken: "old" })
    assert.deepInclude(read({ access_token: "at", scope: null, refresh_token: "" }, reading), {
      scope: "asked",
      refreshToken: "old"
    })
    assert.deepInclude(read({ access_token: "at", scope: "granted", refresh_token: "new" }, reading), {
      scope: "granted",
      refreshToken: "new"
    })
  })

  it("shows no secret, nor what it does not know, which may be one", () => {
    const document = { access_token: "hunter2-a", refresh_token: "hunter2-r", id_token: "hunter2-i" }
    const tokens = TokenResponse.parse(document, { now })
    assert.notInclude(JSON.stringify(tokens), "hunter2")
  })

  it.prop("never throws, and a token that it reads can be sent", [
    FastCheck.dictionary(
      FastCheck.constantFrom("access_token", "token_type", "expires_in", "refresh_token", "scope", "__proto__", "x"),
      FastCheck.oneof(
        { weight: 2, arbitrary: FastCheck.constantFrom("at", "Bearer", 60, "60", 1e308, "", null) },
        { weight: 1, arbitrary: FastCheck.jsonValue() },
        { weight: 1, arbitrary: FastCheck.string({ unit: "binary" }) }
      )
    )
  ], ([fields]) => {
    const document: Record<string, unknown> = JSON.parse(JSON.stringify(fields))
    const tokens = read(document)
    if (tokens === undefined) return
    const headers = new Headers({ authorization: `Bearer ${tokens.accessToken}` })
    assert.strictEqual(headers.get("authorization"), `Bearer ${document.access_token}`)
    assert.isTrue(tokens.expiresAt === undefined || tokens.expiresAt > now)
    if (tokens.expiresAt !== undefined) assert.isNotNaN(new Date(tokens.expiresAt).getTime())
    assert.doesNotHaveAnyKeys(tokens.extra ?? { none: 1 }, ["access_token", "refresh_token", "scope", "expires_in"])
  }, { fastCheck: { numRuns: 400 } })
})

describe("margin", () => {
  it.each([[3_600_000, 30_000], [60_001, 30_000], [60_000, 30_000], [59_998, 29_999], [10_000, 5000], [1, 0.5], [
    0,
    0
  ]])(
    "of a life of %d ms is %d ms",
    (life, margin) => {
      assert.strictEqual(TokenResponse.margin(life), margin)
    }
  )
})
