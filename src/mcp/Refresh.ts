/**
 * Refreshing an access token, without a person.
 */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ClientRegistration, Credentials, Tokens } from "../core/mcp/Credentials.ts"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { Closed } from "../core/mcp/Closed.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import { sameIssuer } from "../core/mcp/Metadata.ts"
import * as RefreshRefusal from "../core/mcp/RefreshRefusal.ts"
import * as SessionState from "../core/mcp/SessionState.ts"
import type { DiscoveryError, TokenError, UntrustedMetadata } from "../core/mcp/SignInError.ts"
import { endAfter } from "../effect/endAfter.ts"
import { firstOf } from "../effect/firstOf.ts"
import { refreshEnded } from "../metrics/mcpMetrics.ts"
import type { CredentialStoreError } from "../services/CredentialStore.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import type { SessionCell } from "./SessionCell.ts"
import { spend } from "./Spending.ts"
import * as Stored from "./Stored.ts"
import * as TokenRequests from "./TokenRequests.ts"
import * as Unstored from "./Unstored.ts"

/** Every way a refresh fails without ending the sign-in. */
export type RefreshError =
  | Closed
  | CredentialStoreError
  | DiscoveryError
  | TokenError
  | UntrustedMetadata

/** What a refresh is made with. */
interface Refreshable {
  readonly issuer: string
  readonly client: ClientRegistration
  readonly tokens: Tokens & { readonly refreshToken: Redacted.Redacted<string> }
}

/**
 * What to refresh with. `"newer"`: another object of this process, or another process, refreshed already. `"nothing"`:
 * there is no refresh token, or it was just refused.
 */
const refreshableOf = (
  env: Environment,
  credentials: Option.Option<Credentials>,
  used: string,
  now: number
): Refreshable | "newer" | "nothing" => {
  const { client, issuer, tokens } = Option.getOrUndefined(credentials) ?? {}
  if (tokens === undefined || issuer === undefined) return "nothing"
  if (Redacted.value(tokens.accessToken) !== used) return "newer"
  const { refreshToken } = tokens
  return refreshToken === undefined || client === undefined || RefreshRefusal.isRecent(tokens, now)
    ? "nothing"
    : { issuer, client: ClientChoice.withOptions(client, env), tokens: { ...tokens, refreshToken } }
}

/** Whether the options name the client, so that the program is to be corrected where the server does not know it. */
const isOfOptions = (env: Environment, { clientId }: ClientRegistration): boolean =>
  [env.client?.clientId, env.clientMetadataUrl].includes(clientId)

/** Sends the refresh token with the scopes that were granted, and once more without where the server refuses these. */
const send = (
  env: Environment,
  discovered: Discovery.Discovered,
  { client, tokens }: Refreshable,
  tellLate: Effect.Effect<void>
): Effect.Effect<Tokens, TokenError> => {
  const attempt = (asked: "granted" | "none") => TokenRequests.refresh(env, tellLate, discovered, client, tokens, asked)
  return Effect.catchIf(
    attempt("granted"),
    // It did not look at the refresh token, so that is not spent.
    (error) => error._tag === "TokenError" && error.error === "invalid_scope" && (tokens.scope ?? "") !== "",
    () => attempt("none")
  )
}

/** The server may take the same refresh token in a moment. */
class MayPass extends Data.TaggedError("MayPass")<{ readonly error: TokenError }> {}

