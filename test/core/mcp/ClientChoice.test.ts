import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import type { ClientRegistration, Credentials } from "../../../src/core/mcp/Credentials.ts"
import * as ClientChoice from "../../../src/core/mcp/ClientChoice.ts"
import type { AuthorizationServer } from "../../../src/core/mcp/Metadata.ts"
import { callback } from "../../../src/core/oauth/RedirectUri.ts"

const server = "https://mcp.example/mcp"
const issuer = "https://as.example"
const now = 1_700_000_000_000
const redirectUri = "http://127.0.0.1:4000/callback"
const documentUrl = "https://app.example/client.json"

const offers = (fields: Partial<AuthorizationServer> = {}): AuthorizationServer => ({
  issuer,
  authorizationEndpoint: `${issuer}/authorize`,
  tokenEndpoint: `${issuer}/token`,
  registrationEndpoint: `${issuer}/register`,
  fetchesClientMetadata: true,
  issuerRequired: false,
  offersOfflineAccess: false,
  waived: [],
  ...fields
})

const secret = Redacted.make("hunter2")
const registered: ClientRegistration = { clientId: "registered", redirectUris: [redirectUri] }
const stored = (client: ClientRegistration | undefined, of = issuer): Credentials => ({ issuer: of, client })

/** What a table can say of a choice. */
const summary = (result: ReturnType<typeof ClientChoice.choose>): string => {
  if (Either.isLeft(result)) return result.left.reason
  const choice = result.right
  if (choice._tag === "Register") return "Register"
  const client = choice._tag === "Ask" ? choice.last : choice.client
  return `${choice._tag} ${client?.clientId ?? ""}`.trim()
}

const expiring = (seconds: unknown): ClientRegistration => ({
  ...registered,
  extra: Redacted.make({ client_secret_expires_at: seconds })
})

