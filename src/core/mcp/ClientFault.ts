/**
 * Why a client of the MCP SDK could not connect, told from what it threw.
 */
import * as NetworkFault from "./NetworkFault.ts"
import * as ThrownValue from "./ThrownValue.ts"

/** Why a client could not connect, as `McpConnectError` has it. */
export interface ClientFault {
  readonly detail: string
  readonly code?: string | undefined
  readonly cause?: Error | undefined
}

/** The HTTP status of the first error that has one, as a code. */
const statusOf = (parts: ReadonlyArray<ThrownValue.ThrownPart>): string | undefined =>
  parts.find(({ status }) => status !== undefined)?.status?.toString()

/**
 * Why a client could not connect.
 *
 * @param thrown What the client threw.
 * @param last What `fetch` last threw, if anything: an event source drops the error of its `fetch`.
 * @param secrets What the client may quote from the responses it got.
 */
export const of = (
  thrown: unknown,
  last: unknown,
  secrets: ReadonlyArray<string | undefined>
): ClientFault => {
  const parts = ThrownValue.parts(thrown, secrets)
  const own = NetworkFault.of(thrown, secrets)
  const ofFetch = last === undefined ? {} : NetworkFault.of(last, secrets)
  const network = [own, ofFetch].find(({ code }) => NetworkFault.kindOf(code) !== undefined)
  const code = network?.code ?? statusOf(parts) ?? own.code
  return {
    detail: parts[0].message.replace(/\.$/, "") || "the client gave no reason",
    ...(code !== undefined && { code }),
    cause: network?.cause ?? own.cause
  }
}
