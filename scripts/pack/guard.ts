/**
 * Imports an entry, and says in a sentence what to install where that fails for want of a package. It is part of the
 * package, as dist/guarded/guard.js; what the sentence is stands in src/core/PeerMissing.ts.
 *
 * A module's imports are resolved before any of it runs. So an entry cannot say this itself: the files in dist/guarded
 * import it, and have its names.
 */
import { findMissingPeer, type PeerName } from "../../src/core/PeerMissing.ts"

/** The version of Effect that has been imported, as each of its effects carries it: no file is read for it. */
const importedEffect = async (): Promise<string> => {
  const Effect = await import("effect/Effect")
  return Effect.void[Effect.EffectTypeId]._V
}

/** Reads the versions that are installed, by name. */
const installed = async (names: ReadonlyArray<PeerName>) => {
  const { createRequire } = await import("node:module")
  const require = createRequire(import.meta.url)
  return names.map((name) => {
    try {
      return { name, version: String(require(`${name}/package.json`).version) }
    } catch {
      return { name, version: undefined }
    }
  })
}

/**
 * Imports an entry.
 *
 * @throws `PeerMissing` when a package that it needs is missing or of another version; else what the import threw.
 */
export const importEntry = async <Entry>(
  name: string,
  peers: ReadonlyArray<PeerName>,
  load: () => Promise<Entry>
): Promise<Entry> => {
  let entry: Entry
  let version: string
  try {
    entry = await load()
    version = await importedEffect()
  } catch (cause) {
    throw findMissingPeer(name, await installed(peers), cause) ?? cause
  }
  const tooOld = findMissingPeer(name, [{ name: "effect", version }])
  if (tooOld !== undefined) throw tooOld
  return entry
}