describe("choose", () => {
  type Row = [
    name: string,
    options: ClientChoice.ClientOptions,
    stored: Credentials | undefined,
    offered: Partial<AuthorizationServer>,
    expected: string
  ]
  const byHand = { client: { clientId: "by-hand", clientSecret: secret } }
  const all = { ...byHand, clientMetadataUrl: documentUrl }

  it.each<Row>([
    ["a stored one", {}, stored(registered), {}, "Stored registered"],
    ["a stored one in doubt is replaced", {}, stored({ ...registered, isInDoubt: true }), {}, "Register"],
    ["but not where there is no other", {}, stored({ ...registered, isInDoubt: true }), {
      registrationEndpoint: undefined
    }, "Stored registered"],
    [
      "the next one goes before that of the tokens",
      {},
      {
        ...stored({ ...registered, isInDoubt: true }),
        nextClient: { ...registered, clientId: "next" }
      },
      {},
      "Stored next"
    ],
    ["the client by hand goes before all", all, stored(registered), {}, "Fixed by-hand"],
    ["the client by hand needs nothing of the server", byHand, undefined, {
      registrationEndpoint: undefined,
      fetchesClientMetadata: false
    }, "Fixed by-hand"],
    [
      "the document goes before a stored one",
      { clientMetadataUrl: documentUrl },
      stored(registered),
      {},
      `Fixed ${documentUrl}`
    ],
    [
      "a stored one goes before a document that nobody fetches",
      { clientMetadataUrl: documentUrl },
      stored(registered),
      {
        fetchesClientMetadata: false
      },
      "Stored registered"
    ],
    ["a stored one goes before another", {}, stored(registered), {}, "Stored registered"],
    [
      "a stored one is used where none is made any more",
      {},
      stored(registered),
      { registrationEndpoint: undefined },
      "Stored registered"
    ],
    ["where nothing is stored one is made", {}, undefined, {}, "Register"],
    ["where no client is stored one is made", {}, stored(undefined), {}, "Register"],
    ["where nobody fetches the document one is made", { clientMetadataUrl: documentUrl }, undefined, {
      fetchesClientMetadata: false
    }, "Register"],
    ["another issuer's is not shown", {}, stored(registered, "https://other.example"), {}, "Register"],
    ["the same issuer's with a slash more is shown", {}, stored(registered, `${issuer}/`), {}, "Stored registered"],
    ["another issuer's with a path is not shown", {}, stored(registered, `${issuer}/a`), {}, "Register"],
    ["one without redirect URIs was not registered here", {}, stored({ clientId: "fixed" }), {}, "Register"],
    [
      "there may be no way at all",
      {},
      undefined,
      { registrationEndpoint: undefined, fetchesClientMetadata: false },
      "NotSupported"
    ],
    ["CIMD is no way without a document", {}, undefined, { registrationEndpoint: undefined }, "NotSupported"],
    ["another issuer's is no way either", {}, stored(registered, "https://other.example"), {
      registrationEndpoint: undefined
    }, "NotSupported"]
  ])("%s", (_name, options, known, offered, expected) => {
    assert.strictEqual(summary(ClientChoice.choose(server, offers(offered), known, options, now)), expected)
  })

  const unknown = { isInDoubt: true, isUnknown: true }
  it.each<[name: string, stored: Credentials | undefined, registrationEndpoint: string | undefined, expected: string]>([
    ["who is registered by itself is not asked for", undefined, `${issuer}/register`, "Register"],
    ["nor who is unknown there", stored({ ...registered, ...unknown }), `${issuer}/register`, "Register"],
    ["where none can be registered one is asked for", undefined, undefined, "Ask"],
    ["one of another issuer says nothing", stored(registered, "https://other.example"), undefined, "Ask"],
    ["a stored one is used", stored(registered), undefined, "Stored registered"],
    ["also in doubt", stored({ ...registered, isInDoubt: true }), undefined, "Stored registered"],
    ["but not when it is unknown", stored({ ...registered, ...unknown }), undefined, "Ask registered"],
    [
      "the next one counts",
      { ...stored(registered), nextClient: { ...registered, ...unknown } },
      undefined,
      "Ask registered"
    ],
    ["nor when its secret has expired", stored(expiring(1)), undefined, "Ask registered"],
    ["one without redirect URIs was not asked for", stored({ clientId: "fixed" }), undefined, "Ask"]
  ])("where a person can be asked: %s", (_name, known, registrationEndpoint, expected) => {
    const chosen = (canAsk: boolean) =>
      summary(ClientChoice.choose(server, offers({ registrationEndpoint }), known, {}, now, canAsk))
    assert.strictEqual(chosen(true), expected)
    // And where nobody can, as before: an unknown one stays in use.
    const isUsable = known?.issuer === issuer && known.client?.redirectUris !== undefined &&
      known.client.extra === undefined
    if (expected.startsWith("Ask")) assert.strictEqual(chosen(false), isUsable ? "Stored registered" : "NotSupported")
  })

  it.each<[string, string | undefined, Credentials | undefined, string]>([
    ["its own issuer", issuer, undefined, "Fixed by-hand"],
    [
      "its own issuer, whatever is stored",
      issuer,
      stored({ clientId: "by-hand" }, "https://other.example"),
      "Fixed by-hand"
    ],
    ["another issuer", "https://other.example", undefined, "IssuerChanged"],
    ["its issuer with a slash, which is the same where there is no path", `${issuer}/`, undefined, "Fixed by-hand"],
    ["a path of its issuer", `${issuer}/a`, undefined, "IssuerChanged"],
    ["the issuer it was used with", undefined, stored({ clientId: "by-hand" }), "Fixed by-hand"],
    [
      "another than it was used with",
      undefined,
      stored({ clientId: "by-hand" }, "https://other.example"),
      "IssuerChanged"
    ],
    [
      "the first one it is used with, though another was asked",
      undefined,
      stored(undefined, "https://other.example"),
      "Fixed by-hand"
    ],
    ["the first one it is used with", undefined, stored(registered, "https://other.example"), "Fixed by-hand"]
  ])("a client by hand belongs to %s", (_name, own, known, expected) => {
    const options = { client: { clientId: "by-hand", ...(own !== undefined && { issuer: own }) } }
    const result = ClientChoice.choose(server, offers(), known, options, now)
    assert.strictEqual(summary(result), expected)
    if (Either.isLeft(result)) {
      assert.deepInclude(result.left, { field: "issuer", found: issuer, server, expected: own ?? known?.issuer })
    }
  })

  it.each<[string, string, Partial<AuthorizationServer>, string]>([
    ["as what it is asked for where its other name is waived", "https://asked.example", {
      asked: "https://asked.example",
      waived: ["allowIssuerMismatch"]
    }, "Fixed by-hand"],
    ["as nobody else, also where a name is waived", "https://other.example", {
      asked: "https://asked.example",
      waived: ["allowIssuerMismatch"]
    }, "IssuerChanged"],
    [
      "by its own name alone where that is not waived",
      "https://asked.example",
      { asked: "https://asked.example" },
      "IssuerChanged"
    ],
    ["by its own name alone where nothing was asked for", "https://asked.example", {
      waived: ["allowIssuerMismatch"]
    }, "IssuerChanged"]
  ])("a client by hand knows its issuer %s", (_name, own, fields, expected) => {
    const options = { client: { clientId: "by-hand", issuer: own } }
    assert.strictEqual(summary(ClientChoice.choose(server, offers(fields), undefined, options, now)), expected)
  })

  it("has a client by hand authenticate as the options say", () => {
    const options = { client: { ...byHand.client, authMethod: "client_secret_post" as const } }
    const choice = Either.getOrThrow(ClientChoice.choose(server, offers(), undefined, options, now))
    const { extra } = choice._tag === "Fixed" ? choice.client : assert.fail(choice._tag)
    assert.deepStrictEqual(extra && Redacted.value(extra), { token_endpoint_auth_method: "client_secret_post" })
  })

  it("names the authorization server that takes no program", () => {
    const none = { registrationEndpoint: undefined }
    for (const options of [{}, { clientMetadataUrl: "client.json" }]) {
      const refused = ClientChoice.choose(server, offers(none), undefined, options, now)
      assert.deepInclude(Either.isLeft(refused) ? refused.left : assert.fail("chosen"), { issuer })
    }
  })

  it.each<[string, boolean]>([
    [documentUrl, true],
    ["https://app.example/a?b=c", true],
    ["https://app.example", false],
    ["https://app.example/", false],
    ["https://app.example/?x", false],
    ["http://app.example/client.json", false],
    ["http://localhost/client.json", false],
    ["https://app.example/client.json#x", false],
    ["https://me@app.example/client.json", false],
    ["https://:pw@app.example/client.json", false],
    ["client.json", false],
    ["", false]
  ])("%s is a document's address: %s", (clientMetadataUrl, good) => {
    for (const fetchesClientMetadata of [true, false]) {
      const result = ClientChoice.choose(
        server,
        offers({ fetchesClientMetadata }),
        undefined,
        { clientMetadataUrl },
        now
      )
      assert.strictEqual(summary(result) === "InvalidClientMetadataUrl", !good)
    }
  })

  it.each<[string, unknown, boolean]>([
    ["never", 0, true],
    ["when nobody said", undefined, true],
    ["in a second", now / 1000 + 1, true],
    ["now", now / 1000, false],
    ["long ago", 1, false],
    ["before all time", -1, true],
    ["when nobody can read it", "soon", true],
    ["at null", null, true],
    ["at a text, which is no time", "1", true]
  ])("a stored client whose secret ends %s is good: %s", (_name, seconds, good) => {
    const result = ClientChoice.choose(server, offers(), stored(expiring(seconds)), {}, now)
    assert.strictEqual(summary(result), good ? "Stored registered" : "Register")
  })

  it("gives the client whole", () => {
    const client = { ...registered, clientSecret: secret, extra: Redacted.make({ a: 1 }) }
    assert.deepStrictEqual(
      ClientChoice.choose(server, offers(), stored(client), {}, now),
      Either.right({ _tag: "Stored", client } as const)
    )
  })
})

