/**
 * Leases by the name of a socket that the system takes back with its process: named pipes on Windows. Listening on a name
 * is exclusive there, so no file is needed.
 *
 * Any user of the machine can connect to a pipe of Windows and read, so those who wait are told who has the lease, and not
 * what it tells: that may be the address of a sign-in.
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { codeOf } from "../systemError.ts"
import { knock, stay } from "./HolderConnection.ts"
import { type HolderListener, listen } from "./HolderListener.ts"
import { type Lease, type Leases, unusable } from "./Lease.ts"
import * as LocalLease from "./LocalLease.ts"
import { pause } from "./pause.ts"
import { reporter } from "./reporter.ts"

/** How names are made, and what may be said over them. */
export interface PipeNames {
  /** The name of the socket, of the letters and digits that stand for a lease. */
  readonly nameOf: (digest: string) => string
  /** Whether nobody but this user can listen to what is told. */
  readonly isPrivate: boolean
}

/** Named pipes of Windows. */
export const windowsPipes: PipeNames = {
  nameOf: (digest) => `\\\\.\\pipe\\effect-oauth-callback-${digest}`,
  isPrivate: false
}

const leaseOf = (listener: HolderListener, { isPrivate }: PipeNames): Lease => ({
  tell: (text) => Effect.sync(() => isPrivate && listener.tell(text)),
  // The system gives the name to nobody else while this process has it.
  assertHeld: Effect.void
})

/** Leases of the processes that use a folder, by names of sockets. Nothing is written to the folder. */
export const at = (folder: string, names: PipeNames = windowsPipes): Leases => {
  const pathOf = (name: string) => names.nameOf(createHash("sha256").update(`${folder}\0${name}`).digest("hex"))
  const tryListen = (path: string) =>
    Effect.tryPromise({ try: () => listen(path), catch: (error) => error }).pipe(
      Effect.catchAll((error) => {
        const code = codeOf(error)
        if (code === "EADDRINUSE") return Effect.succeed("Taken" as const)
        const isOutOfFiles = code === "EMFILE" || code === "ENFILE"
        return isOutOfFiles ? Effect.fail(unusable(folder, error)) : Effect.succeed("Unsupported" as const)
      })
    )
  const exclusively: Leases["exclusively"] = (name, options = {}) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const path = pathOf(name)
        const report = reporter(options)
        for (let failures = 0;;) {
          const listener = yield* tryListen(path)
          if (listener === "Unsupported") return yield* restore(LocalLease.exclusively(path, options))
          if (listener !== "Taken") {
            yield* Effect.addFinalizer(() => Effect.promise(listener.close))
            return leaseOf(listener, names)
          }
          const connection = yield* restore(stay(path, { onConnect: () => {}, onLine: report }))
          failures = connection === "Closed" ? 0 : failures + 1
          // Refused is a turn that has just ended, or begins; again and again it is a name that is somebody else's.
          if (failures > (connection === "Refused" ? 20 : 0)) yield* restore(pause)
        }
      })
    )
  return {
    exclusively,
    isFree: (name) => Effect.map(knock(pathOf(name)), (connection) => connection === "Refused")
  }
}
