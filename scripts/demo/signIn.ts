/**
 * Signing in to all servers at once by `McpOAuth.connectAll`, and calling a tool on each.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { type CallbackServer, type CredentialStore, type PasteInput, Presenter } from "../../src/index.ts"
import { McpOAuth } from "../../src/mcp.ts"
import type { AuthorizationServer } from "../../test/fixtures/AuthorizationServer.ts"
import type { McpServer } from "../../test/fixtures/McpServer.ts"
import { DemoError } from "./DemoError.ts"
import type { Person } from "./person.ts"
import type { Row } from "./table.ts"

/** What a run needs of the library. */
export type Services = CallbackServer | CredentialStore | PasteInput | Presenter

/** One sign-in: a server, and the person who signs in to it. */
export interface Visit {
  readonly server: McpServer
  /** Without one, the Presenter shows the URL to the person who runs the demo. */
  readonly person?: Person | undefined
}

type Progress = { -readonly [Key in keyof Row]: Row[Key] }

/** A visit with its progress. */
interface VisitInProgress extends Visit {
  readonly progress: Progress
}

/** Only the name of the error: messages of the SDK can contain what a server sent, and so a token. */
const nameOf = (cause: unknown): string => cause instanceof Error ? cause.name : "unknown failure"

const call = <A>(action: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, DemoError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DemoError(`Cannot ${action}: ${nameOf(cause)}`, { cause })
  })

/** Hands each sign-in to its person, and records its port and its time. */
const presenting = (visiting: ReadonlyArray<VisitInProgress>, start: number, host: Presenter): Presenter => ({
  notice: host.notice,
  show: (pending) =>
    Effect.gen(function* () {
      const resource = pending.url.searchParams.get("resource")
      const found = visiting.find(({ server }) => server.url === resource)
      if (found === undefined) return yield* host.show(pending)
      const { person, progress } = found
      progress.port = Number(new URL(pending.redirectUri).port)
      progress.via = person?.via ?? "browser"
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          progress.millis = performance.now() - start
        })
      )
      yield* person === undefined ? host.show(pending) : person.open(pending.url)
    })
})

/** Calls the tool, and checks that it names the same user as the token. */
const useTool = (
  { progress, server }: VisitInProgress,
  { client, oauth }: { readonly client: Client; readonly oauth: McpOAuth },
  verify: AuthorizationServer["verify"]
): Effect.Effect<void, DemoError> =>
  Effect.gen(function* () {
    const tokens = yield* call(`read the token of ${server.name}`, async () => await oauth.provider.tokens())
    const verified = yield* Effect.promise(() => verify(tokens?.access_token ?? "", server.url))
    if (verified === undefined) {
      return yield* Effect.fail(new DemoError(`Cannot use the token of ${server.name}: it is for something else`))
    }
    progress.subject = verified.subject
    const { content: [content] } = yield* call(`call the tool whoami of ${server.name}`, async (signal) =>
      CallToolResultSchema.parse(await client.callTool({ name: "whoami" }, undefined, { signal })))
    const answer = content?.type === "text" ? content.text : ""
    if (answer !== `${verified.subject} at ${server.name}`) {
      return yield* Effect.fail(
        new DemoError(`Cannot believe ${server.name}: it answers ${JSON.stringify(answer)} to ${verified.subject}`)
      )
    }
    progress.answer = answer
  })

/**
 * Signs in to all servers without stored credentials at the same time, and calls a tool on every server.
 *
 * A failure is recorded in its row, so that the table shows the other servers as well.
 */
export const signInToAll = (
  visits: ReadonlyArray<Visit>,
  verify: AuthorizationServer["verify"]
): Effect.Effect<ReadonlyArray<Row>, never, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const start = performance.now()
    const visiting = visits.map((visit): VisitInProgress => ({
      ...visit,
      progress: { server: visit.server.name, via: "store", millis: 0 }
    }))
    const connected = yield* McpOAuth.connectAll(
      Object.fromEntries(visiting.map(({ person, server }) => [server.name, {
        serverUrl: server.url,
        clientName: "effect-oauth-callback demo",
        client: new Client({ name: "effect-oauth-callback demo", version: "1.0.0" }),
        // A stand-in browser is fast.
        callback: person === undefined ? {} : { timeout: "30 seconds" }
      }])),
      { concurrency: "unbounded", present: "all" }
    ).pipe(Effect.provideService(Presenter, presenting(visiting, start, yield* Presenter)))
    return yield* Effect.forEach(visiting, (each) =>
      Effect.gen(function* () {
        const { person, progress, server } = each
        const result = connected[server.name]
        // When the browser got stuck, its error explains the failure better than that of the sign-in.
        if (person !== undefined) yield* person.done
        if (result === undefined) return yield* Effect.fail(new DemoError(`Cannot find ${server.name} in the result`))
        if (Either.isLeft(result)) return yield* Effect.fail(result.left)
        if (progress.millis === 0) progress.millis = performance.now() - start
        yield* useTool(each, result.right, verify)
      }).pipe(
        Effect.catchAll(({ message }) =>
          Effect.sync(() => {
            each.progress.problem = message
          })
        ),
        Effect.as(each.progress)
      ), { concurrency: "unbounded" })
  }))
