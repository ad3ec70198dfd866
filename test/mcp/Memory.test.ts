import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import type { Credentials } from "../../src/core/mcp/Credentials.ts"
import * as Memory from "../../src/mcp/Memory.ts"

const now = 1_700_000_000_000

/** Credentials with a token that ends after some milliseconds, if it does. */
const credentials = (accessToken: string, life?: number): Option.Option<Credentials> =>
  Option.some({
    issuer: "https://as.example",
    tokens: {
      accessToken: Redacted.make(accessToken),
      ...(life !== undefined && { expiresAt: now + life })
    }
  })

const clientAlone = Option.some<Credentials>({ issuer: "https://as.example", client: { clientId: "c" } })

describe("what is known", () => {
  it("is nothing at first", () => {
    const memory = Memory.make()
    assert.isFalse(memory.isLoaded())
    assert.isUndefined(memory.credentials())
    assert.isUndefined(memory.tokens())
    assert.isUndefined(memory.accessToken())
    assert.isFalse(memory.isExpiring(now))
    assert.isFalse(memory.isExpired(now))
    assert.deepStrictEqual(memory.newest(clientAlone), clientAlone)
    assert.deepStrictEqual(memory.newest(Option.none()), Option.none())
  })

  it.each<[string, Option.Option<Credentials>, string | undefined]>([
    ["nothing", Option.none(), undefined],
    ["a client alone", clientAlone, undefined],
    ["tokens", credentials("a"), "a"]
  ])("is what the store holds: %s", (_name, stored, accessToken) => {
    for (const how of ["load", "take"] as const) {
      const memory = Memory.make()
      memory[how](stored, now)
      assert.isTrue(memory.isLoaded())
      assert.deepStrictEqual(memory.credentials(), Option.getOrUndefined(stored))
      assert.deepStrictEqual(memory.tokens(), Option.getOrUndefined(stored)?.tokens)
      assert.strictEqual(memory.accessToken(), accessToken)
    }
  })

  it("is what was taken, until that is stored", () => {
    const memory = Memory.make()
    const [old, taken, newer] = [credentials("old"), credentials("taken"), credentials("newer")]
    memory.load(old, now)
    memory.take(taken, now)
    assert.strictEqual(memory.newest(old), taken)
    memory.load(newer, now)
    assert.strictEqual(memory.accessToken(), "taken")
    memory.saved()
    assert.strictEqual(memory.newest(newer), newer)
    assert.strictEqual(memory.accessToken(), "taken")
    memory.load(newer, now)
    assert.strictEqual(memory.accessToken(), "newer")
  })

  it("stays forgotten, until that is stored", () => {
    const memory = Memory.make()
    memory.load(credentials("a"), now)
    memory.take(Option.none(), now)
    assert.deepStrictEqual(memory.newest(credentials("a")), Option.none())
    memory.load(credentials("a"), now)
    assert.isUndefined(memory.accessToken())
    assert.isTrue(memory.isLoaded())
  })

  it.prop("is what was taken last, or what the store held last", [
    FastCheck.array(FastCheck.oneof(
      FastCheck.constant({ do: "saved" as const }),
      FastCheck.record({
        do: FastCheck.constantFrom("load" as const, "take" as const),
        token: FastCheck.constantFrom(undefined, "a", "b", "c")
      })
    ))
  ], ([steps]) => {
    const memory = Memory.make()
    let known: string | undefined
    let saved = true
    for (const step of steps) {
      if (step.do === "saved") {
        memory.saved()
        saved = true
      } else {
        memory[step.do](step.token === undefined ? Option.none() : credentials(step.token), now)
        if (step.do === "take" || saved) known = step.token
        if (step.do === "take") saved = false
      }
      assert.strictEqual(memory.accessToken(), known)
      const stored = credentials("stored")
      assert.strictEqual(memory.newest(stored) === stored, saved)
    }
  })
})

describe("the end of a token", () => {
  it.each<[string, number | undefined, number, boolean, boolean]>([
    ["that does not end", undefined, 1e12, false, false],
    ["of an hour, at once", 3_600_000, 0, false, false],
    ["of an hour, before its last half minute", 3_600_000, 3_569_999, false, false],
    ["of an hour, in its last half minute", 3_600_000, 3_570_000, true, false],
    ["of an hour, at its end", 3_600_000, 3_599_999, true, false],
    ["of an hour, after it", 3_600_000, 3_600_000, true, true],
    ["of ten seconds, in its first half", 10_000, 4999, false, false],
    ["of ten seconds, in its second half", 10_000, 5000, true, false],
    ["of ten seconds, after it", 10_000, 10_000, true, true],
    ["that was over when it was read", -5000, 0, true, true],
    ["that ends as it is read", 0, 0, true, true]
  ])("is seen of one %s", (_name, life, later, isExpiring, isExpired) => {
    for (const how of ["load", "take"] as const) {
      const memory = Memory.make()
      memory[how](credentials("a", life), now)
      assert.strictEqual(memory.isExpiring(now + later), isExpiring)
      assert.strictEqual(memory.isExpired(now + later), isExpired)
    }
  })

  it("does not move when the same token is read again", () => {
    const memory = Memory.make()
    memory.load(credentials("a", 3_600_000), now)
    memory.load(credentials("a", 3_600_000), now + 3_580_000)
    assert.isTrue(memory.isExpiring(now + 3_580_000))
    memory.take(credentials("a", 3_600_000), now + 3_590_000)
    assert.isTrue(memory.isExpiring(now + 3_590_000))
  })

  it("is that of the newest token", () => {
    const memory = Memory.make()
    memory.load(credentials("a", 1000), now)
    memory.take(credentials("b", 3_600_000), now + 900)
    assert.isFalse(memory.isExpiring(now + 2000))
    memory.take(Option.none(), now)
    assert.isFalse(memory.isExpiring(now + 1e12))
    assert.isFalse(memory.isExpired(now + 1e12))
  })

  it.prop("is near before it is there, and a new token is good at first", [
    FastCheck.integer({ min: 1, max: 10_000_000 }),
    FastCheck.integer({ min: 0, max: 20_000_000 })
  ], ([life, later]) => {
    const memory = Memory.make()
    memory.take(credentials("a", life), now)
    assert.isFalse(memory.isExpiring(now))
    assert.strictEqual(memory.isExpired(now + later), later >= life)
    if (memory.isExpired(now + later)) assert.isTrue(memory.isExpiring(now + later))
    if (memory.isExpiring(now + later)) assert.isTrue(life - later <= 30_000)
  })
})
