import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { inspect } from "node:util"
import { isSecure } from "../../../src/core/mcp/SecureUrl.ts"
import * as ServerUrl from "../../../src/core/mcp/ServerUrl.ts"

const reasons = Object.keys(
  { NotAUrl: 0, Scheme: 0, NotHttps: 0, Credentials: 0 } satisfies Record<ServerUrl.InvalidServerUrlReason, 0>
) as ReadonlyArray<ServerUrl.InvalidServerUrlReason>

const summary = (result: Either.Either<URL, ServerUrl.InvalidServerUrl>): string =>
  Either.isRight(result) ? result.right.href : result.left.reason

describe("parse", () => {
  it.each<[string, string, string]>([
    ["https", "https://example.com/mcp", "https://example.com/mcp"],
    ["a port", "https://example.com:8443/mcp", "https://example.com:8443/mcp"],
    ["http on this machine", "http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/mcp"],
    ["http on localhost", "http://localhost:3000/mcp", "http://localhost:3000/mcp"],
    ["http on IPv6", "http://[::1]:3000/mcp", "http://[::1]:3000/mcp"],
    ["a bare host", "https://example.com", "https://example.com/"],
    ["a query, which may be a key that the server wants", "https://example.com/mcp?k=1", "https://example.com/mcp?k=1"],
    ["a fragment, without it", "https://example.com/mcp#top", "https://example.com/mcp"],
    ["an empty fragment, without it", "https://example.com/mcp#", "https://example.com/mcp"],
    ["a text with spaces around it", " https://example.com/mcp\n", "https://example.com/mcp"],
    ["capital letters", "HTTPS://EXAMPLE.COM/Mcp", "https://example.com/Mcp"],
    ["nothing", "", "NotAUrl"],
    ["a path", "/mcp", "NotAUrl"],
    ["a name", "example.com/mcp", "NotAUrl"],
    ["no host", "https://", "NotAUrl"],
    ["a host and a port, which reads as a scheme", "localhost:3000/mcp", "Scheme"],
    ["a file", "file:///etc/passwd", "Scheme"],
    ["a script", "javascript:alert(1)", "Scheme"],
    ["a web socket", "wss://example.com/mcp", "Scheme"],
    ["http elsewhere", "http://example.com/mcp", "NotHttps"],
    ["http on a name that begins like ours", "http://localhost.example.com/mcp", "NotHttps"],
    ["a user name", "https://me@example.com/mcp", "Credentials"],
    ["a password alone", "https://:secret@example.com/mcp", "Credentials"],
    ["both", "https://me:secret@example.com/mcp", "Credentials"],
    ["both on this machine", "http://me:secret@localhost/mcp", "Credentials"],
    ["both without https: the password is the worse", "http://me:secret@example.com/mcp", "Credentials"]
  ])("reads %s", (_name, url, expected) => {
    assert.strictEqual(summary(ServerUrl.parse(url)), expected)
    if (URL.canParse(url)) assert.strictEqual(summary(ServerUrl.parse(new URL(url))), expected)
  })

  it("leaves the caller's URL as it is", () => {
    const url = new URL("https://example.com/mcp#top")
    assert.strictEqual(Either.getOrThrow(ServerUrl.parse(url)).hash, "")
    assert.strictEqual(url.hash, "#top")
  })

  it.prop("never throws, and what it takes is secure, without user, password and fragment", [
    FastCheck.oneof(
      FastCheck.string({ unit: "binary" }),
      FastCheck.webUrl({ withFragments: true, withQueryParameters: true, validSchemes: ["http", "https", "ftp"] }),
      FastCheck.tuple(
        FastCheck.constantFrom("http", "https", "file", "ws", "data"),
        FastCheck.constantFrom("", "me@", "me:secret@", ":@"),
        FastCheck.constantFrom("localhost", "127.0.0.1", "[::1]", "example.com", ""),
        FastCheck.constantFrom("", "/", "/mcp?a=b#c", "#")
      ).map(([scheme, user, host, rest]) => `${scheme}://${user}${host}${rest}`)
    )
  ], ([text]) => {
    const result = ServerUrl.parse(text)
    if (Either.isLeft(result)) return
    const url = result.right
    assert.isTrue(isSecure(url))
    assert.strictEqual(`${url.username}${url.password}${url.hash}`, "")
    assert.notInclude(url.href, "#")
    assert.strictEqual(summary(ServerUrl.parse(url)), url.href)
  }, { fastCheck: { numRuns: 300 } })
})

describe("InvalidServerUrl", () => {
  it.each(reasons)("says what is wrong and what to do: %s", (reason) => {
    const { message } = new ServerUrl.InvalidServerUrl({ reason })
    assert.match(message, /^Cannot use serverUrl: it is|^Cannot use serverUrl: it holds|^Cannot use serverUrl: only/)
    assert.notMatch(message, /\.\.|[.\s]$|undefined|n't\b/)
  })

  it.each<[ServerUrl.InvalidServerUrlReason, string]>([
    ["NotAUrl", "it is not an absolute URL. Pass one such as https://example.com/mcp"],
    ["Scheme", "only https: and http: servers can be signed in to"],
    ["NotHttps", "it is http: and not on this machine, so everybody on the way could read the token. Use https:"],
    ["Credentials", "it holds a user name or password. Leave them out: the sign-in brings a token"]
  ])("has a message of its own: %s", (reason, clause) => {
    assert.strictEqual(new ServerUrl.InvalidServerUrl({ reason }).message, `Cannot use serverUrl: ${clause}`)
  })

  it("does not keep the address, which may hold a password", () => {
    for (const url of ["https://me:hunter2@example.com/", "http://hunter2.example/", "hunter2", "ftp://hunter2/"]) {
      const result = ServerUrl.parse(url)
      const error = Either.isLeft(result) ? result.left : assert.fail(`accepted ${url}`)
      for (const text of [JSON.stringify(error), String(error), inspect(error, { depth: null })]) {
        assert.notInclude(text, "hunter2")
      }
    }
  })
})

describe("display and resourceOf", () => {
  it.each<[string, string, string]>([
    ["https://example.com/", "https://example.com/", "https://example.com"],
    ["https://example.com:443/", "https://example.com/", "https://example.com"],
    ["https://example.com/mcp", "https://example.com/mcp", "https://example.com/mcp"],
    ["https://example.com/mcp/", "https://example.com/mcp/", "https://example.com/mcp/"],
    ["https://example.com:8443/mcp?key=hunter2", "https://example.com:8443/mcp", "https://example.com:8443/mcp"],
    ["https://example.com/?key=hunter2", "https://example.com/", "https://example.com"],
    ["http://[::1]:3000/a%20b", "http://[::1]:3000/a%20b", "http://[::1]:3000/a%20b"]
  ])("%s is shown as %s, and is asked for as %s", (url, shown, resource) => {
    assert.strictEqual(ServerUrl.display(new URL(url)), shown)
    assert.strictEqual(ServerUrl.resourceOf(new URL(url)), resource)
  })
})
