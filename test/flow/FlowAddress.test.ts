import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as RedirectUri from "../../src/core/oauth/RedirectUri.ts"
import * as FlowAddress from "../../src/flow/FlowAddress.ts"

const callback = Either.getOrThrow(RedirectUri.callback({}))

describe("what a request may name", () => {
  for (
    const [what, redirectUri, yes, no] of [
      [
        "our own address, and any port of it",
        undefined,
        ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "127.0.0.1:51999", "[::1]:9000", "localhost"],
        ["127.0.0.1:", "localhost:0", "127.0.0.2:5000", "localhost.:5000"]
      ],
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
      const options = redirectUri === undefined ? {} : { redirectUri: () => redirectUri }
      const { hosts, loopback } = Either.getOrThrow(FlowAddress.make(options, callback, { port: 5000 }))
      const isServed = (host: string) => hosts.has(host) || (loopback && RedirectUri.isLoopbackHost(host))
      // Whichever is asked for first.
      for (const order of [[...yes, ...no], [...no, ...yes]]) {
        for (const host of order) {
          assert.strictEqual(isServed(host), (yes as ReadonlyArray<string>).includes(host), host)
        }
      }
    })
  }
})

describe("our own redirect URI", () => {
  it("has the host and the path that were asked for, and is served beside no callback", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"] as const) {
      for (const path of ["/callback", "/", "/a/b-c/~d", "/%7Ea/x.y"]) {
        const own = Either.getOrThrow(RedirectUri.callback({ host, path }))
        const address = Either.getOrThrow(FlowAddress.make({}, own, { port: 5000 }))
        const url = new URL(address.redirectUri)
        assert.deepStrictEqual([url.protocol, url.hostname, url.port, url.pathname], ["http:", host, "5000", path])
        assert.isTrue(address.paths.has(path))
        assert.isFalse(address.forwarded)
        assert.isFalse(address.beside)
      }
    }
  })
})

describe("another redirect URI", () => {
  const servers = { port: 5000, redirectUri: "https://agent.example/oauth/cb" }

  it("is the server's where it has one, and then nothing else is served", () => {
    const { beside, forwarded, hosts, loopback, paths, redirectUri } = Either.getOrThrow(
      FlowAddress.make({ redirectUri: () => "http://localhost:1/x" }, callback, servers)
    )
    assert.strictEqual(redirectUri, servers.redirectUri)
    assert.deepStrictEqual([paths.has("/oauth/cb"), paths.has("/callback")], [true, false])
    assert.isFalse(hosts.has("127.0.0.1:5000") || loopback)
    assert.isTrue(forwarded && beside)
  })

  it("is the caller's, for the bound port, and the callback's own path is served as well", () => {
    const options = { redirectUri: (port: number) => `https://proxy.example/${port}/in?x=1` }
    const { beside, forwarded, paths, redirectUri } = Either.getOrThrow(
      FlowAddress.make(options, callback, { port: 5000 })
    )
    assert.strictEqual(redirectUri, "https://proxy.example/5000/in?x=1")
    assert.deepStrictEqual([paths.has("/5000/in"), paths.has("/callback")], [true, true])
    assert.isTrue(forwarded && beside)
  })

  it("that cannot be used is one sentence, whatever the caller's function does", () => {
    for (
      const redirectUri of [
        () => "no URL",
        () => "ftp://proxy.example/",
        () => undefined as never,
        (): string => {
          throw new Error("secret")
        }
      ]
    ) {
      const address = FlowAddress.make({ redirectUri }, callback, { port: 5000 })
      assert.isTrue(Either.isLeft(address))
      if (Either.isLeft(address)) assert.notInclude(address.left, "secret")
      const { hosts, loopback, paths } = FlowAddress.served({}, address)
      assert.isFalse(hosts.size > 0 || loopback || paths.has("/callback"))
    }
  })
})
