/**
 * One row of the demo: sign in to a server, call its tool, note how far it got.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CallbackFlow, type CallbackServer, type PasteInput, type Presenter } from "../../src/index.ts"
import type { AuthorizationServer } from "../../test/fixtures/AuthorizationServer.ts"
import type { McpServer } from "../../test/fixtures/McpServer.ts"
import type { Person } from "./person.ts"
import { callTool, DemoError, signIn } from "./signIn.ts"
import type { Row } from "./table.ts"

type Progress = { -readonly [Key in keyof Row]: Row[Key] }

/** The token's word and the tool's word are checked against each other: they come by different ways. */
const useToken = (
  server: McpServer,
  token: Redacted.Redacted<string>,
  verify: AuthorizationServer["verify"],
  progress: Progress
): Effect.Effect<void, DemoError> =>
  Effect.gen(function* () {
    const verified = yield* Effect.promise(() => verify(Redacted.value(token), server.url))
    if (verified === undefined) {
      return yield* Effect.fail(new DemoError(`Cannot use the token of ${server.name}: it is for something else`))
    }
    progress.subject = verified.subject
    const answer = yield* callTool(server, token, "whoami")
    if (answer !== `${verified.subject} at ${server.name}`) {
      return yield* Effect.fail(
        new DemoError(`Cannot believe ${server.name}: it answers ${JSON.stringify(answer)} to ${verified.subject}`)
      )
    }
    progress.answer = answer
  })

/**
 * Goes from nothing to a tool's answer; a failure is noted in the row, so that the table shows what became of the others.
 *
 * Without a person the Presenter shows the URL to whoever sits there.
 */
export const visit = (
  server: McpServer,
  verify: AuthorizationServer["verify"],
  person?: Person
): Effect.Effect<Row, never, CallbackServer | PasteInput | Presenter> =>
  Effect.suspend(() => {
    const start = performance.now()
    const progress: Progress = { server: server.name, millis: 0 }
    return CallbackFlow.run({}, (flow) => {
      progress.port = Number(new URL(flow.redirectUri).port)
      if (person === undefined) return signIn(flow, server, {})
      // A stand-in takes no minutes. A browser that got stuck ends the wait, and its last page must be the good one.
      const signingIn = signIn(flow, server, { present: person.open, timeout: "30 seconds" })
      return Effect.zipLeft(Effect.raceFirst(signingIn, Effect.zipRight(person.done, Effect.never)), person.done)
    }).pipe(
      Effect.tap(({ via }) =>
        Effect.sync(() => {
          progress.via = via
        })
      ),
      Effect.flatMap(({ value }) => useToken(server, value, verify, progress)),
      Effect.catchAll(({ message }) =>
        Effect.sync(() => {
          progress.problem = message
        })
      ),
      Effect.map(() => ({ ...progress, millis: performance.now() - start }))
    )
  })
