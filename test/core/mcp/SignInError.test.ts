import { assert, describe, expect, it } from "@effect/vitest"
import { Cause } from "effect"
import { inspect } from "node:util"
import { Closed } from "../../../src/core/mcp/Closed.ts"
import { sentence } from "../../../src/core/mcp/NetworkWords.ts"
import {
  DiscoveryError,
  type FaultReason,
  InteractionRequired,
  McpConnectError,
  RegistrationError,
  type RegistrationReason,
  RevocationError,
  SdkMissing,
  TokenError,
  type TokenReason,
  UntrustedMetadata,
  type UntrustedReason
} from "../../../src/core/mcp/SignInError.ts"

const server = "https://mcp.example/mcp"
const issuer = "https://as.example"
const url = "https://as.example/.well-known/oauth-authorization-server"

// One of each kind.
const networkCodes = [
  ["UnknownIssuer", "CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID", "CertificateRequired", "InvalidContentType"],
  [
    "EPROTO",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "HPE_INVALID_CONSTANT"
  ],
  ["BlockedPort", "407", "ERR_PROXY_TUNNEL", "NotCapable", "ESOMETHING"]
].flat()

const namesOf = <Name extends string>(names: Record<Name, 0>) =>
  Object.keys(names) as ReadonlyArray<string> as ReadonlyArray<Name>
const faultReasons = namesOf<FaultReason>({ Unreachable: 0, TimedOut: 0, ServerError: 0, InvalidResponse: 0 })
const tokenReasons = namesOf<TokenReason>({
  Unreachable: 0,
  TimedOut: 0,
  ServerError: 0,
  InvalidResponse: 0,
  Rejected: 0
})
const registrationReasons = namesOf<RegistrationReason>({
  Unreachable: 0,
  TimedOut: 0,
  ServerError: 0,
  InvalidResponse: 0,
  NotSupported: 0,
  Rejected: 0,
  InvalidClientMetadataUrl: 0
})
const untrustedReasons = namesOf<UntrustedReason>({
  ResourceMismatch: 0,
  IssuerMismatch: 0,
  IssuerMissing: 0,
  IssuerChanged: 0,
  Malformed: 0,
  MissingS256: 0,
  InsecureUrl: 0,
  ResponseTypeMissing: 0
})
const interactionReasons = namesOf<InteractionRequired["reason"]>({
  NotSignedIn: 0,
  SignedOut: 0,
  Rejected: 0,
  InsufficientScope: 0,
  InsufficientAuthentication: 0,
  Declined: 0,
  TimedOut: 0,
  Failed: 0
})

const grants = ["authorization_code", "refresh_token"] as const

/** What a server may have said, from nothing to everything. */
const sayings = [
  {},
  { status: 400 },
  { status: 400, error: "invalid_request" },
  { status: 400, error: "invalid_request", description: "No such thing" }
]

type Row = readonly [name: string, error: Error & { readonly _tag: string }]

