/**
 * Servers that want to be asked later (`Retry-After`): until then every request of that kind fails at once, for all
 * `McpOAuth` objects of this process with one store and key.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { DiscoveryError, RegistrationError, TokenError } from "../core/mcp/SignInError.ts"
import { byStoreAndKey } from "./byStoreAndKey.ts"
import type { ServerEnvironment } from "./Environment.ts"

type Pausing = DiscoveryError | RegistrationError | TokenError

/** The last error of each kind that named a time. */
const pausesOf = byStoreAndKey(() => new Map<Pausing["_tag"], Pausing>())

const current = <Tag extends Pausing["_tag"]>(
  { key, store }: ServerEnvironment,
  tag: Tag
): Effect.Effect<Extract<Pausing, { readonly _tag: Tag }> | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const noted = pausesOf.made(store, key)?.get(tag) as Extract<Pausing, { readonly _tag: Tag }> | undefined
    return noted?.retryAfter !== undefined && now < noted.retryAfter ? noted : undefined
  })

/** Notes the time that an error names, if it names one. */
export const note = (
  { key, store }: Pick<ServerEnvironment, "key" | "store">,
  error: { readonly _tag: string }
): Effect.Effect<void> =>
  Effect.sync(() => {
    const isPausing = error instanceof DiscoveryError || error instanceof RegistrationError ||
      error instanceof TokenError
    if (isPausing && error.retryAfter !== undefined) pausesOf(store, key).set(error._tag, error)
  })

/** Fails while the metadata is not to be asked for. */
export const metadata = (env: ServerEnvironment): Effect.Effect<void, DiscoveryError> =>
  Effect.flatMap(current(env, "DiscoveryError"), (noted) => {
    if (noted === undefined) return Effect.void
    const { reason, retryAfter, server, status, url } = noted
    return new DiscoveryError({ reason, server, url, status, retryAfter })
  })

/** Fails while the registration endpoint is not to be asked. */
export const registration = (env: ServerEnvironment): Effect.Effect<void, RegistrationError> =>
  Effect.flatMap(current(env, "RegistrationError"), (noted) => {
    if (noted === undefined) return Effect.void
    const { issuer, reason, retryAfter, status } = noted
    return new RegistrationError({ reason, issuer, status, retryAfter })
  })

/**
 * Fails while the token endpoint is not to be asked, so that no other server is asked for its sake, and no person.
 *
 * @param issuer The authorization server, where it is known.
 */
export const tokens = (
  env: ServerEnvironment,
  grant: TokenError["grant"],
  issuer: string | undefined
): Effect.Effect<void, TokenError> =>
  Effect.flatMap(current(env, "TokenError"), (noted) => {
    if (noted === undefined || (issuer !== undefined && issuer !== noted.issuer)) return Effect.void
    const { reason, retryAfter, status } = noted
    return new TokenError({ reason, grant, issuer: noted.issuer, status, retryAfter })
  })
