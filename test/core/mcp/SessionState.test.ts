import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import type { Credentials } from "../../../src/core/mcp/Credentials.ts"
import * as PersonGuard from "../../../src/core/mcp/PersonGuard.ts"
import * as RetryGuard from "../../../src/core/mcp/RetryGuard.ts"
import * as ScopeSet from "../../../src/core/mcp/ScopeSet.ts"
import * as SessionState from "../../../src/core/mcp/SessionState.ts"

const now = 1_700_000_000_000
const hour = 3_600_000

/** Credentials with an access token that expires in an hour. */
const credentials = (token: string, scope?: string): Option.Option<Credentials> =>
  Option.some({
    issuer: "https://as.example",
    tokens: {
      accessToken: Redacted.make(token),
      refreshToken: Redacted.make(`refresh ${token}`),
      expiresAt: now + hour,
      scope
    }
  })

const signedIn = SessionState.credentialsRead(SessionState.initial, credentials("a", "read"), undefined, now)

describe("the token that can be sent", () => {
  it("is none before the store was read", () => {
    assert.isUndefined(SessionState.usableToken(SessionState.initial, now))
  })

  it("is the one that is known, until it is about to expire", () => {
    assert.strictEqual(SessionState.usableToken(signedIn, now), "a")
    assert.isFalse(SessionState.needsRefresh(signedIn, now))
    assert.isUndefined(SessionState.usableToken(signedIn, now + hour))
    assert.isTrue(SessionState.needsRefresh(signedIn, now + hour))
  })

  it("is none where nobody is signed in", () => {
    const state = SessionState.credentialsRead(SessionState.initial, Option.none(), undefined, now)
    assert.isUndefined(SessionState.usableToken(state, now))
  })

  it("is none once the session is closed", () => {
    assert.isUndefined(SessionState.usableToken(SessionState.closed(signedIn), now))
  })

  it("need not be refreshed where there is nothing to refresh it with", () => {
    const alone = Option.map(credentials("a"), ({ issuer, tokens }) => ({
      issuer,
      tokens: tokens && { ...tokens, refreshToken: undefined }
    }))
    const state = SessionState.credentialsRead(SessionState.initial, alone, undefined, now)
    assert.isFalse(SessionState.needsRefresh(state, now + hour))
  })
})

describe("the token that the store has", () => {
  const tokenOf = (stored: Option.Option<Credentials> | undefined) => {
    const { known } = SessionState.credentialsReplaced(signedIn, credentials("new"), stored, now)
    return known.replaces && Redacted.value(known.replaces)
  }

  it("is the one that was read, or a newer one that is known", () => {
    assert.deepStrictEqual([undefined, credentials("b"), Option.none()].map(tokenOf), ["a", "b", undefined])
  })

  it("is not written over again and again", () => {
    const state = SessionState.credentialsReplaced(signedIn, credentials("new"), undefined, now)
    assert.deepStrictEqual(SessionState.writeTried(state, now), {
      ...state,
      known: { ...state.known, writeAt: now + 1000 }
    })
  })
})

describe("what the server asks for", () => {
  it("is what it said last of each thing", () => {
    const first = SessionState.challenged(SessionState.initial, { scope: "a", realm: "r" })
    const second = SessionState.challenged(first, { scope: "b", resourceMetadata: "https://m.example" })
    assert.deepStrictEqual(second.challenge, { scope: "b", realm: "r", resourceMetadata: "https://m.example" })
  })

  it("has the scopes that one request lacks only for the next step-up", () => {
    const state = SessionState.scopesMissing(signedIn, { scope: "write", realm: "r" })
    assert.deepStrictEqual(state.challenge, { realm: "r" })
    assert.strictEqual(state.pendingScopes, "write")
    const both = SessionState.scopesMissing(state, { scope: "admin" })
    assert.strictEqual(both.pendingScopes, "write admin")
    assert.isUndefined(SessionState.stepUpFailed(both).pendingScopes)
  })
})

describe("a sign-in that a person finished", () => {
  const finished = { reason: "InsufficientScope", used: "a", scope: "read write" } as const

  it("is counted, and its scopes are asked for again", () => {
    const state = SessionState.signInFinished(signedIn, finished, now)
    assert.strictEqual(state.signIns, 1)
    assert.strictEqual(state.requestedScopes, "read write")
  })

  it("leaves pending what it did not ask for", () => {
    const write = SessionState.scopesMissing(signedIn, { scope: "write" })
    assert.isUndefined(SessionState.signInFinished(write, finished, now).pendingScopes)
    const admin = SessionState.scopesMissing(write, { scope: "admin" })
    assert.strictEqual(SessionState.signInFinished(admin, finished, now).pendingScopes, "write admin")
  })

  it("is a step-up only if scopes were missing", () => {
    const stepUp = SessionState.signInFinished(signedIn, finished, now).guard.stepUp
    assert.deepStrictEqual(stepUp, { scope: "read write", granted: "read", since: now })
    for (const reason of ["NotSignedIn", "Rejected"] as const) {
      assert.isUndefined(SessionState.signInFinished(signedIn, { ...finished, reason }, now).guard.stepUp)
    }
  })

  it("brings a token that is unconfirmed until a request succeeds with it", () => {
    const state = SessionState.signInFinished(signedIn, finished, now)
    assert.isTrue(RetryGuard.isUnconfirmed(state.guard, "a"))
    assert.isFalse(RetryGuard.isUnconfirmed(SessionState.tokenAccepted(state, "a").guard, "a"))
  })
})

