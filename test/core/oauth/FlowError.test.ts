import { assert, describe, it } from "@effect/vitest"
import { Cause, FastCheck } from "effect"
import { inspect } from "node:util"
import { AlreadyUsed } from "../../../src/core/oauth/AlreadyUsed.ts"
import {
  AuthorizationDenied,
  AuthorizationTimeout,
  type FlowError,
  InvalidAuthorizationUrl,
  type InvalidAuthorizationUrlReason,
  InvalidResponse,
  type InvalidResponseReason
} from "../../../src/core/oauth/FlowError.ts"

const invalidResponses = Object.keys(
  { RepeatedParameter: 0, IssuerMismatch: 0, IssuerMissing: 0, CodeMissing: 0 } satisfies Record<
    InvalidResponseReason,
    0
  >
) as ReadonlyArray<InvalidResponseReason>

const invalidUrls = Object.keys(
  { NotAUrl: 0, Scheme: 0, StateMismatch: 0, RedirectUriMismatch: 0 } satisfies Record<
    InvalidAuthorizationUrlReason,
    0
  >
) as ReadonlyArray<InvalidAuthorizationUrlReason>

const redirectUri = "http://127.0.0.1:4321/callback"

const errors: ReadonlyArray<readonly [string, FlowError]> = [
  ["AuthorizationDenied access_denied", new AuthorizationDenied({ error: "access_denied" })],
  ["AuthorizationDenied server_error", new AuthorizationDenied({ error: "server_error", description: "Try later" })],
  [
    "AuthorizationDenied with all fields",
    new AuthorizationDenied({ error: "invalid_scope", description: "No such scope", uri: "https://as.example/errors" })
  ],
  ...invalidResponses.map((reason) =>
    [`InvalidResponse ${reason}`, new InvalidResponse({ reason, parameter: "code" })] as const
  ),
  ...invalidUrls.map((reason) =>
    [`InvalidAuthorizationUrl ${reason}`, new InvalidAuthorizationUrl({ reason, redirectUri })] as const
  ),
  [
    "AuthorizationTimeout of the response",
    new AuthorizationTimeout({ phase: "response", millis: 300_000, refusals: {} })
  ],
  [
    "AuthorizationTimeout after refusals",
    new AuthorizationTimeout({ phase: "response", millis: 1500, refusals: { StateMismatch: 2, WrongPath: 1 } })
  ],
  [
    "AuthorizationTimeout of the exchange",
    new AuthorizationTimeout({ phase: "exchange", millis: 30_000, refusals: {} })
  ]
]

// "Cannot <action>: <what>. <What to do>": one of these has to follow.
const advice = /\b(start|check|pass|build|sign in|use|paste|ask|finish|do not go on|has to change)\b/i

