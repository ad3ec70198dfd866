/**
 * Why no flow could be opened.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"

/** Why nothing listens. */
export type BindErrorReason =
  | "PortInUse"
  | "PermissionDenied"
  | "AddressNotAvailable"
  | "TooManyOpenFiles"
  | "InvalidOptions"
  | "Unknown"

const BindErrorBase: TaggedErrorClass<"BindError", {
  reason: BindErrorReason
  host: string
  ports: ReadonlyArray<number>
  detail?: string | undefined
  cause?: unknown
}> = Data.TaggedError("BindError")

const remedies: Readonly<Record<BindErrorReason, string>> = {
  PortInUse: "another program uses the port. Stop it, name further ports, or use port 0 for any free one",
  PermissionDenied:
    "permission denied. Use a port above 1023 that the system does not reserve; on Deno, allow --allow-net for the host",
  AddressNotAvailable: 'this machine has no such address. Use host "127.0.0.1"',
  TooManyOpenFiles: "this process has too many files open. Raise its limit (ulimit -n), or open fewer flows at once",
  InvalidOptions: "the options are not usable",
  Unknown: "the system gave a reason that is not known here; see `cause`"
}

/**
 * No listener could be opened, or the options of `open` cannot work (`reason: "InvalidOptions"`, explained in `detail`).
 *
 * `ports` are those tried, in order; `reason` is that of the last one.
 */
export class BindError extends BindErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    if (this.reason === "InvalidOptions") {
      return `Cannot open a callback flow: ${this.detail ?? remedies.InvalidOptions}`
    }
    const where = this.ports.map((port) => `${this.host}:${port}`).join(", ")
    return `Cannot listen on ${where}: ${remedies[this.reason]}`
  }
}

const byErrno: ReadonlyMap<unknown, BindErrorReason> = new Map(Object.entries<BindErrorReason>({
  EADDRINUSE: "PortInUse",
  AddrInUse: "PortInUse",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  PermissionDenied: "PermissionDenied",
  NotCapable: "PermissionDenied",
  EADDRNOTAVAIL: "AddressNotAvailable",
  AddrNotAvailable: "AddressNotAvailable",
  EAFNOSUPPORT: "AddressNotAvailable",
  EMFILE: "TooManyOpenFiles",
  ENFILE: "TooManyOpenFiles"
}))

/** Reads the errno-style `code`, or Deno's error name, of what a failed listen threw, through its causes. */
export const reasonOf = (cause: unknown): BindErrorReason => {
  for (let error = cause, depth = 0; typeof error === "object" && error !== null && depth < 5; depth++) {
    const { code, name, cause: inner } = error as { code?: unknown; name?: unknown; cause?: unknown }
    for (const key of [code, name]) {
      const reason = byErrno.get(key)
      if (reason !== undefined) return reason
    }
    error = inner
  }
  return "Unknown"
}

/** Whether the next port of a list is worth trying: Windows answers EACCES for ports it keeps back. */
export const isPortTaken = (reason: BindErrorReason): boolean => reason === "PortInUse" || reason === "PermissionDenied"
