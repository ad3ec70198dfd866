/**
 * Texts of any length by any name, in a keychain with limited entries, and the list of their names.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { createHash } from "node:crypto"
import {
  type Head,
  joined,
  type Leftovers,
  noLeftovers,
  pieceName,
  pieceNames,
  readHead,
  removing,
  type Step,
  writing
} from "../../core/keychain/SplitText.ts"
import { parse } from "../../core/text/JsonObject.ts"
import { CredentialStoreError } from "../../services/CredentialStoreError.ts"
import type { Keychain } from "./Keychain.ts"

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex")

/** The account of an entry. Not the name itself: that is a URL, which may be too long, and may have a key in its query. */
export const accountOf = (name: string): string => `credentials-${digestOf(name)}`

const indexAccount = "index"

type Result<A> = Effect.Effect<A, CredentialStoreError>

const unusable = (account: string, problem: "damaged" | "newer"): CredentialStoreError =>
  new CredentialStoreError({
    reason: problem === "newer" ? "Unreadable" : "Damaged",
    detail: `the entry ${account} of the keychain ${
      problem === "newer"
        ? "was written by a newer version of effect-oauth-callback, which this one cannot read. Update this program, or " +
          "remove the entry and sign in again"
        : "is damaged. Remove it and sign in again"
    }`
  })

/** Texts in entries, each of which may take several. */
const entriesIn = (keychain: Keychain) => {
  const headOf = (account: string, entry: string): Result<Head> =>
    Either.match(readHead(entry), {
      onLeft: (problem) => Effect.fail(unusable(account, problem)),
      onRight: Effect.succeed
    })
  /** Somebody may replace a text while it is read: then its head is another one. */
  const read = (account: string, refused?: string): Result<string | undefined> =>
    Effect.gen(function* () {
      const entry = yield* keychain.get(account)
      if (entry === undefined) return undefined
      const head = yield* headOf(account, entry)
      const pieces = yield* Effect.forEach(pieceNames(account, head), keychain.get)
      const text = joined(head, pieces, digestOf)
      if (text !== undefined) return text
      return yield* entry === refused ? unusable(account, "damaged") : read(account, entry)
    })
  const run = (steps: ReadonlyArray<Step>): Result<void> =>
    Effect.forEach(
      steps,
      (step) => "set" in step ? keychain.set(step.set, step.text) : keychain.delete(step.delete),
      { discard: true }
    )
  /** What a process that died may have left. Where an entry has any length, nothing ever is. */
  const leftovers = (account: string): Result<Leftovers> => {
    const count = (slot: "a" | "b") =>
      Effect.gen(function* () {
        let pieces = 1
        while ((yield* keychain.get(pieceName(account, slot, pieces))) !== undefined) pieces++
        return pieces
      })
    return Number.isFinite(keychain.limit) ? Effect.all({ a: count("a"), b: count("b") }) : Effect.succeed(noLeftovers)
  }
  /** The head of the present text; one that is damaged counts as none. */
  const present = (account: string) =>
    Effect.map(
      keychain.get(account),
      (entry) => entry === undefined ? undefined : Either.getOrUndefined(readHead(entry))
    )
  return {
    read,
    write: (account: string, text: string): Result<void> =>
      Effect.gen(function* () {
        const [before, left] = [yield* present(account), yield* leftovers(account)]
        yield* run(writing(account, text, { before, limit: keychain.limit, leftovers: left, digestOf }))
      }),
    remove: (account: string): Result<void> =>
      Effect.gen(function* () {
        const [before, left] = [yield* present(account), yield* leftovers(account)]
        yield* run(removing(account, before, left))
      })
  }
}

const namesIn = (text: string | undefined): ReadonlyArray<string> => {
  const names = parse(text ?? "")?.names
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : []
}

/** Texts by name. */
export interface KeychainTexts {
  readonly get: (name: string) => Result<string | undefined>
  readonly set: (name: string, text: string) => Result<void>
  readonly delete: (name: string) => Result<void>
  readonly list: Result<ReadonlyArray<string>>
}

/**
 * The texts of a keychain. `set` and `delete` of one name must not run at once; those of different names may.
 *
 * @param indexTurn - Runs an effect while nobody else, in no process, changes the list of names.
 */
export const make = (
  keychain: Keychain,
  indexTurn: <A>(effect: Result<A>) => Result<A>
): KeychainTexts => {
  const entries = entriesIn(keychain)
  // A damaged list is made anew, of what is written from now on.
  const list = entries.read(indexAccount).pipe(
    Effect.catchIf((error) => error.reason === "Damaged", () => Effect.succeed(undefined)),
    Effect.map(namesIn)
  )
  const changeIndex = (change: (names: ReadonlyArray<string>) => ReadonlyArray<string>) =>
    indexTurn(Effect.flatMap(list, (names) => {
      const next = change(names)
      return next.length === names.length
        ? Effect.void
        : entries.write(indexAccount, JSON.stringify({ version: 1, names: next }))
    }))
  return {
    get: (name) => entries.read(accountOf(name)),
    // A name is listed for longer than there is a text, so that none is forgotten when this process dies in between.
    set: (name, text) =>
      Effect.zipRight(
        changeIndex((names) => names.includes(name) ? names : [...names, name]),
        entries.write(accountOf(name), text)
      ),
    delete: (name) =>
      Effect.zipRight(
        entries.remove(accountOf(name)),
        changeIndex((names) => names.filter((each) => each !== name))
      ),
    list
  }
}
