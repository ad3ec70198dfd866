import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import type { Credentials } from "../../../src/core/mcp/Credentials.ts"
import * as KnownCredentials from "../../../src/core/mcp/KnownCredentials.ts"

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

/** What is known after each of some steps, as one that changes. */
const make = () => {
  let known = KnownCredentials.unknown
  return {
    isLoaded: () => known.isLoaded,
    credentials: () => Option.getOrUndefined(known.credentials),
    tokens: () => KnownCredentials.tokens(known),
    accessToken: () => KnownCredentials.accessToken(known),
    secrets: () => known.seenTokens.map(Redacted.value),
    isExpiring: (at: number) => KnownCredentials.isExpiring(known, at),
    isExpired: (at: number) => KnownCredentials.isExpired(known, at),
    newest: (stored: Option.Option<Credentials>) => KnownCredentials.newest(known, stored),
    read: (stored: Option.Option<Credentials>, at: number) =>
      void (known = KnownCredentials.read(known, stored, undefined, at)),
    replaced: (other: Option.Option<Credentials>, at: number) =>
      void (known = KnownCredentials.replaced(known, other, KnownCredentials.storedToken(known), at)),
    stored: () => void (known = KnownCredentials.stored(known))
  }
}

const clientAlone = Option.some<Credentials>({ issuer: "https://as.example", client: { clientId: "c" } })

describe("what is known", () => {
  it("is nothing at first", () => {
    const known = make()
    assert.isFalse(known.isLoaded())
    assert.isUndefined(known.credentials())
    assert.isUndefined(known.tokens())
    assert.isUndefined(known.accessToken())
    assert.isFalse(known.isExpiring(now))
    assert.isFalse(known.isExpired(now))
    assert.deepStrictEqual(known.newest(clientAlone), clientAlone)
    assert.isTrue(Option.isNone(known.newest(Option.none())))
  })

  it.each<[string, Option.Option<Credentials>, string | undefined]>([
    ["nothing", Option.none(), undefined],
    ["a client alone", clientAlone, undefined],
    ["tokens", credentials("a"), "a"]
  ])("is what the store holds: %s", (_name, stored, accessToken) => {
    for (const how of ["read", "replaced"] as const) {
      const known = make()
      known[how](stored, now)
      assert.isTrue(known.isLoaded())
      assert.deepStrictEqual(known.credentials(), Option.getOrUndefined(stored))
      assert.deepStrictEqual(known.tokens(), Option.getOrUndefined(stored)?.tokens)
      assert.strictEqual(known.accessToken(), accessToken)
    }
  })

  it("is what was taken, until that is stored", () => {
    const known = make()
    const [old, taken, newer] = [credentials("old"), credentials("taken"), credentials("newer")]
    known.read(old, now)
    known.replaced(taken, now)
    assert.strictEqual(known.newest(old), taken)
    known.read(old, now)
    assert.strictEqual(known.accessToken(), "taken")
    known.stored()
    assert.strictEqual(known.newest(newer), newer)
    assert.strictEqual(known.accessToken(), "taken")
    known.read(newer, now)
    assert.strictEqual(known.accessToken(), "newer")
  })

  it("is what somebody else has stored meanwhile, over what was taken and could not be stored", () => {
    for (const theirs of [credentials("theirs"), clientAlone, Option.none()]) {
      const known = make()
      known.read(credentials("old"), now)
      known.replaced(credentials("taken"), now)
      assert.strictEqual(known.newest(theirs), theirs)
      known.read(theirs, now)
      assert.strictEqual(known.accessToken(), theirs === clientAlone || Option.isNone(theirs) ? undefined : "theirs")
      // It is the store's, and so is the next that the store has.
      known.read(credentials("next"), now)
      assert.strictEqual(known.accessToken(), "next")
    }
  })

  it("is to be written again at once, and then once a second", () => {
    let known = KnownCredentials.replaced(KnownCredentials.unknown, credentials("a"), undefined, now)
    assert.isTrue(KnownCredentials.isWriteDue(known, now))
    known = KnownCredentials.writeTried(known, now)
    assert.isFalse(KnownCredentials.isWriteDue(known, now + 999))
    assert.isTrue(KnownCredentials.isWriteDue(known, now + 1000))
    assert.isFalse(KnownCredentials.isWriteDue(KnownCredentials.stored(known), now + 1000))
    // A clock that was set back must not make the pause longer.
    assert.isFalse(KnownCredentials.isWriteDue(known, now))
    assert.isTrue(KnownCredentials.isWriteDue(known, now - 1))
  })

  it("stays forgotten, until that is stored", () => {
    const known = make()
    known.read(credentials("a"), now)
    known.replaced(Option.none(), now)
    assert.isTrue(Option.isNone(known.newest(credentials("a"))))
    known.read(credentials("a"), now)
    assert.isUndefined(known.accessToken())
    assert.isTrue(known.isLoaded())
  })

  it.prop("is what was taken last, or what the store held last", [
    FastCheck.array(FastCheck.oneof(
      FastCheck.constant({ do: "stored" as const }),
      FastCheck.record({
        do: FastCheck.constantFrom("read" as const, "replaced" as const),
        token: FastCheck.constantFrom(undefined, "a", "b", "c")
      })
    ))
  ], ([steps]) => {
    const known = make()
    let expected: string | undefined
    let inStore: string | undefined
    let isSaved = true
    for (const step of steps) {
      if (step.do === "stored") {
        known.stored()
        if (!isSaved) inStore = expected
        isSaved = true
      } else if (step.do === "replaced") {
        known.replaced(step.token === undefined ? Option.none() : credentials(step.token), now)
        expected = step.token
        isSaved = false
      } else {
        known.read(step.token === undefined ? Option.none() : credentials(step.token), now)
        // The store has changed under what could not be saved.
        if (step.token !== inStore) isSaved = true
        if (isSaved) expected = step.token
        inStore = step.token
      }
      assert.strictEqual(known.accessToken(), expected)
      const stored = inStore === undefined ? Option.none() : credentials(inStore)
      assert.strictEqual(known.newest(stored) === stored, isSaved || Option.isNone(stored) && expected === undefined)
    }
  })
})

