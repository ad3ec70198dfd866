import { Client as ClientV2 } from "@modelcontextprotocol/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { assert, describe, it } from "@effect/vitest"
import * as ClientCheck from "../../../src/core/mcp/ClientCheck.ts"

const info = { name: "test", version: "1.0.0" }
const own = { connect: () => Promise.resolve(), close: () => Promise.resolve() }

describe("what is connected", () => {
  it("may be a client of either SDK, or anything that connects and closes", () => {
    for (const client of [new Client(info), new ClientV2(info), own, Object.create(own)]) {
      assert.isUndefined(ClientCheck.problemOf(client))
    }
  })

  const others: ReadonlyArray<readonly [value: unknown, problem: string]> = [
    [undefined, "it is undefined"],
    [null, "it is null"],
    ["https://a.example", "it is a string"],
    [Symbol("client"), "it is a symbol"],
    [Client, "it is a class or a function"],
    [() => new Client(info), "it is a class or a function"],
    [Object.assign(() => {}, own), "it is a class or a function"],
    [Promise.resolve(new Client(info)), "it is a promise: await it"],
    [{ clientId: "private" }, "calls `registration`"],
    [{}, "it has no function connect"],
    [{ connect: () => {} }, "it has no function close"],
    [{ ...own, close: true }, "it has no function close"],
    [Object.create(null), "it has no function connect"]
  ]
  for (const [value, problem] of others) {
    it(`is refused, where ${problem}, with what it must be`, () => {
      const said = ClientCheck.problemOf(value)
      assert.include(said, problem)
      assert.match(said ?? "", /\. It must be a Client of an MCP SDK$/)
      assert.notInclude(said, "private")
    })
  }
})
