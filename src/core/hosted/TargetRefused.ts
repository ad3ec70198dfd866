/**
 * The error of a request that was not sent, because of where it leads.
 */
import { printableError } from "../mcp/PrintableError.ts"
import type { TaggedErrorClass } from "../TaggedError.ts"

/**
 * Why a request was not sent.
 *
 * - `NotHttps`: its URL is not https
 * - `Name`: its host is a name of this machine, or of a private network
 * - `Address`: its host is, or resolves to, an address that is not public
 * - `Guard`: the option `guard` said no
 *
 * @since 0.1.0
 * @category errors
 */
export type TargetRefusedReason = "NotHttps" | "Name" | "Address" | "Guard"

/**
 * The fields of {@link TargetRefused}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const TargetRefusedBase: TaggedErrorClass<"TargetRefused", {
  /** What is wrong with where it leads. */
  reason: TargetRefusedReason
  /** The host of the URL, as the server or the person named it. */
  host: string
  /** What kind of address it is, such as `"loopback"`; never which one, where a name resolved to it. */
  kind?: string | undefined
}> = printableError("TargetRefused")

const reasons: Readonly<Record<TargetRefusedReason, (kind: string) => string>> = {
  NotHttps: () => "its URL is not https",
  Name: () => "it is a name of this machine or of a private network",
  Address: (kind) => `it leads to an address that is not public${kind}`,
  Guard: () => "the option guard refuses it"
}

/**
 * A request was not sent: the URL of the server, or one that a server names, leads to where nothing is to be sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class TargetRefused extends TargetRefusedBase {
  /** What happened, then what to do. */
  override get message(): string {
    const what = reasons[this.reason](this.kind === undefined ? "" : ` (${this.kind})`)
    return `Cannot ask ${JSON.stringify(this.host)}: ${what}. If it is meant, allow it by the option guard`
  }
}
