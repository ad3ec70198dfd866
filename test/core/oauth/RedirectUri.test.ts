import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { isBlockedByBrowsers } from "../../../src/core/oauth/LoopbackPort.ts"
import * as RedirectUri from "../../../src/core/oauth/RedirectUri.ts"

type Options = Parameters<typeof RedirectUri.callback>[0]

/** Options as a program without types may pass them. */
const untyped = (options: object): Options => options as Options

const problem = <A>(result: Either.Either<A, string>): string =>
  Either.isLeft(result) ? result.left : assert.fail(`accepted ${JSON.stringify(result.right)}`)

describe("callback", () => {
  it("fills in what was left out", () => {
    assert.deepStrictEqual(RedirectUri.callback({}), Either.right({ host: "127.0.0.1", path: "/callback", ports: [0] }))
  })

  it.each<[string, Options, RedirectUri.Callback]>([
    ["one port", { port: 8976 }, { host: "127.0.0.1", path: "/callback", ports: [8976] }],
    ["ports in their order", { port: [8977, 8976, 0] }, {
      host: "127.0.0.1",
      path: "/callback",
      ports: [8977, 8976, 0]
    }],
    ["the first and the last port", { port: [0, 65535] }, { host: "127.0.0.1", path: "/callback", ports: [0, 65535] }],
    ["localhost", { host: "localhost" }, { host: "localhost", path: "/callback", ports: [0] }],
    ["IPv6", { host: "[::1]" }, { host: "[::1]", path: "/callback", ports: [0] }],
    ["the root path", { path: "/" }, { host: "127.0.0.1", path: "/", ports: [0] }],
    ["a long path", { path: "/oauth/a%20b/~me/cb.html" }, {
      host: "127.0.0.1",
      path: "/oauth/a%20b/~me/cb.html",
      ports: [0]
    }]
  ])("takes %s", (_name, options, callback) => {
    assert.deepStrictEqual(RedirectUri.callback(options), Either.right(callback))
  })

  it.each<[string, object, RegExp]>([
    ["a foreign host", { host: "0.0.0.0" }, /host "0\.0\.0\.0" is not "127\.0\.0\.1", "localhost" or "\[::1\]"/],
    ["IPv6 without brackets", { host: "::1" }, /host "::1"/],
    ["an empty host", { host: "" }, /host ""/],
    ["null for a host", { host: null }, /host null/],
    ["a path without slash", { path: "callback" }, /path "callback" is not a plain path\. Use one like "\/callback"/],
    ["an empty path", { path: "" }, /path ""/],
    ["a host in disguise", { path: "//evil.example/callback" }, /path "\/\/evil/],
    ["a host that follows a name", { path: "@evil.example/callback" }, /path/],
    ["a host that goes on", { path: ".evil.example/callback" }, /path/],
    ["another port", { path: ":8976/callback" }, /path/],
    ["a backslash", { path: "/\\evil.example" }, /path/],
    ["a query", { path: "/callback?x=1" }, /path/],
    ["an empty query", { path: "/callback?" }, /path/],
    ["a fragment", { path: "/callback#x" }, /path/],
    ["an empty fragment", { path: "/callback#" }, /path/],
    ["dots that a browser resolves", { path: "/a/../callback" }, /path/],
    ["dots in disguise", { path: "/a/%2e%2e/callback" }, /path/],
    ["a space", { path: "/call back" }, /path/],
    ["letters that a browser escapes", { path: "/rückruf" }, /path/],
    ["a line break", { path: "/callback\r\nx: y" }, /path/],
    ["a trailing line break", { path: "/callback\n" }, /path/],
    ["a NUL", { path: "/callback\u0000" }, /path/],
    ["a path that is no text", { path: 5 }, /path 5/],
    ["no port", { port: [] }, /list of ports is empty\. Name at least one, or 0/],
    ["a negative port", { port: -1 }, /port -1 is not a whole number from 0 to 65535/],
    ["a port that is too high", { port: 65536 }, /port 65536/],
    ["half a port", { port: 80.5 }, /port 80\.5/],
    ["a port in words", { port: "8976" }, /port "8976"/],
    ["null for a port", { port: null }, /port null/],
    ["a port that no browser opens", { port: 6667 }, /no browser opens port 6667, .* Use another one, or 0/],
    ["ports that no browser opens", { port: [10080, 1] }, /no browser opens port 10080 or 1,/],
    ["a wrong port behind a right one", { port: [8976, 70000] }, /port 70000/]
  ])("refuses %s, and says what would be right", (_name, options, message) => {
    const detail = problem(RedirectUri.callback(untyped(options)))
    assert.match(detail, message)
    assert.notMatch(detail, /[.\s]$|[\p{Cc}]/u)
  })

  // Programs without types come here too: `Number(process.env.PORT)` is NaN, `ports[3]` is undefined.
  it.each<[string, object, RegExp]>([
    ["NaN", { port: Number.NaN }, /port NaN/],
    ["undefined in a list", { port: [undefined] }, /port undefined/],
    ["a bigint", { port: 8976n }, /port 8976/]
  ])("names a port that is %s", (_name, options, message) => {
    assert.match(problem(RedirectUri.callback(untyped(options))), message)
  })

  const path = FastCheck.oneof(
    FastCheck.webPath(),
    FastCheck.string().map((text) => `/${text}`),
    FastCheck.tuple(
      FastCheck.constantFrom("/", "/", "", "@evil.example/", ".evil.example/", ":8976/"),
      FastCheck.array(FastCheck.constantFrom("/", "..", ".", "%2e", "a", "?", "#", "\\", " ", "%41", ":80", "@"))
    ).map(([start, parts]) => start + parts.join(""))
  )

  it.prop("takes only a path that a browser requests as it stands", [path], ([path]) => {
    const result = RedirectUri.callback({ path })
    if (Either.isRight(result)) {
      const url = new URL(RedirectUri.make(result.right, 4321))
      assert.strictEqual(url.pathname, path)
      assert.strictEqual(url.href, `http://127.0.0.1:4321${path}`)
      assert.strictEqual(url.host, "127.0.0.1:4321")
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("takes every path that only has letters, digits and slashes between them", [
    FastCheck.array(FastCheck.stringMatching(/^[A-Za-z0-9_~-]{1,8}$/), { minLength: 1 })
  ], ([parts]) => {
    assert.isTrue(Either.isRight(RedirectUri.callback({ path: `/${parts.join("/")}` })))
  })

  it.prop("takes only whole ports from 0 to 65535", [
    FastCheck.array(
      FastCheck.oneof(
        FastCheck.integer({ min: -3, max: 65540 }),
        FastCheck.double(),
        FastCheck.constantFrom(0, 65535, 65536, "80", null, true)
      ),
      { minLength: 1, maxLength: 4 }
    )
  ], ([ports]) => {
    const result = RedirectUri.callback(untyped({ port: ports }))
    const areWhole = ports.every((port) => typeof port === "number" && port >= 0 && port <= 65535 && port % 1 === 0)
    // Those that no browser opens are skipped.
    const open = ports.filter((port) => port === 0 || !isBlockedByBrowsers(Number(port)))
    assert.strictEqual(Either.isRight(result), areWhole && open.length > 0)
    if (Either.isRight(result)) assert.deepStrictEqual<ReadonlyArray<unknown>>(result.right.ports, open)
  })
})

describe("make", () => {
  it.each<[RedirectUri.Callback, number, string]>([
    [{ host: "127.0.0.1", path: "/callback", ports: [0] }, 49152, "http://127.0.0.1:49152/callback"],
    [{ host: "localhost", path: "/", ports: [0] }, 8976, "http://localhost:8976/"],
    [{ host: "[::1]", path: "/oauth/cb", ports: [0] }, 8976, "http://[::1]:8976/oauth/cb"],
    [{ host: "127.0.0.1", path: "/callback", ports: [80] }, 80, "http://127.0.0.1:80/callback"]
  ])("writes %j on port %d as %s", (callback, port, uri) => {
    assert.strictEqual(RedirectUri.make(callback, port), uri)
  })
})

describe("parse", () => {
  it.each(["https://proxy.example/cb", "http://localhost:9000/", "https://proxy.example:8443/cb?tenant=1"])(
    "takes %s",
    (uri) => {
      assert.strictEqual(Either.getOrThrow(RedirectUri.parse(uri)).href, uri)
    }
  )

  it.each<[unknown, RegExp]>([
    ["", /not return an absolute URL/],
    ["/callback", /not return an absolute URL/],
    ["127.0.0.1:8976/callback", /not return an absolute URL/],
    [undefined, /not return an absolute URL/],
    [new URL("http://127.0.0.1/"), /not return an absolute URL/],
    ["myapp://callback", /scheme "myapp:"; it must be https: or http:/],
    ["javascript:alert(1)", /scheme "javascript:"/],
    ["http://127.0.0.1/callback#", /fragment, which RFC 6749 section 3\.1\.2 forbids/],
    ["http://127.0.0.1/callback#x", /fragment/],
    ["http://127.0.0.1:6667/callback", /the port 6667, which no browser opens/],
    ["https://proxy.example/cb?tenant=1&state=x", /the parameter "state", which the answer carries/],
    ["https://proxy.example/cb?code=", /the parameter "code"/],
    ["https://proxy.example/cb?iss=x", /the parameter "iss"/],
    ["https://proxy.example/cb?error", /the parameter "error"/]
  ])("refuses %j", (uri, message) => {
    const detail = problem(RedirectUri.parse(uri))
    assert.match(detail, message)
    assert.notMatch(detail, /[.\s]$/)
  })

  it.prop("never throws, and takes only http(s) without fragment", [FastCheck.anything()], ([uri]) => {
    const result = RedirectUri.parse(uri)
    if (Either.isRight(result)) {
      assert.match(result.right.protocol, /^https?:$/)
      assert.strictEqual(result.right.hash, "")
    }
  })
})

describe("hostsOf", () => {
  it.each<[string, string, ReadonlyArray<string>]>([
    ["a redirect URI", "http://127.0.0.1:4321/callback", ["127.0.0.1:4321"]],
    ["port 80, in both spellings, for a browser leaves it out", "http://tunnel.example:80/callback", [
      "tunnel.example",
      "tunnel.example:80"
    ]],
    ["an https proxy, in both spellings", "https://proxy.example/cb", ["proxy.example", "proxy.example:443"]],
    ["an https proxy on port 80, with its port", "https://proxy.example:80/cb", ["proxy.example:80"]],
    ["a forwarded port", "http://localhost:9000/callback", ["localhost:9000"]],
    ["an international host, as it travels", "https://BÜCHER.example/cb", [
      "xn--bcher-kva.example",
      "xn--bcher-kva.example:443"
    ]]
  ])("are those of %s", (_name, redirectUri, expected) => {
    assert.deepStrictEqual([...RedirectUri.hostsOf(new URL(redirectUri))].sort(), [...expected].sort())
  })
})

describe("isLoopbackHost", () => {
  const names = ["127.0.0.1", "localhost", "[::1]"] as const

  it.prop("takes a loopback name with any port, as browsers write it, and without one", [
    FastCheck.constantFrom(...names),
    FastCheck.integer({ min: 1, max: 65535 })
  ], ([name, port]) => {
    assert.isTrue(RedirectUri.isLoopbackHost(new URL(`http://${name}:${port}/`).host))
    assert.isTrue(RedirectUri.isLoopbackHost(`${name}:${port}`))
    assert.isTrue(RedirectUri.isLoopbackHost(name))
  })

  it.prop("takes no other name, and nothing that is no port", [
    FastCheck.oneof(
      FastCheck.constantFrom(
        ...[
          "localhost.",
          "localhost.evil.example",
          "evil.localhost",
          "127.0.0.1.evil.example",
          "x127.0.0.1",
          "127.0.0.2"
        ],
        ...["[::]", "[::ffff:127.0.0.1]", "::1", "[::1", "0.0.0.0", "2130706433", "0x7f000001", "127.1", ""],
        ...[
          "a@localhost",
          "localhost@evil.example",
          "localhost/evil",
          "localhost#",
          "localhost, localhost",
          "LOCALHOST"
        ]
      ),
      FastCheck.domain(),
      FastCheck.ipV4().filter((ip) => ip !== "127.0.0.1")
    ),
    FastCheck.constantFrom("", ":80", ":4321")
  ], ([name, port]) => {
    assert.isFalse(RedirectUri.isLoopbackHost(name + port))
  })

  it.each([":", ":0", ":65536", ":99999", ":123456", ":-1", ":x", ":80 ", ":80,", ":8:0", ": 80", ":80\n"])(
    "takes no port like %j",
    (port) => {
      for (const name of names) assert.isFalse(RedirectUri.isLoopbackHost(name + port))
    }
  )
})

describe("isLoopbackRedirect", () => {
  it.each([
    ["http://127.0.0.1:4321/callback", true],
    ["http://localhost/callback", true],
    ["http://[::1]:4321/", true],
    ["https://localhost/callback", false],
    ["http://agent.example/callback", false],
    ["http://127.0.0.2/", false],
    ["http://localhost.evil.example/", false]
  ])("says of %s: %s", (redirectUri, isLoopback) => {
    assert.strictEqual(RedirectUri.isLoopbackRedirect(new URL(redirectUri)), isLoopback)
  })

  it("is more than to name this machine", () => {
    assert.isTrue(RedirectUri.isLoopback(new URL("https://localhost/callback")))
    assert.isFalse(RedirectUri.isLoopback(new URL("https://agent.example/callback")))
  })
})
