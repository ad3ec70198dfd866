/**
 * The services on a real machine, the same for Node, Deno and Bun. Each part is loaded on first use: a program that only
 * might sign in pays for none of it.
 */
import * as Effect from "effect/Effect"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import { BindError, reasonOf } from "../core/oauth/BindError.ts"
import { printable } from "../core/text/SafeText.ts"
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

/** Why an `appName` cannot be used, if it cannot. */
const wrongName = (appName: unknown): InvalidOptions | undefined => {
  if (isFolderName(appName)) return undefined
  const given = typeof appName === "string"
    ? printable(JSON.stringify(appName), 100)
    : `a value of type ${typeof appName}`
  const detail = `${given} names no folder. Pass one name without slashes, such as "my-tool"`
  return new InvalidOptions({ option: "appName", detail })
}

const wrongPlace = ({ appName, directory, encrypt }: FileStoreOptions): InvalidOptions | undefined => {
  if (encrypt !== undefined && typeof encrypt !== "boolean") {
    return new InvalidOptions({ option: "encrypt", detail: "it must be true or false" })
  }
  if (directory === "") {
    return new InvalidOptions({ option: "directory", detail: "it is empty. Pass a path, or leave it out" })
  }
  return wrongName(appName)
}

/**
 * A store in files; the same one for the same place. Fails when `appName` is no name of a folder, `directory` is empty, or
 * `encrypt` is neither true nor false: who meant to have files encrypted must not find them in the clear.
 */
export const fileStore = (options: FileStoreOptions): Effect.Effect<CredentialStore, InvalidOptions> =>
  Effect.suspend(() => {
    const wrong = wrongPlace(options)
    if (wrong !== undefined) return wrong
    const { appName, directory, encrypt = false } = options
    const open = Effect.flatMap(Effect.promise(() => import("./FileCredentialStore.ts")), ({ open }) => open(options))
    return Effect.succeed(storeAt(JSON.stringify([appName, directory, encrypt]), open))
  })

/** A store in the keychain; the same one for the same program. Fails when `appName` is no name of a folder. */
export const keychainStore = (options: KeychainStoreOptions): Effect.Effect<CredentialStore, InvalidOptions> =>
  Effect.suspend(() => {
    const wrong = wrongName(options.appName)
    if (wrong !== undefined) return wrong
    const open = Effect.flatMap(
      Effect.promise(() => import("./keychain/KeychainCredentialStore.ts")),
      ({ open }) => open(options)
    )
    return Effect.succeed(storeAt(JSON.stringify({ keychain: options.appName }), open))
  })
