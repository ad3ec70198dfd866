import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Either, Exit, FastCheck, Redacted } from "effect"
import { inspect } from "node:util"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import type { AuthorizationDenied, FlowError, InvalidResponse } from "../../../src/core/oauth/FlowError.ts"

const state = "Qx8m3v0GZb1kT5rYhN2wLp7sCdE4uJfA9iOaRgXyMtQ"
const secretState = Redacted.make(state)
const code = "SplxlOBeZQQYbYS6WxSbIA-code"
const issuer = "https://as.example"

type Pairs = ReadonlyArray<readonly [name: string, value: string]>

const parameters = (pairs: Pairs): AuthorizationResponse.Parameters => {
  const query = new URLSearchParams()
  for (const [name, value] of pairs) query.append(name, value)
  return AuthorizationResponse.parse(query.toString())
}

/** Both checks in their order, as a flow runs them. */
const read = (pairs: Pairs, expected: AuthorizationResponse.Expected = {}) => {
  const matched = AuthorizationResponse.matchState(parameters(pairs), secretState)
  return Either.flatMap(matched, (matched) => AuthorizationResponse.check(matched, expected))
}

/** What a table can say of a result: the code granted, or what went wrong. */
const summary = (
  result: Either.Either<AuthorizationResponse.Checked, string | AuthorizationDenied | InvalidResponse>
): string => {
  if (Either.isRight(result)) return `granted ${Redacted.value(result.right.code)}`
  const problem = result.left
  if (typeof problem === "string") return problem
  return problem._tag === "AuthorizationDenied" ? `denied ${problem.error}` : `${problem.reason} ${problem.parameter}`
}

const ours = ["state", state] as const

/** Every way there is to print a value. */
const printed = (value: unknown): string =>
  [
    JSON.stringify(value),
    String(value),
    inspect(value, { depth: null, showHidden: true }),
    Cause.pretty(Cause.fail(value)),
    Cause.pretty(Cause.die(value)),
    inspect(Exit.fail(value), { depth: null }),
    JSON.stringify(Exit.fail(value)),
    ...value instanceof Error ? [value.message, value.toString(), value.stack] : []
  ].join("\n")

/** One parameter, biased towards the names the module reads and the values that matter. */
const pair = FastCheck.tuple(
  FastCheck.oneof(
    { weight: 6, arbitrary: FastCheck.constantFrom("state", "iss", "error", "error_description", "error_uri", "code") },
    { weight: 1, arbitrary: FastCheck.constantFrom("State", "state[]", "stat\u0435", "code ", "") },
    { weight: 1, arbitrary: FastCheck.string() }
  ),
  FastCheck.oneof(
    { weight: 4, arbitrary: FastCheck.constantFrom(state, issuer, code, "", "access_denied") },
    {
      weight: 2,
      arbitrary: FastCheck.constantFrom(state.slice(0, -1), `${state}=`, ` ${state}`, state.toLowerCase(), `${issuer}/`)
    },
    { weight: 1, arbitrary: FastCheck.string({ unit: "binary" }) }
  )
)

/** A good answer with a few parameters before or behind it, which mostly spoil it, some by repeating what is there. */
const spoiling = FastCheck.array(
  FastCheck.oneof(pair, FastCheck.constantFrom<readonly [string, string]>(ours, ["code", code], ["iss", issuer])),
  { maxLength: 2 }
)
const answer: FastCheck.Arbitrary<Pairs> = FastCheck.tuple(
  FastCheck.constantFrom(state, state, state, ` ${state}`, `${state} `, state.slice(1), state.toLowerCase(), ""),
  FastCheck.constantFrom(code, code, code, "")
).map(([state, code]) => [["state", state], ["code", code]])
const nearlyGood = FastCheck.tuple(spoiling, answer, spoiling).map((parts): Pairs => parts.flat())

const pairs: FastCheck.Arbitrary<Pairs> = FastCheck.oneof(FastCheck.array(pair, { maxLength: 8 }), nearlyGood)

const expected = FastCheck.record({
  issuer: FastCheck.constantFrom(undefined, issuer, "https://other.example"),
  issuerRequired: FastCheck.constantFrom(undefined, false, true)
})

