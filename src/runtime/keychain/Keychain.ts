/**
 * The keychain of this person: texts by name, which the system keeps encrypted.
 *
 * There is one place for them and no other: where the keychain is not there, its functions fail. On Linux
 * `@napi-rs/keyring` by itself takes the session keyring of the kernel then, which no other process can read, so the Secret
 * Service is asked first, and every entry is bound to it.
 */
import * as Effect from "effect/Effect"
import { sessionBus } from "../../core/keychain/BusAddress.ts"
import { type KeychainProblem, problemOf, wordsFor } from "../../core/keychain/KeychainProblem.ts"
import { entryLimit } from "../../core/keychain/SplitText.ts"
import * as ThrownValue from "../../core/mcp/ThrownValue.ts"
import { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import { askSecretService } from "./askSecretService.ts"

/** The entries of one program in the keychain. */
export interface Keychain {
  /** How many UTF-16 code units an entry may have. */
  readonly limit: number
  /** The text of an entry. */
  readonly get: (account: string) => Effect.Effect<string | undefined, CredentialStoreError>
  readonly set: (account: string, text: string) => Effect.Effect<void, CredentialStoreError>
  /** Removes an entry; one that is not there is no failure. */
  readonly delete: (account: string) => Effect.Effect<void, CredentialStoreError>
}

/** What is used of `@napi-rs/keyring`. */
export interface KeyringLibrary {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options?: { readonly linux?: { readonly store?: "secret-service" } }
  ) => {
    readonly getPassword: () => Promise<string | null | undefined>
    readonly setPassword: (text: string) => Promise<unknown>
    readonly deletePassword: () => Promise<unknown>
  }
}

/** What surrounds a keychain. */
export interface KeychainWorld {
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly load: () => Promise<KeyringLibrary>
}

/** How many milliseconds the keychain may take to say that it is there. */
const probeMillis = 5000

type Reason = "Unreadable" | "Unwritable"
type Entry = InstanceType<KeyringLibrary["AsyncEntry"]>

/**
 * How many entries are kept for their next use. On Linux each has a connection to the D-Bus session, which ends when the entry
 * is collected as garbage, and a person has 256 of them by default.
 */
const maxEntries = 16

const failure = (
  reason: Reason,
  problem: KeychainProblem,
  thrown?: unknown,
  secrets: ReadonlyArray<string> = []
): CredentialStoreError => {
  const parts = ThrownValue.parts(thrown, secrets)
  const said = problem === "Failed" || problem === "PackageBroken" ? ThrownValue.shown(parts[0]).slice(0, 250) : ""
  return new CredentialStoreError({
    reason,
    detail: wordsFor(problem, said.replace(/\.\s*$/, "")),
    code: `Keychain${problem}`,
    ...(thrown !== undefined && { cause: ThrownValue.toCause(parts) })
  })
}

const problemIn = (thrown: unknown): KeychainProblem =>
  problemOf(ThrownValue.parts(thrown).map(({ message }) => message).join(" "))

/** Whether an import failed because there is no such package, and not because one of its files is missing. */
const isMissing = (error: unknown): boolean =>
  ThrownValue.parts(error).some(({ code, message }) =>
    (code === "ERR_MODULE_NOT_FOUND" || /cannot find (module|package)|could not resolve/i.test(message)) &&
    /@napi-rs\/keyring(?![-/])/.test(message)
  )

const platforms = ["linux", "darwin", "win32"]

/** The library; fails where it, or the keychain, is not there. */
const probe = (world: KeychainWorld): Effect.Effect<KeyringLibrary, CredentialStoreError> =>
  Effect.gen(function* () {
    const fails = (problem: KeychainProblem, thrown?: unknown) => failure("Unreadable", problem, thrown)
    if (!platforms.includes(world.platform)) return yield* fails("SystemUnknown")
    const library = yield* Effect.tryPromise({
      try: world.load,
      catch: (error) => fails(isMissing(error) ? "PackageMissing" : "PackageBroken", error)
    })
    if (world.platform !== "linux") return library
    const found = yield* Effect.promise(() => askSecretService(sessionBus(world.env), probeMillis))
    if (found !== undefined) return yield* fails(found)
    // A version that does not know the option would take no notice of it.
    const isOld = yield* Effect.sync(() => {
      try {
        new library.AsyncEntry("effect-oauth-callback", "version", { linux: { store: "none" as "secret-service" } })
        return true
      } catch {
        return false
      }
    })
    return isOld ? yield* fails("PackageOld") : library
  })

const options = { linux: { store: "secret-service" } } as const

/**
 * The keychain, for the entries of one program. It is looked for on first use; from when it was found it is taken for there
 * until the process ends, and until then it is looked for each time.
 *
 * One operation at a time: each that hangs has one of the few threads that files are read by as well. Who waits for one can
 * be interrupted; it goes on alone.
 *
 * @param service - What the entries belong to, as the person sees it in the keychain.
 */
export const make = (service: string, world: KeychainWorld): Keychain => {
  let found: KeyringLibrary | undefined
  const library = Effect.suspend(() =>
    found === undefined ? Effect.map(probe(world), (library) => found = library) : Effect.succeed(found)
  )
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <A>(run: () => Promise<A>): Promise<A> => {
    const next = last.then(run)
    last = next.catch(() => {})
    return next
  }
  const entries = new Map<string, Entry>()
  /** The entry that was used last is the last one. */
  const remember = (account: string, entry: Entry): Entry => {
    entries.delete(account)
    entries.set(account, entry)
    const [oldest] = entries.keys()
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest)
    return entry
  }
  const withEntry = async <A>(
    AsyncEntry: KeyringLibrary["AsyncEntry"],
    account: string,
    run: (entry: Entry) => Promise<A>
  ): Promise<A> => {
    const known = entries.get(account)
    if (known !== undefined) {
      try {
        return await run(remember(account, known))
      } catch (error) {
        entries.delete(account)
        // A person who was asked is not asked again; a keychain that was restarted is found by another entry.
        if (["Dismissed", "Locked"].includes(problemIn(error))) throw error
      }
    }
    return await run(remember(account, new AsyncEntry(service, account, options)))
  }
  const operation = <A>(
    reason: Reason,
    account: string,
    run: (entry: Entry) => Promise<A>,
    secrets?: ReadonlyArray<string>
  ) =>
    Effect.flatMap(library, ({ AsyncEntry }) =>
      Effect.tryPromise({
        try: (signal) =>
          inTurn(async () => {
            if (reason === "Unreadable") signal.throwIfAborted()
            return await withEntry(AsyncEntry, account, run)
          }),
        catch: (error) => failure(reason, problemIn(error), error, secrets)
      }))
  return {
    limit: entryLimit(world.platform),
    get: (account) =>
      Effect.map(operation("Unreadable", account, (entry) => entry.getPassword()), (text) => text ?? undefined),
    set: (account, text) => Effect.asVoid(operation("Unwritable", account, (entry) => entry.setPassword(text), [text])),
    delete: (account) => Effect.asVoid(operation("Unwritable", account, (entry) => entry.deletePassword()))
  }
}
