import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Metadata from "../../../src/core/mcp/Metadata.ts"
import { isSecure, isThisMachine } from "../../../src/core/mcp/SecureUrl.ts"
import type { UntrustedMetadata } from "../../../src/core/mcp/SignInError.ts"
import type { Document } from "../../../src/core/mcp/ResponseDocument.ts"
import type { Unsafe } from "../../../src/core/mcp/Unsafe.ts"

const server = new URL("https://mcp.example/mcp?key=hunter2")
const local = new URL("http://127.0.0.1:3000/mcp")
const issuer = "https://as.example"

const good = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"]
}

const { code_challenge_methods_supported: _, ...withoutChallenge } = good

/** What a table can say of a failure: the reason, the field, what it holds, what it should. */
const problem = <A>(result: Either.Either<A, UntrustedMetadata>): ReadonlyArray<unknown> =>
  Either.isLeft(result)
    ? [result.left.reason, result.left.field, result.left.found, result.left.expected]
    : assert.fail(`passed: ${JSON.stringify(result.right)}`)

/** Nested deeper than anything recursive can follow. */
const deep = (): unknown => JSON.parse("[".repeat(50_000) + "]".repeat(50_000))

describe("tooLong", () => {
  it("refuses an authorization URL whose parts are too long together, and one that is long only when escaped", () => {
    const url = new URL("https://as.example/authorize")
    assert.isUndefined(Metadata.tooLong(server, url))
    url.searchParams.set("resource", "x".repeat(16_384))
    assert.isUndefined(Metadata.tooLong(server, url))
    url.searchParams.set("resource", "%".repeat(16_384))
    assert.deepInclude(Metadata.tooLong(server, url), {
      reason: "Malformed",
      field: "authorization_endpoint",
      found: issuer
    })
    const long = (length: number) => new URL("https://as.example/".padEnd(length, "x"))
    assert.isUndefined(Metadata.tooLong(server, long(32_000)))
    assert.isDefined(Metadata.tooLong(server, long(32_001)))
  })
})

describe("protectedResource", () => {
  it.each<[string, string, string]>([
    ["https://mcp.example/mcp", "https://mcp.example/mcp", "the server"],
    ["https://mcp.example/mcp", "https://mcp.example/mcp/", "with a slash more"],
    ["https://mcp.example/mcp/", "https://mcp.example/mcp", "with a slash less"],
    ["https://mcp.example/mcp", "https://mcp.example", "its origin"],
    ["https://mcp.example/a/b/mcp", "https://mcp.example/a/", "a path above"],
    ["https://mcp.example/mcp?key=1", "https://mcp.example/mcp", "without the query"],
    ["https://mcp.example/mcp", "HTTPS://MCP.example:443/mcp", "in other letters"],
    ["http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/mcp", "on this machine"]
  ])("%s takes %s: %s", (url, resource) => {
    const result = Metadata.protectedResource(new URL(url), { resource })
    // To the letter: it is what the server compares to.
    assert.deepStrictEqual(result, Either.right({ resource, authorizationServers: [], waived: [] }))
  })

  it.each<[string, unknown, string | undefined]>([
    ["nothing", undefined, undefined],
    ["null", null, undefined],
    ["an empty text", "", ""],
    ["another type", 5, "of another type"],
    ["a list", ["https://mcp.example/mcp"], "https://mcp.example/mcp"],
    ["no URL", "mcp.example/mcp", "mcp.example/mcp"],
    ["another host", "https://evil.example/mcp", "https://evil.example/mcp"],
    ["a host that begins the same", "https://mcp.example.evil/mcp", "https://mcp.example.evil/mcp"],
    ["another port", "https://mcp.example:8443/mcp", "https://mcp.example:8443/mcp"],
    ["another scheme", "http://mcp.example/mcp", "http://mcp.example/mcp"],
    ["another path", "https://mcp.example/other", "https://mcp.example/other"],
    ["a path that begins the same", "https://mcp.example/mc", "https://mcp.example/mc"],
    ["a path below", "https://mcp.example/mcp/tenant", "https://mcp.example/mcp/tenant"],
    ["a path in other letters", "https://mcp.example/MCP", "https://mcp.example/MCP"],
    ["an opaque URL", "urn:mcp", "urn:mcp"],
    ["a terminal command", "\u001b[2J", "[2J"],
    ["something nested deep", deep(), "of another type"]
  ])("refuses %s", (_name, resource, found) => {
    const document = resource === undefined ? {} : { resource }
    assert.deepStrictEqual(problem(Metadata.protectedResource(server, document)), [
      "ResourceMismatch",
      "resource",
      found,
      "https://mcp.example/mcp"
    ])
  })

  it("takes the server's own address where nothing is published, without its key", () => {
    assert.deepStrictEqual(
      Metadata.protectedResource(server, undefined),
      Either.right({ resource: "https://mcp.example/mcp", authorizationServers: [], waived: [] })
    )
    assert.deepInclude(Metadata.protectedResource(new URL("https://mcp.example/"), undefined), {
      right: { resource: "https://mcp.example", authorizationServers: [], waived: [] }
    })
  })

  it.each<[string, object, object]>([
    ["servers in their order", { authorization_servers: ["b", "a"] }, { authorizationServers: ["b", "a"] }],
    ["servers that are texts only", { authorization_servers: [1, "a", null, ["b"]] }, { authorizationServers: ["a"] }],
    ["one server that is no list", { authorization_servers: "https://as.example" }, {
      authorizationServers: ["https://as.example"]
    }],
    ["nothing for servers", { authorization_servers: null }, {}],
    ["an empty text for servers", { authorization_servers: "" }, {}],
    ["scopes", { scopes_supported: ["a", "b"] }, { scopes: "a b" }],
    ["scopes that come again", { scopes_supported: ["a", "b a"] }, { scopes: "a b" }],
    ["empty scopes, which are none", { scopes_supported: ["", " "] }, {}],
    ["no scopes", { scopes_supported: [] }, {}],
    ["scopes that are no texts", { scopes_supported: [1, {}] }, {}],
    ["scopes in a text", { scopes_supported: "a b" }, { scopes: "a b" }]
  ])("reads %s", (_name, fields, expected) => {
    const resource = "https://mcp.example/mcp"
    assert.deepStrictEqual(
      Metadata.protectedResource(server, { resource, ...fields }),
      Either.right({ resource, authorizationServers: [], waived: [], ...expected })
    )
  })
})