const all = (pairs: Pairs, name: string) => pairs.filter((pair) => pair[0] === name).map((pair) => pair[1])

describe("state", () => {
  it.each<[string, Pairs, string]>([
    ["grants a code with our state", [ours, ["code", code]], `granted ${code}`],
    ["grants it in any order", [["code", code], ours], `granted ${code}`],
    ["ignores what it does not know", [["scope", "mcp"], ours, ["code", code], ["scope", "x"]], `granted ${code}`],
    ["refuses a code without state", [["code", code]], "StateMissing"],
    ["refuses an empty state", [["state", ""], ["code", code]], "StateMissing"],
    ["refuses nothing at all", [], "StateMissing"],
    ["refuses another state", [["state", "other"], ["code", code]], "StateMismatch"],
    ["refuses the beginning of our state", [["state", state.slice(0, -1)], ["code", code]], "StateMismatch"],
    ["refuses our state with more behind", [["state", `${state}A`], ["code", code]], "StateMismatch"],
    ["refuses our state in other letters", [["state", state.toUpperCase()], ["code", code]], "StateMismatch"],
    ["refuses our state with a space", [["state", ` ${state}`], ["code", code]], "StateMismatch"],
    ["refuses our state with another last letter", [["state", `${state.slice(0, -1)}R`]], "StateMismatch"],
    ["refuses our state with another first letter", [["state", `R${state.slice(1)}`]], "StateMismatch"],
    ["refuses our state twice", [ours, ours, ["code", code]], "StateRepeated"],
    ["refuses our state beside another", [["state", "other"], ours, ["code", code]], "StateRepeated"],
    ["refuses our state beside an empty one", [ours, ["state", ""], ["code", code]], "StateRepeated"],
    ["refuses our state under another name", [["State", state], ["code", code]], "StateMissing"],
    ["refuses an error without state", [["error", "access_denied"]], "DenialWithoutState"],
    ["refuses an error with another state", [["state", "x"], ["error", "access_denied"]], "StateMismatch"],
    ["refuses repeated parameters without state", [["code", "a"], ["code", "b"]], "StateMissing"],
    ["refuses a wrong issuer without state", [["iss", "https://evil.example"], ["code", code]], "StateMissing"]
  ])("%s", (_name, pairs, outcome) => {
    assert.strictEqual(summary(read(pairs, { issuer })), outcome)
  })

  it.prop("refuses what does not carry our state exactly once before anything else, whatever else it holds", [
    pairs,
    expected
  ], ([pairs, expected]) => {
    const states = all(pairs, "state")
    const result = read(pairs, expected)
    if (states.length === 1 && states[0] === state) {
      if (Either.isLeft(result)) assert.notTypeOf(result.left, "string")
    } else {
      const isDenial = (all(pairs, "error")[0] ?? "") !== "" && (all(pairs, "code")[0] ?? "") === ""
      const missing = isDenial ? "DenialWithoutState" : "StateMissing"
      const problem = states.length > 1 ? "StateRepeated" : states.join("") === "" ? missing : "StateMismatch"
      assert.deepStrictEqual(result, Either.left(problem))
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("grants only what carries our state exactly once, exactly one code and no error", [
    pairs,
    expected
  ], ([pairs, expected]) => {
    const result = read(pairs, expected)
    if (Either.isRight(result)) {
      assert.deepStrictEqual(all(pairs, "state"), [state])
      assert.deepStrictEqual(all(pairs, "code"), [Redacted.value(result.right.code)])
      assert.notStrictEqual(Redacted.value(result.right.code), "")
      assert.deepStrictEqual(all(pairs, "error").filter(Boolean), [])
      assert.isAtMost(all(pairs, "iss").length, 1)
      const [iss] = all(pairs, "iss")
      assert.strictEqual(result.right.iss, iss === "" && expected.issuer === undefined ? undefined : iss)
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("grants every plain answer", [
    FastCheck.string({ unit: "binary", minLength: 1 }),
    FastCheck.dictionary(FastCheck.constantFrom("scope", "session_state", "authuser"), FastCheck.string())
  ], ([code, extra]) => {
    assert.strictEqual(summary(read([...Object.entries(extra), ["code", code], ours])), `granted ${code}`)
  })

  it.prop("claims the first state there is, which proves nothing", [pairs], ([pairs]) => {
    assert.strictEqual(AuthorizationResponse.claimedState(parameters(pairs)), all(pairs, "state")[0])
  })

  // The time itself cannot be measured here reliably; what can be is that no place of the text counts for more.
  it.prop("finds a difference in any place", [
    FastCheck.nat({ max: state.length - 1 }),
    FastCheck.constantFrom("!", "\u0000", "\u0151")
  ], ([place, other]) => {
    const guess = state.slice(0, place) + other + state.slice(place + 1)
    assert.strictEqual(summary(read([["state", guess], ["code", code]])), "StateMismatch")
  })
})

describe("repeated parameters", () => {
  const single = ["iss", "error", "error_description", "error_uri", "code"] as const

  it.each(single)("ends the flow when our state comes with more than one %s", (parameter) => {
    const value = parameter === "iss" ? issuer : "x"
    const result = read([ours, [parameter, value], [parameter, value], ["code", code]], { issuer })
    assert.strictEqual(summary(result), `RepeatedParameter ${parameter}`)
  })

  it.each(single)("counts an empty second %s", (parameter) => {
    const result = read([ours, [parameter, "x"], [parameter, ""]], {})
    assert.strictEqual(summary(result), `RepeatedParameter ${parameter}`)
  })

  it("names the first of iss, error, error_description, error_uri, code", () => {
    const order = single.flatMap((parameter) => [[parameter, "x"], [parameter, "x"]] as const)
    for (let skipped = 0; skipped < single.length; skipped++) {
      const result = read([ours, ...order.slice(skipped * 2).reverse()])
      assert.strictEqual(summary(result), `RepeatedParameter ${single[skipped]}`)
    }
  })
})

// RFC 9207 section 2.4, each row: what the caller expects, what arrives, what comes of it.
describe("iss", () => {
  const granted = `granted ${code}`
  const mismatch = "IssuerMismatch iss"
  const missing = "IssuerMissing iss"
  it.each<[issuer: string | undefined, required: boolean | undefined, iss: string | undefined, outcome: string]>([
    [issuer, true, issuer, granted],
    [issuer, true, undefined, missing],
    [issuer, true, "https://evil.example", mismatch],
    [issuer, true, `${issuer}/`, mismatch],
    [issuer, true, "https://AS.example", mismatch],
    [issuer, true, `${issuer}:443`, mismatch],
    [issuer, true, "", mismatch],
    [issuer, false, issuer, granted],
    [issuer, false, undefined, granted],
    [issuer, false, "https://evil.example", mismatch],
    [issuer, false, `${issuer}/`, mismatch],
    [issuer, false, "", mismatch],
    [issuer, undefined, issuer, granted],
    [issuer, undefined, undefined, granted],
    [issuer, undefined, "https://evil.example", mismatch],
    [undefined, true, issuer, granted],
    [undefined, true, undefined, missing],
    [undefined, false, issuer, granted],
    [undefined, false, undefined, granted],
    [undefined, undefined, issuer, granted],
    [undefined, undefined, undefined, granted]
  ])("expecting %s, required %s, answers iss=%s with %s", (issuer, issuerRequired, iss, outcome) => {
    const result = read([ours, ["code", code], ...(iss === undefined ? [] : [["iss", iss] as const])], {
      issuer,
      issuerRequired
    })
    assert.strictEqual(summary(result), outcome)
    if (Either.isRight(result)) {
      assert.strictEqual(result.right.iss, iss)
      assert.strictEqual("iss" in result.right, iss !== undefined, "absent, not undefined")
    }
  })

  it.prop("accepts an expected issuer to the letter only", [
    FastCheck.webUrl(),
    FastCheck.oneof(FastCheck.webUrl(), FastCheck.constantFrom("", "/", " ", "#")),
    FastCheck.boolean()
  ], ([issuer, other, append]) => {
    const iss = append ? issuer + other : other
    const result = read([ours, ["code", code], ["iss", iss]], { issuer })
    assert.strictEqual(Either.isRight(result), iss === issuer)
  })
})

describe("order of checks", () => {
  const faults = {
    state: [["state", "other"]],
    repeated: [ours, ["code", "x"], ["code", "y"]],
    iss: [ours, ["iss", "https://evil.example"]],
    error: [ours, ["error", "access_denied"]],
    code: [ours]
  } satisfies Record<string, Pairs>
  const outcomes = {
    state: "StateMismatch",
    repeated: "RepeatedParameter code",
    iss: "IssuerMismatch iss",
    error: "denied access_denied",
    code: "CodeMissing code"
  }
  const order = ["state", "repeated", "iss", "error", "code"] as const

  it.each(order.flatMap((first, place) => order.slice(place + 1).map((second) => [first, second] as const)))(
    "is state, repeated, iss, error, code: %s before %s",
    (first, second) => {
      const both: Pairs = [...faults[first], ...faults[second].filter(([name]) => name !== "state")]
      assert.strictEqual(summary(read(both, { issuer })), outcomes[first])
      assert.strictEqual(summary(read([...both].reverse(), { issuer })), outcomes[first])
    }
  )

  it("is iss before error also where iss is only missing", () => {
    const result = read([ours, ["error", "access_denied"]], { issuer, issuerRequired: true })
    assert.strictEqual(summary(result), "IssuerMissing iss")
  })

  it("keeps nothing of the error after an issuer mismatch", () => {
    const words = "call 555-0100 to unlock"
    const result = read([
      ours,
      ["iss", "https://evil.example"],
      ["error", "locked"],
      ["error_description", words],
      ["error_uri", "https://evil.example/unlock"]
    ], { issuer })
    assert.strictEqual(summary(result), "IssuerMismatch iss")
    assert.notMatch(printed(Either.isLeft(result) && result.left), /555|locked|unlock|evil/)
  })
})

describe("error", () => {
  const denied = (pairs: Pairs): AuthorizationDenied => {
    const result = read([ours, ...pairs])
    if (Either.isLeft(result) && typeof result.left === "object" && result.left._tag === "AuthorizationDenied") {
      return result.left
    }
    return assert.fail(`expected a denial, and got ${summary(result)}`)
  }

  it("ends the flow, code or no code", () => {
    assert.strictEqual(summary(read([ours, ["error", "server_error"], ["code", code]])), "denied server_error")
  })

  it("carries what the server wrote", () => {
    const { description, error, uri } = denied([
      ["error", "access_denied"],
      ["error_description", "The user said no"],
      ["error_uri", "https://as.example/denied"]
    ])
    assert.deepStrictEqual({ error, description, uri }, {
      error: "access_denied",
      description: "The user said no",
      uri: "https://as.example/denied"
    })
  })

  it.each<[string, Pairs]>([
    ["absent", []],
    ["empty", [["error_description", ""], ["error_uri", ""]]],
    ["only junk", [["error_description", "\u0000\u001b"], ["error_uri", "\u0000"]]],
    ["not to be shown", [["error_uri", "javascript:alert(1)"]]]
  ])("has neither description nor uri when they are %s", (_name, pairs) => {
    const error = denied([["error", "server_error"], ...pairs])
    assert.notProperty(error, "description")
    assert.notProperty(error, "uri")
    assert.isUndefined(error.uri)
  })

  it("cuts what is too long", () => {
    const error = denied([["error", "e".repeat(10_000)], ["error_description", "d".repeat(100_000)]])
    assert.strictEqual(error.error, `${"e".repeat(99)}…`)
    assert.strictEqual(error.description, `${"d".repeat(499)}…`)
  })

  const text = FastCheck.oneof(
    FastCheck.string({ unit: "binary" }),
    FastCheck.string({ unit: "binary" }).map((text) => text.repeat(100)),
    FastCheck.array(FastCheck.constantFrom("\u001b[31m", "\r\n", "\u202e", "\u0000", "<b>", '"', "é", "no")).map((
      parts
    ) => parts.join(""))
  )

  it.prop("is safe to print, whatever the server wrote", [text, text, text], ([error, description, uri]) => {
    const result = read([ours, ["error", `x${error}`], ["error_description", description], ["error_uri", uri]])
    assert.isTrue(Either.isLeft(result))
    if (Either.isLeft(result) && typeof result.left === "object" && result.left._tag === "AuthorizationDenied") {
      const { description, error, message, uri } = result.left
      for (const printed of [error, description ?? "", uri ?? "", message]) {
        assert.notMatch(printed, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }
      assert.isAtMost(error.length, 100)
      assert.isAtMost(description?.length ?? 0, 500)
    }
  }, { fastCheck: { numRuns: 300 } })
})

describe("empty values", () => {
  it.each<[string, Pairs, string]>([
    ["no code at all", [ours], "CodeMissing code"],
    ["an empty code", [ours, ["code", ""]], "CodeMissing code"],
    ["an empty error and no code", [ours, ["error", ""]], "CodeMissing code"],
    ["an empty error beside a code", [ours, ["error", ""], ["code", code]], `granted ${code}`],
    ["an empty description beside a code", [ours, ["error_description", ""], ["code", code]], `granted ${code}`],
    ["a description without error", [ours, ["error_description", "why"], ["code", code]], `granted ${code}`]
  ])("are absent ones (RFC 6749 section 3.1): %s", (_name, pairs, outcome) => {
    assert.strictEqual(summary(read(pairs)), outcome)
  })
})

describe("secrets", () => {
  it("are redacted in what is granted", () => {
    const result = read([ours, ["code", code]])
    const text = printed(result) + inspect(result, { depth: null, showHidden: true })
    assert.notInclude(text, code)
    assert.notInclude(text, state)
    assert.strictEqual(summary(result), `granted ${code}`)
  })

  const harmless = FastCheck.constantFrom(
    "access_denied",
    "",
    "<b>no</b>",
    "https://as.example",
    "https://evil.example"
  )
  const withSecrets = FastCheck.array(
    FastCheck.oneof(
      FastCheck.constantFrom<readonly [string, string]>(["code", code], ["code", `${code}2`], ["state", `${state}x`]),
      FastCheck.tuple(FastCheck.constantFrom("iss", "error", "error_description", "error_uri"), harmless)
    ),
    { maxLength: 6 }
  )

  it.prop(
    "are in no error, however it is printed",
    [withSecrets, FastCheck.boolean(), expected],
    ([pairs, last, expected]) => {
      const result = read(last ? [...pairs, ours] : [ours, ...pairs], expected)
      if (Either.isLeft(result)) {
        const text = printed(result.left)
        assert.notInclude(text, code)
        assert.notInclude(text, state)
      }
    }
  )

  it.effect("are in no cause of a program that failed", () =>
    Effect.gen(function* () {
      const failed = Effect.withSpan(
        Effect.suspend(() => read([ours, ["error", "x"], ["code", code]])),
        "CallbackFlow.authorize"
      )
      const exit = yield* Effect.exit(failed)
      assert.isTrue(Exit.isFailure(exit))
      const text = Exit.isFailure(exit) ? Cause.pretty(exit.cause, { renderErrorCause: true }) + inspect(exit) : ""
      assert.notInclude(text, code)
      assert.notInclude(text, state)
    }))

  // CONTRACT: "No error, log line, span or page ever holds a code, token, verifier […] or the expected state."
  it.each<[string, Pairs]>([
    ["the state in its description", [["error_description", `no session for state ${state}`]]],
    ["the state in its error", [["error", state]]],
    ["the state in its page", [["error_uri", `https://as.example/help?state=${state}`]]],
    ["the code in its description", [["code", code], ["error_description", `code ${code} was revoked`]]],
    ["both in its page, twice", [["code", code], ["error_uri", `https://as.example/${code}${state}/${state}#${code}`]]],
    ["the state behind a terminal command", [["error_description", `\u001b[2J${state}\u0000`]]],
    ["the state where the text is cut", [["error_description", `${"d".repeat(480)}${state}`]]]
  ])("are in no denial, even when the server repeats %s", (_name, pairs) => {
    const result = read([
      ours,
      ...(pairs.some(([name]) => name === "error") ? [] : [["error", "x"] as const]),
      ...pairs
    ])
    const error: FlowError | string = Either.isLeft(result) ? result.left : assert.fail("an error was granted")
    assert.notInclude(printed(error), state)
    assert.notInclude(printed(error), code)
  })
})

describe("parse", () => {
  it.each<[string, string, string]>([
    ["decodes percent-escapes", `%73tate=${state}&code=a%20b%2Bc`, "granted a b+c"],
    ["takes a plus for a space", `state=${state}&code=a+b`, "granted a b"],
    ["leaves a broken percent-escape as it is", `state=${state}&code=100%`, "granted 100%"],
    ["leaves a broken percent-escape in other names as it is", `%zz=%&state=${state}&code=x`, "granted x"],
    ["leaves bytes that are no UTF-8 out of the way", `state=${state}&code=a%ff`, "granted a\ufffd"],
    ["takes a NUL as it is", `state=${state}&code=a%00b`, "granted a\u0000b"],
    ["splits at & only", `state=${state}&code=a;b=c`, "granted a;b=c"],
    ["splits at the first = only", `state=${state}&code=a=b==`, "granted a=b=="],
    ["survives empty pieces", `&&state=${state}&&=&code=x&`, "granted x"],
    ["takes a code of 8 kB", `state=${state}&code=${"c".repeat(8192)}`, `granted ${"c".repeat(8192)}`]
  ])("%s", (_name, query, outcome) => {
    const matched = AuthorizationResponse.matchState(AuthorizationResponse.parse(query), secretState)
    assert.strictEqual(summary(Either.flatMap(matched, (matched) => AuthorizationResponse.check(matched, {}))), outcome)
  })

  const query = FastCheck.array(
    FastCheck.oneof(
      FastCheck.constantFrom("%", "%zz", "%ff", "&", "=", "+", "?", "state=", state, "code=", "iss"),
      FastCheck.string({ unit: "binary" })
    )
  ).map((parts) => parts.join(""))

  it.prop("never throws", [query, expected], ([query, expected]) => {
    const parameters = AuthorizationResponse.parse(query)
    AuthorizationResponse.has(parameters, "state")
    AuthorizationResponse.claimedState(parameters)
    Either.map(
      AuthorizationResponse.matchState(parameters, secretState),
      (matched) => AuthorizationResponse.check(matched, expected)
    )
  })

  it("drops a byte order mark at the beginning alone, and takes what was escaped for HTML", () => {
    const claimed = (query: string) => AuthorizationResponse.claimedState(AuthorizationResponse.parse(query))
    assert.strictEqual(claimed("\ufeffstate=a"), "a")
    assert.strictEqual(claimed("state=\ufeffa"), "\ufeffa")
    for (const and of ["&amp;", "&AMP;", "&amp;amp;"]) assert.strictEqual(claimed(`code=c${and}state=a`), "a")
  })

  it("knows whether a parameter is there, whatever its value", () => {
    const parameters = AuthorizationResponse.parse("client_id=&code=x")
    assert.isTrue(AuthorizationResponse.has(parameters, "client_id"))
    assert.isFalse(AuthorizationResponse.has(parameters, "state"))
  })
})

describe("values that are empty, or come to nothing", () => {
  const outcome = (query: string, expected: AuthorizationResponse.Expected) => {
    const matched = AuthorizationResponse.matchState(AuthorizationResponse.parse(query), Redacted.make("s"))
    const checked = Either.flatMap(matched, (matched) => AuthorizationResponse.check(matched, expected))
    return Either.match(checked, {
      onLeft: (error) =>
        typeof error === "string" ? error : error._tag === "InvalidResponse" ? error.reason : error.error,
      onRight: ({ iss }) => `granted ${iss}`
    })
  }
  it("take an empty iss for none, unless there is an issuer to compare it with", () => {
    assert.strictEqual(outcome("state=s&code=c&iss=", {}), "granted undefined")
    assert.strictEqual(outcome("state=s&code=c&iss=", { issuerRequired: true }), "IssuerMissing")
    assert.strictEqual(outcome("state=s&code=c&iss=", { issuer: "https://as.example" }), "IssuerMismatch")
  })
  it("keep a code out of an error however its escapes are written", () => {
    for (const escape of ["%2F", "%2f"]) {
      const text = outcome(`state=s&code=4%2F0Abcdef&error=${encodeURIComponent(`bad 4${escape}0Abcdef`)}`, {})
      assert.strictEqual(text, "bad ***")
    }
  })
  it("never leave an error without a name", () => {
    assert.strictEqual(outcome("state=s&error=%00", {}), "unprintable")
  })
})
