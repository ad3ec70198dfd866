/**
 * The flow behind `openCallback`: one scope, one runtime, promises at the edge.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Granted } from "../flow/authorize.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
import type { AuthorizeOptions, Callback, ExchangeOptions, GrantedCode, OpenCallbackOptions } from "./Callback.ts"
import type { CallbackServer } from "../services/CallbackServer.ts"
import { PasteInput } from "../services/PasteInput.ts"
import { Presenter } from "../services/Presenter.ts"

/** What a caller's own function threw or rejected with, carried through Effect's typed channel as it is. */
class Thrown {
  readonly _tag = "Thrown"
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

const closedError = (): Error =>
  Object.assign(new Error("The callback was closed while a sign-in was waiting. Open a new one to sign in"), {
    _tag: "Closed" as const
  })

const fromCaller = <A>(call: (signal: AbortSignal) => Promise<A> | A): Effect.Effect<A, Thrown> =>
  Effect.tryPromise({ try: async (signal) => await call(signal), catch: (error) => new Thrown(error) })

/** The layer of the runtime that runs this. */
const runtimeLayer = async () => {
  if ("Deno" in globalThis) return await import("../deno.ts")
  return "Bun" in globalThis ? await import("../bun.ts") : await import("../node.ts")
}

/**
 * One element a paste. The iterator's `return` is called and not waited for: a generator that waits for its next line
 * would hold the release for ever.
 */
const linesOf = (prompt: AsyncIterable<string>): Stream.Stream<string> => {
  const iterator = prompt[Symbol.asyncIterator]()
  const next = Effect.flatMap(
    Effect.orElseSucceed(Effect.tryPromise(() => iterator.next()), () => ({ done: true as const, value: undefined })),
    (result) => result.done === true ? Effect.fail(Option.none<never>()) : Effect.succeed(String(result.value))
  )
  return Stream.ensuring(
    Stream.repeatEffectOption(next),
    Effect.sync(() => void Promise.resolve(iterator.return?.()).catch(() => {}))
  )
}

/** The services that a caller's options ask for. */
const servicesFor = async (
  { openBrowser, prompt }: OpenCallbackOptions
): Promise<Layer.Layer<CallbackServer | PasteInput | Presenter>> => {
  const { layer } = await runtimeLayer()
  const { presenter } = await import("../runtime/layer.ts")
  const open = openBrowser === undefined || openBrowser === true
    ? undefined
    : (url: URL) =>
      openBrowser === false ? Effect.void : Effect.ignore(fromCaller(() => openBrowser(new URL(url.href))))
  const shown = Layer.merge(layer, Layer.sync(Presenter, () => presenter(open)))
  return typeof prompt === "object"
    ? Layer.merge(shown, Layer.sync(PasteInput, () => PasteInput.make(linesOf(prompt))))
    : shown
}

/** Effect's default logger writes to stdout, which belongs to the host program. */
const quiet = Logger.remove(Logger.defaultLogger)

const toGrantedCode = ({ code, ...granted }: Granted): GrantedCode => ({ ...granted, code: Redacted.value(code) })

/** Runs to a promise that rejects with the error itself, or with the reason why it was cut short. */
const runToPromise = async <A, E>(
  effect: Effect.Effect<A, E>,
  signals: ReadonlyArray<AbortSignal | undefined>
): Promise<A> => {
  const aborted = () => signals.find((signal) => signal?.aborted === true)
  if (aborted() !== undefined) throw aborted()?.reason
  const controller = new AbortController()
  const abort = () => controller.abort()
  for (const signal of signals) signal?.addEventListener("abort", abort, { once: true })
  const exit = await Effect.runPromiseExit(Effect.provide(effect, quiet), { signal: controller.signal })
  for (const signal of signals) signal?.removeEventListener("abort", abort)
  if (Exit.isSuccess(exit)) return exit.value
  const cancelled = aborted()
  if (Cause.isInterruptedOnly(exit.cause)) throw cancelled === undefined ? closedError() : cancelled.reason
  const error = Option.getOrElse(Cause.failureOption(exit.cause), () => Cause.squash(exit.cause))
  throw error instanceof Thrown ? error.error : error
}

/** See `openCallback` of the entry. */
export const openCallback = async (options: OpenCallbackOptions): Promise<Callback> => {
  const { onRefusal, prompt, signal } = options
  const layer = await servicesFor(options)
  const scope = Effect.runSync(Scope.make())
  const opened = Effect.gen(function* () {
    const context = yield* Layer.buildWithScope(layer, scope)
    const flow = yield* Effect.provide(
      CallbackFlow.open({ ...options, paste: options.paste !== false && prompt !== false }),
      Context.add(context, Scope.Scope, scope)
    )
    if (onRefusal !== undefined) {
      const tell = Stream.runForEach(flow.refusals, (refusal) => Effect.ignore(fromCaller(() => onRefusal(refusal))))
      yield* Effect.forkIn(tell, scope)
    }
    return flow
  })
  let closing: Promise<void> | undefined
  const close = () => closing ??= Effect.runPromise(Scope.close(scope, Exit.void))
  const flow = await runToPromise(opened, [signal]).catch(async (error) => {
    await close()
    throw error
  })
  const onAbort = () => void close()
  signal?.addEventListener("abort", onAbort, { once: true })
  if (signal?.aborted === true) {
    await close()
    throw signal.reason
  }
  Effect.runSync(Scope.addFinalizer(scope, Effect.sync(() => signal?.removeEventListener("abort", onAbort))))

  const authorize = async <A>(
    request: AuthorizeOptions & Partial<ExchangeOptions<A>>
  ): Promise<A | GrantedCode> => {
    const { describe, exchange, exchangeTimeout, present, ...rest } = request
    const common = {
      ...rest,
      present: typeof present === "function" ? (url: URL) => Effect.orDie(fromCaller(() => present(url))) : present
    }
    if (exchange === undefined) {
      return toGrantedCode(await runToPromise(flow.authorize(common), [request.signal, signal]))
    }
    return await runToPromise(
      flow.authorize({
        ...common,
        exchangeTimeout,
        describe: describe === undefined ? undefined : (thrown: Thrown) => describe(thrown.error),
        exchange: (granted) => fromCaller((signal) => exchange(toGrantedCode(granted), { signal }))
      }),
      [request.signal, signal]
    )
  }

  return {
    redirectUri: flow.redirectUri,
    state: Redacted.value(flow.state),
    listening: flow.listening,
    authorize: authorize as Callback["authorize"],
    submit: (text) => runToPromise(flow.submit(text), []),
    close,
    [Symbol.asyncDispose]: close
  }
}
