import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import * as PersonGuard from "../../../src/core/mcp/PersonGuard.ts"
import * as SessionState from "../../../src/core/mcp/SessionState.ts"
import * as TokenPlan from "../../../src/core/mcp/TokenPlan.ts"

const start = 1_700_000_000_000
const tenMinutes = 600_000

describe("a person who was asked in vain", () => {
  for (const reason of ["Declined", "Failed", "Rejected", "TimedOut"] as const) {
    it(`(${reason}) is not asked again for ten minutes`, () => {
      const guard = PersonGuard.inVain(PersonGuard.none, reason, start)
      assert.strictEqual(PersonGuard.refusal(guard, start), reason)
      assert.strictEqual(PersonGuard.renewalRefusal(guard, start + tenMinutes - 1), reason)
      assert.isUndefined(PersonGuard.renewalRefusal(guard, start + tenMinutes))
      const accepted = PersonGuard.refusal(PersonGuard.tokenAccepted(guard), start)
      assert.strictEqual(accepted, reason === "Rejected" ? undefined : reason)
    })
  }
})

it("a token that is taken and then refused is replaced three times within ten minutes", () => {
  let guard = PersonGuard.none
  for (const minute of [0, 3, 6]) {
    assert.isUndefined(PersonGuard.renewalRefusal(guard, start + minute * 60_000))
    guard = PersonGuard.asked(guard, false, start + minute * 60_000)
  }
  assert.strictEqual(PersonGuard.renewalRefusal(guard, start + tenMinutes - 1), "Rejected")
  assert.isUndefined(PersonGuard.renewalRefusal(guard, start + tenMinutes))
  assert.isUndefined(PersonGuard.refusal(guard, start))
})

it("the three windows of a later time are counted anew, and end too", () => {
  let guard = PersonGuard.none
  for (const millis of [0, tenMinutes, tenMinutes + 1, tenMinutes + 2]) {
    assert.isUndefined(PersonGuard.renewalRefusal(guard, start + millis))
    guard = PersonGuard.asked(guard, false, start + millis)
  }
  assert.strictEqual(PersonGuard.renewalRefusal(guard, start + tenMinutes + 3), "Rejected")
})

it("a step-up is asked three times, however much time passes", () => {
  let guard = PersonGuard.none
  for (const hour of [0, 1, 2]) {
    assert.isTrue(PersonGuard.mayStepUp(guard))
    guard = PersonGuard.asked(guard, true, start + hour * 6 * tenMinutes)
  }
  assert.isFalse(PersonGuard.mayStepUp(guard))
})

it.each(
  [
    ["Declined", { _tag: "AuthorizationDenied", error: "access_denied" }],
    ["Failed", { _tag: "AuthorizationDenied", error: "server_error" }],
    ["TimedOut", { _tag: "AuthorizationTimeout", phase: "response" }],
    ["Failed", { _tag: "AuthorizationTimeout", phase: "exchange" }],
    ["Failed", { _tag: "TokenError" }],
    ["Declined", { _tag: "RegistrationError", reason: "NotSupported" }],
    ["Failed", { _tag: "RegistrationError", reason: "Rejected" }],
    ["Failed", { _tag: "TokenError", error: "access_denied", phase: "response", reason: "NotSupported" }],
    ["Failed", {}]
  ] as const
)("in vain is %s after %o", (reason, error) => {
  assert.strictEqual(PersonGuard.reasonOf(error), reason)
})

/** What happens next; what does not fit the moment is passed over. */
type Event =
  | { readonly do: "refused" | "unclear" | "accepted"; readonly age: number }
  | { readonly do: "missing"; readonly age: number; readonly scope: string }
  | { readonly do: "refreshed" | "refreshFailed" | "tokensDropped" | "signedIn" | "stored" }
  | { readonly do: "failed"; readonly reason: Exclude<PersonGuard.InVain, "Rejected"> }
  | { readonly do: "passes"; readonly millis: number }

const age = FastCheck.nat(2)

const event: FastCheck.Arbitrary<Event> = FastCheck.oneof(
  {
    arbitrary: FastCheck.record({ do: FastCheck.constantFrom(...["refused", "unclear", "accepted"] as const), age }),
    weight: 4
  },
  {
    arbitrary: FastCheck.record({
      do: FastCheck.constant("missing" as const),
      age,
      scope: FastCheck.string({ minLength: 1, maxLength: 3 })
    }),
    weight: 2
  },
  {
    arbitrary: FastCheck.record({
      do: FastCheck.constantFrom(
        ...["refreshed", "refreshFailed", "tokensDropped", "signedIn", "signedIn", "stored"] as const
      )
    }),
    weight: 5
  },
  FastCheck.record({
    do: FastCheck.constant("failed" as const),
    reason: FastCheck.constantFrom(...["Declined", "Failed", "TimedOut"] as const)
  }),
  FastCheck.record({ do: FastCheck.constant("passes" as const), millis: FastCheck.nat(30_000) })
)

