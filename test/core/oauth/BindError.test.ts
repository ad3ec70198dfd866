import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as net from "node:net"
import { BindError, type BindErrorReason, isPortTaken, reasonOf } from "../../../src/core/oauth/BindError.ts"

const reasons = Object.keys(
  {
    PortInUse: 0,
    PermissionDenied: 0,
    AddressNotAvailable: 0,
    TooManyOpenFiles: 0,
    InvalidOptions: 0,
    Unknown: 0
  } satisfies Record<BindErrorReason, 0>
) as ReadonlyArray<BindErrorReason>

const nodeError = (code: string) =>
  Object.assign(new Error(`listen ${code}: 127.0.0.1:8976`), { code, errno: -98, syscall: "listen", port: 8976 })

const denoError = (name: string, code?: string) => {
  const error = new Error(`${name} (os error 98)`)
  error.name = name
  return code === undefined ? error : Object.assign(error, { code })
}

/** As @effect/platform wraps what a server's listen threw. */
const serveError = (cause: unknown) => Object.assign(new Error("An error has occurred"), { _tag: "ServeError", cause })

describe("reasonOf", () => {
  it.each<[string, unknown, BindErrorReason]>([
    ["Node, a busy port", nodeError("EADDRINUSE"), "PortInUse"],
    ["Node, a low port", nodeError("EACCES"), "PermissionDenied"],
    ["Node, a port that Windows keeps back", nodeError("EACCES"), "PermissionDenied"],
    ["Node, a sandbox", nodeError("EPERM"), "PermissionDenied"],
    ["Node, no such address", nodeError("EADDRNOTAVAIL"), "AddressNotAvailable"],
    ["Node, no IPv6", nodeError("EAFNOSUPPORT"), "AddressNotAvailable"],
    ["Node, too many files in the process", nodeError("EMFILE"), "TooManyOpenFiles"],
    ["Node, too many files in the system", nodeError("ENFILE"), "TooManyOpenFiles"],
    ["Node, a reason not known here", nodeError("ENOBUFS"), "Unknown"],
    ["Deno, a busy port", denoError("AddrInUse", "EADDRINUSE"), "PortInUse"],
    ["Deno, a busy port, by its name alone", denoError("AddrInUse"), "PortInUse"],
    ["Deno, a low port", denoError("PermissionDenied", "EACCES"), "PermissionDenied"],
    ["Deno, a low port, by its name alone", denoError("PermissionDenied"), "PermissionDenied"],
    ["Deno, no --allow-net", denoError("NotCapable"), "PermissionDenied"],
    ["Deno, no such address", denoError("AddrNotAvailable"), "AddressNotAvailable"],
    [
      "Deno, no IPv6",
      Object.assign(new Error("Address family not supported"), { code: "EAFNOSUPPORT" }),
      "AddressNotAvailable"
    ],
    [
      "Bun, a busy port",
      Object.assign(new Error("Failed to start server. Is port 8976 in use?"), {
        code: "EADDRINUSE",
        syscall: "listen",
        errno: 0
      }),
      "PortInUse"
    ],
    ["Bun, a low port", Object.assign(new Error("Failed to start server"), { code: "EACCES" }), "PermissionDenied"],
    ["the platform's ServeError", serveError(nodeError("EADDRINUSE")), "PortInUse"],
    ["the platform's ServeError on Deno", serveError(denoError("NotCapable")), "PermissionDenied"],
    [
      "an error with an error with an error",
      new Error("a", { cause: new Error("b", { cause: nodeError("EACCES") }) }),
      "PermissionDenied"
    ],
    [
      "the outer of two that are known",
      Object.assign(nodeError("EADDRINUSE"), { cause: nodeError("EACCES") }),
      "PortInUse"
    ],
    [
      "an outer code that is not known",
      Object.assign(nodeError("ERR_SERVER"), { cause: nodeError("EMFILE") }),
      "TooManyOpenFiles"
    ],
    ["a code that is a number, and a name", { code: 10048, name: "AddrInUse" }, "PortInUse"],
    ["nothing", undefined, "Unknown"],
    ["null", null, "Unknown"],
    ["a text", "EADDRINUSE", "Unknown"],
    ["an error without code", new Error("EADDRINUSE"), "Unknown"]
  ])("reads %s", (_name, cause, reason) => {
    assert.strictEqual(reasonOf(cause), reason)
  })

  it("looks into five errors, and no deeper", () => {
    const within = (depth: number): unknown =>
      depth === 1 ? nodeError("EMFILE") : new Error("around", { cause: within(depth - 1) })
    assert.strictEqual(reasonOf(within(5)), "TooManyOpenFiles")
    assert.strictEqual(reasonOf(within(6)), "Unknown")
  })

  it("ends on an error that is its own cause", () => {
    const error = new Error("around")
    error.cause = error
    assert.strictEqual(reasonOf(error), "Unknown")
  })

  it.prop("answers one of its reasons, whatever was thrown", [
    FastCheck.letrec((tie) => ({
      thrown: FastCheck.oneof(
        { depthSize: "small" },
        FastCheck.anything(),
        FastCheck.record({
          code: FastCheck.oneof(
            FastCheck.constantFrom("EADDRINUSE", "AddrInUse", "constructor", "toString", "__proto__"),
            FastCheck.anything()
          ),
          name: FastCheck.anything(),
          cause: tie("thrown")
        }, { requiredKeys: [] })
      )
    })).thrown
  ], ([thrown]) => {
    assert.include(reasons, reasonOf(thrown))
  }, { fastCheck: { numRuns: 300 } })

  it("reads what this runtime itself throws for a busy port", async () => {
    const listen = (port: number) =>
      new Promise<net.Server>((resolve, reject) => {
        const server = net.createServer()
        server.once("error", reject)
        server.listen(port, "127.0.0.1", () => resolve(server))
      })
    const first = await listen(0)
    const { port } = first.address() as net.AddressInfo
    const thrown = await listen(port).then(() => assert.fail("the port was given twice"), (error: unknown) => error)
    assert.strictEqual(reasonOf(thrown), "PortInUse")
    const { Deno } = globalThis as { Deno?: { listen: (options: object) => unknown } }
    if (Deno !== undefined) {
      try {
        Deno.listen({ hostname: "127.0.0.1", port })
        assert.fail("the port was given twice")
      } catch (error) {
        assert.strictEqual(reasonOf(error), "PortInUse")
      }
    }
    await new Promise((resolve) => first.close(resolve))
  })
})

