/** A document nested so deep that it cannot be written again: the error names the server that sent it, not the store. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CredentialStore } from "../../src/index.ts"
import { McpOAuth } from "../../src/mcp.ts"
import { toText } from "../../src/store/credentialText.ts"
import * as McpInMemory from "../fixtures/McpInMemory.ts"

const deep = `,"x":${"[".repeat(300_000)}${"]".repeat(300_000)}}`

/** A store that keeps text, as one of files does. */
const textStore = Effect.map(CredentialStore.memory, (store): CredentialStore => ({
  ...store,
  modify: (key, change) =>
    store.modify(
      key,
      (current) =>
        Effect.tap(change(current), ([, next]) => next._tag === "Some" ? toText(key, next.value) : Effect.void)
    )
}))

describe("a deep document", () => {
  for (
    const [path, expected] of [
      ["/.well-known/oauth-protected-resource", "UntrustedMetadata Malformed"],
      ["/.well-known/oauth-authorization-server", "UntrustedMetadata Malformed"],
      ["/register", "RegistrationError InvalidResponse"],
      ["/token", "TokenError InvalidResponse"]
    ] as const
  ) {
    it.scopedLive(`of ${path}: ${expected}`, () =>
      Effect.gen(function* () {
        const world = yield* McpInMemory.make
        let answered = 0
        const oauth = yield* McpOAuth.make({
          serverUrl: "https://mcp.example/mcp",
          fetch: async (url, init) => {
            const response = await world.fetch(url, init)
            if (!new URL(url).pathname.startsWith(path)) return response
            answered++
            return new Response((await response.text()).replace(/\}$/, deep), { status: response.status })
          }
        })
        const error = yield* Effect.flip(oauth.ensure)
        assert.strictEqual(`${error._tag} ${"reason" in error ? error.reason : ""}`, expected)
        assert.isAtMost(error.message.length, 500)
        assert.strictEqual(answered, 1)
      }).pipe(Effect.provideServiceEffect(CredentialStore, textStore), (test) =>
        Effect.flatMap(McpInMemory.make, ({ context }) => Effect.provide(test, context))))
  }
})
