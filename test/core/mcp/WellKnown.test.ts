import { assert, describe, it } from "@effect/vitest"
import * as WellKnown from "../../../src/core/mcp/WellKnown.ts"

describe("the places of a resource's metadata", () => {
  const name = "https://mcp.example/.well-known/oauth-protected-resource"
  it.each<[string, ReadonlyArray<string>]>([
    ["https://mcp.example/mcp", [`${name}/mcp`, name]],
    ["https://mcp.example/a/mcp/?key=1", [`${name}/a/mcp?key=1`, name]],
    ["https://mcp.example", [name]],
    ["https://mcp.example/?key=1", [`${name}?key=1`, name]]
  ])("of %s", (server, places) => {
    assert.deepStrictEqual(WellKnown.ofResource(new URL(server)), places)
  })
})

describe("the places of an issuer's metadata", () => {
  const origin = "https://as.example:8443"
  it.each<[string, ReadonlyArray<string>]>([
    [origin, [`${origin}/.well-known/oauth-authorization-server`, `${origin}/.well-known/openid-configuration`]],
    [`${origin}/tenant/`, [
      `${origin}/.well-known/oauth-authorization-server/tenant`,
      `${origin}/.well-known/openid-configuration/tenant`,
      `${origin}/tenant/.well-known/openid-configuration`
    ]]
  ])("of %s", (issuer, places) => {
    assert.deepStrictEqual(WellKnown.ofIssuer(new URL(issuer)), places)
  })
})