describe("isPortTaken", () => {
  it("leads to the next port only where another one can help", () => {
    assert.deepStrictEqual(reasons.filter(isPortTaken), ["PortInUse", "PermissionDenied"])
  })
})

describe("BindError", () => {
  it.each<[BindErrorReason, string]>([
    ["PortInUse", "another program uses the port. Stop it, name further ports, or use port 0 for any free one"],
    [
      "PermissionDenied",
      "permission denied. Use a port above 1023 that the system does not reserve; on Deno, allow --allow-net for the host"
    ],
    ["AddressNotAvailable", 'this machine has no such address. Use host "127.0.0.1"'],
    [
      "TooManyOpenFiles",
      "this process has too many files open. Raise its limit (ulimit -n), or open fewer flows at once"
    ],
    ["Unknown", "the system gave a reason that is not known here; see `cause`"]
  ])("says what cannot be done, why, and what to do, without a final period: %s", (reason, why) => {
    const error = new BindError({ reason, host: "127.0.0.1", ports: [8976] })
    assert.strictEqual(error.message, `Cannot listen on 127.0.0.1:8976: ${why}`)
    assert.include(String(error), error.message)
    assert.strictEqual(error._tag, "BindError")
  })

  it("says what is known more exactly", () => {
    const error = new BindError({ reason: "PortInUse", host: "localhost", ports: [8976], detail: "it is yours" })
    assert.strictEqual(error.message, "Cannot listen on localhost:8976: it is yours")
  })

  it("names every port that was tried, in order", () => {
    const error = new BindError({ reason: "PortInUse", host: "[::1]", ports: [8976, 8977] })
    assert.include(error.message, "Cannot listen on [::1]:8976, [::1]:8977:")
  })

  it("explains options that cannot work", () => {
    const error = new BindError({ reason: "InvalidOptions", host: "127.0.0.1", ports: [], detail: "the list is empty" })
    assert.strictEqual(error.message, "Cannot open a callback flow: the list is empty")
    const { message } = new BindError({ reason: "InvalidOptions", host: "127.0.0.1", ports: [] })
    assert.strictEqual(message, "Cannot open a callback flow: the options are not usable")
  })
})
