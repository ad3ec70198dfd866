import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import type { Credentials } from "../../../src/core/mcp/Credentials.ts"
import * as ScopeSet from "../../../src/core/mcp/ScopeSet.ts"
import * as SessionState from "../../../src/core/mcp/SessionState.ts"
import * as TokenPlan from "../../../src/core/mcp/TokenPlan.ts"

const now = 1_700_000_000_000
const tenMinutes = 600_000

const credentials = (token: string, scope?: string): Option.Option<Credentials> =>
  Option.some({ issuer: "https://as.example", tokens: { accessToken: Redacted.make(token), scope } })

/** A state with a token of some scopes. */
const withToken = (token: string, scope?: string, state = SessionState.initial) =>
  SessionState.credentialsRead(state, credentials(token, scope), undefined, now)

/** The state after a person signed in, because a token was refused or lacked scopes. */
const afterSignIn = (
  state: SessionState.SessionState,
  token: string,
  finished: Partial<SessionState.FinishedSignIn> = {},
  granted?: string
) =>
  SessionState.signInFinished(
    withToken(token, granted, state),
    { reason: "Rejected", used: undefined, scope: undefined, ...finished },
    now
  )

const renew = (used: string | undefined): TokenPlan.TokenNeed => ({ _tag: "Renew", used, challenge: {} })
const stepUp = (used: string, scope?: string): TokenPlan.TokenNeed => ({
  _tag: "StepUp",
  used,
  challenge: scope === undefined ? {} : { scope }
})

/** A plan in a word. */
const word = (plan: TokenPlan.TokenPlan): string =>
  plan._tag === "Refresh" ? `Refresh, else ${plan.otherwise._tag}` : plan._tag

describe("without a valid token", () => {
  it("a person signs in, unless another token comes first", () => {
    const plan = TokenPlan.make(SessionState.initial, renew(undefined), now)
    assert.deepInclude(plan, { _tag: "SignIn", reason: "NotSignedIn", isForced: false, used: undefined })
  })

  it("the one that was refused is refreshed, else a person signs in", () => {
    const plan = TokenPlan.make(withToken("a"), renew("a"), now)
    assert.strictEqual(word(plan), "Refresh, else SignIn")
    assert.deepInclude(plan, { used: "a" })
    assert.deepInclude(plan._tag === "Refresh" ? plan.otherwise : plan, { reason: "Rejected", isForced: false })
  })

  it("a person is asked for no fewer scopes than before", () => {
    const state = afterSignIn(SessionState.initial, "a", { scope: "read write" })
    const plan = TokenPlan.make(SessionState.tokenAccepted(state, "a"), renew("a"), now)
    assert.deepInclude(plan._tag === "Refresh" ? plan.otherwise : plan, { _tag: "SignIn", moreScopes: "read write" })
  })
})

describe("a way that the refused token was just obtained by is not tried again", () => {
  const ofPerson = afterSignIn(SessionState.initial, "a")
  const ofRefresh = SessionState.tokenRefreshed(withToken("b", undefined, ofPerson), now)

  it.each<[string, SessionState.SessionState, string, number, string]>([
    ["from a person: it is refreshed alone", ofPerson, "a", now, "Refresh, else Refuse"],
    ["refreshed from a person's: nothing", ofRefresh, "b", now, "Refuse"],
    ["refreshed from one that was valid", SessionState.tokenRefreshed(withToken("b"), now), "b", now, "SignIn"],
    ["but after ten minutes", ofRefresh, "b", now + tenMinutes, "Refresh, else SignIn"],
    ["but after it was accepted", SessionState.tokenAccepted(ofRefresh, "b"), "b", now, "Refresh, else SignIn"],
    ["but for another token it is tried, and no person", ofRefresh, "c", now, "Refresh, else Refuse"]
  ])("%s", (_, state, used, at, expected) => {
    assert.strictEqual(word(TokenPlan.make(state, renew(used), at)), expected)
  })
})

