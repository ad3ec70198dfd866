/** The compiler refuses options that there are none of, in every place of `connectAll` and in both of its forms. */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import type { Effect, Either } from "effect"
import { type Connected, type ConnectError, McpOAuth, type ServerToConnect } from "../../src/mcp.ts"
import * as Promises from "../../src/promise.ts"

const info = { name: "test", version: "1.0.0" }
const client = new Client(info)
const serverUrl = "http://127.0.0.1:9/mcp"

// Only looked at by the compiler. `tsc` reports a directive that has nothing to refuse.
const refused = [
  // @ts-expect-error it is called `serverUrl`
  () => McpOAuth.connectAll({ one: { client, serverUrl, serverURL: serverUrl } }),
  // @ts-expect-error it is called `account`
  () => McpOAuth.connectAll({ one: { client, serverUrl, acount: "work" } }),
  // @ts-expect-error in the second server too
  () => McpOAuth.connectAll({ one: { client, serverUrl }, two: { client, serverUrl, scopes: "a" } }),
  // @ts-expect-error it is called `port`, of `callback`
  () => McpOAuth.connectAll({ one: { client, serverUrl, callback: { prt: 1 } } }),
  // @ts-expect-error it is called `allowMissingS256`
  () => McpOAuth.connectAll({ one: { client, serverUrl, unsafe: { allowMissingPkce: true } } }),
  // @ts-expect-error it is called `clientId`
  () => McpOAuth.connectAll({ one: { client, serverUrl, registration: { clientID: "a" } } }),
  // @ts-expect-error it is called `concurrency`
  () => McpOAuth.connectAll({ one: { client, serverUrl } }, { concurency: 1 }),
  // @ts-expect-error it is called `serverUrl`
  () => Promises.connectAll({ one: { client, serverUrl, serverURL: serverUrl } }),
  // @ts-expect-error it is called `account`
  () => Promises.connectAll({ one: { client, serverUrl, acount: "work" } }),
  // @ts-expect-error in the second server too
  () => Promises.connectAll({ one: { client, serverUrl }, two: { client, serverUrl, scopes: "a" } }),
  // @ts-expect-error it is called `port`, of `callback`
  () => Promises.connectAll({ one: { client, serverUrl, callback: { prt: 1 } } }),
  // @ts-expect-error the store is one for all
  () => Promises.connectAll({ one: { client, serverUrl, store: { appName: "a" } } }),
  // @ts-expect-error what shows a sign-in is one for all
  () => Promises.connectAll({ one: { client, serverUrl, onNotice: () => {} } }),
  // @ts-expect-error it is called `onNotice`
  () => Promises.connectAll({ one: { client, serverUrl } }, { onNotices: () => {} }),
  // @ts-expect-error it is called `serverUrl`
  () => Promises.connect(client, { serverUrl, serverURL: serverUrl }),
  // @ts-expect-error it is called `openBrowser`
  () => Promises.createMcpOAuth({ serverUrl, openBrowsers: false }),
  // @ts-expect-error it is called `paste`
  () => Promises.openCallback({ pasted: false })
]

describe("connectAll", () => {
  it("refuses misspelt options in its types", () => {
    assert.strictEqual(refused.length, 17)
  })

  it("keeps each client in its own type, and takes servers that are only known when it runs", () => {
    const two = new ClientV2(info)
    const transport = (url: URL) => new TransportV2(url)
    const effect = () =>
      McpOAuth.connectAll({ one: { client, serverUrl }, two: { client: two, serverUrl, transport, account: "work" } })
    type Ended<Form extends () => Effect.Effect<unknown, unknown, unknown>> = Effect.Effect.Success<ReturnType<Form>>
    expectTypeOf<Ended<typeof effect>["one"]>().toEqualTypeOf<Either.Either<Connected<Client>, ConnectError>>()
    expectTypeOf<Ended<typeof effect>["two"]>().toEqualTypeOf<Either.Either<Connected<ClientV2>, ConnectError>>()
    const promised = () =>
      Promises.connectAll({
        one: { client, serverUrl },
        two: { client: two, serverUrl, transport: (url, { fetch }) => new TransportV2(url, { fetch }) }
      })
    type Promised = Awaited<ReturnType<typeof promised>>
    expectTypeOf<Promised["one"]>().toEqualTypeOf<PromiseSettledResult<Promises.Connected<Client>>>()
    expectTypeOf<Promised["two"]>().toEqualTypeOf<PromiseSettledResult<Promises.Connected<ClientV2>>>()
    expectTypeOf<keyof Promised>().toEqualTypeOf<"one" | "two">()
    const servers: Record<string, ServerToConnect<Client>> = {}
    const several = () => McpOAuth.connectAll(servers)
    expectTypeOf<Ended<typeof several>[string]>().toEqualTypeOf<Either.Either<Connected<Client>, ConnectError>>()
  })
})
