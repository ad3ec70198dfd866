/**
 * Signing in to MCP servers without Effect: effects run in a scope of this package, and their results are promises.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { tagged } from "../core/UnexpectedError.ts"
import { forEachConcurrently } from "../effect/forEachConcurrently.ts"
import type { ConnectableClient } from "../mcp/ConnectableClient.ts"
import * as Connect from "../mcp/connect.ts"
import * as McpOAuthEffect from "../mcp/McpOAuth.ts"
import { server } from "../runtime/services.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import { CredentialStore } from "../store/CredentialStore.ts"
import { PasteInput } from "../paste/PasteInputTag.ts"
import { Presenter } from "../services/Presenter.ts"
import type {
  ConnectAllOptions,
  Connected,
  ConnectedAll,
  ConnectOptions,
  CreateMcpOAuthOptions,
  McpOAuth,
  ServersToConnect,
  ServerToConnect
} from "./McpOAuth.ts"
import { checkClient } from "./checkClient.ts"
import { checkGiven } from "./checkGiven.ts"
import { checkObject, checkOptions, checkText } from "./checkOptions.ts"
import * as Closable from "./Closable.ts"
import { guarded } from "./guarded.ts"
import { redactedClient } from "./redactedClient.ts"
import { errorOf } from "./runToPromise.ts"
import { pasteFor, presenterFor } from "./services.ts"
import { storeFor } from "./storeFor.ts"

type Shared = Pick<
  CreateMcpOAuthOptions,
  "askClientId" | "onNotice" | "openBrowser" | "present" | "prompt" | "signal" | "store" | "texts"
>

/** The options as those of the Effect form. */
const toEffectOptions = (
  { callback, client, ...options }: Omit<CreateMcpOAuthOptions, keyof Shared>,
  { prompt }: Shared
): McpOAuthEffect.McpOAuthOptions => ({
  ...options,
  callback: { ...callback, paste: callback?.paste !== false && prompt !== false },
  client: redactedClient(client)
})

/** The services, in a new scope that the caller's signal closes. */
const openServices = async (shared: Shared) => {
  const scope = Effect.runSync(Scope.make())
  const closable = Closable.make(scope, shared.signal)
  const store = await closable.open(storeFor(shared.store))
  const context = Context.make(CallbackServer, server).pipe(
    Context.add(PasteInput, pasteFor(shared)),
    Context.add(Presenter, presenterFor(shared)),
    Context.add(CredentialStore, store)
  )
  return { ...closable, scope, context, signal: shared.signal }
}

type Opened = Awaited<ReturnType<typeof openServices>>

const signalOf = (options: { readonly signal?: AbortSignal | undefined }): AbortSignal | undefined => {
  checkOptions("signal", options)
  return options.signal
}

const toPromises = (
  { oauth, status, submit }: Pick<McpOAuthEffect.InternalMcpOAuth, "oauth" | "status" | "submit">,
  { close, run, signal: closedBy }: Pick<Opened, "close" | "run" | "signal">
): McpOAuth => ({
  fetch: (url, init) =>
    oauth.fetch(url, init).catch((error) => {
      throw closedBy?.aborted === true && error?._tag === "Closed" ? closedBy.reason : error
    }),
  ensure: async (options = {}) => await run(oauth.ensure, signalOf(options)),
  login: async (options = {}) => await run(oauth.login, signalOf(options)),
  logout: () => run(oauth.logout),
  status: () => run(status),
  get provider() {
    return oauth.provider
  },
  submit: async (text) => await run(submit(checkText(text))),
  close,
  [Symbol.asyncDispose]: close
})

/** The options that are for all, and those of one server. */
const split = <Options extends Shared>(
  { askClientId, onNotice, openBrowser, present, prompt, signal, store, texts, ...own }: Options
) => ({
  shared: { askClientId, onNotice, openBrowser, present, prompt, signal, store, texts },
  own
})

