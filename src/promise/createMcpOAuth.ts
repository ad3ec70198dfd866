/**
 * Signing in to MCP servers without Effect: effects run in a scope of this package, and their results are promises.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { forEachConcurrently } from "../effect/forEachConcurrently.ts"
import type { ConnectableClient } from "../mcp/ConnectableClient.ts"
import * as Connect from "../mcp/connect.ts"
import * as McpOAuthEffect from "../mcp/McpOAuth.ts"
import { fileStore, server } from "../runtime/services.ts"
import { CallbackServer } from "../services/CallbackServer.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInputTag.ts"
import { Presenter } from "../services/Presenter.ts"
import type {
  ConnectAllOptions,
  Connected,
  ConnectedAll,
  ConnectOptions,
  CreateMcpOAuthOptions,
  McpOAuth,
  ServerToConnect
} from "./McpOAuth.ts"
import * as Closable from "./Closable.ts"
import { pasteFor, presenterFor } from "./services.ts"
import { overTexts } from "./TextCredentialStore.ts"

type Shared = Pick<CreateMcpOAuthOptions, "openBrowser" | "prompt" | "signal" | "store" | "texts">

/** The options as those of the Effect form. */
const toEffectOptions = (
  { callback, client, ...options }: Omit<CreateMcpOAuthOptions, keyof Shared>,
  { prompt }: Shared
): McpOAuthEffect.McpOAuthOptions => ({
  ...options,
  callback: { ...callback, paste: callback?.paste !== false && prompt !== false },
  client: client && {
    ...client,
    clientSecret: client.clientSecret === undefined ? undefined : Redacted.make(client.clientSecret)
  }
})

const storeFor = ({ store }: Shared): Effect.Effect<CredentialStore> => {
  if (store === undefined) return CredentialStore.memory
  return "get" in store ? Effect.succeed(overTexts(store)) : fileStore(store)
}

/** The services, in a new scope that the caller's signal closes. */
const openServices = async (shared: Shared) => {
  const scope = Effect.runSync(Scope.make())
  const closable = Closable.make(scope, shared.signal)
  const store = await closable.open(storeFor(shared))
  const context = Context.make(CallbackServer, server).pipe(
    Context.add(PasteInput, pasteFor(shared)),
    Context.add(Presenter, presenterFor(shared)),
    Context.add(CredentialStore, store)
  )
  return { ...closable, scope, context, signal: shared.signal }
}

type Opened = Awaited<ReturnType<typeof openServices>>

const toPromises = (
  { oauth, status, submit }: Pick<McpOAuthEffect.InternalMcpOAuth, "oauth" | "status" | "submit">,
  { close, run, signal: closedBy }: Pick<Opened, "close" | "run" | "signal">
): McpOAuth => ({
  fetch: (url, init) =>
    oauth.fetch(url, init).catch((error) => {
      throw closedBy?.aborted === true && error?._tag === "Closed" ? closedBy.reason : error
    }),
  ensure: ({ signal } = {}) => run(oauth.ensure, signal),
  login: ({ signal } = {}) => run(oauth.login, signal),
  logout: () => run(oauth.logout),
  status: () => run(status),
  get provider() {
    return oauth.provider
  },
  submit: (text) => run(submit(text)),
  close,
  [Symbol.asyncDispose]: close
})

/** See `createMcpOAuth` of the entry. */
export const createMcpOAuth = async (options: CreateMcpOAuthOptions): Promise<McpOAuth> => {
  const { openBrowser, prompt, signal, store, texts, ...rest } = options
  const shared = { openBrowser, prompt, signal, store, texts }
  const opened = await openServices(shared)
  const services = Context.add(opened.context, Scope.Scope, opened.scope)
  const made = Effect.provide(McpOAuthEffect.makeInternal(toEffectOptions(rest, shared)), services)
  return toPromises(await opened.open(made), opened)
}

/** See `connect` of the entry. */
export const connect = async <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Promise<Connected<Client>> => {
  const { openBrowser, prompt, signal, store, texts, transport, ...rest } = options
  const shared = { openBrowser, prompt, signal, store, texts }
  const opened = await openServices(shared)
  const services = Context.add(opened.context, Scope.Scope, opened.scope)
  const connecting = Connect.connectInternal(client, { ...toEffectOptions(rest, shared), transport })
  const { internal } = await opened.open(Effect.provide(connecting, services))
  return { client, oauth: toPromises(internal, opened) }
}

/** See `connectAll` of the entry. */
export const connectAll = async <const Servers extends Readonly<Record<string, ServerToConnect>>>(
  servers: Servers,
  { concurrency, present, ...shared }: ConnectAllOptions = {}
): Promise<ConnectedAll<Servers>> => {
  const opened = await openServices(shared)
  const open = new Set<Scope.Scope>()
  const connecting = Effect.gen(function* () {
    const turn = present === "all" ? undefined : Connect.takeTurns()
    return yield* forEachConcurrently(
      Object.entries<ServerToConnect>(servers),
      concurrency ?? "unbounded",
      ([name, { client, registration, transport, ...rest }]) =>
        Effect.gen(function* () {
          // Each has its own scope, so that it can be closed alone.
          const scope = yield* Scope.fork(opened.scope, ExecutionStrategy.sequential)
          const options = { ...toEffectOptions({ name, ...rest, client: registration }, shared), transport, turn }
          const result = yield* Effect.either(Scope.extend(Connect.connectInternal(client, options), scope))
          if (Either.isLeft(result)) return [name, { status: "rejected", reason: result.left }] as const
          open.add(scope)
          const close = async () => {
            await Effect.runPromise(Scope.close(scope, Exit.void))
            open.delete(scope)
            // The last one closes what they share. When the signal closes all of them, this waits until that is done.
            if (open.size === 0 || shared.signal?.aborted === true) await opened.close()
          }
          const oauth = toPromises(result.right.internal, { ...opened, close })
          return [name, { status: "fulfilled", value: { client, oauth } }] as const
        })
    )
  })
  const results = await opened.open(Effect.provide(connecting, opened.context))
  if (open.size === 0) await opened.close()
  return Object.fromEntries(results) as unknown as ConnectedAll<Servers>
}
