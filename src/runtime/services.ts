/**
 * The services on a real machine, the same for Node, Deno and Bun. Each part is loaded on first use: a program that only
 * might sign in pays for none of it.
 */
import * as Effect from "effect/Effect"
import { BindError, reasonOf } from "../core/oauth/BindError.ts"
import type { PasteReader } from "../paste/PasteReader.ts"
import type { CallbackServer } from "../server/CallbackServer.ts"
import type { CredentialStore, CredentialStoreError } from "../services/CredentialStore.ts"
import type { Presenter } from "../services/Presenter.ts"
import type { FileStoreOptions } from "./FileCredentialStore.ts"
import type { KeychainStoreOptions } from "./keychain/KeychainCredentialStore.ts"
import type { TerminalOptions } from "./terminal/TerminalPresenter.ts"

export type { TerminalOptions } from "./terminal/TerminalPresenter.ts"

/** Listens on the loopback interface. */
export const server: CallbackServer = {
  bind: (options, serve) =>
    Effect.flatMap(
      Effect.tryPromise({
        try: () => import("./loopbackServer.ts"),
        catch: (cause) => new BindError({ reason: reasonOf(cause), ...options, cause })
      }),
      ({ server }) => server.bind(options, serve)
    )
}

const stdin = Effect.map(Effect.promise(() => import("./stdin/StdinPaste.ts")), ({ paste }) => paste)

/** Reads this process's stdin while flows wait. */
export const paste: PasteReader = {
  available: Effect.flatMap(stdin, ({ available }) => available),
  hold: Effect.flatMap(stdin, ({ hold }) => hold),
  lines: Effect.flatMap(stdin, ({ lines }) => lines),
  submit: (text) => Effect.flatMap(stdin, ({ submit }) => submit(text)),
  register: (flow) => Effect.flatMap(stdin, ({ register }) => register(flow))
}

const terminal = Effect.promise(() => import("./terminal/TerminalPresenter.ts"))

/** Shows sign-ins on stderr, opens the browser, and asks for a client id where stdin and stderr are a terminal. */
export const presenter = (options: TerminalOptions = {}): Presenter => ({
  show: (pending) => Effect.flatMap(terminal, ({ show }) => show(pending, options)),
  notice: (notice) => Effect.flatMap(terminal, ({ notify }) => notify(notice, options)),
  open: (url) => Effect.flatMap(terminal, ({ open }) => open(url, options)),
  askClientId: (question) =>
    Effect.flatMap(
      Effect.promise(() => import("./terminal/TerminalQuestion.ts")),
      ({ askClientId }) => askClientId(question, options)
    )
})

// One for each place, however often the layer is built: who locks by store locks by place.
const stores = new Map<string, CredentialStore>()

/** A store that is opened when it is first used; one that cannot be opened is tried again. */
const storeAt = (place: string, open: Effect.Effect<CredentialStore, CredentialStoreError>): CredentialStore => {
  const known = stores.get(place)
  if (known !== undefined) return known
  let opened: CredentialStore | undefined
  const store = Effect.suspend(() =>
    opened === undefined ? Effect.map(open, (store) => opened = store) : Effect.succeed(opened)
  )
  const made: CredentialStore = {
    load: (key) => Effect.flatMap(store, ({ load }) => load(key)),
    modify: (key, change, options) => Effect.flatMap(store, ({ modify }) => modify(key, change, options)),
    list: Effect.flatMap(store, ({ list }) => list),
    exclusively: (name, turn) => Effect.flatMap(store, ({ exclusively }) => exclusively!(name, turn)),
    // Not known before it is opened, which the first `load` does.
    revision: (key) => opened?.revision?.(key)
  }
  stores.set(place, made)
  return made
}

// One name that is one folder on every system. JavaScript callers may pass anything.
const isFolderName = (name: unknown): boolean =>
  typeof name === "string" && /^[^/\\\p{Cc}]+$/u.test(name) && name !== "." && name !== ".."

/**
 * A store in files; the same one for the same place. Dies when `appName` is no name of a folder, `directory` is empty, or
 * `encrypt` is neither true nor false: who meant to have files encrypted must not find them in the clear.
 */
export const fileStore = (options: FileStoreOptions): Effect.Effect<CredentialStore> =>
  Effect.suspend(() => {
    const { encrypt = false } = options
    if (typeof encrypt !== "boolean") {
      return Effect.dieMessage("Cannot keep credentials in files: `encrypt` must be true or false")
    }
    const wrong = !isFolderName(options.appName) ? "appName" : options.directory === "" ? "directory" : undefined
    if (wrong === undefined) {
      const open = Effect.flatMap(Effect.promise(() => import("./FileCredentialStore.ts")), ({ open }) => open(options))
      return Effect.succeed(storeAt(JSON.stringify([options.appName, options.directory, encrypt]), open))
    }
    return Effect.dieMessage(
      `Cannot keep credentials in files: the ${wrong} ${JSON.stringify(options[wrong])} names no folder. ` +
        'Pass one name without slashes as `appName`, such as "my-tool", and as `directory` a path or nothing'
    )
  })

/** A store in the keychain; the same one for the same program. Dies when `appName` is no name of a folder. */
export const keychainStore = (options: KeychainStoreOptions): Effect.Effect<CredentialStore> =>
  Effect.suspend(() => {
    if (isFolderName(options.appName)) {
      const open = Effect.flatMap(
        Effect.promise(() => import("./keychain/KeychainCredentialStore.ts")),
        ({ open }) => open(options)
      )
      return Effect.succeed(storeAt(JSON.stringify(["keychain", options.appName, "of the person"]), open))
    }
    return Effect.dieMessage(
      `Cannot keep credentials in the keychain: the appName ${
        JSON.stringify(options.appName)
      } is no name of a program. ` +
        'Pass one name without slashes, such as "my-tool"'
    )
  })
