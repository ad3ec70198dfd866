/**
 * Finishes a hosted sign-in: checks the answer, exchanges the code, stores the credentials.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { PendingSignIn } from "../core/hosted/PendingSignIn.ts"
import type { TargetRefused } from "../core/hosted/TargetRefused.ts"
import * as KnownCredentials from "../core/mcp/KnownCredentials.ts"
import { isUnknownClient } from "../core/mcp/SignInError.ts"
import * as AuthorizationResponse from "../core/oauth/AuthorizationResponse.ts"
import type { Outcome } from "../core/page/CallbackPage.ts"
import * as Stored from "../mcp/Stored.ts"
import * as TokenRequests from "../mcp/TokenRequests.ts"
import * as GuardedFetch from "./GuardedFetch.ts"
import type { HandleError } from "./HostedOptions.ts"
import type { Settings } from "./Settings.ts"
import * as SharedClient from "./SharedClient.ts"

/** What the exchange needs to know of the servers. */
const environmentOf = (
  settings: Settings,
  { key }: PendingSignIn,
  onRefused: (refused: TargetRefused) => void
) => ({
  key,
  fetch: GuardedFetch.make(settings, onRefused),
  requestTimeout: settings.requestTimeout,
  store: settings.credentials
})

/** Milliseconds before the credentials are written once more: the code is spent, and they are nowhere else. */
const writeAgain: ReadonlyArray<number> = [200, 800, 3000]

const exchange = (
  settings: Settings,
  pending: PendingSignIn,
  response: AuthorizationResponse.Matched
): Effect.Effect<void, HandleError> =>
  Effect.suspend(() => {
    let refused: TargetRefused | undefined
    const env = environmentOf(settings, pending, (error) => (refused ??= error))
    const { authMethods, client, codeVerifier, isFixed, issuer, issuerRequired, resource, scope, tokenEndpoint } =
      pending
    return Effect.gen(function* () {
      const { code } = yield* AuthorizationResponse.check(response, { issuer, issuerRequired })
      const tokens = yield* TokenRequests.exchange(
        env,
        Effect.void,
        { server: { authMethods, issuer, tokenEndpoint }, resourceIndicator: resource },
        { client, code, codeVerifier, redirectUri: settings.redirectText, scope }
      )
      // As `McpOAuth` stores them: a client that the options name brings its secret each time.
      const stored = isFixed ? { clientId: client.clientId } : KnownCredentials.doubted(client, "None")
      const write = Stored.modify(env, (current) =>
        Effect.succeed([
          undefined,
          Option.some({ issuer, client: stored, tokens, extra: Option.getOrUndefined(current)?.extra })
        ]))
      yield* writeAgain.reduce<typeof write>(
        (tried, pause) => Effect.catchAll(tried, () => Effect.zipRight(Effect.sleep(pause), write)),
        write
      )
    }).pipe(Effect.mapError((error): HandleError => refused ?? error))
  })

/** Whether the answer shows that the server knows the client; `undefined`: it shows neither. */
const knows = (error: HandleError | undefined): boolean | undefined => {
  if (error === undefined) return true
  if (error._tag === "AuthorizationDenied" || error._tag === "TokenError") {
    return isUnknownClient(error.error) ? false : error._tag === "AuthorizationDenied" ? true : undefined
  }
  return undefined
}

/** Finishes a sign-in. @returns why the person is not signed in; `undefined` when they are. */
export const finish = (
  settings: Settings,
  pending: PendingSignIn,
  response: AuthorizationResponse.Matched
): Effect.Effect<HandleError | undefined> =>
  Effect.gen(function* () {
    const { client: { clientId }, isFixed, key: { serverUrl } } = pending
    const error = yield* Effect.match(exchange(settings, pending, response), {
      onFailure: (failed): HandleError | undefined => failed,
      onSuccess: () => undefined
    })
    const isKnown = knows(error)
    if (!isFixed && isKnown !== undefined) {
      const shared = {
        key: SharedClient.keyOf(new URL(serverUrl), settings.redirectText),
        store: settings.credentials
      }
      // What is not noted here is found out by the next sign-in.
      const isProven = error?._tag !== "AuthorizationDenied"
      yield* Effect.ignore(SharedClient.note(shared, clientId, isKnown, isProven))
    }
    return error
  })

/** How a sign-in ends that was answered. */
export type AnsweredOutcome = Outcome & { readonly _tag: "SignedIn" | "Denied" | "Invalid" | "Failed" }

/**
 * What the page says. What went wrong between this service and its stores and servers is for its operators: the page of a
 * person has the words of the authorization server alone.
 */
export const pageOutcome = (error: HandleError | undefined): AnsweredOutcome => {
  if (error === undefined) return { _tag: "SignedIn" }
  switch (error._tag) {
    case "AuthorizationDenied":
      return { _tag: "Denied", error }
    case "InvalidResponse":
      return { _tag: "Invalid", error }
    case "TokenError":
      return {
        _tag: "Failed",
        reason: error.reason === "Rejected"
          ? `the authorization server did not take the answer${error.error === undefined ? "" : ` (${error.error})`}`
          : "the authorization server could not be asked, or did not answer as it should"
      }
    default:
      return { _tag: "Failed" }
  }
}
