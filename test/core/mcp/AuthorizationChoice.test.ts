import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as AuthorizationChoice from "../../../src/core/mcp/AuthorizationChoice.ts"
import type { AuthorizationOptions } from "../../../src/core/mcp/AuthorizationOptions.ts"
import { ownedParameters } from "../../../src/core/mcp/AuthorizationRequest.ts"

type Options = AuthorizationOptions
const check = (options: object) => AuthorizationChoice.check(options as Options)
const right = (options: Options) => Either.getOrThrow(AuthorizationChoice.check(options))

describe("the options", () => {
  it("ask for offline access and nothing else where there are none", () => {
    assert.deepStrictEqual(right({}), {
      authorizationParameters: {},
      authorizationServerMetadataUrl: undefined,
      offlineAccess: true,
      scope: undefined,
      exactScope: undefined
    })
  })

  it("are taken", () => {
    const options = {
      authorizationParameters: { audience: "https://api.example", prompt: "" },
      authorizationServerMetadataUrl: new URL("https://as.example/.well-known/openid-configuration"),
      offlineAccess: false,
      scope: " a  b a "
    }
    assert.deepStrictEqual(right(options), {
      ...options,
      authorizationServerMetadataUrl: options.authorizationServerMetadataUrl.href,
      scope: "a b",
      exactScope: undefined
    })
    assert.deepInclude(right({ scope: { exactly: "b a" } }), { exactScope: "b a", scope: undefined })
    assert.strictEqual(right({ scope: { exactly: "" } }).exactScope, "")
    assert.strictEqual(
      right({ authorizationParameters: { a: "x".repeat(4000) } }).authorizationParameters["a"]?.length,
      4000
    )
  })

  it("name metadata without the fragment, which no server is sent", () => {
    assert.strictEqual(
      right({ authorizationServerMetadataUrl: "http://localhost:1/x?a#b" }).authorizationServerMetadataUrl,
      "http://localhost:1/x?a"
    )
  })

  it.each(ownedParameters)("do not add %s, which the sign-in sets itself", (name) => {
    const refused = check({ authorizationParameters: { [name]: "x" } })
    assert.isTrue(Either.isLeft(refused))
    if (Either.isLeft(refused)) {
      assert.deepInclude(refused.left, { _tag: "InvalidOptions", option: "authorizationParameters" })
      assert.include(refused.left.message, name)
    }
  })

  it.each<[string, object, string]>([
    ["a parameter that is no text", { authorizationParameters: { a: 5 } }, "authorizationParameters"],
    ["a parameter without a name", { authorizationParameters: { "": "a" } }, "authorizationParameters"],
    ["a parameter that is very long", { authorizationParameters: { a: "x".repeat(4001) } }, "authorizationParameters"],
    [
      "a name of the sign-in's in other letters",
      { authorizationParameters: { State: "x" } },
      "authorizationParameters"
    ],
    [
      "a name of the sign-in's with brackets",
      { authorizationParameters: { "redirect_uri[]": "x" } },
      "authorizationParameters"
    ],
    [
      "a name of the sign-in's with lines in brackets",
      { authorizationParameters: { "state[a\n]": "x" } },
      "authorizationParameters"
    ],
    [
      "a name of the sign-in's with space around",
      { authorizationParameters: { " state ": "x" } },
      "authorizationParameters"
    ],
    ["a list", { authorizationParameters: ["a"] }, "authorizationParameters"],
    ["a map, which would add nothing", { authorizationParameters: new Map([["a", "b"]]) }, "authorizationParameters"],
    ["a password", { authorizationServerMetadataUrl: "https://:pw@as.example/x" }, "authorizationServerMetadataUrl"],
    ["a name", { authorizationServerMetadataUrl: "https://me@as.example/x" }, "authorizationServerMetadataUrl"],
    ["no parameters", { authorizationParameters: null }, "authorizationParameters"],
    ["an address that is none", { authorizationServerMetadataUrl: "as.example" }, "authorizationServerMetadataUrl"],
    ["http elsewhere", { authorizationServerMetadataUrl: "http://as.example/x" }, "authorizationServerMetadataUrl"],
    ["a word for yes", { offlineAccess: "yes" }, "offlineAccess"],
    ["a list of scopes", { scope: ["a"] }, "scope"],
    ["exact scopes in a list", { scope: { exactly: ["a"] } }, "scope"],
    ["a scope that is none", { scope: 'a "b"' }, "scope"],
    ["null for scopes", { scope: null }, "scope"]
  ])("are refused, and named: %s", (_name, options, option) => {
    const refused = check(options)
    assert.strictEqual(Either.isLeft(refused) && refused.left.option, option)
  })

  it.each<[string, object]>([
    ["state is set by the sign-in itself: leave it out", { authorizationParameters: { state: "x" } }],
    ["scope is set by the sign-in itself: use the option scope", { authorizationParameters: { scope: "x" } }],
    [
      "resource is set by the sign-in itself: it is the server's; to leave it out, set unsafe.omitResource",
      { authorizationParameters: { resource: "x" } }
    ],
    [
      "response_mode is set by the sign-in itself: use callback.responseMode",
      { authorizationParameters: { response_mode: "x" } }
    ],
    ['"a" has to be a text with a name', { authorizationParameters: { a: 5 } }],
    ["a is longer than 4000 characters", { authorizationParameters: { a: "x".repeat(4001) } }],
    ["it has to be an object of texts", { authorizationParameters: [] }],
    [
      "it has to be an https: URL, or an http: URL on this machine",
      { authorizationServerMetadataUrl: "http://as.example/x" }
    ],
    ["it has to be true or false", { offlineAccess: "yes" }],
    [
      "it has to be a text of scopes with spaces between them, or { exactly: such a text }; a scope is of printable ASCII " +
      'without " and \\',
      { scope: "é" }
    ]
  ])("are refused with what they have to be: %s", (detail, options) => {
    const refused = check(options)
    assert.strictEqual(Either.isLeft(refused) && refused.left.detail, detail)
  })
})

