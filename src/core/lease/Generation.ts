/**
 * The files of a lease between processes, by name and content.
 *
 * `<id>.g<n>` is the n-th generation of a lease: whoever made it has the lease while no higher one is there. The highest
 * is never removed, so a process that comes late with an old number is found out by looking again. Its content says where
 * its holder listens; an empty one was given back.
 */
import { parse } from "../text/JsonObject.ts"

/** Who holds a lease, as its generation file tells. */
export interface Holder {
  readonly pid: number | undefined
  /** The socket that the holder listens on: a name in the folder of the lease, or an absolute path. */
  readonly socket: string
  /** What the holder shares with every process that can tell by the socket whether it lives. */
  readonly host: string | undefined
}

/** What is in a generation file. */
export type Content =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Held"; readonly holder: Holder }
  | { readonly _tag: "Damaged" }

/** More characters than a generation file has. */
export const maxContent = 4096

/** The text of a generation file. */
export const encode = ({ host, pid, socket }: Holder): string => JSON.stringify({ v: 1, pid, socket, host })

const besideName = /^[\w-]{1,64}\.s$/

/** Whether the socket lies in the folder of the lease, which may have another path for another process. */
export const isBeside = (socket: string): boolean => besideName.test(socket)

const isAbsolute = (socket: string): boolean => socket.startsWith("/") && !socket.includes("\0")

const isPid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/** Reads a generation file. Later versions of the format name their socket in the same way. */
export const decode = (text: string): Content => {
  if (text === "") return { _tag: "Empty" }
  const fields = text.length > maxContent ? undefined : parse(text)
  if (fields === undefined) return { _tag: "Damaged" }
  const { host, pid, socket, v } = fields
  if (!isPid(v) || typeof socket !== "string" || !(isBeside(socket) || isAbsolute(socket))) return { _tag: "Damaged" }
  return {
    _tag: "Held",
    holder: { pid: isPid(pid) ? pid : undefined, socket, host: typeof host === "string" ? host : undefined }
  }
}

/** The name of a generation file. */
export const nameOf = (id: string, generation: number): string => `${id}.g${generation}`

const generationNumber = /^[1-9]\d{0,14}$/

/** The generations of a lease that are among the names of its folder. */
export const among = (id: string, names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names.flatMap((name) => {
    const digits = name.startsWith(`${id}.g`) ? name.slice(id.length + 2) : ""
    return generationNumber.test(digits) ? [Number(digits)] : []
  })

/** The highest of them; 0 when there is none. */
export const highest = (generations: ReadonlyArray<number>): number => generations.reduce((a, b) => Math.max(a, b), 0)

/**
 * Those that the holder of a generation removes. A few are kept, so that a process that lists the folder just now cannot
 * miss all that are higher than its own: not every file system lists a folder in one step.
 */
export const outdated = (generations: ReadonlyArray<number>, held: number): ReadonlyArray<number> =>
  generations.filter((each) => each < held - 2)

/** The name of a file that is written before it becomes a generation, or to ask the file system for its time. */
export const temporaryName = (id: string, random: string): string => `${id}.${random}.t`

/** Whether a name is one of these, of this lease. */
export const isTemporary = (id: string, name: string): boolean => name.startsWith(`${id}.`) && name.endsWith(".t")

/** The name of a socket. `tag` stands for the host: nobody else can tell by a refused connection that it is dead. */
export const socketName = (tag: string, random: string): string => `${tag}-${random}.s`

/** Whether a name is that of a socket of this host. */
export const isSocketOf = (tag: string, name: string): boolean => name.startsWith(`${tag}-`) && isBeside(name)
