/**
 * What goes wrong with stored credentials.
 */
import * as Data from "effect/Data"
import type { TaggedErrorClass } from "../core/TaggedError.ts"
import { storeFailure } from "./storeFailure.ts"

/**
 * The fields of {@link CredentialStoreError}, and its constructor.
 *
 * @since 0.1.0
 * @category errors
 */
export const CredentialStoreErrorBase: TaggedErrorClass<"CredentialStoreError", {
  reason: "Unreadable" | "Unwritable" | "Damaged" | "Locked"
  detail: string
  /** The name that the system, or the store, has for what went wrong (`EACCES`, `ENOSPC`), where it has one. */
  code?: string | undefined
  /** What the store threw, without credentials. */
  cause?: unknown
}> = Data.TaggedError("CredentialStoreError")

/**
 * Credentials could not be read or written. `detail` says where and what to do; it holds no credential. `Locked`: another
 * process has its turn to change them, and did not end it in time.
 *
 * @since 0.1.0
 * @category errors
 */
export class CredentialStoreError extends CredentialStoreErrorBase {
  /** What happened, then what to do. */
  override get message(): string {
    const act = this.reason === "Unwritable" || this.reason === "Locked" ? "write" : "read"
    return `Cannot ${act} stored credentials: ${this.detail}`
  }
}

/**
 * The error for what a store of the program threw, with its name and message.
 *
 * @param secrets What the store was given, and may have quoted.
 */
export const failedBy = (
  reason: "Unreadable" | "Unwritable" | "Locked",
  thrown: unknown,
  secrets: ReadonlyArray<string | undefined> = []
): CredentialStoreError => new CredentialStoreError({ reason, ...storeFailure(thrown, secrets) })
