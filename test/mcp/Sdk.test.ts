import { assert, it } from "@effect/vitest"
import { StreamableHTTPClientTransport as OfV2 } from "@modelcontextprotocol/client"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { Effect } from "effect"
import * as Sdk from "../../src/mcp/Sdk.ts"

// Compiled, not run: what is described of the SDKs is what the SDKs have.
const transport: Sdk.SdkTransportClass = StreamableHTTPClientTransport
const transportOfV2: Sdk.SdkTransportClass = OfV2

it.effect("loads the SDK's own transport when it is asked for", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* Sdk.loadTransport, transport)
    assert.notStrictEqual(transport, transportOfV2)
  }))