const errors: ReadonlyArray<Row> = [
  ...[...faultReasons, "NoMetadata" as const].flatMap((reason): ReadonlyArray<Row> => [
    [`DiscoveryError ${reason}`, new DiscoveryError({ reason, server, url })],
    [`DiscoveryError ${reason} with a status`, new DiscoveryError({ reason, server, url, status: 503 })]
  ]),
  ...untrustedReasons.flatMap((reason): ReadonlyArray<Row> => [
    [`UntrustedMetadata ${reason}`, new UntrustedMetadata({ reason, server, field: "f", found: "a", expected: "b" })],
    [
      `UntrustedMetadata ${reason} without expectation`,
      new UntrustedMetadata({ reason, server, field: "f", found: "a" })
    ],
    [`UntrustedMetadata ${reason} of nothing`, new UntrustedMetadata({ reason, server, field: "f" })],
    [
      `UntrustedMetadata ${reason} of nothing expected`,
      new UntrustedMetadata({ reason, server, field: "f", expected: "b" })
    ]
  ]),
  ...registrationReasons.flatMap((reason): ReadonlyArray<Row> =>
    (reason === "Rejected"
      ? sayings
      : sayings.slice(0, reason === "InvalidClientMetadataUrl" || reason === "NotSupported" ? 1 : 2)).map((said) => [
        `RegistrationError ${reason} ${JSON.stringify(said)}`,
        new RegistrationError({ reason, issuer, ...said })
      ])
  ),
  ...grants.flatMap((grant) =>
    tokenReasons.flatMap((reason): ReadonlyArray<Row> =>
      (reason === "Rejected" ? [...sayings, { status: 401, error: "invalid_client" }] : sayings.slice(0, 2)).map((
        said
      ) => [
        `TokenError ${grant} ${reason} ${JSON.stringify(said)}`,
        new TokenError({ reason, grant, issuer, ...said })
      ])
    )
  ),
  ...tokenReasons.flatMap((reason): ReadonlyArray<Row> => [
    [`RevocationError ${reason}`, new RevocationError({ reason, issuer })],
    [`RevocationError ${reason} with a status`, new RevocationError({ reason, issuer, status: 400 })]
  ]),
  ...interactionReasons.map((reason): Row => [
    `InteractionRequired ${reason}`,
    new InteractionRequired({ reason, server })
  ]),
  ...networkCodes.flatMap((code): ReadonlyArray<Row> => [
    [`DiscoveryError with ${code}`, new DiscoveryError({ reason: "Unreachable", server, url, code })],
    [`TokenError with ${code}`, new TokenError({ reason: "Unreachable", grant: "refresh_token", issuer, code })],
    [`McpConnectError with ${code}`, new McpConnectError({ server, detail: "fetch failed", code })]
  ]),
  ["Closed", new Closed({ server })],
  ["SdkMissing", new SdkMissing({ cause: new Error("hunter2") })],
  ["McpConnectError", new McpConnectError({ server, detail: "the server said nothing" })]
]

/** What the errors above leave out: sentences that say more for a field of their own. */
const special: ReadonlyArray<Row> = [
  ["Closed, of no server", new Closed({})],
  [
    "DiscoveryError NoMetadata with a web page",
    new DiscoveryError({ reason: "NoMetadata", server, url, isWebPage: true })
  ],
  [
    "DiscoveryError InvalidResponse with a web page",
    new DiscoveryError({ reason: "InvalidResponse", server, url, status: 200, isWebPage: true })
  ],
  [
    "DiscoveryError ServerError with a web page",
    new DiscoveryError({ reason: "ServerError", server, url, status: 503, isWebPage: true })
  ],
  [
    "DiscoveryError ServerError until a time",
    new DiscoveryError({ reason: "ServerError", server, url, status: 503, retryAfter: 1_700_000_000_000 })
  ],
  ["DiscoveryError Unreachable by a proxy", new DiscoveryError({ reason: "Unreachable", server, url, status: 407 })],
  [
    "DiscoveryError Unreachable by another error",
    new DiscoveryError({ reason: "Unreachable", server, url, cause: new RangeError("out of sockets.") })
  ],
  [
    "UntrustedMetadata of a resource",
    new UntrustedMetadata({
      reason: "ResourceMismatch",
      server,
      field: "resource",
      found: "https://other.example/",
      expected: server
    })
  ],
  [
    "RegistrationError of a redirect URI",
    new RegistrationError({ reason: "Rejected", issuer, status: 400, error: "invalid_redirect_uri" })
  ],
  [
    "RegistrationError with a web page",
    new RegistrationError({ reason: "Rejected", issuer, status: 403, isWebPage: true })
  ],
  [
    "TokenError that wants the secret",
    new TokenError({
      reason: "Rejected",
      grant: "refresh_token",
      issuer,
      status: 401,
      error: "invalid_request",
      description: "Client_secret is missing."
    })
  ],
  [
    "TokenError with a web page",
    new TokenError({ reason: "Rejected", grant: "refresh_token", issuer, status: 403, isWebPage: true })
  ],
  ...[["access_token"], ["refresh_token"], ["access_token", "refresh_token"], undefined].flatMap((
    tokens
  ): ReadonlyArray<Row> =>
    [undefined, "2026-11-30T12:00:00.000Z"].map((validUntil) => [
      `RevocationError of ${tokens?.join(" and ") ?? "what there was"}${
        validUntil === undefined ? "" : " with its end"
      }`,
      new RevocationError({
        reason: "Rejected",
        issuer,
        status: 400,
        error: "unsupported_token_type",
        description: "No such type. Ask.",
        tokens: tokens as RevocationError["tokens"],
        validUntil
      })
    ])
  ),
  ["McpConnectError with a status", new McpConnectError({ server, detail: "forbidden", code: "403" })],
  ["McpConnectError with a status in its words", new McpConnectError({ server, detail: "answered 403", code: "403" })],
  ["McpConnectError with another code", new McpConnectError({ server, detail: "no", code: "CLIENT_4031" })],
  [
    "McpConnectError with a cause",
    new McpConnectError({
      server,
      detail: "fetch failed",
      code: "NotCapable",
      cause: new Error('Requires net access to "mcp.example:443", run again')
    })
  ]
]