describe("a resource that is another server's", () => {
  it("is taken where that is waived, and told", () => {
    const document = { resource: "https://other.example/mcp" }
    assert.deepStrictEqual(
      Metadata.protectedResource(server, document, { allowResourceMismatch: true }),
      Either.right({ ...document, authorizationServers: [], waived: ["allowResourceMismatch"] })
    )
    const right = { resource: "https://mcp.example/mcp" }
    const unneeded = Metadata.protectedResource(server, right, { allowResourceMismatch: true })
    assert.deepStrictEqual(Either.getOrThrow(unneeded).waived, [])
    for (const resource of [undefined, "", "no URL", 5]) {
      const refused = Metadata.protectedResource(server, { resource }, { allowResourceMismatch: true })
      assert.strictEqual(problem(refused)[0], "ResourceMismatch")
    }
  })
})

describe("a list of authorization servers of another type", () => {
  it.each([5, true, {}])("is refused, and named: %j", (value) => {
    const document = { resource: "https://mcp.example/mcp", authorization_servers: value }
    const refused = problem(Metadata.protectedResource(server, document))
    assert.deepStrictEqual(refused.slice(0, 2), ["Malformed", "authorization_servers"])
  })
})

describe("secureEndpoint", () => {
  it.each<[unknown, boolean, boolean]>([
    ["https://as.example/token", true, true],
    ["https://as.example:8443/token?x=1", true, true],
    ["http://127.0.0.1:4000/token", false, true],
    ["http://localhost:4000/token", false, true],
    ["http://[::1]/token", false, true],
    ["https://localhost/token", false, true],
    ["https://localhost./token", false, true],
    ["https://as.localhost/token", false, true],
    ["https://0.0.0.0/token", false, true],
    ["https://[::]/token", false, true],
    ["https://[::ffff:127.0.0.1]/token", false, true],
    ["https://169.254.169.254/token", false, true],
    ["http://as.example/token", false, false],
    ["http://10.0.0.1/token", false, false],
    ["https://me@as.example/token", false, false],
    ["https://me:hunter2@as.example/token", false, false],
    ["https://:hunter2@as.example/token", false, false],
    ["/token", false, false],
    ["", false, false],
    ["file:///etc/passwd", false, false],
    ["javascript:alert(1)", false, false],
    ["data:text/html,x", false, false],
    ["custom://as.example/token", false, false],
    [undefined, false, false],
    [null, false, false],
    [5, false, false],
    [["https://as.example/token"], false, false],
    [{ href: "https://as.example/token" }, false, false]
  ])("%j is good for a server elsewhere: %s, for one on this machine: %s", (value, elsewhere, here) => {
    for (const [mcp, expected] of [[server, elsewhere], [local, here]] as const) {
      const insecure = Metadata.secureEndpoint(mcp, "token_endpoint", value)
      assert.strictEqual(insecure === undefined, expected)
      if (insecure === undefined) continue
      assert.deepInclude(insecure, { reason: "InsecureUrl", field: "token_endpoint" })
      assert.strictEqual(insecure.server, `${mcp.origin}/mcp`)
      assert.strictEqual(insecure.expected, undefined)
    }
  })

  it("shows what it found, short and printable", () => {
    const { found, reason } = Metadata.secureEndpoint(server, "f", `http://as.example/\u001b[2J${"x".repeat(500)}`) ??
      {}
    assert.strictEqual(reason, "Malformed")
    assert.match(found ?? "", /^http:\/\/as\.example\/ \[2Jx+…$/)
    assert.isAtMost(found?.length ?? 0, 200)
  })
})

describe("an identifier", () => {
  const junk = ["\u001b]0;x\u0007", "\n", "\u009b2J", "\u202e", "\u200b", " ", "ü", "\ud800", "\u{e0041}"]
  const reasonOf = (error: UntrustedMetadata | undefined) => error?.reason

  it("is printable ASCII, or refused wherever it stands", () => {
    for (const each of junk) {
      for (const url of [`${issuer}/${each}`, `${issuer}/${each}x`, `${each}${issuer}`]) {
        assert.strictEqual(reasonOf(Metadata.secureEndpoint(server, "token_endpoint", url)), "Malformed")
        assert.strictEqual(reasonOf(Metadata.secureIssuer(server, url)), "Malformed")
        assert.strictEqual(Metadata.secureIssuer(server, url)?.field, "authorization_servers")
        const waived = Metadata.authorizationServer(server, issuer, { ...good, issuer: url }, {
          allowIssuerMismatch: true
        })
        assert.deepStrictEqual(problem(waived).slice(0, 2), ["Malformed", "issuer"])
      }
      const resource = Metadata.protectedResource(server, { resource: `https://mcp.example/mcp?${each}x` })
      assert.deepStrictEqual(problem(resource).slice(0, 2), ["Malformed", "resource"])
    }
  })

  it("is nested no deeper than it can be read", () => {
    assert.deepInclude(Metadata.nestedTooDeep(server, "https://as.example/x\u001b"), {
      reason: "Malformed",
      field: "the document at https://as.example/x",
      found: "{…{…"
    })
  })

  it("is an issuer of 2,048 letters at most, or another URL of 16,384", () => {
    const long = (length: number) => `${issuer}/`.padEnd(length, "x")
    assert.isUndefined(Metadata.secureIssuer(server, long(2048)))
    assert.deepInclude(Metadata.secureIssuer(server, long(2049)), {
      reason: "Malformed",
      field: "authorization_servers"
    })
    assert.isUndefined(Metadata.secureEndpoint(server, "token_endpoint", long(16_384)))
    assert.strictEqual(reasonOf(Metadata.secureEndpoint(server, "token_endpoint", long(16_385))), "Malformed")
    const resource = (length: number) =>
      Metadata.protectedResource(server, { resource: "https://mcp.example/mcp?".padEnd(length, "x") })
    assert.isTrue(Either.isRight(resource(16_384)))
    assert.strictEqual(problem(resource(16_385))[0], "Malformed")
  })
})

describe("chooseIssuer", () => {
  it.each<[string, ReadonlyArray<string>, ReadonlyArray<string | undefined>, string]>([
    ["the only one", ["https://a"], [], "https://a"],
    ["the first", ["https://a", "https://b"], [undefined, undefined], "https://a"],
    ["one that is known", ["https://a", "https://b"], [undefined, "https://b"], "https://b"],
    ["one that is known without its slash", ["https://a/", "https://b/"], ["https://b"], "https://b/"],
    ["the first of those known", ["https://a", "https://b", "https://c"], ["https://c", "https://b"], "https://b"],
    ["the first where another is known", ["https://a", "https://b"], ["https://c"], "https://a"],
    ["the same with a slash more", ["https://a", "https://b"], ["https://b/"], "https://b"],
    ["no slash more behind a path", ["https://a", "https://b/c"], ["https://b/c/"], "https://a"],
    ["the origin of the server where none is named", [], [], "https://mcp.example/"],
    ["not even a known one where none is named", [], ["https://a"], "https://mcp.example/"]
  ])("chooses %s", (_name, authorizationServers, preferred, expected) => {
    const resource = { resource: "https://mcp.example/mcp", authorizationServers, waived: [] }
    assert.strictEqual(Metadata.chooseIssuer(server, resource, preferred), expected)
  })
})

describe("two spellings of an issuer", () => {
  it.each<[string, string | undefined, boolean]>([
    ["https://a.example", "https://a.example/", true],
    ["http://a.example/", "http://a.example", true],
    ["https://a.example/b/", "https://a.example/b", true],
    ["https://a.example/b", "https://a.example/b/", false],
    ["https://a.example/b", "https://a.example/bc", false],
    ["https://a.example/bc", "https://a.example/b", false],
    ["x-https://a.example", "x-https://a.example/", false],
    ["https://a.example", undefined, false]
  ])("asked for as %s and named %s they are one: %s", (asked, named, expected) => {
    assert.strictEqual(Metadata.sameIssuer(asked, named), expected)
  })
})

describe("authorizationServer", () => {
  const check = (fields: object, unsafe?: Unsafe, asked = issuer, mcp = server) =>
    Metadata.authorizationServer(mcp, asked, { ...good, ...fields }, unsafe)

  it.each<[string, unknown, string, string]>([
    ["nothing", undefined, issuer, "IssuerMissing"],
    ["null", null, issuer, "IssuerMissing"],
    ["an empty text", "", issuer, "IssuerMissing"],
    ["another type", [issuer], issuer, "IssuerMissing"],
    ["another issuer", "https://evil.example", issuer, "IssuerMismatch"],
    ["another path", `${issuer}/a`, issuer, "IssuerMismatch"],
    ["other letters", "https://AS.example", issuer, "IssuerMismatch"],
    ["a port that is the default", "https://as.example:443", issuer, "IssuerMismatch"],
    ["a slash more than was asked for behind a path", `${issuer}/a/`, `${issuer}/a`, "IssuerMismatch"],
    ["two slashes less", issuer, `${issuer}//`, "IssuerMismatch"],
    ["a space more", `${issuer} `, issuer, "IssuerMismatch"]
  ])("refuses %s for an issuer", (_name, named, asked, reason) => {
    const [found, field, , expected] = problem(check({ issuer: named }, {}, asked))
    assert.deepStrictEqual([found, field, expected], [reason, "issuer", asked])
  })

  it.each([[issuer, issuer], [issuer, `${issuer}/`], [`${issuer}/`, issuer], [`${issuer}/`, `${issuer}/`], [
    `${issuer}/a/`,
    `${issuer}/a`
  ]])(
    "asked for as %s, it may name itself %s",
    (asked, named) => {
      assert.strictEqual(Either.getOrThrow(check({ issuer: named }, {}, asked)).issuer, named)
    }
  )

  it.each<[string, object, ReadonlyArray<unknown>]>([
    ["no authorization endpoint", { authorization_endpoint: undefined }, ["InsecureUrl", "authorization_endpoint"]],
    ["null for one", { authorization_endpoint: null }, ["InsecureUrl", "authorization_endpoint"]],
    ["a script for one", { authorization_endpoint: "javascript:alert(1)" }, ["InsecureUrl", "authorization_endpoint"]],
    ["no token endpoint", { token_endpoint: undefined }, ["InsecureUrl", "token_endpoint"]],
    ["http for one", { token_endpoint: "http://as.example/token" }, ["InsecureUrl", "token_endpoint"]],
    ["http for a registration", { registration_endpoint: "http://as.example/r" }, [
      "InsecureUrl",
      "registration_endpoint"
    ]],
    ["an empty authorization endpoint", { authorization_endpoint: "" }, ["InsecureUrl", "authorization_endpoint"]],
    ["this machine for a revocation", { revocation_endpoint: "http://127.0.0.1/r" }, [
      "InsecureUrl",
      "revocation_endpoint"
    ]],
    ["other response types", { response_types_supported: ["token", "id_token"] }, [
      "ResponseTypeMissing",
      "response_types_supported",
      "token, id_token"
    ]],
    ["no response types", { response_types_supported: [] }, ["ResponseTypeMissing", "response_types_supported"]],
    ["another response type that is no list", { response_types_supported: "token" }, ["ResponseTypeMissing"]],
    ["a response type of two", { response_types_supported: ["code token"] }, ["ResponseTypeMissing"]],
    ["no challenge methods", { code_challenge_methods_supported: undefined }, [
      "MissingS256",
      "code_challenge_methods_supported",
      undefined,
      "S256"
    ]],
    ["null for them", { code_challenge_methods_supported: null }, ["MissingS256"]],
    ["none of them", { code_challenge_methods_supported: [] }, ["MissingS256"]],
    ["plain ones alone", { code_challenge_methods_supported: ["plain"] }, [
      "MissingS256",
      "code_challenge_methods_supported",
      "plain",
      "S256"
    ]],
    ["an empty text for them", { code_challenge_methods_supported: "" }, ["MissingS256"]],
    ["another text for them", { code_challenge_methods_supported: "plain S256" }, ["MissingS256"]],
    ["other letters", { code_challenge_methods_supported: ["s256"] }, ["MissingS256"]]
  ])("refuses %s", (_name, fields, expected) => {
    assert.deepStrictEqual(problem(check(fields)).slice(0, expected.length), expected)
  })

  it("looks at the issuer first, then the endpoints, then what they grant, then PKCE", () => {
    const faults = [
      [{ issuer: "https://evil.example" }, "IssuerMismatch"],
      [{ authorization_endpoint: "http://a" }, "InsecureUrl authorization_endpoint"],
      [{ token_endpoint: "http://a" }, "InsecureUrl token_endpoint"],
      [{ registration_endpoint: "http://a" }, "InsecureUrl registration_endpoint"],
      [{ revocation_endpoint: "http://a" }, "InsecureUrl revocation_endpoint"],
      [{ response_types_supported: [] }, "ResponseTypeMissing"],
      [{ code_challenge_methods_supported: [] }, "MissingS256"]
    ] as const
    for (const [index, [, expected]] of faults.entries()) {
      const fields = Object.assign({}, ...faults.slice(index).map(([fields]) => fields))
      assert.include(problem(check(fields)).join(" "), expected)
    }
  })

  it("waives what is waived, says so, and nothing else", () => {
    const other = { issuer: "https://other.example" }
    assert.deepInclude(Either.getOrThrow(check(other, { allowIssuerMismatch: true })), {
      issuer: "https://other.example",
      waived: ["allowIssuerMismatch"]
    })
    const both = { allowIssuerMismatch: true, allowMissingS256: true }
    const result = Metadata.authorizationServer(server, issuer, { ...withoutChallenge, ...other }, both)
    assert.deepStrictEqual(Either.getOrThrow(result).waived, ["allowIssuerMismatch", "allowMissingS256"])
    assert.deepStrictEqual(Either.getOrThrow(check({}, both)).waived, [])
    assert.strictEqual(problem(check(other, { allowMissingS256: true }))[0], "IssuerMismatch")
    assert.strictEqual(
      problem(check({ code_challenge_methods_supported: [] }, { allowIssuerMismatch: true }))[0],
      "MissingS256"
    )
    for (const issuer of [undefined, null, ""]) {
      assert.strictEqual(problem(check({ issuer }, both))[0], "IssuerMissing")
    }
    assert.strictEqual(problem(check({ token_endpoint: "http://a" }, both))[0], "InsecureUrl")
    assert.strictEqual(problem(check({ response_types_supported: [] }, both))[0], "ResponseTypeMissing")
    const untyped = { allowMissingS256: "no" } as unknown as Unsafe
    assert.strictEqual(problem(check({ code_challenge_methods_supported: [] }, untyped))[0], "MissingS256")
  })

  it.each<[string, object, Partial<Metadata.AuthorizationServer>]>([
    ["that it registers", {}, {
      authorizationEndpoint: good.authorization_endpoint,
      tokenEndpoint: good.token_endpoint,
      registrationEndpoint: `${issuer}/register`,
      revocationEndpoint: `${issuer}/revoke`
    }],
    ["that it does not", { registration_endpoint: undefined }, { registrationEndpoint: undefined }],
    ["an empty text for what is absent", { registration_endpoint: "", revocation_endpoint: "" }, {
      registrationEndpoint: undefined,
      revocationEndpoint: undefined
    }],
    ["blanks for what is absent", { registration_endpoint: " ", revocation_endpoint: "\t" }, {
      registrationEndpoint: undefined,
      revocationEndpoint: undefined
    }],
    ["methods that can be shown", { token_endpoint_auth_methods_supported: ["a\u001b", "x".repeat(101), "none"] }, {
      authMethods: ["none"]
    }],
    ["what is no text for what is absent", { registration_endpoint: false, revocation_endpoint: [] }, {
      registrationEndpoint: undefined,
      revocationEndpoint: undefined
    }],
    ["one response type that is no list", { response_types_supported: "code" }, { issuer }],
    ["one challenge method that is no list", { code_challenge_methods_supported: "S256" }, { waived: [] }],
    ["one method that is no list", { token_endpoint_auth_methods_supported: "none" }, { authMethods: ["none"] }],
    ["scopes in a text", { scopes_supported: "a offline_access" }, { offersOfflineAccess: true }],
    ["null for what is absent", { registration_endpoint: null, revocation_endpoint: null }, {
      registrationEndpoint: undefined,
      revocationEndpoint: undefined
    }],
    ["no response types, which every server has", { response_types_supported: undefined }, { issuer }],
    ["several response types", { response_types_supported: ["token", "code"] }, { issuer }],
    ["several challenge methods", { code_challenge_methods_supported: ["plain", "S256"] }, { waived: [] }],
    ["nothing more", {}, { fetchesClientMetadata: false, issuerRequired: false, offersOfflineAccess: false }],
    ["CIMD", { client_id_metadata_document_supported: true }, { fetchesClientMetadata: true }],
    ["CIMD in a text", { client_id_metadata_document_supported: "true" }, { fetchesClientMetadata: false }],
    ["iss", { authorization_response_iss_parameter_supported: true }, { issuerRequired: true }],
    ["iss in a number", { authorization_response_iss_parameter_supported: 1 }, { issuerRequired: false }],
    ["offline_access", { scopes_supported: ["a", "offline_access"] }, { offersOfflineAccess: true }],
    ["a scope like it", { scopes_supported: ["not_offline_access"] }, { offersOfflineAccess: false }],
    ["its methods", { token_endpoint_auth_methods_supported: ["none", 5] }, { authMethods: ["none"] }],
    ["no methods in its list", { token_endpoint_auth_methods_supported: [] }, { authMethods: [] }]
  ])("reads %s", (_name, fields, expected) => {
    assert.deepInclude(Either.getOrThrow(check(fields)), expected)
  })

  it("says under which issuer it was asked for, where it was by one", () => {
    assert.strictEqual(Either.getOrThrow(check({}, {}, `${issuer}/`)).asked, `${issuer}/`)
    const named = Either.getOrThrow(Metadata.authorizationServer(server, undefined, good))
    assert.strictEqual(named.issuer, issuer)
    assert.notProperty(named, "asked")
  })

  it("does not say methods that it was not told", () => {
    assert.notProperty(Either.getOrThrow(check({})), "authMethods")
    assert.notProperty(Either.getOrThrow(check({ token_endpoint_auth_methods_supported: "" })), "authMethods")
  })

  it("shows no key of the server's address", () => {
    const result = check({ issuer: "x" })
    assert.notInclude(JSON.stringify(result), "hunter2")
  })

  const url = FastCheck.oneof(
    { weight: 3, arbitrary: FastCheck.constantFrom(`${issuer}/x`, "https://other.example/x", "http://127.0.0.1:1/x") },
    {
      weight: 1,
      arbitrary: FastCheck.constantFrom(
        "http://as.example/x",
        "https://me:pw@as.example/",
        "javascript:alert(1)",
        "/x",
        "https://localhost/x",
        "http://localhost.example/",
        "file:///x",
        "",
        null
      )
    },
    { weight: 1, arbitrary: FastCheck.webUrl({ validSchemes: ["http", "https", "ftp"] }) },
    { weight: 1, arbitrary: FastCheck.jsonValue() }
  )
  const some = (arbitrary: FastCheck.Arbitrary<unknown>) =>
    FastCheck.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: FastCheck.jsonValue() })
  const document = FastCheck.record({
    issuer: some(FastCheck.constantFrom(issuer, issuer, issuer, `${issuer}/`, "https://evil.example")),
    authorization_endpoint: url,
    token_endpoint: url,
    registration_endpoint: url,
    revocation_endpoint: url,
    response_types_supported: some(FastCheck.constantFrom(["code"], ["token"], [])),
    code_challenge_methods_supported: some(FastCheck.constantFrom(["S256"], ["plain"], ["plain", "S256"])),
    token_endpoint_auth_methods_supported: some(FastCheck.constant(["none"])),
    scopes_supported: some(FastCheck.constant(["a"])),
    x: FastCheck.jsonValue()
  }, { requiredKeys: [] })
  const unsafe: FastCheck.Arbitrary<Unsafe> = FastCheck.record({
    allowMissingS256: FastCheck.boolean(),
    allowIssuerMismatch: FastCheck.boolean()
  })

  it.prop("never throws, and every endpoint that passed is https or on this machine", [
    FastCheck.oneof(
      { weight: 3, arbitrary: document },
      { weight: 1, arbitrary: FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue()) }
    ),
    unsafe,
    FastCheck.constantFrom(server, local),
    FastCheck.constantFrom(issuer, `${issuer}/`)
  ], ([fields, unsafe, mcp, asked]) => {
    const document: Document = JSON.parse(JSON.stringify(fields))
    Metadata.protectedResource(mcp, document)
    const result = Metadata.authorizationServer(mcp, asked, document, unsafe)
    if (Either.isLeft(result)) {
      assert.notMatch(result.left.message, /undefined|\p{Cc}/u)
      return
    }
    const names = ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"]
    for (const name of names) {
      const value = document[name]
      if ((typeof value !== "string" || value.trim() === "") && name.startsWith("re")) continue
      const url = new URL(String(value))
      assert.isTrue(isSecure(url))
      assert.isTrue(isThisMachine(mcp) || !isThisMachine(url))
      assert.strictEqual(url.username + url.password, "")
    }
    const methods = document.code_challenge_methods_supported
    assert.strictEqual(
      result.right.waived.includes("allowMissingS256"),
      !(methods === "S256" || (Array.isArray(methods) && methods.includes("S256")))
    )
    for (const waived of result.right.waived) assert.isTrue(unsafe[waived])
    assert.isTrue(result.right.issuer === document.issuer)
    assert.isTrue(unsafe.allowIssuerMismatch || asked.replace(/\/$/, "") === result.right.issuer.replace(/\/$/, ""))
  }, { fastCheck: { numRuns: 1000 } })

  it.each(Object.keys(good))("never throws at a %s that is nested deep", (name) => {
    const result = Metadata.authorizationServer(server, issuer, { ...good, [name]: deep() })
    if (Either.isLeft(result)) assert.isAtMost(result.left.message.length, 1000)
  })
})

describe("fallbackDocument", () => {
  it("has the paths of MCP of 2025-03-26 at the origin, and says nothing of PKCE", () => {
    const document = Metadata.fallbackDocument("https://mcp.example/")
    assert.deepStrictEqual(document, {
      issuer: "https://mcp.example/",
      authorization_endpoint: "https://mcp.example/authorize",
      token_endpoint: "https://mcp.example/token",
      registration_endpoint: "https://mcp.example/register",
      response_types_supported: ["code"]
    })
    assert.strictEqual(
      problem(Metadata.authorizationServer(server, "https://mcp.example/", document))[0],
      "MissingS256"
    )
    const waived = Metadata.authorizationServer(server, "https://mcp.example/", document, { allowMissingS256: true })
    assert.strictEqual(Either.getOrThrow(waived).registrationEndpoint, "https://mcp.example/register")
  })

  it("leaves out the path of the issuer", () => {
    const { token_endpoint: endpoint } = Metadata.fallbackDocument("https://as.example:8443/tenant?x=1")
    assert.strictEqual(endpoint, "https://as.example:8443/token")
  })
})
