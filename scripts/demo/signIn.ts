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

/** Who signs in to what. */
export interface Visit {
  readonly server: McpServer
  /** Without one, the Presenter shows the URL to whoever sits there. */
  readonly person?: Person | undefined
}

type Progress = { -readonly [Key in keyof Row]: Row[Key] }

/** A visit, and how far it got. */
interface Going extends Visit {
  readonly progress: Progress
}

/** Names the failure only: messages of the SDK can hold what a server sent, and so a token. */
const nameOf = (cause: unknown): string => cause instanceof Error ? cause.name : "unknown failure"

const call = <A>(action: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, DemoError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DemoError(`Cannot ${action}: ${nameOf(cause)}`, { cause })
  })

/** Hands each sign-in to the one who signs in, and notes its port and its time. */
const presenting = (going: ReadonlyArray<Going>, start: number, host: Presenter): Presenter => ({
  notice: host.notice,
  show: (pending) =>
    Effect.gen(function* () {
      const resource = pending.url.searchParams.get("resource")
      const found = going.find(({ server }) => server.url === resource)
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

/** The tool's word and the token's word are checked against each other: they come by different ways. */
const useTool = (
  { progress, server }: Going,
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
 * Signs in to all servers, those of which no credentials are stored at the same time, and calls a tool on each.
 *
 * A failure is noted in its row, so that the table shows what became of the others.
 */
export const signInToAll = (
  visits: ReadonlyArray<Visit>,
  verify: AuthorizationServer["verify"]
): Effect.Effect<ReadonlyArray<Row>, never, Services> =>
  Effect.scoped(Effect.gen(function* () {
    const start = performance.now()
    const going = visits.map((visit): Going => ({
      ...visit,
      progress: { server: visit.server.name, via: "store", millis: 0 }
    }))
    const connected = yield* McpOAuth.connectAll(
      Object.fromEntries(going.map(({ person, server }) => [server.name, {
        serverUrl: server.url,
        clientName: "effect-oauth-callback demo",
        client: new Client({ name: "effect-oauth-callback demo", version: "1.0.0" }),
        // A stand-in takes no minutes.
        callback: person === undefined ? {} : { timeout: "30 seconds" }
      }])),
      { concurrency: "unbounded", present: "all" }
    ).pipe(Effect.provideService(Presenter, presenting(going, start, yield* Presenter)))
    return yield* Effect.forEach(going, (each) =>
      Effect.gen(function* () {
        const { person, progress, server } = each
        const result = connected[server.name]
        // A browser that got stuck says why nobody signed in.
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