// "Cannot <action>: <what>. <What to do>": one of these has to follow.
const advice = /\b(check|try again|try|operator|use|sign in|set|register|published?|install|make|end)\b/i

describe("messages", () => {
  // Where CI is set, a file that is missing fails. Run with --update to write it, and read what changed.
  it("are right to read, all of them", async () => {
    // The words about a network stand by themselves, and not in each error.
    const each = errors.filter(([name]) => !/^\w+Error with \w+$/.test(name))
    const all = [
      ...networkCodes.map((code) => `--- the network: ${code}\n${sentence({ code })}\n`),
      ...[...each, ...special].map(([name, { message }]) => `--- ${name}\n${message}\n`)
    ]
    await expect(all.join("\n")).toMatchFileSnapshot("SignInError.messages.txt")
  })

  it.each(errors)("say what happened and what to do, without a final full stop: %s", (_name, error) => {
    const { message } = error
    assert.match(message, /^(Cannot|Refused to|Signed out here, but) \S/)
    assert.notMatch(message, /\.\.|\. \.|[.\s]$|\s{2}| ,|\( | \)/)
    assert.notMatch(message, /\n|undefined|null|\[object|NaN|n't\b/)
    assert.match(message.slice(message.search(/: |\. /)), advice)
    assert.isAtMost(message.length, 420)
  })

  it.each(errors)("are what every printer prints, with the tag: %s", (_name, error) => {
    assert.include(String(error), error.message)
    assert.include(Cause.pretty(Cause.fail(error)), error.message)
    assert.include(inspect(error), error.message)
    assert.include(JSON.stringify(error), error._tag)
    assert.strictEqual(error.name, error._tag)
    assert.strictEqual(error._tag, error.constructor.name)
  })

  it.each(errors)("begin every sentence with a capital letter: %s", (_name, { message }) => {
    for (const sentence of message.replaceAll(/https?:\S*/g, "URL").split(/(?<=[a-z)"]\.) /)) {
      assert.match(sentence, /^[A-Z]/)
    }
  })

  it("are different for different reasons", () => {
    const ofReason = errors.filter(([name]) => !/ (with|without|of) |\{"/.test(name))
    assert.strictEqual(new Set(ofReason.map(([, error]) => error.message)).size, ofReason.length)
  })
})

describe("DiscoveryError", () => {
  it("names the server and what was asked for", () => {
    const { message } = new DiscoveryError({ reason: "ServerError", server, url, status: 503 })
    assert.strictEqual(
      message,
      `Cannot find out how to sign in to ${server}: asked ${url} (HTTP 503), it is busy, or has an internal error. Try ` +
        "again later; if it stays, its operator has to look at it"
    )
  })
})

describe("why a request brought nothing", () => {
  const of: ReadonlyArray<(fields: object) => Error & { readonly code?: string | undefined }> = [
    (fields) => new DiscoveryError({ reason: "Unreachable", server, url, ...fields }),
    (fields) => new RegistrationError({ reason: "Unreachable", issuer, ...fields }),
    (fields) => new TokenError({ reason: "Unreachable", grant: "refresh_token", issuer, ...fields }),
    (fields) => new RevocationError({ reason: "Unreachable", issuer, ...fields })
  ]

  it("has the system's name for it in the field and in the sentence", () => {
    for (const make of of) {
      const error = make({ code: "ECONNREFUSED" })
      assert.strictEqual(error.code, "ECONNREFUSED")
      assert.include(error.message, "the connection was refused (ECONNREFUSED)")
    }
  })

  it("has the HTTP status as its code where there is no other", () => {
    for (const make of of) {
      assert.strictEqual(make({ reason: "ServerError", status: 503 }).code, "503")
      assert.include(make({ reason: "ServerError", status: 503 }).message, "(HTTP 503)")
      assert.notProperty(make({}), "code")
    }
  })

  it("says once that it was the proxy", () => {
    for (const make of of) {
      assert.strictEqual(make({ status: 407 }).code, "407")
      assert.lengthOf(make({ status: 407 }).message.match(/HTTP 407/g) ?? [], 1)
      assert.include(make({ status: 407 }).message, "the proxy wants a name and a password")
    }
  })

  it("says that it was a web page", () => {
    for (const make of of) {
      assert.include(
        make({ reason: "InvalidResponse", status: 200, isWebPage: true }).message,
        "it answered with a web page, not JSON"
      )
    }
    const page = { reason: "Rejected", status: 403, isWebPage: true } as const
    assert.include(new RegistrationError({ issuer, ...page }).message, "answered with a web page, not JSON (HTTP 403)")
    assert.include(
      new TokenError({ issuer, grant: "refresh_token", ...page }).message,
      "answered with a web page, not JSON (HTTP 403)"
    )
    assert.include(
      new DiscoveryError({ reason: "NoMetadata", server, url, isWebPage: true }).message,
      "nothing there says how to sign in: it answered with a web page, not JSON. Check"
    )
  })
})

describe("DiscoveryError", () => {
  it("names the option that helps where nothing is published, and only there", () => {
    for (const reason of [...faultReasons, "NoMetadata" as const]) {
      const { message } = new DiscoveryError({ reason, server, url })
      assert.strictEqual(message.includes("authorizationServerMetadataUrl"), reason === "NoMetadata")
    }
  })
})

describe("UntrustedMetadata", () => {
  const of = (reason: UntrustedReason, found?: string, expected?: string) =>
    new UntrustedMetadata({ reason, server, field: "issuer", found, expected }).message

  it("quotes what it found, and what it should have found", () => {
    assert.include(of("IssuerMismatch", 'a "b"', "c"), 'issuer is "a \\"b\\"" instead of "c", so another server')
    assert.include(
      of("IssuerMissing", undefined, "c"),
      'issuer is missing (it should be "c"), so it could be anybody\'s'
    )
    assert.include(of("InsecureUrl"), "issuer is missing, which is")
    assert.include(of("ResponseTypeMissing", "token"), 'issuer is "token", so it grants no authorization codes')
  })

  it("names what may be waived only where it may be", () => {
    for (const reason of untrustedReasons) {
      const { message } = new UntrustedMetadata({ reason, server, field: "f", found: "a", expected: "b" })
      assert.strictEqual(message.includes("unsafe.allowMissingS256"), reason === "MissingS256")
      assert.strictEqual(message.includes("unsafe.allowIssuerMismatch"), reason === "IssuerMismatch")
    }
  })

  it("names the waiver of a resource only where there is one that could be asked for", () => {
    const names = (found: string | undefined) =>
      new UntrustedMetadata({ reason: "ResourceMismatch", server, field: "resource", found, expected: server })
        .message.includes("unsafe.allowResourceMismatch")
    assert.deepStrictEqual([undefined, "", "mcp", "https://other.example/"].map(names), [false, false, false, true])
  })
})

describe("RegistrationError", () => {
  it("names the options that help", () => {
    const notSupported = new RegistrationError({ reason: "NotSupported", issuer }).message
    for (const option of ["client.clientId", "clientMetadataUrl", "http://127.0.0.1/callback", issuer]) {
      assert.include(notSupported, option)
    }
    assert.include(new RegistrationError({ reason: "Rejected", issuer }).message, "client.clientId")
    assert.include(new RegistrationError({ reason: "InvalidClientMetadataUrl", issuer }).message, "clientMetadataUrl")
  })

  it("quotes the server", () => {
    const error = new RegistrationError({
      reason: "Rejected",
      issuer,
      status: 400,
      error: "invalid_redirect_uri",
      description: 'Not "there"'
    })
    assert.include(
      error.message,
      `${issuer}: it answered "invalid_redirect_uri", "Not \\"there\\"" (HTTP 400). Register`
    )
  })
})

describe("TokenError", () => {
  it.each(["invalid_client", "unauthorized_client"])("points to the client that is not known: %s", (error) => {
    for (const grant of grants) {
      const { message } = new TokenError({ reason: "Rejected", grant, issuer, error })
      assert.include(message, "client.clientId and client.clientSecret")
      assert.notInclude(message, "Sign in again")
    }
  })

  it("says what it was for", () => {
    for (const reason of tokenReasons) {
      const [finish, renew] = grants.map((grant) => new TokenError({ reason, grant, issuer }).message)
      assert.match(finish ?? "", /^Cannot finish the sign-in/)
      assert.match(renew ?? "", /^Cannot renew the sign-in/)
      assert.include(finish, issuer)
    }
  })

  it("quotes the server", () => {
    const error = new TokenError({
      reason: "Rejected",
      grant: "authorization_code",
      issuer,
      status: 400,
      error: "invalid_grant",
      description: "Code is used."
    })
    assert.strictEqual(
      error.message,
      `Cannot finish the sign-in: ${issuer} answered "invalid_grant", "Code is used" (HTTP 400). Sign in again`
    )
  })
})

describe("RevocationError", () => {
  it("says that one is signed out here, and why not there", () => {
    const { message } = new RevocationError({ reason: "TimedOut", issuer })
    assert.match(message, /^Signed out here, but https:\/\/as\.example may .*: it did not answer in time\. To be sure/)
    assert.include(
      new RevocationError({ reason: "Rejected", issuer, status: 400 }).message,
      "refused to end them (HTTP 400)."
    )
  })
})

describe("SdkMissing", () => {
  it("names the install line, and not what the import said", () => {
    const { message } = new SdkMissing({ cause: new Error("hunter2") })
    assert.include(message, 'npm install "@modelcontextprotocol/sdk@^1.31"')
    assert.notInclude(message, "hunter2")
  })
})

describe("McpConnectError and the others name the server", () => {
  it.each<[string, Error]>([
    ["McpConnectError", new McpConnectError({ server, detail: "it says no" })],
    ["Closed", new Closed({ server })],
    ["InteractionRequired", new InteractionRequired({ server, reason: "Rejected" })],
    ["DiscoveryError", new DiscoveryError({ server, reason: "NoMetadata", url })],
    ["UntrustedMetadata", new UntrustedMetadata({ server, reason: "MissingS256", field: "f" })]
  ])("%s", (_name, error) => {
    assert.include(error.message, server)
  })

  it("McpConnectError says what kept the client from the server, or the status it was answered with", () => {
    const of = (code: string, detail = "fetch failed") => new McpConnectError({ server, detail, code }).message
    assert.include(of("ENOTFOUND"), `${server}: its name was not found (ENOTFOUND). Check the name`)
    assert.include(of("403"), "fetch failed (HTTP 403). Check the URL")
    assert.include(of("403", "answered 403"), "answered 403. Check the URL")
    assert.include(of("ESOMETHING"), "fetch failed (ESOMETHING). Check the URL")
  })

  it("McpConnectError brings what the client said", () => {
    assert.include(new McpConnectError({ server, detail: "it says no" }).message, ": it says no. Check")
  })
})