describe("withOptions and toStored", () => {
  const client = { clientId: "by-hand", clientSecret: secret, issuer }

  it("a secret of the options is used and not kept", () => {
    const kept = ClientChoice.toStored(client, { client })
    assert.deepStrictEqual(kept, { clientId: "by-hand" })
    assert.deepStrictEqual(ClientChoice.withOptions(kept, { client }), { clientId: "by-hand", clientSecret: secret })
  })

  it("a secret that the options have no more is not used", () => {
    const old = { clientId: "by-hand", clientSecret: Redacted.make("old") }
    assert.isUndefined(ClientChoice.withOptions(old, { client: { clientId: "by-hand" } }).clientSecret)
  })

  it("another client stays as it is", () => {
    const own = { ...registered, clientSecret: Redacted.make("own") }
    for (const options of [{}, { client }]) {
      assert.strictEqual(ClientChoice.withOptions(own, options), own)
      assert.strictEqual(ClientChoice.toStored(own, options), own)
    }
  })
})

describe("listen", () => {
  const storedAt = (...redirectUris: ReadonlyArray<string>): ClientChoice.ClientChoice => ({
    _tag: "Stored",
    client: { clientId: "x", redirectUris }
  })
  const at = (port: number) => `http://127.0.0.1:${port}/callback`
  const fixed: ClientChoice.ClientChoice = { _tag: "Fixed", client: { clientId: "x" } }
  const register: ClientChoice.ClientChoice = { _tag: "Register" }

  it.each<[string, ClientChoice.ClientChoice, ClientChoice.ListenOptions, ReadonlyArray<number>]>([
    ["a new registration takes any port", register, {}, [0]],
    ["a new registration takes the port that is named", register, { port: 5000 }, [5000]],
    ["a new registration takes the ports that are named, in order", register, { port: [5001, 5000, 0] }, [
      5001,
      5000,
      0
    ]],
    ["a stored one takes its port, else any", storedAt(at(4000)), {}, [4000, 0]],
    ["a stored one takes its ports, else any", storedAt(at(4000), at(4001)), {}, [4000, 4001, 0]],
    ["a stored one takes its port where any may be taken", storedAt(at(4000)), { port: 0 }, [4000, 0]],
    ["a stored one takes its port where any may be taken at last", storedAt(at(4000)), { port: [5000, 0] }, [
      4000,
      5000,
      0
    ]],
    ["a stored one takes its port first of those named", storedAt(at(5001)), { port: [5000, 5001] }, [5001, 5000]],
    ["a stored one takes no port that is not named", storedAt(at(4000)), { port: 5000 }, [5000]],
    ["a stored one names no port twice", storedAt(at(5000)), { port: [5000] }, [5000]],
    ["a stored one on IPv6, where the caller names that", storedAt("http://[::1]:4000/callback"), { host: "[::1]" }, [
      4000,
      0
    ]],
    ["one that is asked for takes any port", { _tag: "Ask" }, {}, [0]],
    [
      "one that is asked for again takes its port, else any",
      {
        _tag: "Ask",
        last: { clientId: "x", redirectUris: [at(4000)] }
      },
      {},
      [4000, 0]
    ],
    ["a stored one behind a proxy has no port here", storedAt("https://proxy.example/cb"), {}, [0]],
    ["a stored one behind a proxy that is on this machine", storedAt("https://localhost:4000/callback"), {}, [0]],
    ["a stored one of the port that http has by itself", storedAt("http://127.0.0.1/callback"), {}, [80, 0]],
    ["a stored one whose address cannot be read", storedAt("odd", ""), {}, [0]],
    ["a stored one without addresses", { _tag: "Stored", client: { clientId: "x" } }, {}, [0]]
  ])("%s", (_name, choice, options, port) => {
    for (const onPortBusy of [undefined, "fail", "paste"] as const) {
      assert.deepStrictEqual(ClientChoice.listen(choice, { ...options, ...(onPortBusy && { onPortBusy }) }), {
        port,
        onPortBusy: onPortBusy ?? "fail",
        maybeUnregistered: false
      })
    }
  })

  it.each(["localhost", "[::1]"] as const)("a stored one is used under the name that is registered: %s", (host) => {
    const choice = storedAt(`http://${host}:4000/callback`)
    const where = { port: [4000, 0], onPortBusy: "fail", maybeUnregistered: false } as const
    assert.deepStrictEqual(ClientChoice.listen(choice, {}), { ...where, host })
    assert.deepStrictEqual(ClientChoice.listen(choice, { host: "127.0.0.1" }), where)
    assert.deepStrictEqual(ClientChoice.listen({ _tag: "Register" }, {}), { ...where, port: [0] })
  })

  type Where = readonly [port: unknown, onPortBusy: "fail" | "paste", maybeUnregistered: boolean]

  it.each<[string, ClientChoice.ListenOptions, Where]>([
    ["any port, and a warning", {}, [0, "fail", true]],
    ["any port, as it is said", { port: 0 }, [0, "fail", true]],
    ["any port with a paste, as it is said", { onPortBusy: "paste" }, [0, "paste", true]],
    ["any port where that comes first", { port: [0, 5000] }, [0, "fail", true]],
    ["its port alone, else a paste", { port: 5000 }, [[5000], "paste", false]],
    ["its ports alone, else a paste", { port: [5000, 5001] }, [[5000, 5001], "paste", false]],
    ["its port alone on IPv6, else a paste", { port: 5000, host: "[::1]" }, [[5000], "paste", false]],
    ["its port alone on localhost, else a paste", { port: 5000, host: "localhost" }, [[5000], "paste", false]],
    ["its port alone where nobody can paste", { port: 5000, paste: false }, [[5000], "fail", false]],
    ["its port alone where it is to fail", { port: 5000, onPortBusy: "fail" }, [[5000], "fail", false]],
    ["its port alone where it is to paste", { port: 5000, onPortBusy: "paste" }, [[5000], "paste", false]]
  ])("a fixed client takes %s", (_name, options, expected) => {
    const { maybeUnregistered, onPortBusy, port } = ClientChoice.listen(fixed, options)
    assert.deepStrictEqual([port, onPortBusy, maybeUnregistered], [...expected])
  })

  it.each(["8080", null, true, {}, ["8080"]])("hands on what is no port, which no flow is opened on: %j", (port) => {
    for (const choice of [{ _tag: "Register" }, { _tag: "Fixed", client: registered }] as const) {
      const { port: ports } = ClientChoice.listen(choice, { port: port as never })
      assert.isTrue(Either.isLeft(callback({ port: ports })))
    }
  })

  it.prop("never takes a port that the person did not allow", [
    FastCheck.constantFrom(fixed, register, storedAt(at(4000)), storedAt(at(5000), at(4000))),
    FastCheck.array(FastCheck.constantFrom(0, 4000, 5000, 5001), { minLength: 1 }),
    FastCheck.constantFrom("fail" as const, "paste" as const, undefined),
    FastCheck.constantFrom(true, false, undefined)
  ], ([choice, port, onPortBusy, paste]) => {
    const taken = [ClientChoice.listen(choice, { port, onPortBusy, paste }).port].flat()
    for (const each of taken) assert.isTrue(port.includes(each) || port.includes(0))
    assert.isTrue(taken.length > 0)
  })
})

