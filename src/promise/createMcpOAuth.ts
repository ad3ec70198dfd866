/**
 * Signing in to MCP servers without Effect: scopes and services behind, promises at the edge.
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
import * as Connecting from "../mcp/connect.ts"
import * as Making from "../mcp/McpOAuth.ts"
import { fileStore, server } from "../runtime/services.ts"
import { CallbackServer } from "../services/CallbackServer.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInput.ts"
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

/** What the caller's options mean to the Effect form. */
const toEffectOptions = (
  { callback, client, ...options }: Omit<CreateMcpOAuthOptions, keyof Shared>,
  { prompt }: Shared
): Making.McpOAuthOptions => ({
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

/** The services in a scope of their own, which the caller's signal closes. */
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
  { oauth, submit }: Pick<Making.Made, "oauth" | "submit">,
  { close, run, signal: closedBy }: Pick<Opened, "close" | "run" | "signal">
): McpOAuth => ({
  fetch: (url, init) =>
    oauth.fetch(url, init).catch((error) => {
      throw closedBy?.aborted === true && error?._tag === "Closed" ? closedBy.reason : error
    }),
  ensure: ({ signal } = {}) => run(oauth.ensure, signal),
  login: ({ signal } = {}) => run(oauth.login, signal),
  logout: () => run(oauth.logout),
  status: () => run(oauth.status),
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
  const made = Effect.provide(Making.makeWhole(toEffectOptions(rest, shared)), services)
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
  const connecting = Connecting.connectWhole(client, { ...toEffectOptions(rest, shared), transport })
  const { made } = await opened.open(Effect.provide(connecting, services))
  return { client, oauth: toPromises(made, opened) }
}

/** See `connectAll` of the entry. */
export const connectAll = async <const Servers extends Readonly<Record<string, ServerToConnect>>>(
  servers: Servers,
  { concurrency, present, ...shared }: ConnectAllOptions = {}
): Promise<ConnectedAll<Servers>> => {
  const opened = await openServices(shared)
  const open = new Set<Scope.Scope>()
  const connecting = Effect.gen(function* () {
    const turn = present === "all" ? undefined : Connecting.takeTurns()
    return yield* forEachConcurrently(
      Object.entries<ServerToConnect>(servers),
      concurrency ?? "unbounded",
      ([name, { client, registration, transport, ...rest }]) =>
        Effect.gen(function* () {
          // Each can be closed for itself.
          const scope = yield* Scope.fork(opened.scope, ExecutionStrategy.sequential)
          const options = { ...toEffectOptions({ name, ...rest, client: registration }, shared), transport, turn }
          const result = yield* Effect.either(Scope.extend(Connecting.connectWhole(client, options), scope))
          if (Either.isLeft(result)) return [name, { status: "rejected", reason: result.left }] as const
          open.add(scope)
          const close = async () => {
            await Effect.runPromise(Scope.close(scope, Exit.void))
            open.delete(scope)
            // The last one takes what they share with it; where the signal closes all, this waits for it.
            if (open.size === 0 || shared.signal?.aborted === true) await opened.close()
          }
          const oauth = toPromises(result.right.made, { ...opened, close })
          return [name, { status: "fulfilled", value: { client, oauth } }] as const
        })
    )
  })
  const results = await opened.open(Effect.provide(connecting, opened.context))
  if (open.size === 0) await opened.close()
  return Object.fromEntries(results) as unknown as ConnectedAll<Servers>
}
