/**
 * What a store of the program threw, as the fields of an error.
 */
import * as ThrownValue from "../core/mcp/ThrownValue.ts"
import { withoutStop } from "../core/text/SafeText.ts"

/** The fields that the errors of stores have in common. */
export interface StoreFailure {
  readonly detail: string
  readonly code?: string
  readonly cause: Error | undefined
}

/**
 * The fields of an error for what a store of the program threw: its name, message, code and causes, and no secret.
 *
 * @param secrets What the store was given, and may have quoted.
 */
export const storeFailure = (thrown: unknown, secrets: ReadonlyArray<string | undefined>): StoreFailure => {
  const parts = ThrownValue.parts(thrown, secrets)
  const code = parts.find((part) => part.code !== undefined)?.code
  const said = ThrownValue.shown(parts[0])
  return {
    detail: `the store of this program failed${code === undefined ? "" : ` (${code})`}${
      said === "" ? "" : `: ${withoutStop(said.slice(0, 250))}`
    }. Check that it can be read and written`,
    ...(code !== undefined && { code }),
    cause: ThrownValue.toCause(parts)
  }
}
