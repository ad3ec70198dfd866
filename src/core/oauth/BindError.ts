/**
 * The error of a flow that cannot be opened, and how it is derived from a system error.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../TaggedError.ts"

/**
 * Why a flow could not be opened.
 *
 * - `PortInUse`: another program uses the port
 * - `PermissionDenied`: the system, or Deno's permissions, do not allow the port
 * - `AddressNotAvailable`: the machine does not have the loopback address, such as `[::1]`
 * - `TooManyOpenFiles`: the process has no file descriptors left
 * - `InvalidOptions`: the options of `open` cannot work; `detail` says why
 * - `Unknown`: any other system error; see `cause`
 *
 * @since 0.1.0
 * @category models
 */
export type BindErrorReason =
  | "PortInUse"
  | "PermissionDenied"
  | "AddressNotAvailable"
  | "TooManyOpenFiles"
  | "InvalidOptions"
  | "Unknown"

/**
 * The fields of {@link BindError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const BindErrorBase: TaggedErrorClass<"BindError", {
  /** Why; of the last port that was tried. */
  reason: BindErrorReason
  /** The loopback host, such as `127.0.0.1`. */
  host: string
  /** The ports that were tried, in order. */
  ports: ReadonlyArray<number>
  /** What is wrong and what to do, where more is known than the reason. */
  detail?: string | undefined
  /** The error of the system, where there was one. */
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
 * `ports` are those that were tried, in order; `reason` and `cause` belong to the last one.
 *
 * @since 0.1.0
 * @category errors
 */
export class BindError extends BindErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    if (this.reason === "InvalidOptions") {
      return `Cannot open a callback flow: ${this.detail ?? remedies.InvalidOptions}`
    }
    const where = this.ports.map((port) => `${this.host}:${port}`).join(", ")
    return `Cannot listen on ${where}: ${this.detail ?? remedies[this.reason]}`
  }
}

const reasons: ReadonlyMap<unknown, BindErrorReason> = new Map(Object.entries<BindErrorReason>({
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

/** Finds the reason by the `code` of a system error, or by the name of Deno's error, in an error or its causes. */
export const reasonOf = (cause: unknown): BindErrorReason => {
  for (let error = cause, depth = 0; typeof error === "object" && error !== null && depth < 5; depth++) {
    const { code, name, cause: inner } = error as { code?: unknown; name?: unknown; cause?: unknown }
    for (const key of [code, name]) {
      const reason = reasons.get(key)
      if (reason !== undefined) return reason
    }
    error = inner
  }
  return "Unknown"
}

/** Whether the next port of a list is worth trying: Windows answers EACCES for ports that it reserves. */
export const isPortTaken = (reason: BindErrorReason): boolean => reason === "PortInUse" || reason === "PermissionDenied"
