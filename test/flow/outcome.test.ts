import { assert, describe, it } from "@effect/vitest"
import { Cause, Exit, FiberId } from "effect"
import { AuthorizationDenied, AuthorizationTimeout, InvalidResponse } from "../../src/core/oauth/FlowError.ts"
import type { Outcome } from "../../src/core/page/CallbackPage.ts"
import type { SignInOutcome } from "../../src/core/terminal/Texts.ts"
import { pageOutcome, type Phase, signInOutcome } from "../../src/flow/outcome.ts"

const denied = new AuthorizationDenied({ error: "access_denied" })
const invalid = new InvalidResponse({ reason: "CodeMissing", parameter: "code" })
const timeout = (phase: Phase) => new AuthorizationTimeout({ phase, millis: 1, refusals: {} })
const interrupt = Exit.interrupt(FiberId.none)
/** Interrupted, and something broke on the way out. */
const brokenOnItsWay = Exit.failCause(Cause.parallel(Cause.interrupt(FiberId.none), Cause.die("broken")))

const cases: ReadonlyArray<readonly [string, Exit.Exit<unknown, unknown>, Phase, Outcome, SignInOutcome]> = [
  ["an answer", Exit.succeed("code"), "response", { _tag: "Received" }, "Received"],
  ["an exchange", Exit.succeed("tokens"), "exchange", { _tag: "SignedIn" }, "SignedIn"],
  ["a denial", Exit.fail(denied), "response", { _tag: "Denied", error: denied }, "Denied"],
  ["an answer that cannot be used", Exit.fail(invalid), "response", { _tag: "Invalid", error: invalid }, "Invalid"],
  ["a wait that took too long", Exit.fail(timeout("response")), "response", { _tag: "Closed" }, "TimedOut"],
  ["a presenter that broke", Exit.die("broken"), "response", { _tag: "Closed" }, "Failed"],
  ["an interrupt", interrupt, "response", { _tag: "Closed" }, "Cancelled"],
  ["an interrupted exchange", interrupt, "exchange", { _tag: "Received" }, "Cancelled"],
  ["an interrupt on which something broke", brokenOnItsWay, "response", { _tag: "Closed" }, "Failed"],
  ["an exchange that failed", Exit.fail("no"), "exchange", { _tag: "Failed", reason: "said: no" }, "Failed"],
  ["an exchange that broke", Exit.die("no"), "exchange", { _tag: "Failed", reason: undefined }, "Failed"],
  [
    "an exchange that took too long",
    Exit.fail(timeout("exchange")),
    "exchange",
    { _tag: "Failed", reason: undefined },
    "Failed"
  ],
  // From the exchange on errors are the caller's own, whatever they are called.
  [
    "an exchange that failed as another flow was denied",
    Exit.fail(denied),
    "exchange",
    { _tag: "Failed", reason: `said: ${denied}` },
    "Failed"
  ]
]

describe("what the end of a sign-in means", () => {
  it.each(cases)("to the page and to the person: %s", (_name, exit, phase, page, person) => {
    assert.deepStrictEqual(pageOutcome(exit, phase, (error: unknown) => `said: ${error}`), page)
    assert.strictEqual(signInOutcome(exit, phase), person)
  })
})

describe("the caller's words on its own error", () => {
  const pageOf = (describe?: (error: never) => string) => pageOutcome(Exit.fail("no"), "exchange", describe)

  it("are none where there is no function for them, or it throws", () => {
    assert.deepStrictEqual(pageOf(), { _tag: "Failed", reason: undefined })
    const broken = (): string => {
      throw new Error("broken")
    }
    assert.deepStrictEqual(pageOf(broken), { _tag: "Failed", reason: undefined })
  })

  it("are text, whatever the function returns", () => {
    assert.deepStrictEqual(pageOf(() => 42 as never), { _tag: "Failed", reason: "42" })
  })

  it("are not asked for before the exchange", () => {
    const never = () => assert.fail("it was asked")
    for (const exit of [Exit.fail(denied), Exit.fail(invalid), Exit.die("x"), interrupt]) {
      pageOutcome(exit, "response", never)
    }
  })
})