/** See `createMcpOAuth` of the entry. */
export const createMcpOAuth = (options: CreateMcpOAuthOptions): Promise<McpOAuth> =>
  guarded(() => options?.signal, async () => {
    checkOptions("createMcpOAuth", options)
    checkGiven(options, ["serverUrl"])
    const { own, shared } = split(options)
    const opened = await openServices(shared)
    const services = Context.add(opened.context, Scope.Scope, opened.scope)
    const made = Effect.provide(McpOAuthEffect.makeInternal(toEffectOptions(own, shared)), services)
    return toPromises(await opened.open(made), opened)
  })

/** See `connect` of the entry. */
export const connect = <Client extends ConnectableClient>(
  client: Client,
  options: ConnectOptions
): Promise<Connected<Client>> =>
  guarded(() => options?.signal, async () => {
    checkOptions("connect", options)
    checkGiven(options, ["serverUrl"])
    checkClient(client, "client")
    const { own: { transport, ...own }, shared } = split(options)
    const opened = await openServices(shared)
    const services = Context.add(opened.context, Scope.Scope, opened.scope)
    const connecting = Connect.connectInternal(client, { ...toEffectOptions(own, shared), transport })
    const { internal } = await opened.open(Effect.provide(connecting, services))
    return { client, oauth: toPromises(internal, opened) }
  })

/** Connects one of several; what fails, also without a tag, is its own. */
const connectOne = (
  [name, server]: readonly [string, ServerToConnect],
  shared: Shared,
  turn: McpOAuthEffect.McpOAuthOptions["turn"]
) =>
  Effect.suspend(() => {
    checkOptions("serverToConnect", server, `${name}.`)
    checkGiven(server, ["serverUrl"], `${name}.`)
    checkClient(server.client, `${name}.client`)
    const { client, registration, transport, ...rest } = server
    const options = { ...toEffectOptions({ name, ...rest, client: registration }, shared), transport, turn }
    return Effect.map(Connect.connectInternal(client, options), ({ internal }) => ({ client, internal }))
  }).pipe(
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.interrupt : Effect.fail(tagged(errorOf(cause)))
    )
  )

/** See `connectAll` of the entry. */
export const connectAll = <Clients extends Readonly<Record<string, ConnectableClient>>>(
  servers: ServersToConnect<Clients>,
  options: ConnectAllOptions
): Promise<ConnectedAll<ServersToConnect<Clients>>> =>
  guarded(() => options?.signal, async () => {
    checkOptions("connectAll", options)
    checkObject(servers, "servers")
    const { concurrency, present, turns = present === "all" ? "all" : "one-at-a-time", ...others } = options
    const shared = { ...others, present: typeof present === "string" ? undefined : present }
    const opened = await openServices(shared)
    const open = new Set<Scope.Scope>()
    const connecting = Effect.gen(function* () {
      const turn = turns === "all" ? undefined : Connect.takeTurns()
      return yield* forEachConcurrently(
        Object.entries<ServerToConnect>(servers),
        concurrency ?? "unbounded",
        ([name, server]) =>
          Effect.gen(function* () {
            // Each has its own scope, so that it can be closed alone.
            const scope = yield* Scope.fork(opened.scope, ExecutionStrategy.sequential)
            const result = yield* Effect.either(Scope.extend(connectOne([name, server], shared, turn), scope))
            if (Either.isLeft(result)) return [name, { status: "rejected", reason: result.left }] as const
            open.add(scope)
            const close = async () => {
              await Effect.runPromise(Scope.close(scope, Exit.void))
              open.delete(scope)
              // The last one closes what they share. When the signal closes all of them, this waits until that is done.
              if (open.size === 0 || shared.signal?.aborted === true) await opened.close()
            }
            const { client, internal } = result.right
            const oauth = toPromises(internal, { ...opened, close })
            return [name, { status: "fulfilled", value: { client, oauth } }] as const
          })
      )
    })
    const results = await opened.open(Effect.provide(connecting, opened.context))
    if (open.size === 0) await opened.close()
    return Object.fromEntries(results) as unknown as ConnectedAll<ServersToConnect<Clients>>
  })
