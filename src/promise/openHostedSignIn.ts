/**
 * Signing people in from a web service without Effect.
 */
import * as Effect from "effect/Effect"
import { Closed } from "../core/mcp/Closed.ts"
import { atMost } from "../effect/atMost.ts"
import { onAbort } from "../effect/onAbort.ts"
import { make } from "../hosted/HostedSignIn.ts"
import type { HostedOptions } from "../hosted/HostedOptions.ts"
import * as Pending from "../hosted/PendingStore.ts"
import type { PendingStore as EffectPendingStore } from "../services/PendingStore.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import { checkGiven } from "./checkGiven.ts"
import { checkOptions } from "./checkOptions.ts"
import { guarded } from "./guarded.ts"
import type {
  BeginSignInOptions,
  CreateHostedSignInOptions,
  HostedOutcome,
  HostedSignIn,
  PendingStore
} from "./HostedSignIn.ts"
import { redactedClient } from "./redactedClient.ts"
import { fromCaller, runToPromise } from "./runToPromise.ts"
import { storeFor } from "./storeFor.ts"

/** How long a request that is being answered is waited for by `close`, in milliseconds. */
const answering = 10_000

const pendingFor = (store: PendingStore | "memory"): Effect.Effect<EffectPendingStore> =>
  store === "memory" ? Pending.memory() : Effect.sync(() =>
    Pending.make({
      // Called as methods, so that they have their `this`; what one throws at once is a rejection too.
      putIfAbsent: async (key, text, ttlMillis) => await store.putIfAbsent(key, text, ttlMillis),
      take: async (key) => await store.take(key)
    })
  )

const toEffectOptions = (
  { guard, onOutcome, ...options }: Omit<CreateHostedSignInOptions, "credentials" | "signal" | "store">,
  store: EffectPendingStore
): HostedOptions => ({
  ...options,
  store,
  // Anything but `true` refuses, also where a caller in JavaScript forgets to return something.
  ...(guard !== undefined && { guard: async (target) => await guard(target) === true }),
  ...(onOutcome !== undefined && {
    onOutcome: (outcome) => Effect.ignore(fromCaller(() => onOutcome(outcome as HostedOutcome)))
  })
})

const open = async (options: CreateHostedSignInOptions): Promise<HostedSignIn> => {
  checkOptions("createHostedSignIn", options)
  checkGiven(options, ["redirectUri", "store", "credentials"])
  const { credentials, signal, store, ...own } = options
  const made = Effect.gen(function* () {
    const keptIn = yield* storeFor(credentials)
    const hosted = make(toEffectOptions(own, yield* pendingFor(store)))
    return yield* Effect.provideService(hosted, CredentialStore, keptIn)
  })
  const hosted = await runToPromise(made, [signal])

  const ended = new AbortController()
  const live = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined
  const close = () =>
    closed ??= (async () => {
      takeBack?.()
      ended.abort(new Closed({}))
      await Effect.runPromise(atMost(answering, Effect.promise(() => Promise.allSettled(live))))
    })()
  const takeBack = signal === undefined ? undefined : onAbort(signal, () => void close())
  /** Throws why nothing can be done any more: the reason of the abort, or `Closed`. */
  const assertOpen = (): void => {
    if (signal?.aborted === true) throw signal.reason
    ended.signal.throwIfAborted()
  }
  if (signal?.aborted === true) void close()

  const begin = async (beginOptions: BeginSignInOptions) => {
    checkOptions("beginSignIn", beginOptions)
    checkGiven(beginOptions, ["serverUrl", "account"])
    const { client, signal: own, ...rest } = beginOptions
    assertOpen()
    return await runToPromise(hosted.begin({ ...rest, client: redactedClient(client) }), [own, signal, ended.signal])
  }

  const handle = async (request: Request): Promise<Response> => {
    assertOpen()
    const answer = runToPromise(hosted.handle(request), [])
    live.add(answer)
    try {
      return await answer
    } finally {
      live.delete(answer)
    }
  }

  return { begin, handle, fetch: hosted.fetch, close, [Symbol.asyncDispose]: close }
}

/** See `createHostedSignIn`. */
export const openHostedSignIn = (options: CreateHostedSignInOptions): Promise<HostedSignIn> =>
  guarded(() => options?.signal, () => open(options))
