import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as RedirectUri from "../../src/core/oauth/RedirectUri.ts"
import { accepted, redirectUriOf } from "../../src/flow/FlowAddress.ts"

const callback = Either.getOrThrow(RedirectUri.callback({}))

describe("what a request may name", () => {
  for (
    const [what, redirectUri, yes, no] of [
      ["our own address", undefined, ["127.0.0.1:5000", "localhost:5000", "[::1]:5000"], ["127.0.0.1", "127.0.0.1:"]],
      [
        "a proxy's, by the port its scheme implies",
        "https://proxy.example/callback",
        ["proxy.example", "proxy.example:443", "127.0.0.1:5000"],
        ["proxy.example:", "proxy.example:80", "proxy.example:5000"]
      ],
      ["a proxy's port", "https://proxy.example:8443/in", ["proxy.example:8443", "localhost:5000"], ["proxy.example"]],
      ["port 80", "http://localhost/callback", ["localhost", "localhost:80"], ["localhost:"]]
    ] as const
  ) {
    it(`is ${what}`, () => {
      const bound = { port: 5000 }
      const [, parts] = Either.getOrThrow(
        redirectUriOf(redirectUri === undefined ? {} : { redirectUri: () => redirectUri }, callback, bound)
      )
      const { hosts } = accepted(callback, bound, parts)
      // Whichever is asked for first.
      for (const order of [[...yes, ...no], [...no, ...yes]]) {
        for (const host of order) {
          assert.strictEqual(hosts.has(host), (yes as ReadonlyArray<string>).includes(host), host)
        }
      }
    })
  }
})

describe("the parts of our own redirect URI", () => {
  it("are those that its URL has", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"] as const) {
      for (const path of ["/callback", "/", "/a/b-c/~d", "/%7Ea/x.y"]) {
        const own = Either.getOrThrow(RedirectUri.callback({ host, path }))
        const [text, { hostname, pathname, port, protocol }] = Either.getOrThrow(redirectUriOf({}, own, { port: 5000 }))
        const url = new URL(text)
        assert.deepStrictEqual([protocol, hostname, port, pathname], [
          url.protocol,
          url.hostname,
          url.port,
          url.pathname
        ])
      }
    }
  })
})
