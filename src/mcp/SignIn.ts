/**
 * Signs a person in. A client that the server refuses is replaced, and the person is asked once more.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import * as ClientRefusal from "../core/mcp/ClientRefusal.ts"
import type { Credentials } from "../core/mcp/Credentials.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import type { Unsafe } from "../core/mcp/Unsafe.ts"
import { tellNow } from "../flow/Notices.ts"
import * as AskedClient from "./AskedClient.ts"
import * as Discovery from "./Discovery.ts"
import type { Environment, Services } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import { isClientForgotten, type SignInError, signInOnce, type SignInRequest } from "./signInOnce.ts"
import * as Stored from "./Stored.ts"

export type { SignInError, SignInRequest }

/** The checks that were waived in this sign-in, of which the person is told once. */
const waived = ({ unsafe }: Environment, { resource, server }: Discovery.Discovered): ReadonlyArray<keyof Unsafe> => [
  ...resource.waived,
  ...(unsafe.omitResource === true ? ["omitResource" as const] : []),
  ...server.waived
]

/**
 * Signs in, with the other name of this machine in the redirect URI where the first one cannot be registered and the
 * caller has chosen neither.
 */
const signIn = (
  env: Environment,
  request: SignInRequest,
  discovered: Discovery.Discovered,
  choice: ClientChoice.ClientChoice
): Effect.Effect<void, SignInError, Services> => {
  const { host, redirectUri } = env.callback
  const first = signInOnce(env, request, discovered, choice)
  if (host !== undefined || redirectUri !== undefined) return first
  const atLocalhost = { ...env, callback: { ...env.callback, host: "localhost" as const } }
  return Effect.catchTag(
    first,
    "RegistrationError",
    (error) =>
      ClientRefusal.mayConcernRedirectUri(error)
        ? signInOnce(atLocalhost, request, discovered, { _tag: "Register" })
        : Effect.fail(error)
  )
}

/**
 * Signs a person in. If the authorization server does not know the stored registration (any more), it registers anew, or
 * asks for another client id, and asks the person once more.
 */
export const run = (
  env: Environment,
  request: SignInRequest
): Effect.Effect<void, SignInError, Services> =>
  Effect.gen(function* () {
    const stored = Option.getOrUndefined(yield* Stored.load(env))
    yield* Pauses.tokens(env, "authorization_code", stored?.issuer)
    if (stored?.client === undefined && env.client === undefined) yield* Pauses.registration(env)
    const discovered = yield* Discovery.discover(env, request.challenge, stored?.issuer)
    const { server } = discovered
    for (const option of waived(env, discovered).filter((each) => !env.warned.has(each))) {
      env.warned.add(option)
      yield* tellNow(env.presenter, { _tag: "Unsafe", serverName: env.serverName, option })
    }
    const now = yield* Clock.currentTimeMillis
    const choose = (stored: Credentials | undefined) =>
      ClientChoice.choose(env.label, server, stored, env, now, AskedClient.canAsk(env))
    const choice = yield* choose(stored)
    // The scopes of another authorization server may not exist at this one.
    const isSameIssuer = stored === undefined || Metadata.sameIssuer(server.issuer, stored.issuer)
    const asked = isSameIssuer ? request : { ...request, moreScopes: undefined }
    const first = signIn(env, asked, discovered, choice)
    if (choice._tag !== "Stored" && choice._tag !== "Ask") return yield* first
    return yield* Effect.catchIf(first, isClientForgotten, (error) =>
      Effect.gen(function* () {
        const other = yield* choose(Option.getOrUndefined(yield* Stored.load(env)))
        return yield* other._tag === "Register" || other._tag === "Ask"
          ? signIn(env, asked, discovered, other)
          : Effect.fail(error)
      }))
  }).pipe(Effect.withSpan("McpOAuth.signIn", { attributes: { server: env.label }, captureStackTrace: false }))
