import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as ClientAuthentication from "../../../src/core/mcp/ClientAuthentication.ts"
import type { ClientRegistration } from "../../../src/core/mcp/Credentials.ts"

const client = (secret: string | undefined, method?: unknown): ClientRegistration => ({
  clientId: "c d",
  ...(secret !== undefined && { clientSecret: Redacted.make(secret) }),
  ...(method !== undefined && { extra: Redacted.make({ token_endpoint_auth_method: method }) })
})

describe("the method", () => {
  it.each<[string, ClientRegistration, ReadonlyArray<string> | undefined, ClientAuthentication.ClientAuthMethod]>([
    ["that was registered, whatever is offered", client("s", "client_secret_post"), ["none"], "client_secret_post"],
    [
      "that was registered, though another is offered",
      client("s", "client_secret_basic"),
      ["client_secret_post"],
      "client_secret_basic"
    ],
    ["that was registered, though it needs no secret", client("s", "none"), ["client_secret_basic"], "none"],
    ["none where what was registered needs a secret", client(undefined, "client_secret_basic"), undefined, "none"],
    [
      "that is offered where another was registered",
      client("s", "private_key_jwt"),
      ["client_secret_post"],
      "client_secret_post"
    ],
    [
      "that is offered where what was registered is no text",
      client("s", 5),
      ["client_secret_post"],
      "client_secret_post"
    ],
    ["Basic where nothing is said", client("s"), undefined, "client_secret_basic"],
    ["Basic where the list is empty", client("s"), [], "client_secret_basic"],
    ["Basic where both are offered", client("s"), ["client_secret_post", "client_secret_basic"], "client_secret_basic"],
    ["none where that alone is offered", client("s"), ["none"], "none"],
    ["post where it is offered, though none is too", client("s"), ["none", "client_secret_post"], "client_secret_post"],
    ["post where nothing known is offered", client("s"), ["private_key_jwt"], "client_secret_post"],
    ["none without a secret", client(undefined), ["client_secret_basic"], "none"]
  ])("is %s", (_name, registered, offered, method) => {
    assert.strictEqual(ClientAuthentication.methodOf(registered, offered), method)
  })
})

describe("what is sent", () => {
  it("is a form-encoded pair in a header for Basic, and no parameter", () => {
    assert.deepStrictEqual(ClientAuthentication.make(client("a+b/c=:%é"), undefined), {
      headers: { authorization: `Basic ${btoa("c+d:a%2Bb%2Fc%3D%3A%25%C3%A9")}` },
      parameters: {}
    })
  })

  it("is the id, and the secret where it is posted", () => {
    assert.deepStrictEqual(ClientAuthentication.make(client("s"), ["client_secret_post"]), {
      headers: {},
      parameters: { client_id: "c d", client_secret: "s" }
    })
    assert.deepStrictEqual(ClientAuthentication.make(client(undefined), undefined), {
      headers: {},
      parameters: { client_id: "c d" }
    })
    assert.deepStrictEqual(ClientAuthentication.make(client("s", "none"), undefined), {
      headers: {},
      parameters: { client_id: "c d" }
    })
  })

  it("is a secret in each of its spellings", () => {
    assert.deepStrictEqual(ClientAuthentication.secrets(client("a b")), ["a b", "c+d:a+b", "c d:a b"])
    assert.deepStrictEqual(ClientAuthentication.secrets(client(undefined)), [])
    assert.deepStrictEqual(ClientAuthentication.secrets(client("")), [])
  })
})
