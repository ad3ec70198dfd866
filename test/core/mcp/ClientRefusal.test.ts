import { assert, describe, it } from "@effect/vitest"
import * as ClientRefusal from "../../../src/core/mcp/ClientRefusal.ts"
import { RegistrationError } from "../../../src/core/mcp/SignInError.ts"

const refused = (fields: Partial<RegistrationError>) =>
  new RegistrationError({ reason: "Rejected", issuer: "https://as.example", ...fields })

describe("a refused registration", () => {
  it.each<[string, Partial<RegistrationError>, boolean, boolean]>([
    ["for its metadata", { status: 400, error: "invalid_client_metadata" }, true, false],
    ["by a policy for scopes, as Keycloak's", { status: 403, error: "insufficient_scope" }, true, false],
    ["as what cannot be processed", { status: 422 }, true, false],
    ["for its redirect URI", { status: 400, error: "invalid_redirect_uri" }, false, true],
    [
      "for its redirect URI, in words alone",
      { status: 400, error: "invalid_request", description: "bad Redirect_URI" },
      true,
      true
    ],
    ["for its host", { status: 403, error: "x", description: "Policy 'Trusted Hosts' rejected" }, true, true],
    ["in words, for a loopback", { status: 400, error: "x", description: "No loopback" }, true, true],
    ["in words, for its name", { status: 400, error: "x", description: "localhost only" }, true, true],
    ["in words, for its redirect URL", { status: 400, error: "x", description: "bad redirect url" }, true, true],
    ["in one word", { status: 400, error: "x", description: "bad redirectUri" }, true, true],
    [
      "in a copy of the whole request",
      { status: 400, error: "x", description: 'cannot take {"redirect_uris":["http://localhost"]}' },
      true,
      false
    ],
    ["without a word", { status: 400 }, true, false],
    ["with a word of its own", { status: 403, error: "x" }, true, false],
    ["without a status", {}, false, false],
    ["by a gateway that is busy", { reason: "ServerError", status: 403 }, false, false],
    ["by a firewall, without a word", { status: 403 }, true, true],
    ["for everybody", { status: 403, error: "access_denied" }, false, false],
    ["without a token to register with", { status: 401, error: "invalid_token" }, false, false],
    ["by an internal error", { reason: "ServerError", status: 500 }, false, false],
    ["because there is none", { reason: "NotSupported" }, false, false]
  ])("%s", (_name, fields, scope, redirectUri) => {
    const error = refused(fields)
    assert.deepStrictEqual(
      [ClientRefusal.mayConcernScope(error), ClientRefusal.mayConcernRedirectUri(error)],
      [scope, redirectUri]
    )
    if (fields.reason === undefined) assert.strictEqual(error.message.includes("callback.host"), redirectUri)
  })
})
