import { assert, it } from "@effect/vitest"
import * as auth from "@modelcontextprotocol/sdk/client/auth.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { Effect } from "effect"
import * as Sdk from "../../src/mcp/Sdk.ts"

// Compiled, not run: what is described of the SDK is what the SDK has.
const described: Sdk.Sdk = auth
const transport: Sdk.SdkTransportClass = StreamableHTTPClientTransport

it.effect("loads the SDK's own functions when they are asked for", () =>
  Effect.gen(function* () {
    const sdk = yield* Sdk.load
    assert.strictEqual(sdk.startAuthorization, described.startAuthorization)
    assert.strictEqual(yield* Sdk.loadTransport, transport)
  }))
