import { describe, expect, it } from "@effect/vitest"
import { timeoutHint } from "../../../src/core/mcp/TimeoutHint.ts"

const about = { clientId: "id-1", isReused: false, redirectUri: "http://127.0.0.1:1/callback", resource: undefined }

describe("TimeoutHint", () => {
  it("names the client, the redirect URI and the options that change them", () => {
    expect(timeoutHint(about)).toBe(
      'If its page showed an error, it may have been about the client "id-1" (client.clientId), ' +
        "or the redirect URI http://127.0.0.1:1/callback (callback.host, callback.port)"
    )
  })

  it("says of a registration from an earlier sign-in that the next one registers anew, which needs no option", () => {
    const hint = timeoutHint({ ...about, isReused: true })
    expect(hint).toContain('the client "id-1" (the next sign-in registers a new one)')
    expect(hint).not.toContain("client.clientId")
  })

  it("names `resource` only where it was sent", () => {
    expect(timeoutHint(about)).not.toContain("omitResource")
    expect(timeoutHint({ ...about, resource: "https://mcp.example.com/mcp" })).toBe(
      `${timeoutHint(about)}, or \`resource\` (unsafe.omitResource, which Microsoft Entra ID needs)`
    )
  })

  it("keeps a client id of a server printable", () => {
    expect(timeoutHint({ ...about, clientId: "a\u001b[31m" })).not.toContain("\u001b")
  })
})
