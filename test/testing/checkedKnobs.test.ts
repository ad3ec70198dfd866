/** What a test in JavaScript writes wrongly throws, so that nothing passes for another reason. */
import { assert, describe, it } from "@effect/vitest"
import { startAuthorizationServer } from "../../src/testing/startAuthorizationServer.ts"
import { startMcpServer } from "../../src/testing/startMcpServer.ts"
import { rejection } from "../fixtures/rejection.ts"

const isRefused = async (promise: Promise<{ readonly close: () => Promise<void> }>, words: string) => {
  const error = await rejection(promise.then((server) => server.close()))
  assert.instanceOf(error, TypeError)
  assert.include(error.message, words)
}

describe("an option", () => {
  const ofAuthorizationServer: ReadonlyArray<readonly [options: object, words: string]> = [
    [{ authorize: "deny" }, 'The knob authorize must be one of "ask", "approve", "page", or an object with error'],
    [{ authorize: { status: 400 } }, "an object with error"],
    [{ registration: "none" }, '"accept", "absent"'],
    [{ issSent: "no" }, '"slash"'],
    [{ stateSent: {} }, '"wrong"'],
    [{ refreshTokens: "yes" }, '"offline_access"'],
    [{ metadataAt: ["openid"] }, '"openid-insert"'],
    [{ authMethods: "none" }, "a list of"],
    [{ expiresIn: "1" }, "a number, or undefined"],
    [{ rotate: 1 }, "true or false"],
    [{ latency: 5 }, "a function"],
    [{ subject: 5 }, "a text"],
    [{ issuerPath: "tenant" }, "issuerPath must begin with"],
    [{ issuerPath: "/a?b" }, "no query"],
    [{ issuerPath: "/tenant/" }, "must not end with a slash"]
  ]
  for (const [options, words] of ofAuthorizationServer) {
    it(`of startAuthorizationServer is refused: ${JSON.stringify(options)}`, () =>
      isRefused(startAuthorizationServer(options as never), words))
  }

  const ofMcpServer: ReadonlyArray<readonly [options: object, words: string]> = [
    [{ path: "mcp" }, "path must begin with"],
    [{ path: "//mcp" }, "path must begin with"],
    [{ path: "/a b" }, "percent-encoded"],
    [{ path: "/mcp?x=1" }, "no query"],
    [{ scope: ["a"] }, "scope must be a text"],
    [{ authorizationServer: "https://as.example" }, "what startAuthorizationServer gives"],
    [{ tools: { add: "1" } }, "an object of functions"],
    [{ tools: ["add"] }, "an object of functions"],
    [{ stream: "yes" }, "true or false"],
    [{ metadataAt: ["root"] }, '"root-metadata"']
  ]
  for (const [options, words] of ofMcpServer) {
    it(`of startMcpServer is refused, and its port is given back: ${JSON.stringify(options)}`, async () => {
      await isRefused(startMcpServer(options as never), words)
      // What is still open would have this port.
      const server = await startMcpServer({ path: "/" })
      await server.close()
      await isRefused(startMcpServer({ ...options, port: server.port } as never), words)
      const again = await startMcpServer({ port: server.port })
      await again.close()
    })
  }
})

describe("a running server", () => {
  it("takes no knob, endpoint or fault that there is none of", async () => {
    const authorizationServer = await startAuthorizationServer({ issuerPath: "/tenant" })
    const server = await startMcpServer({ authorizationServer })
    try {
      const wrong: ReadonlyArray<readonly [act: () => unknown, words: string]> = [
        [() => (authorizationServer.knobs as never as Record<string, unknown>)["expiresin"] = 5, '"expiresin"'],
        [() => authorizationServer.knobs.authorize = "deny" as never, "The knob authorize must be one of"],
        [() => authorizationServer.fail("tokens" as never, "hang"), "There is authorize, consent, metadata"],
        [() => authorizationServer.fail("token", "hung" as never), 'There is no fault "hung"'],
        [() => authorizationServer.fail("token", { statuss: 503 } as never), "A fault is one of"],
        [() => authorizationServer.fail("token", 503 as never), "A fault is one of"],
        [() => authorizationServer.fail("token", "hang", { time: 2 } as never), '"time"'],
        [() => authorizationServer.heal("tokens" as never), '"tokens"'],
        [() => authorizationServer.count("tokens" as never), '"tokens"'],
        [() => server.fail("mcp" as never, "hang"), "There is metadata, resource, root-metadata"],
        [() => server.count("mcp" as never), '"mcp"'],
        [() => server.knobs.refuseAll = 1 as never, "true or false"],
        [() => (server.knobs as never as Record<string, unknown>)["tool"] = {}, '"tool"']
      ]
      for (const [act, words] of wrong) assert.throws(act, TypeError, words)
      assert.strictEqual(authorizationServer.knobs.authorize, "ask")
      assert.notProperty(authorizationServer.knobs, "expiresin")
    } finally {
      await Promise.all([server.close(), authorizationServer.close()])
    }
  })

  it("takes those that there are", async () => {
    const server = await startAuthorizationServer({ authorize: { error: "access_denied" }, expiresIn: undefined })
    const { knobs } = server
    knobs.authorize = "approve"
    knobs.issSent = { value: "https://as.example" }
    knobs.registration = { status: 400, error: "invalid_redirect_uri" }
    server.fail("token", { status: 503 }, { times: Infinity, grantType: "refresh_token" })
    server.heal()
    assert.include(knobs, { authorize: "approve", expiresIn: undefined })
    await server.close()
  })
})
