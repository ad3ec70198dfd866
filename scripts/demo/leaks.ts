/**
 * What a process holds open, counted from outside the library.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import process from "node:process"

/** Open things by kind. */
type Census = ReadonlyMap<string, number>

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/**
 * Network sockets of this process, where the system shows them (Linux). Unix sockets are left out: Deno opens a pair of
 * its own half a second after the start, for its update check.
 */
const countSockets = (): number => {
  let links: ReadonlyArray<string>
  try {
    links = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return [] // The directory's own descriptor is gone by now.
      }
    })
  } catch {
    return 0
  }
  const unix = new Set(read("/proc/self/net/unix").split("\n").map((line) => line.trim().split(/\s+/)[6]))
  return links.filter((link) => {
    const inode = link.match(/^socket:\[(\d+)\]$/)?.[1]
    return inode !== undefined && !unix.has(inode)
  }).length
}

const takeCensus = (): Census => {
  const census = new Map<string, number>([["socket", countSockets()]])
  for (const kind of process.getActiveResourcesInfo()) census.set(kind, (census.get(kind) ?? 0) + 1)
  return census
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const intervalMillis = 20
const settleMillis = 1000

/** What is open now that was not open then. */
export interface Leaks {
  readonly count: number
  /** Kinds and numbers, for the message. */
  readonly kinds: string
}

/**
 * Counts what is open now; the result counts what is open beyond that later, and gives the system up to one second to
 * finish closing.
 */
export const watch = async (): Promise<() => Promise<Leaks>> => {
  // Both counts are made right after a timer, so that this timer is in both or in neither.
  await pause(intervalMillis)
  const before = takeCensus()
  const compare = (): Leaks => {
    const more = [...takeCensus()].flatMap(([kind, count]) => {
      const extra = count - (before.get(kind) ?? 0)
      return extra > 0 ? [{ kind, extra }] : []
    })
    return {
      count: more.reduce((sum, { extra }) => sum + extra, 0),
      kinds: more.map(({ kind, extra }) => `${extra} ${kind}`).join(", ")
    }
  }
  return async () => {
    const deadline = Date.now() + settleMillis
    while (true) {
      await pause(intervalMillis)
      const leaks = compare()
      if (leaks.count === 0 || Date.now() >= deadline) return leaks
    }
  }
}
