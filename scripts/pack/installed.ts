/** The folders of the install matrix: who installs, beside what, and what each entry is to say there. */
import { findMissingPeer } from "../../src/core/PeerMissing.ts"
import { entries, type Entry, peersOf } from "./entries.ts"

/** Who installs. */
export type ManagerName = "npm" | "pnpm" | "yarn" | "yarn PnP" | "bun" | "deno"

/** How a package manager is used. */
export interface Manager {
  /** The one plain command that installs packages. */
  readonly add: (...packages: ReadonlyArray<string>) => readonly [string, ...ReadonlyArray<string>]
  /** What runs a file there, by name. */
  readonly runners: Readonly<Record<string, readonly [string, ...ReadonlyArray<string>]>>
  readonly env: Readonly<Record<string, string>>
  /** Files that the folder has beside `package.json`. */
  readonly files?: Readonly<Record<string, string>>
}

/** A folder that the package is installed in. */
export interface InFolder {
  readonly manager: ManagerName
  /** What was installed before, as the package manager is told it. */
  readonly beside: ReadonlyArray<string>
  /** Part of `--quick`. */
  readonly quick?: true
  /** Whether it is tried on every Node, on Bun and on Deno. */
  readonly everywhere?: true
}

const lowest = ["effect@3.18.0", "@effect/platform@0.92.0"]
const newest = ["effect@3", "@effect/platform"]
const v1 = "@modelcontextprotocol/sdk@1"
const v2 = "@modelcontextprotocol/client@2"

/** All of them. */
export const folders: ReadonlyArray<InFolder> = [
  { manager: "npm", beside: [], quick: true, everywhere: true },
  { manager: "npm", beside: ["effect@4.1.0"], quick: true, everywhere: true },
  { manager: "npm", beside: [...newest, v1, v2], quick: true, everywhere: true },
  { manager: "npm", beside: ["effect@3"] },
  { manager: "npm", beside: [...lowest, "@modelcontextprotocol/sdk@1.31.0"] },
  { manager: "npm", beside: [...lowest, "@modelcontextprotocol/client@2.0.0"] },
  { manager: "npm", beside: [v1] },
  { manager: "npm", beside: [v2] },
  ...(["pnpm", "yarn", "yarn PnP", "bun", "deno"] as const).flatMap((manager) => [
    { manager, beside: [] },
    { manager, beside: ["effect@4.1.0", v2] },
    { manager, beside: [...newest, v1] }
  ])
]

/** Whether the arguments ask for a folder. */
export const isWanted = ({ beside, manager, quick }: InFolder, args: ReadonlyArray<string>): boolean => {
  const text = args[args.indexOf("--only") + 1]
  return args.includes("--quick")
    ? quick === true
    : !args.includes("--only") || text === undefined || `${manager} ${beside.join(" ")}`.includes(text)
}

const versionOf = ({ beside }: InFolder, name: string): string | undefined => {
  const found = beside.find((each) => each === name || each.startsWith(`${name}@`))
  // A series is newer than its beginning, and a name alone is the newest there is.
  return found === undefined
    ? undefined
    : { "effect@3": "3.99.0", [name]: "0.99.0" }[found] ?? found.slice(name.length + 1)
}

/** What importing an entry says in a folder. */
const saying = (folder: InFolder, entry: Entry): string => {
  const peers = peersOf(entry).map((name) => ({ name, version: versionOf(folder, name) }))
  const problem = findMissingPeer(`effect-oauth-callback${entry.specifier.slice(1)}`, peers)
  return problem === undefined ? "ok" : `${problem._tag}: ${problem.message}`
}

/** What importing each entry says in a folder. */
export const expected = (folder: InFolder): Readonly<Record<string, string>> =>
  Object.fromEntries(entries.map((entry) => [entry.specifier, saying(folder, entry)]))

/** The sign-ins that work in a folder: by promises or by Effect, with a client of an SDK or with none. */
export const signIns = (
  folder: InFolder
): ReadonlyArray<{ readonly way: "promise" | "effect"; readonly sdk: "v1" | "v2" | "none" }> => {
  const sdks = (["v1", "v2"] as const).filter((sdk) =>
    folder.beside.some((each) =>
      each.startsWith(sdk === "v1" ? "@modelcontextprotocol/sdk" : "@modelcontextprotocol/client")
    )
  )
  const ways = expected(folder)["./mcp"] === "ok" ? ["promise", "effect"] as const : ["promise"] as const
  return ways.flatMap((way) => (sdks.length === 0 ? ["none"] as const : sdks).map((sdk) => ({ way, sdk })))
}