it("the token of the store is the one that was read, until it is replaced there", () => {
  const read = KnownCredentials.read(KnownCredentials.unknown, credentials("a"), undefined, now)
  const replaced = KnownCredentials.replaced(read, credentials("b"), KnownCredentials.storedToken(read), now)
  const tokenOf = (known: KnownCredentials.KnownCredentials) => {
    const token = KnownCredentials.storedToken(known)
    return token && Redacted.value(token)
  }
  assert.deepStrictEqual([read, replaced, KnownCredentials.stored(replaced)].map(tokenOf), ["a", "a", "b"])
})

describe("a registration", () => {
  const client = { clientId: "c", redirectUris: ["http://127.0.0.1:1/"] }
  const inDoubt = { ...client, isInDoubt: true }
  const unheardOf = { ...inDoubt, isUnknown: true }

  it("has the marks of its doubt and no others", () => {
    for (const each of [client, inDoubt, unheardOf]) {
      assert.deepStrictEqual(KnownCredentials.doubted(each, "None"), client)
      assert.deepStrictEqual(KnownCredentials.doubted(each, "InDoubt"), inDoubt)
      assert.deepStrictEqual(KnownCredentials.doubted(each, "Unknown"), unheardOf)
    }
  })

  it("is in doubt when a sign-in with it begins, and unknown when that had no answer before", () => {
    assert.strictEqual(KnownCredentials.doubtOf(client), "InDoubt")
    assert.strictEqual(KnownCredentials.doubtOf(inDoubt), "Unknown")
    assert.strictEqual(KnownCredentials.doubtOf({ ...client, isUnknown: true }), "Unknown")
  })

  it("is doubted wherever it stands, and no other is", () => {
    const issuer = "https://as.example"
    const other = { clientId: "d" }
    const doubt = (all: Credentials) => KnownCredentials.withDoubt(all, "c", "InDoubt")
    assert.deepStrictEqual(doubt({ issuer, client, nextClient: other }), { issuer, client: inDoubt, nextClient: other })
    assert.deepStrictEqual(doubt({ issuer, client: other, nextClient: client }), {
      issuer,
      client: other,
      nextClient: inDoubt
    })
    assert.deepStrictEqual(doubt({ issuer }), { issuer })
  })
})

