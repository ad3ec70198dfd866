/** A time-limit that rings late, because the process did not run meanwhile, first lets be read what has arrived. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"

const requestTimeout = "300 millis"

/** The answer is sent, and lies in the socket while the host blocks its process until long after the deadline. */
const sentAndBlocked = (): Fault => ({
  edit: (document) => {
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900))
    return document
  }
})

const steps: ReadonlyArray<readonly [what: string, isSignedIn: boolean, (world: McpHarness.World) => void]> = [
  ["the server's refusal", false, ({ server }) => server.fail("resource", sentAndBlocked())],
  ["the server's metadata", false, ({ server }) => server.fail("metadata", sentAndBlocked())],
  [
    "the authorization server's metadata",
    false,
    ({ authorizationServer }) => authorizationServer.fail("metadata", sentAndBlocked())
  ],
  ["the registration", false, ({ authorizationServer }) => authorizationServer.fail("register", sentAndBlocked())],
  ["the exchange of the code", false, ({ authorizationServer }) => authorizationServer.fail("token", sentAndBlocked())],
  ["the refresh", true, ({ authorizationServer }) => authorizationServer.fail("token", sentAndBlocked())]
]

describe("a process that stands still over the time-limit of", () => {
  for (const [what, isSignedIn, begin] of steps) {
    it.scopedLive(`${what} reads the answer that came in time`, () =>
      Effect.gen(function* () {
        const world = yield* McpHarness.world()
        const { authorizationServer, editTokens, open, server, signedIn, windows } = world
        if (isSignedIn) {
          yield* signedIn
          editTokens((tokens) => ({ ...tokens, expiresAt: Date.now() - 1 }))
        }
        const { oauth } = yield* open({ requestTimeout })
        begin(world)
        yield* oauth.ensure
        assert.strictEqual(yield* McpHarness.call(oauth, server.url), 200)
        assert.strictEqual(windows(), 1)
        assert.strictEqual(authorizationServer.reuses(), 0)
        assert.strictEqual(authorizationServer.count("register"), 1)
      }))
  }
})