/** Plays a history for one session, as `Session` and `executePlan` do: one plan at a time, whatever happens meanwhile. */
const play = (events: ReadonlyArray<Event>) => {
  let state = SessionState.initial
  let now = start
  let running: TokenPlan.TokenPlan | undefined
  const tokens: Array<string> = []
  const windows = { renewals: 0, stepUps: 0 }
  /** How many windows were opened since a token was last taken. */
  let sinceAccepted = 0
  let longestAsked = 0

  const sent = (each: { readonly age: number }) => tokens.at(-1 - each.age)

  const obtained = () => {
    const token = `t${tokens.length}`
    tokens.push(token)
    state = SessionState.credentialsReplaced(
      state,
      Option.some({
        issuer: "https://as.example",
        tokens: { accessToken: Redacted.make(token), refreshToken: Redacted.make("r"), expiresAt: now + 1000 }
      }),
      state.known.credentials,
      now
    )
  }

  const begin = (plan: TokenPlan.TokenPlan) => {
    running = plan._tag === "Nothing" || plan._tag === "Refuse" ? undefined : plan
    if (plan._tag !== "SignIn") return
    const isStepUp = plan.reason === "InsufficientScope"
    windows[isStepUp ? "stepUps" : "renewals"]++
    if (!isStepUp) sinceAccepted++
    longestAsked = Math.max(longestAsked, plan.moreScopes?.length ?? 0)
    state = SessionState.personAsked(SessionState.signInStarted(state), plan.reason, now)
  }

  const need = (each: TokenPlan.TokenNeed) => {
    state = TokenPlan.withChallengeOf(state, each)
    if (running === undefined && !TokenPlan.isMet(state, each, state.signIns)) begin(TokenPlan.make(state, each, now))
  }

  for (const each of events) {
    switch (each.do) {
      case "passes":
        now += each.millis
        break
      case "accepted": {
        const token = sent(each)
        if (token === undefined) break
        state = SessionState.tokenAccepted(state, token)
        if (each.age === 0) sinceAccepted = 0
        break
      }
      case "refused":
        need({ _tag: "Renew", used: sent(each), challenge: {} })
        break
      case "unclear":
        need({ _tag: "Unclear", used: sent(each), scope: "x" })
        if (running?._tag === "Probe") {
          begin(TokenPlan.afterProbe(state, running.need, { isRefused: true, challenge: {} }, now))
        }
        break
      case "missing": {
        const used = sent(each)
        if (used !== undefined) need({ _tag: "StepUp", used, challenge: { scope: each.scope } })
        break
      }
      case "refreshed":
      case "refreshFailed":
      case "tokensDropped":
        if (running?._tag !== "Refresh") break
        if (each.do === "refreshed") {
          obtained()
          state = SessionState.tokenRefreshed(state, now)
          running = undefined
        } else if (each.do === "refreshFailed") running = undefined
        else {
          state = SessionState.credentialsReplaced(
            state,
            Option.some({ issuer: "https://as.example" }),
            state.known.credentials,
            now
          )
          begin(running.otherwise)
        }
        break
      case "signedIn":
      case "failed": {
        if (running?._tag !== "SignIn") break
        const { moreScopes, reason, used } = running
        if (each.do === "failed") state = SessionState.signInFailed(state, each.reason, now)
        else {
          obtained()
          state = SessionState.signInFinished(state, { reason, scope: moreScopes, used }, now)
        }
        state = SessionState.signInEnded(state)
        running = undefined
        break
      }
      case "stored":
        state = SessionState.credentialsStored(state)
    }
  }
  return { longestAsked, now, sinceAccepted, state, windows }
}

describe("whatever happens, in whichever order, while no program asks", () => {
  const events = FastCheck.array(event, { maxLength: 120, size: "max" })

  it.prop(
    "a person sees three step-ups at most, and three windows for a token within ten minutes",
    [events],
    ([all]) => {
      const { now, windows } = play(all)
      assert.isAtMost(windows.stepUps, 3)
      assert.isAtMost(windows.renewals, 3 * Math.ceil((now - start + 1) / tenMinutes))
    },
    { fastCheck: { numRuns: 500 } }
  )

  it.prop("a person sees one window within ten minutes where no token was ever taken", [events], ([all]) => {
    const untaken = all.filter((each) => each.do !== "accepted" && each.do !== "missing")
    const { now, windows } = play(untaken)
    assert.isAtMost(windows.renewals, Math.ceil((now - start + 1) / tenMinutes))
  }, { fastCheck: { numRuns: 500 } })

  it.prop("a person who was asked in vain sees no further window before ten minutes have passed", [
    events,
    FastCheck.constantFrom(...["Declined", "Failed", "TimedOut"] as const)
  ], ([all, reason]) => {
    const short = all.filter((each) => each.do !== "passes")
    const first: ReadonlyArray<Event> = [{ do: "refused", age: 0 }, { do: "failed", reason }]
    assert.deepStrictEqual(play([...first, ...short]).windows, { renewals: 1, stepUps: 0 })
  }, { fastCheck: { numRuns: 300 } })

  it.prop("the scopes that a person is asked for have room in an address", [
    FastCheck.array(FastCheck.string({ minLength: 1, maxLength: 3000 }), { maxLength: 10 })
  ], ([scopes]) => {
    const events = scopes.flatMap((scope): ReadonlyArray<Event> => [
      { do: "missing", age: 0, scope },
      { do: "signedIn" },
      { do: "accepted", age: 0 }
    ])
    const first: ReadonlyArray<Event> = [{ do: "refused", age: 0 }, { do: "signedIn" }, { do: "accepted", age: 0 }]
    assert.isAtMost(play([...first, ...events]).longestAsked, 4000)
  })
})