describe("a person who is asked", () => {
  it.each<[Parameters<typeof SessionState.isStepUp>[0], boolean]>([
    ["InsufficientScope", true],
    ["InsufficientAuthentication", true],
    ["NotSignedIn", false],
    ["Rejected", false]
  ])("because of %s is asked for a step-up: %s", (reason, isStepUp) => {
    assert.strictEqual(SessionState.isStepUp(reason), isStepUp)
    const { renewals, stepUps } = SessionState.personAsked(signedIn, reason, now).person
    assert.deepStrictEqual([stepUps, renewals.count], isStepUp ? [1, 0] : [0, 1])
  })

  it("is asked as if for the first time when the program itself asks", () => {
    const finished = { reason: "InsufficientScope", used: "a", scope: "read write" } as const
    const state = SessionState.signInFinished(signedIn, finished, now)
    assert.deepStrictEqual(SessionState.hostAsked(state), {
      ...state,
      guard: { ...state.guard, stepUp: undefined },
      person: PersonGuard.none
    })
  })

  it("is remembered as authenticated where that was why", () => {
    const finished = { used: "a", scope: undefined, challenge: { acrValues: "mfa" } }
    const authentication = (reason: "InsufficientAuthentication" | "Rejected") =>
      SessionState.signInFinished(signedIn, { ...finished, reason }, now).guard.authentication?.wanted
    assert.deepStrictEqual(authentication("InsufficientAuthentication"), { acrValues: "mfa" })
    assert.isUndefined(authentication("Rejected"))
  })

  it("was asked in vain until the server takes the token that is known", () => {
    const doubted = SessionState.signInFailed(signedIn, "Rejected", now)
    assert.strictEqual(SessionState.tokenAccepted(doubted, "older"), doubted)
    assert.deepStrictEqual(SessionState.tokenAccepted(doubted, "a"), signedIn)
    const declined = SessionState.signInFailed(signedIn, "Declined", now)
    assert.strictEqual(SessionState.tokenAccepted(declined, "a"), declined)
  })
})

it("what succeeds with a token that is confirmed changes nothing, and makes no new state", () => {
  assert.strictEqual(SessionState.tokenAccepted(signedIn, "a"), signedIn)
  assert.strictEqual(SessionState.scopesSufficed(signedIn), signedIn)
})

it("signing out forgets what was asked for and tried, and nothing else", () => {
  const before = SessionState.signInFinished(
    SessionState.scopesMissing(signedIn, { scope: "admin" }),
    { reason: "Rejected", used: undefined, scope: "read" },
    now
  )
  assert.deepStrictEqual(SessionState.signedOut(before), {
    ...before,
    signOuts: 1,
    guard: RetryGuard.none,
    person: PersonGuard.none,
    pendingScopes: undefined,
    requestedScopes: undefined
  })
})

/** An event in the life of a session. */
type Event =
  | { readonly do: "read" | "replaced"; readonly token: string | undefined }
  | { readonly do: "challenged" | "missing"; readonly scope: string }
  | { readonly do: "finished"; readonly stepUp: boolean; readonly scope: string | undefined; readonly used: string }
  | { readonly do: "refreshed" | "accepted"; readonly token: string }
  | { readonly do: "stored" | "started" | "ended" | "failed" | "sufficed" | "signedOut" | "closed" }

const scope = FastCheck.subarray(["a", "b", "c"], { minLength: 1 }).map((scopes) => scopes.join(" "))
const token = FastCheck.constantFrom("t1", "t2", "t3")

const event: FastCheck.Arbitrary<Event> = FastCheck.oneof(
  FastCheck.record({
    do: FastCheck.constantFrom("read" as const, "replaced" as const),
    token: FastCheck.option(token, { nil: undefined })
  }),
  FastCheck.record({ do: FastCheck.constantFrom("challenged" as const, "missing" as const), scope }),
  FastCheck.record({
    do: FastCheck.constant("finished" as const),
    stepUp: FastCheck.boolean(),
    scope: FastCheck.option(scope, { nil: undefined }),
    used: token
  }),
  FastCheck.record({ do: FastCheck.constantFrom("refreshed" as const, "accepted" as const), token }),
  FastCheck.record({
    do: FastCheck.constantFrom(
      ...["stored", "started", "ended", "failed", "sufficed", "signedOut", "closed"] as const
    )
  })
)

