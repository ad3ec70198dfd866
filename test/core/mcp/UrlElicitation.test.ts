/** Which pages of a server may be shown to a person, and what is said of them. */
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as UrlElicitation from "../../../src/core/mcp/UrlElicitation.ts"

const reasonOf = (given: unknown) =>
  Either.match(UrlElicitation.read(given, "s"), {
    onLeft: ({ reason }) => reason,
    onRight: (requests) => requests.map(({ host, warnings }) => [host, ...warnings].join(" ")).join()
  })

const rows: ReadonlyArray<readonly [given: unknown, outcome: string]> = [
  [{ url: "https://a.example/x?y=1#z" }, "a.example"],
  [{ mode: "url", url: new URL("https://a.example:8443/") }, "a.example:8443"],
  [{ method: "elicitation/create", params: { mode: "url", url: "https://a.example/" } }, "a.example"],
  [{ method: "elicitation/create", params: { mode: "form", url: "https://a.example/" } }, "NotUrlMode"],
  [{ method: "elicitation/create", url: "https://a.example/" }, "NotUrlMode"],
  [{ method: "tools/call", params: { url: "https://a.example/" } }, "NotAUrl"],
  [{ url: "https://xn--80ak6aa92e.com/" }, "xn--80ak6aa92e.com Punycode"],
  [{ url: "https://аррӏе.com/" }, "xn--80ak6aa92e.com Punycode"],
  [{ url: "https://www.XN--80ak6aa92e.com/" }, "www.xn--80ak6aa92e.com Punycode"],
  [{ url: "https://a.example/xn--b" }, "a.example"],
  [{ url: "http://127.0.0.1:80/" }, "127.0.0.1 ThisMachine"],
  [{ url: "http://localhost:1/" }, "localhost:1 ThisMachine"],
  [{ url: "https://[::ffff:7f00:1]/" }, "[::ffff:7f00:1] ThisMachine"],
  [{ url: "http://a.example/" }, "NotHttps"],
  [{ url: "http://127.0.0.1.evil.example/" }, "NotHttps"],
  [{ url: "https://bank.example@evil.example/" }, "Credentials"],
  [{ url: "https://:x@evil.example/" }, "Credentials"],
  [{ url: "javascript:alert(1)" }, "Scheme"],
  [{ url: "file:///etc/passwd" }, "Scheme"],
  [{ url: "data:text/html,x" }, "Scheme"],
  [{ url: "" }, "NotAUrl"],
  [{ url: "/relative" }, "NotAUrl"],
  [{ url: 5 }, "NotAUrl"],
  [{ url: ["https://a.example/"] }, "NotAUrl"],
  [{}, "NotAUrl"],
  [{ url: `https://a.example/${"a".repeat(8192)}` }, "TooLong"],
  [{ url: `https://a.example/${"ü".repeat(3000)}` }, "TooLong"],
  [{ url: `https://a.example/${"a".repeat(8174)}` }, "a.example"],
  [{ url: `https://a.example/${"a".repeat(8175)}` }, "TooLong"],
  [{ data: { elicitations: "none" }, url: "https://a.example/" }, "a.example"],
  [{ data: null, url: "https://a.example/" }, "a.example"],
  [{ mode: "form", url: "https://a.example/" }, "NotUrlMode"],
  [null, "NotUrlMode"],
  ["https://a.example/", "NotUrlMode"],
  [{ data: { elicitations: [] } }, "NotUrlMode"],
  [{ data: { elicitations: [{ url: "https://a.example/" }, { url: "https://b.example/" }] } }, "a.example,b.example"],
  [{ data: { elicitations: [{ url: "https://a.example/" }, null] } }, "NotUrlMode"]
]

describe("a page that a server asks for", () => {
  it.each(rows)("%j is %s", (given, outcome) => {
    assert.strictEqual(reasonOf(given), outcome)
  })

  it("comes with text that is printable and short, and with the name that the host gave", () => {
    const given = { url: "https://a.example/", message: `a\u202eb\n${"c".repeat(2000)}`, elicitationId: "\u0007" }
    const [request] = Either.getOrThrow(UrlElicitation.read(given, "my\u001bserver"))
    assert.strictEqual(request?.serverName, "my server")
    assert.match(request?.message ?? "", /^a b c+…$/)
    assert.isAtMost(request?.message?.length ?? 0, 1000)
    assert.isUndefined(request?.elicitationId)
    assert.strictEqual(
      Either.getOrThrow(UrlElicitation.read(given, "\u0007"))[0]?.serverName,
      "a server without a name"
    )
  })

  it("comes with what the server said of it, and without what it did not say", () => {
    const url = "https://a.example/"
    const read = (more: object) => Either.getOrThrow(UrlElicitation.read({ url, ...more }, "s"))[0]
    assert.deepInclude(read({ message: "Pay here", elicitationId: "id-1" }), {
      message: "Pay here",
      elicitationId: "id-1"
    })
    assert.match(read({ elicitationId: "x".repeat(300) })?.elicitationId ?? "", /^x{255}…$/)
    for (const more of [{}, { message: 5, elicitationId: { a: 1 } }]) {
      assert.deepInclude(read(more), { message: undefined, elicitationId: undefined })
    }
  })

  it.each<[UrlElicitation.InvalidElicitationReason, string]>([
    ["NotUrlMode", "it names no page"],
    ["NotAUrl", "its address is not an absolute URL"],
    ["TooLong", "its address is too long to be looked at"],
    ["Scheme", "its address is neither https: nor http:"],
    [
      "NotHttps",
      "its address is http: and not on this machine, so that others could read and change what is typed there"
    ],
    ["Credentials", "its address holds a user name or password, which can make another site look like a known one"]
  ])("that is refused is refused in a sentence: %s", (reason, clause) => {
    assert.strictEqual(
      new UrlElicitation.InvalidElicitation({ reason, server: "s" }).message,
      `Cannot show the page that s asks for: ${clause}. Its operator has to look at it`
    )
  })

  it("that is refused is not quoted", () => {
    const error = UrlElicitation.read({ url: "https://user:hunter2@a.example/" }, "s")
    const text = JSON.stringify(error) + (Either.isLeft(error) ? error.left.message : "")
    assert.notInclude(text, "hunter2")
    assert.match(text, /Cannot show the page that s asks for: its address holds a user name or password/)
  })
})
