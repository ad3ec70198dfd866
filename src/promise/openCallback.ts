/**
 * The flow behind `openCallback`: one scope, one runtime, promises at the edge.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Granted } from "../flow/authorize.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
import type { AuthorizeOptions, Callback, ExchangeOptions, GrantedCode, OpenCallbackOptions } from "./Callback.ts"
import * as Closable from "./Closable.ts"
import { fromCaller, type Thrown } from "./runToPromise.ts"
import { servicesFor } from "./services.ts"

const toGrantedCode = ({ code, ...granted }: Granted): GrantedCode => ({ ...granted, code: Redacted.value(code) })

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
  const { close, open, run } = Closable.make(scope, signal)
  const flow = await open(opened)

  const authorize = async <A>(
    request: AuthorizeOptions & Partial<ExchangeOptions<A>>
  ): Promise<A | GrantedCode> => {
    const { describe, exchange, exchangeTimeout, present, ...rest } = request
    const common = {
      ...rest,
      present: typeof present === "function" ? (url: URL) => Effect.orDie(fromCaller(() => present(url))) : present
    }
    if (exchange === undefined) {
      return toGrantedCode(await run(flow.authorize(common), request.signal))
    }
    return await run(
      flow.authorize({
        ...common,
        exchangeTimeout,
        describe: describe === undefined ? undefined : (thrown: Thrown) => describe(thrown.error),
        exchange: (granted) => fromCaller((signal) => exchange(toGrantedCode(granted), { signal }))
      }),
      request.signal
    )
  }

  return {
    redirectUri: flow.redirectUri,
    state: Redacted.value(flow.state),
    listening: flow.listening,
    authorize: authorize as Callback["authorize"],
    submit: (text) => run(flow.submit(text)),
    close,
    [Symbol.asyncDispose]: close
  }
}
