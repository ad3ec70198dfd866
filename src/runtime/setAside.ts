/**
 * Moves a damaged file of credentials away, and says so to whoever shows things to the person.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Buffer } from "node:buffer"
import * as Fs from "node:fs/promises"
import { tellNow } from "../flow/Notices.ts"
import { CredentialStoreError } from "../services/CredentialStore.ts"
import { Presenter } from "../services/Presenter.ts"
import { shownPath } from "./shownPath.ts"

/** A file that cannot be used, as it was read. */
export interface Damage {
  readonly bytes: Uint8Array
  readonly problem: string
}

/** What the names of damaged files of a file begin with. */
export const damaged = (file: string): string => `${file}.damaged-`

/** Tells the presenter that the store is used with; where there is none, it is written to stderr. */
const tell = (damage: { readonly problem: string; readonly movedTo: string }): Effect.Effect<void> =>
  Effect.gen(function* () {
    const presenter = yield* Effect.serviceOption(Presenter)
    if (Option.isSome(presenter)) {
      const { Texts } = yield* Effect.promise(() => import("../core/terminal/Texts.ts"))
      const message = Texts.english.credentialsDamaged(damage)
      return yield* tellNow(presenter.value, { _tag: "CredentialsDamaged", ...damage, message })
    }
    const { say, state } = yield* Effect.promise(() => import("./terminal/TerminalOutput.ts"))
    yield* Effect.sync(() => say(`${state().texts.credentialsDamaged(damage)}\n`))
  })

/** Moves the file away, and gives its new path; `undefined`: it is another one by now. */
const move = (
  file: string,
  { bytes, problem }: Damage,
  read: Effect.Effect<Uint8Array | undefined, CredentialStoreError>
): Effect.Effect<string | undefined, CredentialStoreError> =>
  Effect.gen(function* () {
    const now = yield* read
    if (now === undefined || Buffer.compare(now, bytes) !== 0) return undefined
    const time = new Date(yield* Clock.currentTimeMillis).toISOString().replaceAll(":", "-")
    const aside = `${damaged(file)}${time}`
    const detail = `${shownPath(file)} is damaged (${problem}), and cannot be moved away. Remove it and sign in again`
    yield* Effect.tryPromise({
      try: () => Fs.rename(file, aside),
      catch: (cause) => new CredentialStoreError({ reason: "Damaged", detail, cause })
    })
    return aside
  })

/**
 * Moves a damaged file away; `false`: it is another one by now.
 *
 * @param read Reads the file.
 * @param inTurn Runs what reads or writes the file. The person is told after it: a slow presenter is not to hold it up.
 */
export const setAside = (
  file: string,
  damage: Damage,
  read: Effect.Effect<Uint8Array | undefined, CredentialStoreError>,
  inTurn: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
): Effect.Effect<boolean, CredentialStoreError> =>
  Effect.suspend(() => {
    let told: Effect.Effect<void> = Effect.void
    const moved = Effect.map(move(file, damage, read), (aside) => {
      if (aside !== undefined) told = tell({ problem: damage.problem, movedTo: shownPath(aside) })
      return aside !== undefined
    })
    // Also where whoever reads is interrupted: nobody finds the damage once more.
    return Effect.ensuring(inTurn(Effect.uninterruptible(moved)), Effect.suspend(() => told))
  })
