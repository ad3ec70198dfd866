/**
 * The services on a real machine, the same for Node, Deno and Bun. Each part is loaded on first use: a program that only
 * might sign in pays for none of it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BindError, reasonOf } from "../core/BindError.ts"
import { CallbackServer } from "../services/CallbackServer.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import { fromSource, PasteInput } from "../services/PasteInput.ts"
import { Presenter } from "../services/Presenter.ts"
import type { FileStoreOptions } from "./FileCredentialStore.ts"
import { hub } from "./StdinHub.ts"
import type { TerminalOptions } from "./TerminalPresenter.ts"

export type { TerminalOptions } from "./TerminalPresenter.ts"

/** Everything a flow needs. */
export type Services = CallbackServer | PasteInput | Presenter | CredentialStore

const server = CallbackServer.make((address, port, serve) =>
  Effect.flatMap(
    Effect.tryPromise({
      try: () => import("./HttpListener.ts"),
      catch: (cause) => new BindError({ reason: reasonOf(cause), host: address, ports: [port], cause })
    }),
    ({ listen }) => listen(address, port, serve)
  )
)

const paste = Effect.sync((): PasteInput => {
  const { isReading, retain, router, subscribe } = hub()
  return fromSource({
    available: Effect.sync(isReading),
    router,
    subscribe,
    hold: Effect.flatMap(
      Effect.promise(() => import("./StdinReader.ts")),
      ({ attach }) =>
        Effect.asVoid(Effect.acquireRelease(Effect.sync(() => retain(attach)), (release) => Effect.sync(release)))
    )
  })
})

const terminal = Effect.promise(() => import("./TerminalPresenter.ts"))

/** Shows sign-ins on stderr, and opens the browser. */
export const presenter = (options: TerminalOptions = {}): Presenter => ({
  show: (pending) => Effect.flatMap(terminal, ({ show }) => show(pending, options)),
  notice: (notice) => Effect.flatMap(terminal, ({ notify }) => notify(notice, options))
})

/**
 * The presenter of `layer` with other sentences, or with another way to open the browser. Merge it over a layer:
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { layer, layerPresenter } from "effect-oauth-callback/node"
 *
 * const texts = { pasteClosed: "Hier wird nichts mehr gelesen." }
 * const german = Layer.merge(layer, layerPresenter({ texts, openBrowser: () => Effect.void }))
 * ```
 */
export const layerPresenter = (options: TerminalOptions): Layer.Layer<Presenter> =>
  Layer.sync(Presenter, () => presenter(options))

/** Listens on the loopback interface, reads stdin, writes to stderr, opens the browser. */
export const layerInteractive: Layer.Layer<CallbackServer | PasteInput | Presenter> = Layer.mergeAll(
  Layer.succeed(CallbackServer, server),
  Layer.effect(PasteInput, paste),
  layerPresenter({})
)

/** The same with credentials kept until the process ends. */
export const layer: Layer.Layer<Services> = Layer.merge(
  layerInteractive,
  Layer.effect(CredentialStore, CredentialStore.memory)
)

// One for each place, however often the layer is built: who locks by store locks by place.
const fileStores = new Map<string, CredentialStore>()

/** A store that is opened when it is first used; one that cannot be opened is tried again. */
const fileStore = (options: FileStoreOptions): CredentialStore => {
  const place = JSON.stringify([options.appName, options.directory])
  const known = fileStores.get(place)
  if (known !== undefined) return known
  let opened: CredentialStore | undefined
  const store = Effect.suspend(() =>
    opened !== undefined ? Effect.succeed(opened) : Effect.tap(
      Effect.flatMap(Effect.promise(() => import("./FileCredentialStore.ts")), ({ open }) => open(options)),
      (store) => Effect.sync(() => void (opened = store))
    )
  )
  const made: CredentialStore = {
    load: (key) => Effect.flatMap(store, ({ load }) => load(key)),
    modify: (key, change) => Effect.flatMap(store, ({ modify }) => modify(key, change))
  }
  fileStores.set(place, made)
  return made
}

// One name that is one folder on every system. JavaScript callers may pass anything.
const isFolderName = (name: unknown): boolean =>
  typeof name === "string" && /^[^/\\\p{Cc}]+$/u.test(name) && name !== "." && name !== ".."

/**
 * The same with credentials kept in files, between runs: one for each server and account, which only this user can read.
 *
 * They are in the folder `credentials` of `directory`, or of the platform's configuration directory of `appName`:
 * `$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support` on macOS, `%APPDATA%` on Windows, each with a folder
 * `appName`. It is looked up, and made, on first use. One process at a time: another one that writes the same file is not
 * kept out yet. On Deno it needs --allow-read and --allow-write, and without `directory` also --allow-env and
 * --allow-sys=homedir.
 *
 * Building the layer dies when `appName` is no name of a folder (empty, `.`, `..`, with a separator or a control
 * character), or `directory` is empty.
 */
export const layerFile = (
  options: { readonly appName: string; readonly directory?: string | undefined }
): Layer.Layer<Services> =>
  Layer.merge(
    layerInteractive,
    Layer.effect(
      CredentialStore,
      Effect.suspend(() => {
        const wrong = !isFolderName(options.appName) ? "appName" : options.directory === "" ? "directory" : undefined
        return wrong === undefined ? Effect.succeed(fileStore(options)) : Effect.dieMessage(
          `Cannot keep credentials in files: the ${wrong} ${JSON.stringify(options[wrong])} names no folder. ` +
            'Pass one name without slashes as `appName`, such as "my-tool", and as `directory` a path or nothing'
        )
      })
    )
  )
