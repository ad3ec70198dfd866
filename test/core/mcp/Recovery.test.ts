import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Recovery from "../../../src/core/mcp/Recovery.ts"

const stronger = 'Bearer error="insufficient_user_authentication", acr_values="mfa"'
const stepUp = 'Bearer error="insufficient_scope", scope="write"'

/** A step as a table can say it. */
const summary = (step: Recovery.Step): string =>
  step._tag === "Return" ? "Return" : `${step._tag} ${step.tries.renewals} ${step.tries.stepUps}`

describe("next", () => {
  it.each<[string, number, string | null, boolean, Recovery.Tries, string]>([
    ["an answer", 200, null, true, Recovery.none, "Return"],
    ["an answer with a challenge", 200, stepUp, true, Recovery.none, "Return"],
    ["another refusal that speaks of scopes", 404, stepUp, true, Recovery.none, "Return"],
    ["another refusal", 404, "Bearer", true, Recovery.none, "Return"],
    ["a request that is no good", 400, 'Bearer error="invalid_request"', true, Recovery.none, "Return"],
    ["a proxy's refusal", 407, "Bearer", true, Recovery.none, "Return"],
    ["a fault", 503, "Bearer", true, Recovery.none, "Return"],
    ["a 401 without a token", 401, "Bearer", false, Recovery.none, "Renew 1 0"],
    ["a 401 with a token", 401, 'Bearer error="invalid_token"', true, Recovery.none, "Renew 1 0"],
    ["a 401 without a challenge", 401, null, false, Recovery.none, "Renew 1 0"],
    ["a 401 with another scheme's challenge", 401, 'Basic realm="x"', true, Recovery.none, "Renew 1 0"],
    ["a 401 that asks for scopes: any new token goes first", 401, stepUp, true, Recovery.none, "Renew 1 0"],
    ["a second 401", 401, "Bearer", true, { renewals: 1, stepUps: 0 }, "Renew 2 0"],
    ["a third 401", 401, "Bearer", true, { renewals: 2, stepUps: 0 }, "Return"],
    ["a 401 after a step-up", 401, "Bearer", true, { renewals: 0, stepUps: 3 }, "Renew 1 3"],
    ["a 403 for too few scopes", 403, stepUp, true, Recovery.none, "StepUp 0 1"],
    ["a 403 that names no scopes", 403, 'Bearer error="insufficient_scope"', true, Recovery.none, "StepUp 0 1"],
    ["a 403 that names scopes, without a token", 403, stepUp, false, Recovery.none, "Renew 1 0"],
    ["a 403 without a token", 403, "Bearer", false, Recovery.none, "Renew 1 0"],
    ["a 400 without a token", 400, 'Bearer resource_metadata="https://a.example/m"', false, Recovery.none, "Renew 1 0"],
    ["a 400 without a token and a challenge", 400, null, false, Recovery.none, "Return"],
    ["a 403 of another scheme, without a token", 403, 'Basic realm="x"', false, Recovery.none, "Return"],
    ["a 404 with a challenge, without a token", 404, "Bearer", false, Recovery.none, "Return"],
    ["a 401 for a stronger sign-in", 401, stronger, true, Recovery.none, "StepUp 0 1"],
    ["a 401 for a stronger sign-in, after renewals", 401, stronger, true, { renewals: 2, stepUps: 0 }, "StepUp 2 1"],
    ["a fourth 401 for a stronger sign-in", 401, stronger, true, { renewals: 0, stepUps: 3 }, "Return"],
    ["a 401 for a stronger sign-in, without a token", 401, stronger, false, Recovery.none, "Renew 1 0"],
    ["a 403 for a stronger sign-in: RFC 9470 says 401", 403, stronger, true, Recovery.none, "Return"],
    ["a 403 for good", 403, 'Bearer error="invalid_token"', true, Recovery.none, "Return"],
    [
      "a 403 whose words mention scopes",
      403,
      'Bearer error_description="insufficient_scope"',
      true,
      Recovery.none,
      "Return"
    ],
    ["a 403 of another scheme", 403, 'Basic error="insufficient_scope"', true, Recovery.none, "Return"],
    ["a 403 without a challenge", 403, null, true, Recovery.none, "Return"],
    ["a third 403", 403, stepUp, true, { renewals: 0, stepUps: 2 }, "StepUp 0 3"],
    ["a fourth 403", 403, stepUp, true, { renewals: 0, stepUps: 3 }, "Return"],
    ["a 403 after renewals", 403, stepUp, true, { renewals: 2, stepUps: 0 }, "StepUp 2 1"]
  ])("%s", (_name, status, wwwAuthenticate, sentToken, tries, expected) => {
    assert.strictEqual(summary(Recovery.next({ status, wwwAuthenticate }, sentToken, tries)), expected)
  })

  it("brings what the server said", () => {
    const challenge = { error: "insufficient_scope", scope: "write", resourceMetadata: "https://a.example/m" }
    const wwwAuthenticate = `Basic realm="x", ${stepUp}, resource_metadata="https://a.example/m"`
    assert.deepInclude(Recovery.next({ status: 403, wwwAuthenticate }, true, Recovery.none), { challenge })
    assert.deepInclude(Recovery.next({ status: 401, wwwAuthenticate }, true, Recovery.none), { challenge })
    assert.deepInclude(Recovery.next({ status: 401, wwwAuthenticate: null }, true, Recovery.none), { challenge: {} })
  })

  it("leaves the tries it was given as they are", () => {
    const tries = Object.freeze({ renewals: 1, stepUps: 1 })
    Recovery.next({ status: 401, wwwAuthenticate: null }, true, tries)
    assert.deepStrictEqual(tries, { renewals: 1, stepUps: 1 })
    assert.deepStrictEqual(Recovery.none, { renewals: 0, stepUps: 0 })
  })

  it.prop("whatever a server answers, again and again, it is asked 6 times at most", [
    FastCheck.infiniteStream(FastCheck.tuple(
      FastCheck.constantFrom(400, 401, 403),
      FastCheck.constantFrom(stepUp, stronger, 'Bearer error="invalid_token"', null, "Basic"),
      FastCheck.boolean()
    ))
  ], ([answers]) => {
    let tries = Recovery.none
    let requests = 0
    for (const [status, wwwAuthenticate, sentToken] of answers) {
      requests++
      const step = Recovery.next({ status, wwwAuthenticate }, sentToken, tries)
      if (step._tag === "Return") break
      assert.strictEqual(step.tries.renewals + step.tries.stepUps, tries.renewals + tries.stepUps + 1)
      tries = step.tries
    }
    assert.isAtMost(requests, 6)
    assert.isAtMost(tries.renewals, 2)
    assert.isAtMost(tries.stepUps, 3)
  })
})
