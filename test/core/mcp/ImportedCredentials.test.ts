import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Redacted } from "effect"
import { type Credentials, encode } from "../../../src/core/mcp/Credentials.ts"
import { type Imported, merge, read } from "../../../src/core/mcp/ImportedCredentials.ts"

const serverUrl = "https://mcp.example/mcp"
const credentials: Credentials = { issuer: "https://as.example", tokens: { accessToken: Redacted.make("access") } }
const token = ({ tokens }: Credentials) => tokens && Redacted.value(tokens.accessToken)

describe("read", () => {
  it("gives what was exported, under the server's address as it is stored", () => {
    const key = { serverUrl: "https://MCP.example/mcp#x", account: "me", variant: "audience=a" }
    const imported = Either.getOrThrow(read(encode(key, credentials)))
    assert.deepStrictEqual(imported.key, { ...key, serverUrl })
    assert.strictEqual(token(imported.credentials), "access")
    assert.deepStrictEqual(Either.getOrThrow(read(encode({ serverUrl }, credentials))).key, { serverUrl })
  })

  it.each<[string, string, string]>([
    ["what is no JSON", "hunter2", "the text is not JSON"],
    ["what is no credentials", '{"version":1}', "the field issuer is missing or of the wrong type"],
    ["credentials of no server", '{"version":1,"issuer":"a"}', "the field server is missing or of the wrong type"],
    [
      "a server that nobody signs in to",
      encode({ serverUrl: "http://hunter2.example" }, credentials),
      "the field server is the URL of no server that can be signed in to"
    ],
    [
      "an account that cannot be shown",
      encode({ serverUrl, account: "me\u001b[2J" }, credentials),
      "the field account is no printable text"
    ],
    [
      "an account that is too long to be shown",
      encode({ serverUrl, account: "x".repeat(501) }, credentials),
      "the field account is no printable text"
    ],
    [
      "a variant that cannot be shown",
      encode({ serverUrl, variant: "a\u202eb" }, credentials),
      "the field variant is no printable text"
    ],
    [
      "a variant that is too long to be shown",
      encode({ serverUrl, variant: "x".repeat(16_385) }, credentials),
      "the field variant is no printable text"
    ]
  ])("refuses %s", (_name, text, clause) => {
    assert.deepStrictEqual(read(text), Either.left(clause))
  })
})

describe("merge", () => {
  const other: Credentials = { ...credentials, tokens: { accessToken: Redacted.make("other") } }
  const imported: Imported = { key: { serverUrl }, credentials }
  const merged = (current: Option.Option<Credentials>, overwrite: boolean) =>
    Either.map(merge(current, imported, overwrite), token)

  it("takes what is imported where there is nothing, or the same", () => {
    for (const current of [Option.none(), Option.some({ ...credentials })]) {
      assert.deepStrictEqual(merged(current, false), Either.right("access"))
    }
  })

  it("loses nothing that is different, unless that is asked for", () => {
    assert.deepStrictEqual(merged(Option.some(other), false), Either.left("Different" as const))
    assert.deepStrictEqual(merged(Option.some(other), true), Either.right("access"))
  })
})
