/**
 * The flow behind `openCallback`: one scope, one runtime, promises at the edge.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Granted } from "../flow/AuthorizeRequest.ts"
import { CallbackFlow } from "../flow/CallbackFlow.ts"
// Imported statically: a program that opens a callback is about to listen.
import { server } from "../runtime/loopbackServer.ts"
import { CallbackServer } from "../server/CallbackServer.ts"
import { PasteInput } from "../paste/PasteInputTag.ts"
import { Presenter } from "../services/Presenter.ts"
import type { AuthorizeOptions, Callback, ExchangeOptions, GrantedCode, OpenCallbackOptions } from "./Callback.ts"
import { checkOptions, checkText } from "./checkOptions.ts"
import * as Closable from "./Closable.ts"
import { guarded } from "./guarded.ts"
import { fromCaller, type Thrown } from "./runToPromise.ts"
import { pasteFor, presenterFor } from "./services.ts"

const toGrantedCode = ({ code, ...granted }: Granted): GrantedCode => ({ ...granted, code: Redacted.value(code) })

const open = async (options: OpenCallbackOptions): Promise<Callback> => {
  checkOptions("openCallback", options)
  const { onRefusal, prompt, signal } = options
  const scope = Effect.runSync(Scope.make())
  const services = Context.make(CallbackServer, server).pipe(
    Context.add(PasteInput, pasteFor(options)),
    Context.add(Presenter, presenterFor(options)),
    Context.add(Scope.Scope, scope)
  )
  const opened = Effect.gen(function* () {
    const flow = yield* CallbackFlow.open({ ...options, paste: options.paste !== false && prompt !== false })
    if (onRefusal !== undefined) {
      yield* Effect.forkIn(
        Stream.runForEach(flow.refusals, (refusal) => Effect.ignore(fromCaller(() => onRefusal(refusal)))),
        scope
      )
    }
    return flow
  }).pipe(Effect.provide(services))
  const { close, open: openIn, run } = Closable.make(scope, signal)
  const flow = await openIn(opened)

  const authorize = async <A>(
    request: AuthorizeOptions & Partial<ExchangeOptions<A>>
  ): Promise<A | GrantedCode> => {
    checkOptions("authorize", request)
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
    submit: async (text) => await run(flow.submit(checkText(text))),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** See `openCallback` of the entry. */
export const openCallback = (options: OpenCallbackOptions): Promise<Callback> =>
  guarded(() => options?.signal, () => open(options))
