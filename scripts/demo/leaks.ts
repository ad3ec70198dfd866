/**
 * Counts what this process holds open, without the help of the library.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import process from "node:process"

/** Number of open resources of each kind. */
type Census = ReadonlyMap<string, number>

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/**
 * Network sockets of this process; 0 where there is no /proc. Unix sockets are left out: Deno opens a pair of them half a
 * second after its start, for its update check.
 */
const countSockets = (): number => {
  let links: ReadonlyArray<string>
  try {
    links = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return [] // The descriptor that listed the folder is closed by now.
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

/** Resources that are open now and were not open before. */
export interface Leaks {
  readonly count: number
  /** Kinds and numbers, for the message. */
  readonly kinds: string
}

/**
 * Counts what is open now. The function that it gives counts what is open in addition to that, after waiting up to one
 * second for it to close.
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