describe("where a person was just asked in vain", () => {
  const retried: TokenPlan.TokenNeed = { _tag: "Renew", used: "a", challenge: { scope: "x" }, isRetry: true }

  it("a request that was refused again has the answer of the server, unless the person has said no", () => {
    const rejected = afterSignIn(SessionState.initial, "a")
    assert.strictEqual(word(TokenPlan.make(rejected, retried, now)), "Refresh, else Nothing")
    const declined = SessionState.signInFailed(withToken("a"), "Declined", now)
    assert.strictEqual(word(TokenPlan.make(declined, retried, now)), "Refresh, else Refuse")
  })

  it("nobody is asked for more scopes, and the caller is told which", () => {
    const declined = SessionState.signInFailed(withToken("a", "read"), "Declined", now)
    assert.deepStrictEqual(TokenPlan.make(declined, stepUp("a", "write"), now), {
      _tag: "Refuse",
      reason: "Declined",
      scope: "read write"
    })
  })
})

describe("with too few scopes", () => {
  it("a person is asked, whatever token there is, for all there are, were asked for, and are missing", () => {
    const before = afterSignIn(SessionState.initial, "a", { scope: "asked" }, "granted")
    const pending = TokenPlan.withChallengeOf(before, stepUp("a", "other"))
    const plan = TokenPlan.make(pending, stepUp("a", "mine"), now)
    assert.deepInclude(plan, { _tag: "SignIn", reason: "InsufficientScope", isForced: true, used: "a" })
    assert.strictEqual(plan._tag === "SignIn" ? plan.moreScopes : undefined, "granted asked mine other")
  })

  it("nothing helps where the server does not say which are missing", () => {
    assert.strictEqual(TokenPlan.make(withToken("a"), stepUp("a"), now)._tag, "Nothing")
  })

  it("a step-up that just brought nothing is not repeated", () => {
    const finished = { reason: "InsufficientScope", used: "a", scope: "read write" } as const
    const state = afterSignIn(SessionState.initial, "b", finished, "read")
    assert.strictEqual(TokenPlan.make(state, stepUp("b", "write"), now)._tag, "Nothing")
    assert.strictEqual(TokenPlan.make(state, stepUp("b", "admin"), now)._tag, "SignIn")
    assert.strictEqual(TokenPlan.make(state, stepUp("b", "write"), now + tenMinutes)._tag, "SignIn")
    assert.strictEqual(TokenPlan.make(SessionState.scopesSufficed(state), stepUp("b", "write"), now)._tag, "SignIn")
  })
})

describe("with the exact scopes of the options", () => {
  const exactly = (exactScope: string, granted?: string) => ({ ...withToken("a", granted), exactScope })

  it.each<[string, string, string | undefined, string, string]>([
    ["one that is not among them: nothing helps", "read", "read", "write", "Nothing"],
    ["one that is, and one that is not: nothing helps", "read write", "read", "write admin", "Nothing"],
    ["any, where none is asked for: nothing helps", "", undefined, "read", "Nothing"],
    ["one that the person did not grant: they are asked for again", "read write", "read", "write", "SignIn"]
  ])("a server wants %s", (_, exact, granted, wanted, expected) => {
    const plan = TokenPlan.make(exactly(exact, granted), stepUp("a", wanted), now)
    assert.strictEqual(plan._tag, expected)
    if (plan._tag === "SignIn") assert.strictEqual(plan.moreScopes, exact)
    const unclear = { _tag: "Unclear", used: "a", scope: wanted } as const
    const probed = TokenPlan.afterProbe(exactly(exact, granted), unclear, { isRefused: false, challenge: {} }, now)
    assert.strictEqual(probed._tag, expected)
  })

  it("a step-up for them that just brought nothing is not repeated, whatever was granted beside", () => {
    const finished = { reason: "InsufficientScope", used: "a", scope: "read write" } as const
    const state = afterSignIn(exactly("read write"), "b", finished, "read more")
    assert.strictEqual(TokenPlan.make(state, stepUp("b", "write"), now)._tag, "Nothing")
  })
})