describe("an access token that no header can hold", () => {
  it("is no token, and the rest stays known", () => {
    const client = { clientId: "c" }
    const known = KnownCredentials.read(
      KnownCredentials.unknown,
      Option.some({ issuer: "https://as.example", client, tokens: { accessToken: Redacted.make("a\nb") } }),
      "revision",
      now
    )
    assert.isUndefined(KnownCredentials.tokens(known))
    assert.deepStrictEqual(Option.getOrThrow(known.credentials).client, client)
    assert.strictEqual(known.revision, "revision")
  })
})

describe("a refresh token", () => {
  it("is not sent again for ten minutes after it was refused", () => {
    const refused = (refreshRefusedAt: number | undefined) =>
      KnownCredentials.read(
        KnownCredentials.unknown,
        Option.some({ issuer: "i", tokens: { accessToken: Redacted.make("a"), refreshRefusedAt } }),
        undefined,
        now
      )
    assert.isTrue(KnownCredentials.isRefreshRefused(refused(now - 599_999), now))
    assert.isFalse(KnownCredentials.isRefreshRefused(refused(now - 600_000), now))
    assert.isFalse(KnownCredentials.isRefreshRefused(refused(undefined), now))
    assert.isFalse(KnownCredentials.isRefreshRefused(KnownCredentials.unknown, now))
  })
})

describe("the tokens there were", () => {
  it("are the last twenty, each once, the newest last", () => {
    const known = make()
    assert.deepStrictEqual(known.secrets(), [])
    const names = Array.from({ length: 25 }, (_, index) => `token-${index}`)
    for (const name of names) {
      known.read(credentials(name), now)
      known.replaced(credentials(name), now)
    }
    assert.deepStrictEqual(known.secrets(), names.slice(-20))
    known.replaced(Option.none(), now)
    assert.deepStrictEqual(known.secrets(), names.slice(-20))
  })

  it("are those for refreshing too", () => {
    const known = make()
    const tokens = { accessToken: Redacted.make("a"), refreshToken: Redacted.make("r") }
    known.read(Option.some({ issuer: "https://as.example", tokens }), now)
    assert.deepStrictEqual(known.secrets(), ["a", "r"])
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
    for (const how of ["read", "replaced"] as const) {
      const known = make()
      known[how](credentials("a", life), now)
      assert.strictEqual(known.isExpiring(now + later), isExpiring)
      assert.strictEqual(known.isExpired(now + later), isExpired)
    }
  })

  it("does not move when the same token is read again", () => {
    const known = make()
    known.read(credentials("a", 3_600_000), now)
    known.read(credentials("a", 3_600_000), now + 3_580_000)
    assert.isTrue(known.isExpiring(now + 3_580_000))
    known.replaced(credentials("a", 3_600_000), now + 3_590_000)
    assert.isTrue(known.isExpiring(now + 3_590_000))
  })

  it("is that of the newest token", () => {
    const known = make()
    known.read(credentials("a", 1000), now)
    known.replaced(credentials("b", 3_600_000), now + 900)
    assert.isFalse(known.isExpiring(now + 2000))
    known.replaced(Option.none(), now)
    assert.isFalse(known.isExpiring(now + 1e12))
    assert.isFalse(known.isExpired(now + 1e12))
  })

  it.prop("is near before it is there, and a new token is good at first", [
    FastCheck.integer({ min: 1, max: 10_000_000 }),
    FastCheck.integer({ min: 0, max: 20_000_000 })
  ], ([life, later]) => {
    const known = make()
    known.replaced(credentials("a", life), now)
    assert.isFalse(known.isExpiring(now))
    assert.strictEqual(known.isExpired(now + later), later >= life)
    if (known.isExpired(now + later)) assert.isTrue(known.isExpiring(now + later))
    if (known.isExpiring(now + later)) assert.isTrue(life - later <= 30_000)
  })
})
