/** Who answers: the issuer in authorization responses (RFC 9207), against what the metadata says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inspect } from "node:util"
import * as McpHarness from "../fixtures/McpHarness.ts"
import type { Document, Knobs, MetadataLocation } from "../fixtures/ScriptedAuthorizationServer.ts"
import * as StandInBrowser from "../fixtures/StandInBrowser.ts"

const flag = "authorization_response_iss_parameter_supported"
const withoutFlag = ({ [flag]: _, ...rest }: Document): Document => rest

interface Row {
  readonly name: string
  readonly issSent: Knobs["issSent"]
  readonly isAdvertised: boolean
  /** Why the answer is not taken. */
  readonly reason?: "IssuerMismatch" | "IssuerMissing"
}

const table: ReadonlyArray<Row> = [
  { name: "the right one, as promised", issSent: "right", isAdvertised: true },
  { name: "the right one, which nobody promised", issSent: "right", isAdvertised: false },
  { name: "another one", issSent: "wrong", isAdvertised: true, reason: "IssuerMismatch" },
  { name: "another one, where none was promised", issSent: "wrong", isAdvertised: false, reason: "IssuerMismatch" },
  { name: "the right one with a slash after it", issSent: "slash", isAdvertised: true, reason: "IssuerMismatch" },
  {
    name: "the right one with a slash after it, where none was promised",
    issSent: "slash",
    isAdvertised: false,
    reason: "IssuerMismatch"
  },
  { name: "an empty one", issSent: { value: "" }, isAdvertised: true, reason: "IssuerMismatch" },
  { name: "none, though it was promised", issSent: "none", isAdvertised: true, reason: "IssuerMissing" },
  { name: "none, as none was promised", issSent: "none", isAdvertised: false }
]

/** The two documents that may say it; the SDK's reading of the second drops the promise. */
const locations: Readonly<Record<string, MetadataLocation>> = {
  "RFC 8414 metadata": "oauth",
  "OpenID Connect metadata": "openid-append"
}

const make = ({ isAdvertised, issSent }: Row, location: MetadataLocation) =>
  McpHarness.world({
    authorizationServer: {
      issSent,
      metadataAt: [location],
      metadata: isAdvertised ? (document) => document : withoutFlag
    }
  })

const telltale = "words of a stranger"

/** Everything that a program could print of an error. */
const printed = (error: unknown): string =>
  [inspect(error, { depth: 10 }), JSON.stringify(error), String(error), (error as Error).message].join("\n")

for (const [where, location] of Object.entries(locations)) {
  for (const via of ["browser", "paste"] as const) {
    describe(`an answer by ${via} of a server with ${where}`, () => {
      for (const row of table) {
        it.scopedLive(`with an iss that is ${row.name}, and a code`, () =>
          Effect.gen(function* () {
            const world = yield* make(row, location)
            world.person.via = via
            const { oauth } = yield* world.open()
            if (row.reason === undefined) {
              yield* oauth.ensure
              assert.strictEqual(world.stored()?.issuer, world.authorizationServer.issuer)
              assert.strictEqual(world.authorizationServer.count("token"), 1)
            } else {
              const error = yield* Effect.flip(oauth.ensure)
              assert.deepInclude(error, { _tag: "InvalidResponse", reason: row.reason, parameter: "iss" })
              assert.strictEqual(world.authorizationServer.count("token"), 0)
              assert.isUndefined(world.stored()?.tokens)
            }
            assert.strictEqual(world.windows(), 1)
          }))

        it.scopedLive(`with an iss that is ${row.name}, and an error`, () =>
          Effect.gen(function* () {
            const world = yield* make(row, location)
            world.authorizationServer.knobs.authorize = { error: "access_denied", description: telltale }
            world.person.via = via
            const { oauth } = yield* world.open()
            const error = yield* Effect.flip(oauth.ensure)
            if (row.reason === undefined) {
              assert.deepInclude(error, { _tag: "AuthorizationDenied", error: "access_denied", description: telltale })
            } else {
              assert.deepInclude(error, { _tag: "InvalidResponse", reason: row.reason, parameter: "iss" })
              assert.notInclude(printed(error), telltale)
              assert.notInclude(printed(error), "access_denied")
              assert.notInclude(printed(world.notices), telltale)
            }
            assert.strictEqual(world.authorizationServer.count("token"), 0)
          }))
      }
    })
  }
}

describe("the page that the browser ends on", () => {
  const pageFor = (issSent: Knobs["issSent"]) =>
    Effect.gen(function* () {
      const world = yield* McpHarness.world({
        authorizationServer: { issSent, authorize: { error: "access_denied", description: telltale } }
      })
      world.person.mode = "waits"
      const { oauth } = yield* world.open()
      const failing = yield* McpHarness.started(Effect.either(oauth.ensure))
      yield* world.untilShown(1)
      const url = world.shown[0]?.url ?? ""
      const { page } = yield* StandInBrowser.make().visit(url, { follow: true })
      yield* failing
      return page?.body ?? ""
    })

  it.scopedLive("repeats an error of the right issuer", () =>
    Effect.gen(function* () {
      assert.include(yield* pageFor("right"), telltale)
    }))

  it.scopedLive("repeats nothing of what another issuer says", () =>
    Effect.gen(function* () {
      const page = yield* pageFor("wrong")
      assert.notInclude(page, telltale)
      assert.notInclude(page, "access_denied")
      assert.notInclude(page, "other.example")
    }))
})

it.scopedLive("an answer with a wrong state ends nothing: the sign-in still waits for the right one", () =>
  Effect.gen(function* () {
    const world = yield* McpHarness.world({ authorizationServer: { stateSent: "wrong" } })
    world.person.mode = "waits"
    const { oauth } = yield* world.open()
    const signingIn = yield* McpHarness.started(Effect.either(oauth.ensure))
    yield* world.untilShown(1)
    yield* world.answer
    world.authorizationServer.knobs.stateSent = "none"
    yield* world.answer
    assert.strictEqual(world.waiting(), 1)
    assert.strictEqual(world.authorizationServer.count("token"), 0)
    world.authorizationServer.knobs.stateSent = "right"
    yield* world.answer
    assert.strictEqual((yield* signingIn)._tag, "Right")
    assert.strictEqual(world.authorizationServer.count("token"), 1)
  }))