describe("when it is not known what is wrong", () => {
  const need = { _tag: "Unclear", used: "a", scope: "read write" } as const

  it("the server is asked", () => {
    assert.deepStrictEqual(TokenPlan.make(withToken("a"), need, now), { _tag: "Probe", need })
  })

  it.each<[string, string | undefined, boolean, string]>([
    ["the token is refused", "read", true, "Refresh, else SignIn"],
    ["the token is accepted, and scopes are missing", "read", false, "SignIn"],
    ["the token is accepted, and has all scopes", "read write", false, "Nothing"]
  ])("then %s", (_, granted, isRefused, expected) => {
    const plan = TokenPlan.afterProbe(withToken("a", granted), need, { isRefused, challenge: {} }, now)
    assert.strictEqual(word(plan), expected)
  })

  it("a person signs in where there was no token", () => {
    const without = { ...need, used: undefined }
    const plan = TokenPlan.afterProbe(SessionState.initial, without, { isRefused: false, challenge: {} }, now)
    assert.deepInclude(plan, { _tag: "SignIn", reason: "NotSignedIn" })
  })

  it("offline_access is no scope that a step-up could bring", () => {
    const wanted = { ...need, scope: "read offline_access" }
    const plan = TokenPlan.afterProbe(withToken("a", "read"), wanted, { isRefused: false, challenge: {} }, now)
    assert.strictEqual(plan._tag, "Nothing")
  })
})

describe("a sign-in whatever there is", () => {
  const need = { _tag: "SignIn", challenge: {} } as const

  it("asks for no fewer scopes than are granted, and is met by a person alone", () => {
    const state = withToken("a", "read")
    assert.deepInclude(TokenPlan.make(state, need, now), { _tag: "SignIn", isForced: true, moreScopes: "read" })
    assert.isFalse(TokenPlan.isMet(withToken("b", "read", state), need, state.signIns))
    assert.isTrue(TokenPlan.isMet(afterSignIn(state, "a"), need, state.signIns))
  })
})

describe("a need for another token", () => {
  it("is met by one that is known by then, and is not the one that was used", () => {
    for (const need of [renew("a"), stepUp("a", "x"), { _tag: "Unclear", used: "a", scope: "x" } as const]) {
      assert.isFalse(TokenPlan.isMet(SessionState.initial, need, 0))
      assert.isFalse(TokenPlan.isMet(withToken("a"), need, 0))
      assert.isTrue(TokenPlan.isMet(withToken("b"), need, 0))
    }
    assert.isTrue(TokenPlan.isMet(withToken("b"), renew(undefined), 0))
  })
})

describe("what the server said", () => {
  it("is recorded: scopes that are missing as pending, the rest as what it asks for", () => {
    const said = TokenPlan.withChallengeOf(SessionState.initial, {
      _tag: "Renew",
      used: "a",
      challenge: { scope: "read" }
    })
    assert.deepStrictEqual(said.challenge, { scope: "read" })
    const missing = TokenPlan.withChallengeOf(said, stepUp("a", "write"))
    assert.deepStrictEqual([missing.challenge, missing.pendingScopes], [{ scope: "read" }, "write"])
    assert.strictEqual(TokenPlan.withChallengeOf(missing, { _tag: "Unclear", used: "a", scope: "x" }), missing)
  })
})

