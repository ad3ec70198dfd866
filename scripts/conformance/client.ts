/**
 * The client under test of the official conformance suite: it signs in with this library, over a real listener on
 * 127.0.0.1, and calls the tools of the server.
 *
 * The suite starts it with the server's URL as the last argument and the scenario in the environment. The argument before
 * may name the SDK to use: it must then be the only one that is there. Exit code 0: signed in and all tools called;
 * 1: refused or failed, and stderr says why. Nothing is written to stdout.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import process from "node:process"
import { setTimeout } from "node:timers"
import { PasteInput, Presenter } from "../../src/index.ts"
import type { McpOAuthOptions } from "../../src/mcp.ts"
import { callsOf, type ToolCall } from "./calls.ts"
import { person } from "./person.ts"
import { isStateless } from "./plainSession.ts"
import { assertAlone, isSdk } from "./sdks.ts"
import { connectWith } from "./sessions.ts"

/** What a scenario tells the client. */
interface Context {
  readonly client_id?: string
  readonly client_secret?: string
  readonly issuer?: string
  readonly toolCalls?: ReadonlyArray<ToolCall>
}

const { env } = process
const scenario = env.MCP_CONFORMANCE_SCENARIO ?? ""
const context: Context = JSON.parse(env.MCP_CONFORMANCE_CONTEXT ?? "{}")

const complain = (message: string) => process.stderr.write(`${scenario}: ${message}\n`)

const preRegistered = (
  { client_id: clientId, client_secret: secret, issuer }: Context
): Pick<McpOAuthOptions, "client"> =>
  clientId === undefined ? {} : {
    client: {
      clientId,
      ...(secret === undefined ? {} : { clientSecret: Redacted.make(secret) }),
      ...(issuer === undefined ? {} : { issuer })
    }
  }

const options: McpOAuthOptions = {
  serverUrl: process.argv.at(-1) ?? "",
  clientName: "effect-oauth-callback conformance",
  // Used where the server supports it; but this one scenario tests the registration, which the URL would replace.
  ...(scenario === "auth/offline-access-scope"
    ? {}
    : { clientMetadataUrl: "https://conformance-test.local/client-metadata.json" }),
  ...preRegistered(context),
  // In this scenario only: a server of 2025-03-26 without metadata cannot announce S256.
  ...(scenario === "auth/2025-03-26-oauth-endpoint-fallback" ? { unsafe: { allowMissingS256: true } } : {})
}

/** The library's layer for this runtime, without a terminal: a stand-in browser signs in, and no paste is read. */
const services = Layer.mergeAll(
  Layer.unwrapEffect(
    Effect.promise(async () =>
      ("Deno" in globalThis ? await import("../../src/deno.ts") : await import("../../src/node.ts")).layer
    )
  ),
  Layer.succeed(PasteInput, PasteInput.make(Stream.never)),
  Layer.succeed(Presenter, person(complain)),
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
)

const version = env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? "2025-11-25"

const named = process.argv.at(-2)
if (isSdk(named)) await assertAlone(named)
// Without a name, the SDK that knows the version of the protocol.
const sdk = isSdk(named) ? named : isStateless(version) ? "v2" : "v1"

// An error of the SDK is a defect, and ends the program unchanged.
const program = Effect.gen(function* () {
  const session = yield* connectWith[sdk](options, version)
  const { tools } = yield* Effect.promise(() => session.listTools())
  for (const call of callsOf(tools, context.toolCalls)) yield* Effect.promise(() => session.callTool(call))
}).pipe(Effect.scoped, Effect.timeout("100 seconds"), Effect.provide(services))

// The suite kills only the shell around this process. One that does not exit after its work is a leak of the library.
setTimeout(() => {
  complain("still running after 110 seconds")
  process.exit(1)
}, 110_000).unref()

const exit = await Effect.runPromiseExit(program)
if (Exit.isFailure(exit)) {
  process.exitCode = 1
  for (const { name, message, cause } of Cause.prettyErrors(exit.cause)) {
    complain(`${name}: ${message}${cause instanceof Error ? ` (${cause.name}: ${cause.message})` : ""}`)
  }
}
