import { assert, describe, it } from "@effect/vitest"
import { Client as ClientV2, StreamableHTTPClientTransport as OfV2 } from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { Effect } from "effect"
import * as Sdk from "../../src/mcp/Sdk.ts"

// Compiled, not run: what is described of the SDKs is what the SDKs have.
const transport: Sdk.SdkTransportClass = StreamableHTTPClientTransport
const transportOfV2: Sdk.SdkTransportClass = OfV2

const info = { name: "test", version: "1.0.0" }

describe("loadTransport", () => {
  it.effect("loads the transport of the SDK that the client is of", () =>
    Effect.gen(function* () {
      assert.notStrictEqual(transport, transportOfV2)
      assert.strictEqual(yield* Sdk.loadTransport(new Client(info)), transport)
      assert.strictEqual(yield* Sdk.loadTransport(new ClientV2(info)), transportOfV2)
    }))

  it.effect("knows a client of v2 that a class of the host's own extends, and takes v1's for one that it does not know", () =>
    Effect.gen(function* () {
      class NotesClient extends ClientV2 {}
      assert.strictEqual(yield* Sdk.loadTransport(new NotesClient(info)), transportOfV2)
      assert.strictEqual(yield* Sdk.loadTransport({}), transport)
    }))
})
