import { describe, expect, it } from "@effect/vitest"
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { McpError } from "@modelcontextprotocol/sdk/types.js"
import { of } from "../../../src/core/mcp/ClientFault.ts"

const refused = new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) })

describe("why a client could not connect", () => {
  it("has the HTTP status of both SDKs' errors", () => {
    expect(of(new StreamableHTTPError(403, "forbidden"), undefined, []).code).toBe("403")
    const v2 = Object.assign(new Error("forbidden"), { code: "CLIENT_HTTP_NOT_IMPLEMENTED", status: 403 })
    expect(of(v2, undefined, []).code).toBe("403")
    expect(of(new Error("no", { cause: v2 }), undefined, []).code).toBe("403")
  })

  it("has no status for an error of the protocol", () => {
    expect(of(new McpError(-32601, "no such method"), undefined, [])).not.toHaveProperty("code")
  })

  it("has the network's code, also where an event source lost it", () => {
    expect(of(refused, undefined, [])).toMatchObject({ code: "ECONNREFUSED", detail: "fetch failed" })
    expect(of(new Error("SSE error"), refused, [])).toMatchObject({ code: "ECONNREFUSED", detail: "SSE error" })
    expect(of(new Error("SSE error"), refused, []).cause?.message).toBe("fetch failed")
    expect(of(Object.assign(new Error("x"), { code: "ESOMETHING" }), undefined, []).code).toBe("ESOMETHING")
    expect(of(new StreamableHTTPError(500, "broken"), new Error("something else"), []).code).toBe("500")
  })

  it("ends without a full stop, for a sentence goes on with it", () => {
    expect(of(new Error("forbidden. Sorry."), undefined, []).detail).toBe("forbidden. Sorry")
    expect(of(undefined, undefined, []).detail).toBe("undefined")
    expect(of({}, undefined, []).detail).toBe("the client gave no reason")
  })

  it("quotes no secret, and takes anything", () => {
    const fault = of(new Error("no good: hunter2hunter2"), undefined, ["hunter2hunter2"])
    expect(fault).toMatchObject({ detail: "no good: ***", cause: { message: "no good: ***" } })
    for (const thrown of [undefined, null, "", {}, Symbol("x"), new Error("")]) {
      expect(of(thrown, undefined, []).detail).not.toBe("")
    }
  })
})