/** Sends the refresh token within one `modify` of the store, and stores what comes of it. */
const trade = (
  env: Environment,
  cell: SessionCell,
  used: string,
  discovered: Discovery.Discovered,
  tellLate: Effect.Effect<void>,
  attempt: "first" | "last"
) =>
  Stored.modify(env, (stored) => {
    const credentials = KnownCredentials.newest(cell.get().known, stored)
    /** Another caller was quicker, or there is nothing to send. */
    const leave = (isRefreshed: boolean, found: Option.Option<Credentials>) =>
      Effect.sync(() => {
        cell.update((state, now) => SessionState.credentialsReplaced(state, found, stored, now))
        return [isRefreshed, found] as const
      })
    /** The new credentials are known before they are stored: what cannot be stored is not lost for this process. */
    const settle = (isRefreshed: boolean, next: Option.Option<Credentials>) =>
      Effect.map(leave(isRefreshed, next), (settled) => {
        if (isRefreshed) cell.update(SessionState.tokenRefreshed)
        return settled
      })
    const found = refreshableOf(env, credentials, used, cell.now())
    // Not `tokenRefreshed`: a token that another caller got is refreshed as any other when the server refuses it.
    if (typeof found === "string") return leave(found === "newer", credentials)
    // The MCP server has moved to another authorization server, which must not see tokens of the one before. They stay
    // until there are others: it may move back.
    if (!sameIssuer(discovered.server.issuer, found.issuer)) return leave(false, credentials)
    const isFixed = isOfOptions(env, found.client)
    return Effect.matchEffect(send(env, discovered, found, tellLate), {
      onSuccess: (tokens) =>
        Effect.zipLeft(
          settle(true, Option.map(credentials, (rest) => ({ ...rest, tokens }))),
          refreshEnded("refreshed")
        ),
      onFailure: (error) =>
        Effect.gen(function* () {
          if (attempt === "first" && RefreshRefusal.mayPass(error)) return yield* new MayPass({ error })
          const isRefused = RefreshRefusal.isRefusal(error, isFixed)
          yield* refreshEnded(isRefused ? "refused" : "failed")
          if (!isRefused) return yield* error
          // A store that does not keep other processes out may have their new tokens by now: those are used, and stay.
          // One whose `load` waits for the turn that this `modify` has does not answer.
          const read = Effect.orElseSucceed(Stored.load(env), () => stored)
          const now = yield* endAfter(read, "2 seconds", Effect.succeed(stored))
          const theirs = KnownCredentials.newest(cell.get().known, now)
          const token = Option.getOrUndefined(theirs)?.tokens?.accessToken
          if (token !== undefined && Redacted.value(token) !== used) return yield* leave(true, theirs)
          const mark = (rest: Credentials) => RefreshRefusal.marked(rest, error, isFixed, cell.now())
          return yield* settle(false, Option.map(credentials, mark))
        })
    })
  }, { reserve: true })

/** How long to wait before a refusal is checked by a second request. */
const pause = Duration.seconds(1)

/** Trades a refresh token, and once more after a pause where the refusal may be over in a moment. */
const tradeTwice = (
  env: Environment,
  cell: SessionCell,
  used: string,
  discovered: Discovery.Discovered,
  tellLate: Effect.Effect<void>
) =>
  Effect.catchTag(trade(env, cell, used, discovered, tellLate, "first"), "MayPass", ({ error }) =>
    // A session that closes during the pause sends nothing more, and the refresh token is not marked as refused.
    Effect.flatMap(
      firstOf<boolean, never, never>([
        Effect.as(Effect.sleep(pause), true),
        Effect.as(Deferred.await(env.closing), false)
      ]),
      (isOpen) => isOpen ? trade(env, cell, used, discovered, tellLate, "last") : Effect.fail(error)
    )).pipe(Effect.catchTag("MayPass", ({ error }) => Effect.fail(error)))

/** What could not be stored counts here all the same, and is written at the next chance. */
const whenUnstored = (
  env: Environment,
  cell: SessionCell,
  used: string,
  error: CredentialStoreError
): Effect.Effect<boolean, CredentialStoreError> =>
  Effect.suspend(() => {
    const { known } = cell.get()
    if (known.isStored) return Effect.fail(error)
    // With a mark that the refresh token was refused: a person is needed in any case.
    if (KnownCredentials.isRefreshRefused(known, cell.now())) return Effect.succeed(false)
    return KnownCredentials.accessToken(known) === used
      ? Effect.fail(error)
      : Effect.as(Unstored.tell(env, error), true)
  })

/**
 * Trades the refresh token for new tokens. Of several callers at once one sends it, and the others find the new tokens.
 *
 * @param used The access token that was refused, or is about to expire.
 * @returns whether there is another access token now. `false`: a person has to sign in. What the server refused is marked
 * and stays, until a person has signed in.
 */
export const refresh = (
  env: Environment,
  cell: SessionCell,
  used: string,
  challenge: BearerChallenge
): Effect.Effect<boolean, RefreshError> =>
  Effect.gen(function* () {
    const revision = Stored.revision(env)
    const stored = yield* Stored.load(env)
    const found = refreshableOf(env, KnownCredentials.newest(cell.get().known, stored), used, cell.now())
    if (typeof found === "string") {
      cell.update((state, now) => SessionState.credentialsRead(state, stored, revision, now))
      return found === "newer"
    }
    yield* Pauses.tokens(env, "refresh_token", found.issuer)
    const discovered = yield* Discovery.discover(env, challenge, found.issuer)
    return yield* spend(env, { grant: "refresh_token", issuer: found.issuer }, ({ tellLate }) =>
      Effect.tap(tradeTwice(env, cell, used, discovered, tellLate), () =>
        Effect.sync(() =>
          cell.update(SessionState.credentialsStored)
        )).pipe(
          Effect.catchTag("CredentialStoreError", (error) =>
            whenUnstored(env, cell, used, error))
        ))
  }).pipe(Effect.withSpan("McpOAuth.refresh", { attributes: { server: env.label }, captureStackTrace: false }))
