/** Whatever goes wrong: no code, token, verifier, state or client secret is in an error, a log line, a span or a notice. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Inspectable, Layer, Logger, LogLevel } from "effect"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Fault } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as SpanRecorder from "../fixtures/SpanRecorder.ts"

const { call, secretsOf } = McpHarness

const always = { times: Number.POSITIVE_INFINITY }

/** A text that holds all that a program could print of a value. */
const everything = (value: unknown): string => {
  const cause = value instanceof Error && value.cause !== undefined ? everything(value.cause) : ""
  return [
    String(value),
    value instanceof Error ? `${value.message} ${value.stack}` : "",
    JSON.stringify(value),
    Inspectable.toStringUnknown(value),
    Cause.pretty(Cause.fail(value)),
    cause
  ].join("\n")
}

/** Every secret that was on the wire or in the store. */
const secretsIn = ({ authorizationServer, store }: McpHarness.World): ReadonlySet<string> => {
  const names = ["code", "code_verifier", "refresh_token", "client_secret", "token"]
  const sent = authorizationServer.requests.flatMap(({ params }) => names.flatMap((name) => params.getAll(name)))
  const states = authorizationServer.requests.flatMap(({ params }) => params.getAll("state"))
  const stored = store.writes.flatMap(({ credentials }) => secretsOf(credentials))
  const pairs = authorizationServer.requests.flatMap(({ headers }) => {
    const [, pair] = headers.authorization?.match(/^Basic (.+)$/) ?? []
    return pair === undefined ? [] : [pair, atob(pair)]
  })
  return new Set([...sent, ...states, ...stored, ...pairs].filter((secret) => secret !== ""))
}

const faults: ReadonlyArray<readonly [what: string, fault: Fault]> = [
  ["refused, with all that was sent in its words", { error: "invalid_grant" }],
  ["refused as of an unknown program, with all that was sent", { error: "invalid_client" }],
  ["refused otherwise, with all that was sent", { error: "invalid_request" }],
  ["refused in a 200, with all that was sent", { error: "bad_verification_code", status: 200 }],
  ["a failure of the server, with all that was sent", { error: "server_error", status: 500 }],
  ["a page", "html"],
  ["cut", "reset"],
  ["sent elsewhere", { redirect: "http://127.0.0.1:9/", status: 307 }],
  ["without a token", { edit: ({ access_token: _, ...rest }) => rest }],
  ["of a token that is none", { edit: (document) => ({ ...document, access_token: ["a", document.access_token] }) }],
  ["as it should be", { edit: (document) => document }]
]

describe("McpOAuth keeps its secrets", () => {
  for (const method of ["none", "client_secret_basic", "client_secret_post"] as const) {
    for (const [what, fault] of faults) {
      it.scopedLive(`where tokens are ${what} (${method})`, () =>
        Effect.gen(function* () {
          const world = yield* McpHarness.world({ authorizationServer: { authMethods: [method] } })
          const { authorizationServer, notices, server } = world
          const logged: Array<string> = []
          const spans = SpanRecorder.make()
          const heard: Array<unknown> = []
          yield* Effect.gen(function* () {
            const { oauth } = yield* world.open({ requestTimeout: "1 second" })
            const attempt = Effect.gen(function* () {
              heard.push(yield* call(oauth, server.url))
              heard.push(yield* Effect.flip(oauth.ensure).pipe(Effect.orElseSucceed(() => "ensured")))
              heard.push(yield* oauth.status)
            })
            authorizationServer.fail("token", fault, always)
            yield* attempt
            authorizationServer.heal()
            yield* attempt
            authorizationServer.expireAll()
            authorizationServer.fail("token", fault, always)
            yield* attempt
            authorizationServer.heal()
            authorizationServer.knobs.issSent = "wrong"
            heard.push(yield* Effect.flip(oauth.login).pipe(Effect.orElseSucceed(() => "logged in")))
            authorizationServer.knobs.issSent = "right"
            yield* attempt
            authorizationServer.fail("revoke", fault, always)
            heard.push(yield* Effect.flip(oauth.logout).pipe(Effect.orElseSucceed(() => "logged out")))
          }).pipe(
            SpanRecorder.record(spans),
            Effect.provide(
              Layer.merge(
                Logger.replace(
                  Logger.defaultLogger,
                  Logger.make(({ annotations, cause, message, spans }) => {
                    logged.push(everything([message, Cause.pretty(cause), [...annotations], spans.toString()]))
                  })
                ),
                Logger.minimumLogLevel(LogLevel.All)
              )
            )
          )
          const secrets = secretsIn(world)
          assert.isAbove(secrets.size, 5)
          const texts = {
            heard: heard.map(everything).join("\n"),
            logged: logged.join("\n"),
            spans: spans.text(),
            notices: notices.map(everything).join("\n")
          }
          for (const name of ["signIn", "refresh", "register"]) assert.include(spans.names, `McpOAuth.${name}`)
          assert.isAbove(logged.length, 0)
          for (const [where, text] of Object.entries(texts)) {
            for (const secret of secrets) {
              // Not `notInclude`: its message would print the whole text.
              for (const spelling of [secret, encodeURIComponent(secret), btoa(secret)]) {
                const at = text.indexOf(spelling)
                assert.strictEqual(at, -1, `${where}: ${text.slice(Math.max(0, at - 100), at + 200)}`)
              }
            }
          }
        }), 60_000)
    }
  }
})