describe("check", () => {
  const { clientId, ...others } = { clientId: "by-hand", clientSecret: secret, authMethod: "none", issuer }
  const check = (client: unknown) => Either.map(Either.flip(ClientChoice.check({ client })), ({ option }) => option)

  it("takes a client made by hand, and none", () => {
    assert.isTrue([undefined, { clientId }, { clientId, ...others }].every((each) => Either.isLeft(check(each))))
  })

  it.each<[string, unknown]>([
    ["client", null],
    ["client", "by-hand"],
    ["client.clientId", {}],
    ["client.clientId", { clientId: undefined }],
    ["client.clientId", { clientId: "" }],
    ["client.clientId", { clientId: "a\nb" }],
    ["client.clientId", { clientId: 7 }],
    ["client.clientSecret", { clientId, clientSecret: "hunter2" }],
    ["client.clientSecret", { clientId, clientSecret: Redacted.make(undefined) }],
    ["client.authMethod", { clientId, authMethod: "" }],
    ["client.issuer", { clientId, issuer: null }]
  ])("names %s, as of %j", (option, client) => assert.deepStrictEqual(check(client), Either.right(option)))
})

describe("isRegistered", () => {
  it.each<[ReadonlyArray<string> | undefined, string, boolean]>([
    [[redirectUri], redirectUri, true],
    [["https://other.example/", redirectUri], redirectUri, true],
    [[redirectUri], "http://127.0.0.1:4001/callback", false],
    [[redirectUri], "http://localhost:4000/callback", false],
    [[redirectUri], `${redirectUri}/`, false],
    [[], redirectUri, false],
    [undefined, redirectUri, false]
  ])("%j holds %s: %s", (redirectUris, uri, expected) => {
    assert.strictEqual(ClientChoice.isRegistered({ clientId: "x", redirectUris }, uri), expected)
  })
})

