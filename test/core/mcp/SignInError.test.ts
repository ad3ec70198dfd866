import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { inspect } from "node:util"
import { Closed } from "../../../src/core/mcp/Closed.ts"
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
  ["Closed", new Closed({ server })],
  ["SdkMissing", new SdkMissing({ cause: new Error("hunter2") })],
  ["McpConnectError", new McpConnectError({ server, detail: "the server said nothing" })]
]

// "Cannot <action>: <what>. <What to do>": one of these has to follow.
const advice = /\b(check|try again|try|operator|use|sign in|set|register|published?|install|make|end)\b/i

describe("messages", () => {
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

  it("McpConnectError brings what the client said", () => {
    assert.include(new McpConnectError({ server, detail: "it says no" }).message, ": it says no. Check")
  })
})
