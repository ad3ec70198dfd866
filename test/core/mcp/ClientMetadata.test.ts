import { assert, describe, it } from "vitest"
import * as ClientMetadata from "../../../src/core/mcp/ClientMetadata.ts"

const redirectUri = "http://127.0.0.1:4000/callback"

describe("make", () => {
  it("tells what this program is", () => {
    assert.deepStrictEqual(ClientMetadata.make({ redirectUri, scope: "a b" }), {
      application_type: "native",
      client_name: "effect-oauth-callback",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      scope: "a b"
    })
  })

  it("is that of a web service where the caller says so", () => {
    assert.strictEqual(ClientMetadata.make({ applicationType: "web", redirectUri }).application_type, "web")
  })

  it("names it as the caller does, and leaves out a scope that there is not", () => {
    const metadata = ClientMetadata.make({ clientName: "Agent", redirectUri })
    assert.strictEqual(metadata.client_name, "Agent")
    assert.notProperty(metadata, "scope")
  })

  it.each<[ReadonlyArray<string> | undefined, string]>([
    [undefined, "none"],
    [["client_secret_basic", "none"], "none"],
    [["client_secret_post", "client_secret_basic"], "client_secret_basic"],
    [["client_secret_post"], "client_secret_post"],
    [["private_key_jwt", "client_secret_post"], "client_secret_post"],
    [["private_key_jwt"], "none"],
    [[], "none"]
  ])("of the methods %j it takes %s", (authMethods, method) => {
    assert.strictEqual(ClientMetadata.make({ authMethods, redirectUri }).token_endpoint_auth_method, method)
  })
})
