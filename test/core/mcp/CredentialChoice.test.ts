import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { choose, shownKeys, shownServer } from "../../../src/core/mcp/CredentialChoice.ts"
import type { CredentialKey } from "../../../src/core/mcp/Credentials.ts"

const serverUrl = "https://mcp.example/mcp"
const plain: CredentialKey = { serverUrl }
const ofMe: CredentialKey = { serverUrl, account: "me" }
const ofMeWithAudience: CredentialKey = { serverUrl, account: "me", variant: "audience=a" }
const elsewhere: CredentialKey = { serverUrl: "https://other.example/mcp", account: "me" }

describe("choose", () => {
  it.each<[string, ReadonlyArray<CredentialKey>, CredentialKey, CredentialKey | ReadonlyArray<CredentialKey>]>([
    ["the very one, though others are near", [ofMe, plain], plain, plain],
    ["the very one in another spelling", [ofMe, plain], { serverUrl: "HTTPS://MCP.example:443/mcp" }, plain],
    ["the only one of a server", [elsewhere, ofMe], plain, ofMe],
    ["the only one of an account", [plain, ofMeWithAudience], ofMe, ofMeWithAudience],
    ["the only one of a variant", [ofMe, ofMeWithAudience], { serverUrl, variant: "audience=a" }, ofMeWithAudience],
    ["the only one without a variant", [ofMe, ofMeWithAudience], { serverUrl, variant: "" }, ofMe],
    ["none of another account", [ofMe], { serverUrl, account: "you" }, []],
    ["none without an account", [ofMe], { serverUrl, account: "" }, []],
    ["none of another server", [elsewhere], plain, []],
    ["none of several, but names them", [ofMe, elsewhere, ofMeWithAudience], plain, [ofMe, ofMeWithAudience]],
    ["none of nothing", [], plain, []]
  ])("takes %s", (_name, keys, wanted, expected) => {
    assert.deepStrictEqual(
      choose(keys, wanted),
      Array.isArray(expected) ? Either.left(expected) : Either.right(expected as CredentialKey)
    )
  })
})

describe("what there is, in words", () => {
  it("has a server without its query and its fragment, which may be keys", () => {
    assert.strictEqual(shownServer("https://mcp.example/mcp?key=hunter2\n#x"), "https://mcp.example/mcp")
    assert.strictEqual(shownServer("https://mcp.example/mcp#hunter2"), "https://mcp.example/mcp")
    assert.strictEqual(shownServer(`\u001b[2J${"x".repeat(600)}`).length, 500)
  })

  it("names each by its server, its account and its digest", () => {
    const all = [{ key: plain, id: "1" }, { key: ofMeWithAudience, id: "2" }, {
      key: { ...plain, account: "" },
      id: "3"
    }]
    assert.strictEqual(
      shownKeys(all),
      `${serverUrl} (id 1); ${serverUrl} of account "me" (id 2); ${serverUrl} (id 3)`
    )
    assert.strictEqual(shownKeys([]), "")
  })

  it("has an account in printable letters, and not too many", () => {
    const shown = shownKeys([{ key: { serverUrl, account: `\u001b${"x".repeat(200)}` }, id: "1" }])
    assert.match(shown, /of account "x{99}…" \(id 1\)$/)
  })

  it("names ten at most, and says how many more there are", () => {
    const some = (length: number) => Array.from({ length }, (_, index) => ({ key: plain, id: `no-${index}` }))
    assert.match(shownKeys(some(10)), /\(id no-9\)$/)
    assert.match(shownKeys(some(12)), /\(id no-9\); and 2 more$/)
  })
})
