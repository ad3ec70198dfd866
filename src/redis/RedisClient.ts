/**
 * The user's client of Redis: its interface, and how it is asked.
 */
import * as Effect from "effect/Effect"
import { CredentialStoreError, failedBy } from "../services/CredentialStoreError.ts"

/**
 * What is needed of a client of Redis: that it runs a script. This package loads no client. It gives the client keys and
 * arguments, and takes texts, lists of texts and `null`, as `EVAL` gives them.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisClient {
  /** Runs `EVAL script keys.length ...keys ...args`. */
  readonly eval: (script: string, keys: Array<string>, args: Array<string>) => PromiseLike<unknown>
}

/** Runs a script. What the client throws, now or later, is a failure without these secrets. */
export type Ask = (
  reason: "Unreadable" | "Unwritable",
  script: string,
  keys: Array<string>,
  args: Array<string>,
  secrets?: ReadonlyArray<string>
) => Effect.Effect<unknown, CredentialStoreError>

/** A client gave something that no script of ours gives. */
export const strange = (reason: "Unreadable" | "Unwritable"): CredentialStoreError =>
  new CredentialStoreError({
    reason,
    detail: "the client of Redis gave something else than its script. Give what EVAL gives, as texts and lists"
  })

/** Asks a client. */
export const asking = (client: RedisClient): Ask => (reason, script, keys, args, secrets = []) =>
  Effect.tryPromise({
    try: async () => await client.eval(script, keys, args),
    catch: (error) => failedBy(reason, error, secrets)
  })
