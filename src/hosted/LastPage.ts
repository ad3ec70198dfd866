/**
 * The last page of a hosted sign-in, from what the store keeps for a minute: any machine can show it, as often as it is asked.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as KeptPage from "../core/hosted/KeptPage.ts"
import type { Outcome } from "../core/page/CallbackPage.ts"
import type { PendingStoreError } from "../services/PendingStore.ts"
import * as Sealed from "./Sealed.ts"
import type { Settings } from "./Settings.ts"

/** How long an outcome is kept. */
export const kept: Duration.Duration = Duration.minutes(1)

type Storing = Pick<Settings, "pending">

/** The name of the last page in its URL. It comes of the secret, so that each arrival of an answer is sent to the same one. */
export const nameOf = (secret: Sealed.Secret): Effect.Effect<string> => Sealed.nameOf("page", secret)

/** Whether a text is a name of a last page. */
export const isName = (text: string | undefined): text is string => text !== undefined && /^[\w-]{43}$/.test(text)

/** Keeps the outcome for the page of a name. */
export const keep = (
  { pending }: Storing,
  name: string,
  outcome: Outcome,
  serverName: string
): Effect.Effect<void, PendingStoreError> =>
  Effect.gen(function* () {
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(kept)
    const secret = Redacted.make(name)
    const sealed = yield* Sealed.seal("kept", secret, KeptPage.encode({ outcome, serverName, until }))
    yield* pending.putIfAbsent(yield* Sealed.nameOf("kept", secret), sealed, kept)
  })

/**
 * What is kept for the page of a name. The store has no step that reads and leaves, so it is taken and put back; a
 * request in between finds nothing, and looks again.
 */
const look = ({ pending }: Storing, name: string): Effect.Effect<KeptPage.KeptPage | undefined, PendingStoreError> =>
  Effect.gen(function* () {
    const secret = Redacted.make(name)
    const key = yield* Sealed.nameOf("kept", secret)
    const sealed = Option.getOrUndefined(yield* pending.take(key))
    if (sealed === undefined) return undefined
    const text = Option.getOrUndefined(yield* Sealed.open("kept", secret, sealed))
    const page = text === undefined ? undefined : KeptPage.decode(text)
    const left = page === undefined ? 0 : page.until - (yield* Clock.currentTimeMillis)
    if (left <= 0) return undefined
    yield* Effect.ignore(pending.putIfAbsent(key, sealed, Duration.millis(left)))
    return page
  }).pipe(Effect.uninterruptible)

/**
 * What is kept for the page of a name, looked for several times.
 *
 * @param pauses Milliseconds before each further look.
 */
export const find = (
  settings: Storing,
  name: string,
  pauses: ReadonlyArray<number>
): Effect.Effect<KeptPage.KeptPage | undefined, PendingStoreError> =>
  Effect.gen(function* () {
    for (const pause of [0, ...pauses]) {
      if (pause > 0) yield* Effect.sleep(Duration.millis(pause))
      const page = yield* look(settings, name)
      if (page !== undefined) return page
    }
    return undefined
  })