describe("messages", () => {
  it.each(errors)("say what cannot be done, why, and what to do, without a final period: %s", (_name, error) => {
    const { message } = error
    assert.match(message, /^Cannot [a-z]+ (the |in)[^:]*: \S/)
    assert.notMatch(message, /[.\s]$/)
    assert.notMatch(message, /\n|undefined|\[object|n't\b/)
    assert.isAtMost(message.length, 400)
    assert.match(message.split(/\. (?=[A-Z])/).slice(1).join(". "), advice)
  })

  it.each(errors)("are what every printer prints, with the tag: %s", (name, error) => {
    assert.strictEqual(error._tag, name.split(" ")[0])
    assert.include(String(error), error.message)
    assert.include(Cause.pretty(Cause.fail(error)), error.message)
    assert.include(inspect(error), error.message)
    assert.include(JSON.stringify(error), error._tag)
    assert.strictEqual(error.name, error._tag)
  })

  it("are distinct", () => {
    assert.strictEqual(new Set(errors.map(([, error]) => error.message)).size, errors.length)
  })
})

describe("AuthorizationDenied", () => {
  it("quotes what the server wrote", () => {
    const error = new AuthorizationDenied({
      error: 'a "quoted" error',
      description: "C:\\temp",
      uri: "https://as.example/"
    })
    assert.include(error.message, '"a \\"quoted\\" error": "C:\\\\temp"')
    assert.include(error.message, "More about it: https://as.example/")
  })

  it("tells a person who said no to say yes", () => {
    assert.include(new AuthorizationDenied({ error: "access_denied" }).message, "Sign in again and allow access")
  })

  it("leaves out what the server did not write", () => {
    const error = new AuthorizationDenied({ error: "server_error" })
    assert.strictEqual(
      error.message,
      'Cannot sign in: the authorization server answered "server_error". ' +
        "Start the sign-in again; if it stays, the server or the registration of this program has to change"
    )
    assert.isFalse("description" in error && error.description !== undefined)
    assert.isFalse("uri" in error && error.uri !== undefined)
  })
})

describe("InvalidResponse", () => {
  it.each(["iss", "error", "error_description", "error_uri", "code"] as const)(
    "names the parameter that was repeated: %s",
    (parameter) => {
      assert.include(new InvalidResponse({ reason: "RepeatedParameter", parameter }).message, JSON.stringify(parameter))
    }
  )

  it("warns of a server that poses as another", () => {
    for (const reason of ["IssuerMismatch", "IssuerMissing"] as const) {
      assert.include(new InvalidResponse({ reason, parameter: "iss" }).message, "Another server may be posing as it")
    }
  })
})

describe("InvalidAuthorizationUrl", () => {
  it("shows the redirect URI to use, which is no secret", () => {
    const error = new InvalidAuthorizationUrl({ reason: "RedirectUriMismatch", redirectUri })
    assert.include(error.message, JSON.stringify(redirectUri))
  })

  it("points to flow.state and does not print it", () => {
    assert.include(new InvalidAuthorizationUrl({ reason: "StateMismatch", redirectUri }).message, "`flow.state`")
  })
})

describe("AuthorizationTimeout", () => {
  it.each([[300_000, "300 s"], [1500, "1.5 s"], [1000, "1 s"], [999, "999 ms"], [100, "100 ms"], [0, "0 ms"]])(
    "writes %d ms as %s",
    (millis, text) => {
      for (const phase of ["response", "exchange"] as const) {
        assert.include(new AuthorizationTimeout({ phase, millis, refusals: {} }).message, text)
      }
    }
  )

  it("says that nothing arrived, and what else may help", () => {
    const fields = { phase: "response", millis: 1000, refusals: {} } as const
    const message = "Cannot sign in: no answer arrived within 1 s. Nothing arrived. " +
      "Start again and finish in the newest browser tab, or paste the address it ends on"
    assert.strictEqual(new AuthorizationTimeout(fields).message, message)
    assert.strictEqual(new AuthorizationTimeout({ ...fields, hint: "Or else" }).message, `${message}. Or else`)
  })

  it("says that an answer arrived, and was not exchanged", () => {
    assert.strictEqual(
      new AuthorizationTimeout({ phase: "exchange", millis: 30_000, refusals: { WrongPath: 1 } }).message,
      "Cannot finish the sign-in: exchanging the code took longer than 30 s. " +
        "Check the connection to the authorization server and start again"
    )
  })

  it.prop("counts what was refused, by reason", [
    FastCheck.dictionary(
      FastCheck.constantFrom("StateMismatch", "WrongPath", "Prefetch", "BareCode", "Malformed"),
      FastCheck.integer({ min: 1, max: 10_000 }),
      { minKeys: 1 }
    )
  ], ([refusals]) => {
    const { message } = new AuthorizationTimeout({ phase: "response", millis: 1000, refusals })
    assert.notInclude(message, "Nothing arrived")
    for (const [reason, count] of Object.entries(refusals)) {
      assert.match(message, new RegExp(`\\b${reason} ${count}\\b`))
    }
  })
})

describe("AlreadyUsed", () => {
  it("is an error that a program can tell from others, and says what to do", () => {
    const error = new AlreadyUsed()
    assert.instanceOf(error, Error)
    assert.deepStrictEqual([error._tag, error.name], ["AlreadyUsed", "AlreadyUsed"])
    assert.strictEqual(
      error.message,
      "Cannot authorize twice with one flow. Open a new flow for another sign-in"
    )
  })
})
