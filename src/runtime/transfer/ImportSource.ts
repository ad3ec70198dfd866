/**
 * Where credentials are imported from: a file, a pipe, or a descriptor of this process.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import type { CredentialStoreError } from "../../services/CredentialStore.ts"
import { codeOf } from "../systemError.ts"
import { assertMode, assertOwn, isDescriptor, openTo } from "./FilePlace.ts"
import { failureAt, RefusedPlace } from "./transferFailure.ts"

/** More than any export has. */
const maxBytes = 1_048_576

const step = <A>(from: string, run: () => Promise<A>): Effect.Effect<A, CredentialStoreError> =>
  Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => failureAt("Unreadable", from, cause) }))

const tooLarge = () => new RefusedPlace("it is larger than 1 MiB, and so it was not exported by this package")

/** A file may be of the administrator too: so are the secrets that a container is given. */
const assertTrusted = async (handle: Fs.FileHandle, from: string): Promise<"file" | "pipe"> => {
  const stats = await handle.stat()
  if (!stats.isFile() && !stats.isFIFO()) {
    throw new RefusedPlace(
      `it is ${stats.isDirectory() ? "a folder" : "neither a file nor a pipe"}. Name what was exported`
    )
  }
  if (stats.isFIFO() && isDescriptor(from)) return "pipe"
  assertOwn(stats, [0])
  assertMode(stats, 0o022, "others can write to it. Take that from them (chmod go-w), once you know what is in it")
  if (stats.isFile() && stats.size > maxBytes) throw tooLarge()
  return stats.isFile() ? "file" : "pipe"
}

/** What is read next; `undefined`: nothing yet, and the writer of a pipe is still there. */
const readSome = async (handle: Fs.FileHandle, bytes: Uint8Array): Promise<number | undefined> => {
  try {
    return (await handle.read(bytes, 0, bytes.length, null)).bytesRead
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return undefined
    throw error
  }
}

/** All bytes up to the end. A pipe of a name is waited for until somebody has written to it and closed it. */
export const read = (from: string): Effect.Effect<Uint8Array, CredentialStoreError> =>
  Effect.scoped(Effect.gen(function* () {
    if (from === "" || from === "-") {
      return yield* failureAt(
        "Unreadable",
        from,
        new RefusedPlace("give the path of a file or pipe, such as /dev/stdin")
      )
    }
    const handle = yield* Effect.acquireRelease(
      step(from, () => Fs.open(from, openTo.read)),
      (handle) => Effect.promise(() => handle.close().catch(() => {}))
    )
    const kind = yield* step(from, () => assertTrusted(handle, from))
    const hasWriter = kind === "file" || isDescriptor(from)
    const all = new Uint8Array(maxBytes + 1)
    let length = 0
    for (;;) {
      const count = yield* step(from, () => readSome(handle, all.subarray(length)))
      if (count === undefined || (count === 0 && length === 0 && !hasWriter)) yield* Effect.sleep("20 millis")
      else if (count === 0) return all.slice(0, length)
      else length += count
      if (length > maxBytes) return yield* failureAt("Unreadable", from, tooLarge())
    }
  }))