describe("a server that refuses every token", () => {
  const step = FastCheck.constantFrom("refresh" as const, "sign in" as const)

  it.prop("gets at most one sign-in and one refresh of it, whatever comes first", [
    FastCheck.array(step, { maxLength: 3 }),
    FastCheck.boolean()
  ], ([before, canRefresh]) => {
    // What was tried before, each with a request that succeeded.
    let state = SessionState.initial
    let count = 0
    const token = () => `t${count}`
    const obtained = (how: "refresh" | "sign in") => {
      const used = token()
      count++
      state = how === "refresh"
        ? SessionState.tokenRefreshed(withToken(token(), undefined, state), now)
        : afterSignIn(state, token(), { used })
    }
    for (const how of before) {
      obtained(how)
      state = SessionState.tokenAccepted(state, token())
    }
    // From here on every token is refused.
    const tried = { refresh: 0, "sign in": 0 }
    for (let round = 0; round < 10; round++) {
      const plan = TokenPlan.make(state, renew(count === 0 ? undefined : token()), now)
      if (plan._tag === "Nothing" || plan._tag === "Refuse") break
      if (plan._tag === "Refresh" && canRefresh) {
        tried.refresh++
        obtained("refresh")
      } else if (plan._tag === "Refresh" && plan.otherwise._tag !== "SignIn") break
      else {
        tried["sign in"]++
        obtained("sign in")
      }
    }
    assert.strictEqual(tried["sign in"], 1)
    assert.isAtMost(tried.refresh, 2)
  })

  it.prop("gets no step-up for scopes that one just asked for in vain", [
    FastCheck.subarray(["a", "b", "c"], { minLength: 1 }),
    FastCheck.subarray(["a", "b", "c"], { minLength: 1 })
  ], ([asked, wanted]) => {
    const finished = { reason: "InsufficientScope", used: "x", scope: asked.join(" ") } as const
    const state = afterSignIn(SessionState.initial, "y", finished)
    const plan = TokenPlan.make(state, stepUp("y", wanted.join(" ")), now)
    assert.strictEqual(plan._tag === "Nothing", ScopeSet.covers(asked.join(" "), wanted.join(" ")))
  })
})

describe("a refresh token that was just refused", () => {
  const refused = (at: number) =>
    SessionState.credentialsRead(
      SessionState.initial,
      Option.map(credentials("a"), ({ issuer, tokens }) => ({ issuer, tokens: { ...tokens!, refreshRefusedAt: at } })),
      undefined,
      now
    )

  it("is not sent again: a person signs in", () => {
    assert.deepInclude(TokenPlan.make(refused(now), renew("a"), now), { _tag: "SignIn", reason: "Rejected" })
    assert.strictEqual(word(TokenPlan.make(refused(now), renew("a"), now + tenMinutes)), "Refresh, else SignIn")
  })

  it("leaves no token that is relied upon, nor one to refresh", () => {
    assert.isUndefined(SessionState.usableToken(refused(now), now))
    assert.isFalse(SessionState.needsRefresh(refused(now), now))
  })
})

describe("a person who is to be authenticated in another way", () => {
  const challenge = { error: "insufficient_user_authentication", acrValues: "mfa", maxAge: 300 }
  const need: TokenPlan.TokenNeed = { _tag: "StepUp", used: "a", challenge }

  it("is asked for no fewer scopes than there are, with what the server wants", () => {
    assert.deepInclude(TokenPlan.make(withToken("a", "read"), need, now), {
      _tag: "SignIn",
      reason: "InsufficientAuthentication",
      isForced: true,
      challenge,
      moreScopes: "read"
    })
  })

  it("is not asked where that was just in vain, nor more than three times", () => {
    const finished = { reason: "InsufficientAuthentication", used: "x", challenge } as const
    assert.strictEqual(TokenPlan.make(afterSignIn(SessionState.initial, "a", finished), need, now)._tag, "Nothing")
    let state = withToken("a")
    for (let count = 0; count < 3; count++) {
      assert.strictEqual(TokenPlan.make(state, need, now)._tag, "SignIn")
      state = SessionState.personAsked(state, "InsufficientAuthentication", now)
    }
    assert.strictEqual(TokenPlan.make(state, need, now)._tag, "Nothing")
  })

  it("is asked so for that request alone", () => {
    assert.deepStrictEqual(TokenPlan.withChallengeOf(SessionState.initial, need).challenge, {
      error: "insufficient_user_authentication"
    })
  })
})
