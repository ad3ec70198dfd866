import { assert, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as TokenRequest from "../../../src/core/mcp/TokenRequest.ts"

const secret = Redacted.make

it("asks for tokens by a code, with the resource unless that is left out", () => {
  const fields = { code: secret("c"), codeVerifier: secret("v"), redirectUri: "http://127.0.0.1:1/callback" }
  const all = {
    grant_type: "authorization_code",
    code: "c",
    code_verifier: "v",
    redirect_uri: "http://127.0.0.1:1/callback"
  }
  assert.deepStrictEqual(Object.fromEntries(TokenRequest.ofCode({ ...fields, resource: undefined })), all)
  const resource = "https://r"
  assert.deepStrictEqual(Object.fromEntries(TokenRequest.ofCode({ ...fields, resource })), { ...all, resource })
})

it("asks for tokens by a refresh token, with the scopes where there are some", () => {
  const refreshToken = secret("r")
  const all = { grant_type: "refresh_token", refresh_token: "r" }
  for (const scope of [undefined, ""]) {
    const form = TokenRequest.ofRefreshToken({ refreshToken, resource: undefined, scope })
    assert.deepStrictEqual(Object.fromEntries(form), all)
  }
  const form = TokenRequest.ofRefreshToken({ refreshToken, resource: "https://r", scope: "a b" })
  assert.deepStrictEqual(Object.fromEntries(form), { ...all, scope: "a b", resource: "https://r" })
})

it("revokes a token, and says what kind it is", () => {
  const form = TokenRequest.ofRevocation(secret("t"), "refresh_token")
  assert.deepStrictEqual(Object.fromEntries(form), { token: "t", token_type_hint: "refresh_token" })
})
