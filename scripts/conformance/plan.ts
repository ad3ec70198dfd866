/**
 * The scenarios to run, from the suite's own lists, so that a newer suite brings its new scenarios and totals.
 */

/** The revisions whose requirements are run and scored, oldest first. */
export const revisions = ["2025-11-25", "2026-07-28"] as const

/** One of {@link revisions}. */
export type Revision = (typeof revisions)[number]

/** A scenario on one version of the wire. */
export interface Task {
  readonly scenario: string
  readonly version: string
  /** The revision that requires it; absent when none does. */
  readonly scored?: Revision
  /** Whether it is about authorization, and so about this library; it is then also run alone. */
  readonly auth: boolean
  /** The suite would skip it on this wire. */
  readonly forced: boolean
}

const isAuth = (scenario: string): boolean => scenario.startsWith("auth/")

/** Names below a heading of `list --requirements`. */
const scoredIn = (listing: string): ReadonlyArray<string> => {
  const section = listing.split(/\n(?=\S)/).find((part) => part.startsWith("Client scenarios")) ?? ""
  return [...section.matchAll(/^ {2}- (\S+)/gm)].map(([, name = ""]) => name)
}

/** `list --client`: each name with the versions it is for, or `extension`. */
const versionsIn = (listing: string): ReadonlyMap<string, ReadonlyArray<string>> =>
  new Map(
    [...listing.matchAll(/^ {2}- (\S+) \[([^\]]*)\]/gm)].map(([, name = "", tags = ""]) => [name, tags.split(/, */)])
  )

/**
 * Versions to run a scenario on besides those of the requirement sets: all that the suite lists for it; and for scenarios
 * of the newest revision also the version before, since agents on the SDK for that one need the same protection.
 */
const beyond = (scenario: string, versions: ReadonlyArray<string>): ReadonlyArray<Task> => {
  const task = (version: string, forced: boolean): Task => ({ scenario, version, auth: true, forced })
  const [older, newest] = revisions
  const forced = versions.includes(newest) && !versions.includes(older) ? [task(older, true)] : []
  return [...versions.map((version) => task(version, false)), ...forced]
}

const keyOf = ({ scenario, version }: Task): string => `${scenario} ${version}`

/** Everything to run: what each revision requires, then the authorization scenarios beyond that, but no extensions. */
export const makePlan = async (
  list: (...args: ReadonlyArray<string>) => Promise<string>
): Promise<ReadonlyArray<Task>> => {
  const scored: Array<Task> = []
  for (const revision of revisions) {
    const names = scoredIn(await list("--requirements", revision))
    if (!names.some(isAuth)) throw new Error(`The suite lists no authorization scenario for ${revision}`)
    for (const scenario of names) {
      scored.push({ scenario, version: revision, scored: revision, auth: isAuth(scenario), forced: false })
    }
  }
  const known = new Set(scored.map(keyOf))
  const more = [...versionsIn(await list("--client"))]
    .filter(([scenario, versions]) => isAuth(scenario) && !versions.includes("extension"))
    .flatMap(([scenario, versions]) => beyond(scenario, versions))
    .filter((task) => !known.has(keyOf(task)))
  return [...scored, ...more.sort((one, other) => one.version < other.version ? -1 : 1)]
}