describe("what makes another token", () => {
  const variant = (options: Options, omitResource = false) =>
    AuthorizationChoice.variantOf(right(options), { omitResource })

  it("is nothing by default, nor how a person is asked", () => {
    assert.isUndefined(variant({}))
    assert.isUndefined(variant({ scope: "a", offlineAccess: false }))
  })

  it.each([
    ["access_type", "acr_values", "claims_locales", "display", "domain_hint", "hd", "id_token_hint"],
    ["kc_idp_hint", "login_hint", "max_age", "nonce", "prompt", "screen_hint", "ui_locales"]
  ].flat())("is not %s, which says how the person is asked", (name) => {
    assert.isUndefined(variant({ authorizationParameters: { [name]: "x" } }))
  })

  it("is one text, the same in each version: credentials are stored under it", () => {
    assert.strictEqual(variant({ authorizationParameters: { b: "1", a: "2 3", prompt: "login" } }), "a=2+3&b=1")
    assert.strictEqual(variant({ scope: { exactly: "b a" } }), "scope=a+b")
    assert.strictEqual(variant({}, true), "resource=")
    assert.strictEqual(
      variant({ authorizationServerMetadataUrl: "https://as.example/metadata" }),
      "=https%3A%2F%2Fas.example%2Fmetadata"
    )
    assert.strictEqual(AuthorizationChoice.variantOf(right({}), { allowResourceMismatch: true }), "resource=any")
    assert.strictEqual(
      AuthorizationChoice.variantOf(right({}), { allowResourceMismatch: true, omitResource: true }),
      "resource="
    )
  })

  it("is the audience, exact scopes in any order, a resource that is left out, and another authorization server", () => {
    const all = [
      variant({ authorizationParameters: { audience: "a" } }),
      variant({ authorizationParameters: { audience: "b" } }),
      variant({ scope: { exactly: "a b" } }),
      variant({ scope: { exactly: "" } }),
      variant({}, true),
      variant({ authorizationServerMetadataUrl: "https://as.example/metadata" })
    ]
    assert.strictEqual(new Set([...all, undefined]).size, 7)
    assert.strictEqual(variant({ scope: { exactly: "b a" } }), variant({ scope: { exactly: "a b" } }))
    assert.strictEqual(
      variant({ authorizationParameters: { b: "1", a: "2", prompt: "login" } }),
      variant({ authorizationParameters: { a: "2", b: "1" } })
    )
  })
})