const apply = (state: SessionState.SessionState, each: Event): SessionState.SessionState => {
  switch (each.do) {
    case "read":
    case "replaced": {
      const next = each.token === undefined ? Option.none() : credentials(each.token, "a")
      return each.do === "read"
        ? SessionState.credentialsRead(state, next, undefined, now)
        : SessionState.credentialsReplaced(state, next, state.known.credentials, now)
    }
    case "stored":
      return SessionState.credentialsStored(state)
    case "challenged":
      return SessionState.challenged(state, { scope: each.scope })
    case "missing":
      return SessionState.scopesMissing(state, { scope: each.scope })
    case "failed":
      return SessionState.stepUpFailed(state)
    case "started":
      return SessionState.signInStarted(state)
    case "ended":
      return SessionState.signInEnded(state)
    case "finished": {
      const reason = each.stepUp ? "InsufficientScope" : "Rejected"
      return SessionState.signInFinished(state, { reason, scope: each.scope, used: each.used }, now)
    }
    case "refreshed":
      return SessionState.tokenRefreshed(state, now)
    case "accepted":
      return SessionState.tokenAccepted(state, each.token)
    case "sufficed":
      return SessionState.scopesSufficed(state)
    case "signedOut":
      return SessionState.signedOut(state)
    case "closed":
      return SessionState.closed(state)
  }
}

/** The state after some events. A transition that changed the state it is given would throw. */
const run = (events: ReadonlyArray<Event>) =>
  events.reduce((state, each) => {
    Object.freeze(state.known)
    Object.freeze(state.guard)
    return apply(Object.freeze(state), each)
  }, SessionState.initial)

/** The place of the last event for which something is true; -1 where there is none. */
const lastIndex = (events: ReadonlyArray<Event>, is: (each: Event, index: number) => boolean): number =>
  events.map(is).lastIndexOf(true)

/** The last event of some kinds. */
const lastOf = (events: ReadonlyArray<Event>, ...kinds: ReadonlyArray<Event["do"]>): Event | undefined =>
  events[lastIndex(events, (each) => kinds.includes(each.do))]

/** The scopes of some events, since the last of others. */
const scopesSince = (events: ReadonlyArray<Event>, of: Event["do"], since: (each: Event, index: number) => boolean) => {
  const start = lastIndex(events, since) + 1
  return ScopeSet.union(
    ...events.slice(start).map((each) => each.do === of && "scope" in each ? each.scope : undefined)
  )
}

const same = (actual: string | undefined, expected: string | undefined, name: string) =>
  assert.sameMembers([...ScopeSet.parse(actual)], [...ScopeSet.parse(expected)], name)

describe("after any events", () => {
  it.prop("each field is what the history says", [FastCheck.array(event, { maxLength: 30 })], ([events]) => {
    const state = run(events)
    const count = (what: Event["do"]) => events.filter((each) => each.do === what).length
    assert.strictEqual(state.signIns, count("finished"))
    assert.strictEqual(state.signOuts, count("signedOut"))
    assert.strictEqual(state.isClosed, count("closed") > 0)
    assert.strictEqual(
      state.isSigningIn,
      lastOf(events, "started", "ended")?.do === "started"
    )
    // The scopes of a challenge that lacks some are not among those it asks of everybody.
    const challenge = lastOf(events, "challenged")
    same(state.challenge?.scope, challenge !== undefined && "scope" in challenge ? challenge.scope : undefined, "said")
    const isSignOut = (each: Event) => each.do === "signedOut"
    same(state.requestedScopes, scopesSince(events, "finished", isSignOut), "requested")
    // Pending is what was missing since it was last given up, or asked for as a whole.
    const pending = scopesSince(events, "missing", (each, index) => {
      if (each.do === "failed" || each.do === "signedOut") return true
      const before = run(events.slice(0, index))
      return each.do === "finished" &&
        ScopeSet.covers(ScopeSet.union(before.requestedScopes, each.scope), before.pendingScopes)
    })
    same(state.pendingScopes, pending, "pending")
  })

  it.prop("only a token that came last and was not accepted is unconfirmed", [
    FastCheck.array(event, { maxLength: 30 })
  ], ([events]) => {
    const state = run(events)
    const { unconfirmed } = state.guard
    if (unconfirmed === undefined) return
    const value = Redacted.value(unconfirmed.token)
    const came = lastIndex(events, (each, index) =>
      (each.do === "finished" || each.do === "refreshed") &&
      RetryGuard.isUnconfirmed(run(events.slice(0, index + 1)).guard, value))
    assert.isAtLeast(came, 0)
    for (const each of events.slice(came + 1)) {
      assert.notStrictEqual(each.do, "signedOut")
      assert.isFalse(each.do === "accepted" && each.token === value)
    }
  })

  it.prop("a step-up is remembered only until it helped, or another sign-in or sign-out came", [
    FastCheck.array(event, { maxLength: 30 })
  ], ([events]) => {
    const last = lastOf(events, "finished", "sufficed", "signedOut")
    const expected = last?.do === "finished" && last.stepUp ? last.scope : undefined
    assert.strictEqual(run(events).guard.stepUp?.scope, expected)
  })

  it.prop("a closed session has no token to send, whatever comes", [
    FastCheck.array(event, { maxLength: 30 })
  ], ([events]) => {
    assert.isUndefined(SessionState.usableToken(run([{ do: "closed" }, ...events]), now))
  })
})
