import { Redacted } from "effect"
import { assert, describe, it } from "vitest"
import * as RetryGuard from "../../../src/core/mcp/RetryGuard.ts"

const unconfirmed = { token: Redacted.make("a"), since: 1000, byRefresh: false }
const guard: RetryGuard.RetryGuard = { ...RetryGuard.none, unconfirmed }
const afterRefresh: RetryGuard.RetryGuard = { ...guard, unconfirmed: { ...unconfirmed, byRefresh: true } }
const tenMinutes = 600_000
const b = Redacted.make("b")

describe("after a token was refused, a refresh", () => {
  it("would repeat what brought it, for ten minutes", () => {
    assert.isTrue(RetryGuard.wouldRepeatRefresh(afterRefresh, "a", false, 1000))
    assert.isTrue(RetryGuard.wouldRepeatRefresh(afterRefresh, "a", false, 999 + tenMinutes))
  })

  it.each(
    [
      ["if it is another token", "b", afterRefresh, false, 1000],
      ["if a person brought it", "a", guard, false, 1000],
      ["if a request has succeeded with it", "a", RetryGuard.tokenAccepted(afterRefresh, "a"), false, 1000],
      ["if its time is over", "a", afterRefresh, true, 1000],
      ["after ten minutes", "a", afterRefresh, false, 1000 + tenMinutes]
    ] as const
  )("would not %s", (_, used, known, isExpired, now) => {
    assert.isFalse(RetryGuard.wouldRepeatRefresh(known, used, isExpired, now))
  })
})

describe("a new token", () => {
  it("is unconfirmed until a request succeeds with it", () => {
    assert.isTrue(RetryGuard.isUnconfirmed(guard, "a"))
    assert.isFalse(RetryGuard.isUnconfirmed(guard, "b"))
    assert.isFalse(RetryGuard.isUnconfirmed(RetryGuard.none, "a"))
    assert.isFalse(RetryGuard.isUnconfirmed(RetryGuard.tokenAccepted(guard, "a"), "a"))
    assert.strictEqual(RetryGuard.tokenAccepted(guard, "b"), guard)
  })

  it("of a refresh is not refreshed again", () => {
    assert.deepStrictEqual(RetryGuard.tokenRefreshed(guard, b, 5).unconfirmed, { token: b, since: 5, byRefresh: true })
  })

  it("of a person may be refreshed, unless that was in vain just before", () => {
    const { unconfirmed } = RetryGuard.tokenSignedIn(guard, b, "a", 5)
    assert.deepStrictEqual(unconfirmed, { token: b, since: 5, byRefresh: false })
    assert.isTrue(RetryGuard.tokenSignedIn(afterRefresh, b, "a", 5).unconfirmed?.byRefresh)
    assert.isFalse(RetryGuard.tokenSignedIn(afterRefresh, b, "other", 5).unconfirmed?.byRefresh)
    assert.isFalse(RetryGuard.tokenSignedIn(RetryGuard.none, b, undefined, 5).unconfirmed?.byRefresh)
  })

  it("is none where a sign-in brought none", () => {
    assert.isUndefined(RetryGuard.tokenSignedIn(guard, undefined, "a", 5).unconfirmed)
  })
})

describe("another step-up", () => {
  const steppedUp = RetryGuard.scopesGranted(guard, "mcp write", "mcp", 1000)

  it("for the same scopes repeats the last one", () => {
    assert.isTrue(RetryGuard.wouldRepeatStepUp(steppedUp, "write mcp", "mcp", 1000))
    assert.isTrue(RetryGuard.wouldRepeatStepUp(steppedUp, "write", "mcp", 999 + tenMinutes))
    assert.deepStrictEqual(steppedUp.unconfirmed, unconfirmed)
    assert.deepStrictEqual(RetryGuard.scopesSufficed(steppedUp), { ...steppedUp, stepUp: undefined })
  })

  it.each(
    [
      ["for more scopes", steppedUp, "write admin", "mcp", 1000],
      ["after the last one helped", RetryGuard.scopesSufficed(steppedUp), "write", "mcp", 1000],
      ["after another sign-in", RetryGuard.scopesGranted(steppedUp, undefined, "mcp", 1000), "write", "mcp", 1000],
      ["when other scopes are granted by now", steppedUp, "write", "mcp read", 1000],
      ["after ten minutes", steppedUp, "write", "mcp", 1000 + tenMinutes]
    ] as const
  )("%s does not", (_, last, wanted, granted, now) => {
    assert.isFalse(RetryGuard.wouldRepeatStepUp(last, wanted, granted, now))
  })
})

describe("after a person was authenticated as the server wanted, to do so again", () => {
  const wanted = { acrValues: "mfa", maxAge: 300 }
  const after = RetryGuard.personAuthenticated(RetryGuard.none, wanted, b, 1000)
  const would = (again: { readonly acrValues?: string; readonly maxAge?: number }, used: string, now: number) =>
    RetryGuard.wouldRepeatAuthentication(after, again, used, now)

  it("would repeat it, until it is as old as the server allows", () => {
    assert.deepStrictEqual([1000, 300_999, 301_000].map((now) => would(wanted, "b", now)), [true, true, false])
  })

  it("would not repeat it for another token, or where something else is wanted", () => {
    assert.isFalse(would(wanted, "a", 1000))
    assert.isFalse(would({ acrValues: "mfa" }, "b", 1000))
    assert.isFalse(would({ ...wanted, acrValues: "hwk" }, "b", 1000))
    assert.isFalse(RetryGuard.wouldRepeatAuthentication(RetryGuard.none, wanted, "b", 1000))
  })

  it("would repeat one that may be no second old, for a minute, and one of any age for ten", () => {
    for (const [asked, millis] of [[{ maxAge: 0 }, 60_000], [{ acrValues: "mfa" }, tenMinutes]] as const) {
      const guarded = RetryGuard.personAuthenticated(RetryGuard.none, asked, b, 1000)
      const repeats = (now: number) => RetryGuard.wouldRepeatAuthentication(guarded, asked, "b", now)
      assert.deepStrictEqual([999 + millis, 1000 + millis].map(repeats), [true, false])
    }
  })

  it("is remembered of such sign-ins alone", () => {
    assert.strictEqual(RetryGuard.personAuthenticated(after, undefined, b, 5), after)
    assert.strictEqual(RetryGuard.personAuthenticated(after, wanted, undefined, 5), after)
  })
})
