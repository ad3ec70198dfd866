/**
 * The services that a caller without Effect asks for by options.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { SomeTexts } from "../core/Texts.ts"
import type { CallbackServer } from "../services/CallbackServer.ts"
import type { CredentialStore } from "../services/CredentialStore.ts"
import { PasteInput } from "../services/PasteInput.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { OpenCallbackOptions } from "./Callback.ts"
import { fromCaller } from "./runToPromise.ts"

/** The layers of a runtime. */
export interface RuntimeLayers {
  readonly layer: Layer.Layer<CallbackServer | CredentialStore | PasteInput | Presenter>
  readonly layerFile: (
    options: { readonly appName: string; readonly directory?: string | undefined }
  ) => Layer.Layer<CallbackServer | CredentialStore | PasteInput | Presenter>
  readonly layerPresenter: (options: {
    readonly openBrowser?: false | ((url: URL) => Effect.Effect<unknown, unknown>) | undefined
    readonly texts?: SomeTexts | undefined
  }) => Layer.Layer<Presenter>
}

/** The layers of the runtime that runs this. */
export const runtimeLayers = async (): Promise<RuntimeLayers> => {
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
export const servicesFor = async (
  { openBrowser, prompt, texts }: Pick<OpenCallbackOptions, "openBrowser" | "prompt" | "texts">
): Promise<Layer.Layer<CallbackServer | PasteInput | Presenter>> => {
  const { layer, layerPresenter } = await runtimeLayers()
  const open = typeof openBrowser === "function"
    ? (url: URL) => fromCaller(() => openBrowser(new URL(url.href)))
    : openBrowser === false
    ? false
    : undefined
  const shown = Layer.merge(layer, layerPresenter({ openBrowser: open, texts }))
  return typeof prompt === "object"
    ? Layer.merge(shown, Layer.sync(PasteInput, () => PasteInput.make(linesOf(prompt))))
    : shown
}