describe("fromResponse", () => {
  it("keeps what the server confirmed, and our own redirect URI", () => {
    const document = {
      client_id: "c",
      client_secret: "hunter2",
      client_secret_expires_at: 5,
      redirect_uris: ["http://127.0.0.1/callback"],
      registration_access_token: "hunter2-too"
    }
    const client = ClientChoice.fromResponse(document, redirectUri) ?? assert.fail("no client")
    assert.strictEqual(client.clientId, "c")
    assert.deepStrictEqual(client.redirectUris, [redirectUri])
    assert.strictEqual(client.clientSecret && Redacted.value(client.clientSecret), "hunter2")
    assert.deepStrictEqual(client.extra && Redacted.value(client.extra), {
      client_secret_expires_at: 5,
      registration_access_token: "hunter2-too"
    })
    assert.notInclude(JSON.stringify(client), "hunter2")
  })

  it.each<[string, object]>([
    ["no client", {}],
    ["an empty one", { client_id: "" }],
    ["null", { client_id: null }],
    ["a number", { client_id: 5 }]
  ])("finds %s", (_name, document) => {
    assert.isUndefined(ClientChoice.fromResponse(document as Record<string, unknown>, redirectUri))
  })

  it.each([null, "", 5])("takes %j for no secret", (secret) => {
    const client = ClientChoice.fromResponse({ client_id: "c", client_secret: secret }, redirectUri)
    assert.notProperty(client, "clientSecret")
  })
})

describe("a client identifier of a server", () => {
  it.each<[string, string, boolean]>([
    ["all that RFC 6749 allows", " !~aZ09-._:/?", true],
    ["4,096 letters", "x".repeat(4096), true],
    ["more letters", "x".repeat(4097), false],
    ["a terminal command", "a\u001b[2J", false],
    ["a line break at its end", "a\n", false],
    ["a one-byte terminal command", "a\u009b2J", false],
    ["what reorders the text", "a\u202eb", false],
    ["other letters", "clïent", false]
  ])("may hold %s: it is %j, %s", (_name, clientId, isTaken) => {
    const redirectUri = "http://127.0.0.1:1/callback"
    assert.strictEqual(ClientChoice.fromResponse({ client_id: clientId }, redirectUri)?.clientId === clientId, isTaken)
    // Nor is one used that an earlier version stored.
    const offered = offers()
    const stored = { issuer: offered.issuer, client: { clientId, redirectUris: [redirectUri] } }
    const choice = Either.getOrThrow(ClientChoice.choose("https://mcp.example", offered, stored, {}, 0))
    assert.strictEqual(choice._tag, isTaken ? "Stored" : "Register")
  })
})
