/**
 * What to say when a package that an entry needs, and that its user installs, is missing or of another version.
 *
 * Imports nothing: it is what runs when Effect is not there.
 */

/** A package that users install beside this one. */
export type PeerName = "effect" | "@effect/platform"

/** What is installed of a package. */
export interface InstalledPeer {
  readonly name: PeerName
  /** Its version; `undefined` where it is not installed. */
  readonly version: string | undefined
}

interface Supported {
  /** The name as a sentence has it. */
  readonly title: string
  /** The first version that the tests pass on: `[major, minor]`. The next major version is too new. */
  readonly lowest: readonly [major: number, minor: number]
  /** What `npm install` is told. */
  readonly install: string
}

const supported: Readonly<Record<PeerName, Supported>> = {
  effect: { title: "effect 3", lowest: [3, 18], install: "effect@3" },
  "@effect/platform": { title: "@effect/platform", lowest: [0, 92], install: "@effect/platform" }
}

/** What an entry without Effect can be used for instead of another one. */
const withoutEffect: Readonly<Record<string, string>> = {
  "effect-oauth-callback": "effect-oauth-callback/promise",
  "effect-oauth-callback/node": "effect-oauth-callback/promise",
  "effect-oauth-callback/deno": "effect-oauth-callback/promise",
  "effect-oauth-callback/bun": "effect-oauth-callback/promise",
  "effect-oauth-callback/mcp": "effect-oauth-callback/promise",
  "effect-oauth-callback/hosted": "effect-oauth-callback/promise",
  "effect-oauth-callback/testing/effect": "effect-oauth-callback/testing"
}

/**
 * An entry cannot be used, because a package that it needs is not installed, or is of a version that it does not work with.
 * It is thrown by the import of the entry; `cause` is what that import failed with.
 */
export class PeerMissing extends Error {
  readonly _tag = "PeerMissing"
  override readonly name = "PeerMissing"
  /** The package to install. */
  readonly peer: PeerName

  constructor(message: string, peer: PeerName, cause: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.peer = peer
  }
}

const isSupported = ({ name, version = "" }: InstalledPeer): boolean => {
  const { lowest } = supported[name]
  const [major = NaN, minor = NaN] = version.split(".").map(Number)
  return major === lowest[0] && minor >= lowest[1]
}

/**
 * Finds what keeps an entry from being imported.
 *
 * @param entry - The entry as a program imports it: `effect-oauth-callback/mcp`.
 * @param peers - The packages that it needs, in the order in which they are to be named.
 * @param cause - What the import failed with; `undefined` when it did not.
 * @returns `undefined` when all packages are there in versions that work: then something else failed.
 */
export const findMissingPeer = (
  entry: string,
  peers: ReadonlyArray<InstalledPeer>,
  cause?: unknown
): PeerMissing | undefined => {
  const wanting = peers.filter((peer) => !isSupported(peer))
  const [first] = wanting
  if (first === undefined) return undefined
  const { lowest, title } = supported[first.name]
  const state = first.version === undefined ? "which is not installed" : `and found ${first.name} ${first.version}`
  const all = wanting.map(({ name }) => supported[name].install).join(" ")
  const instead = first.name === "effect" && first.version !== undefined ? withoutEffect[entry] : undefined
  const otherwise = instead === undefined ? "" : `, or import ${instead}, which needs no Effect`
  return new PeerMissing(
    `${entry} needs ${title} (${lowest.join(".")} or later), ${state}. Run: npm install ${all}${otherwise}`,
    first.name,
    cause
  )
}
