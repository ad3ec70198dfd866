import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as SharedRegistration from "../../../src/core/hosted/SharedRegistration.ts"

const day = 24 * 60 * 60 * 1000
const { asSeen, confirmed, isConfirmationDue, isTrialDue, mayBeForgotten, onTrial, trialMillis, unknown } =
  SharedRegistration

describe("SharedRegistration", () => {
  const made = confirmed({ clientId: "one", extra: Redacted.make({ registration_access_token: "secret" }) }, 1000)

  it("is put to the trial once a day at most, and not while a trial lasts", () => {
    assert.isFalse(isTrialDue(made, 1000 + day - 1))
    assert.isTrue(isTrialDue(made, 1000 + day))
    assert.isFalse(isTrialDue(onTrial(made, 1000 + day), 1000 + 3 * day))
    assert.isTrue(isTrialDue({ clientId: "of an older version" }, day))
  })

  it("is used by all while an answer to its trial may come, and by nobody after that", () => {
    const trial = onTrial(made, day)
    assert.notProperty(asSeen(trial, day + trialMillis - 1), "isInDoubt")
    assert.isTrue(asSeen(trial, day + trialMillis).isInDoubt)
    assert.strictEqual(trialMillis, 30 * 60_000)
    assert.isTrue(isConfirmationDue(trial))
    const back = confirmed(trial, day + 5)
    assert.notProperty(back, "isInDoubt")
    assert.isFalse(isConfirmationDue(back))
  })

  it("carries the time of its last confirmation with it, as earlier versions wrote it", () => {
    assert.deepStrictEqual(Redacted.value(confirmed({ clientId: "one" }, 5).extra!), { hosted_at: 5 })
    assert.deepStrictEqual(Redacted.value(confirmed(made, 5).extra!), {
      registration_access_token: "secret",
      hosted_at: 5
    })
  })

  it("is not given up again and again for what browsers bring", () => {
    assert.isFalse(mayBeForgotten(made, 1000 + 10 * 60_000 - 1))
    assert.isTrue(mayBeForgotten(made, 1000 + 10 * 60_000))
    assert.isTrue(mayBeForgotten({ clientId: "of an older version" }, day))
  })

  it("is used by nobody when the server does not know it, and keeps what the server said", () => {
    const gone = unknown(made)
    assert.isTrue(asSeen(gone, 1001).isUnknown)
    assert.isTrue(asSeen(gone, 1001).isInDoubt)
    assert.include(Redacted.value(gone.extra!), { registration_access_token: "secret" })
  })
})
