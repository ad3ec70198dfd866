/**
 * Where credentials are exported to: a file that is made for them, or a pipe that somebody reads.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs/promises"
import { dirname } from "node:path"
import type { CredentialStoreError } from "../../services/CredentialStore.ts"
import { syncFile } from "../syncFile.ts"
import { unlessMissing } from "../systemError.ts"
import { assertMode, assertOwn, isDescriptor, isOutput, isWindows, openTo } from "./FilePlace.ts"
import { failureAt, RefusedPlace } from "./transferFailure.ts"

/** Takes a text, once. What was begun and not written whole is removed with the scope, where it is a file. */
export interface ExportTarget {
  readonly write: (text: string) => Effect.Effect<void, CredentialStoreError>
}

type Opening = Effect.Effect<ExportTarget, CredentialStoreError, Scope.Scope>

/** A step on a file goes on when its fiber is interrupted, so the next one waits for it. */
const step = <A>(to: string, run: () => Promise<A>): Effect.Effect<A, CredentialStoreError> =>
  Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => failureAt("Unwritable", to, cause) }))

const outputRefused = () =>
  new RefusedPlace(
    "it is the output of this program, which terminals and logs keep. Choose a file, or a pipe of its own (3>&1 >&2)"
  )

/** So that the name of a file survives a crash, where the system can do that. */
const syncFolder = async (path: string): Promise<void> => {
  const handle = await Fs.open(dirname(path), openTo.read).catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** A new file at `path`; it takes the place of `to` when it is whole. */
const openFile = (to: string, path: string): Opening =>
  Effect.gen(function* () {
    let isWhole = false
    let isOpen = true
    const handle = yield* Effect.acquireRelease(
      step(to, () => Fs.open(path, openTo.create, 0o600)),
      (handle) =>
        Effect.promise(async () => {
          if (isOpen) await handle.close().catch(() => {})
          if (!isWhole) await Fs.rm(path, { force: true }).catch(() => {})
        })
    )
    return {
      write: (text) =>
        step(to, async () => {
          const message = "others can read it, because its file system has no permissions. Choose another folder"
          assertMode(await handle.stat(), 0o077, message)
          await handle.writeFile(text)
          await syncFile(handle)
          isOpen = false
          await handle.close()
          if (path !== to) await Fs.rename(path, to)
          isWhole = true
          await syncFolder(to)
        })
    }
  })

/** The smallest buffer that POSIX writes whole or not at all: what is written in part is not always told. */
const pieceLength = 512

const isCode = (code: string) => ({ code: given }: CredentialStoreError): boolean => given === code

/** Waits for a reader, for as long as it takes. */
const openPipe = (to: string, flags: number): Opening =>
  Effect.gen(function* () {
    const handle = yield* Effect.acquireRelease(
      step(to, () => Fs.open(to, flags)),
      (handle) => Effect.promise(() => handle.close().catch(() => {}))
    ).pipe(
      Effect.retry({
        while: (error) => Effect.as(Effect.sleep("20 millis"), !isDescriptor(to) && isCode("ENXIO")(error))
      })
    )
    yield* step(to, async () => {
      const stats = await handle.stat()
      if (isOutput(stats)) throw outputRefused()
      if (!stats.isFIFO()) {
        throw new RefusedPlace("it is neither a pipe, nor a file by its own name. Choose one of these")
      }
      if (isDescriptor(to)) return
      assertOwn(stats)
      assertMode(stats, 0o044, "others can read it. Make the pipe by mkfifo -m 600")
    })
    const writePiece = (bytes: Uint8Array) =>
      step(to, () => handle.write(bytes)).pipe(
        Effect.retry({
          while: (error) => Effect.as(Effect.sleep("5 millis"), isCode("EAGAIN")(error))
        })
      )
    return {
      write: (text) =>
        Effect.suspend(() => {
          const bytes = new TextEncoder().encode(text)
          const count = Math.ceil(bytes.length / pieceLength)
          return Effect.forEach(
            Array.from({ length: count }, (_, at) => bytes.subarray(at * pieceLength, (at + 1) * pieceLength)),
            writePiece,
            { discard: true }
          )
        })
    }
  })

/**
 * Opens the place. Nothing is written yet, and a file that is there stays until the new one is whole.
 *
 * @param overwrite Whether a file that is there is replaced.
 */
export const open = (to: string, overwrite: boolean): Opening =>
  Effect.gen(function* () {
    const found = yield* step(to, async () => {
      if (to === "" || to === "-") {
        throw new RefusedPlace("credentials are not printed. Give the path of a file, or of a pipe")
      }
      const stats = await (isDescriptor(to) ? Fs.stat(to) : Fs.lstat(to)).catch(unlessMissing)
      if (stats === undefined) return "nothing"
      if (stats.isSymbolicLink()) throw new RefusedPlace("it is a symbolic link. Name the file itself", "ELOOP")
      if (isOutput(stats)) throw outputRefused()
      if (isDescriptor(to)) return "descriptor"
      if (stats.isFIFO()) return "pipe"
      if (!stats.isFile()) throw new RefusedPlace("it is neither a file nor a pipe. Choose another path")
      if (!overwrite) {
        throw new RefusedPlace("it is there already. Choose another name, or pass overwrite: true", "EEXIST")
      }
      return "file"
    })
    return yield* found === "descriptor"
      ? openPipe(to, openTo.writeDescriptor)
      : found === "pipe" && !isWindows
      ? openPipe(to, openTo.writePipe)
      : openFile(to, found === "nothing" ? to : `${to}.${randomUUID()}.tmp`)
  })
