/**
 * A client that the person registers by hand, and whose id is asked for: the last way to be known to a server (MCP
 * specification, client registration).
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ClientIdQuestion from "../core/mcp/ClientIdQuestion.ts"
import type { ClientRegistration } from "../core/mcp/Credentials.ts"
import { RegistrationError } from "../core/mcp/SignInError.ts"
import { endAfter } from "../effect/endAfter.ts"
import type { Environment } from "./Environment.ts"

/** Whether a person can be asked for a client id. */
export const canAsk = ({ presenter }: Environment): boolean => presenter.askClientId !== undefined

/** Asks once. `None`: nobody was asked, or the presenter failed, whose cause is not logged: it may hold what was typed. */
const askOnce = (
  { presenter }: Environment,
  question: ClientIdQuestion.ClientIdQuestion
): Effect.Effect<Option.Option<unknown>> =>
  Effect.scoped(Effect.suspend(() => presenter.askClientId?.(question) ?? Effect.succeed(Option.none()))).pipe(
    Effect.catchAllCause(() => Effect.as(Effect.logDebug("The presenter could not ask for a client id"), Option.none()))
  )

/** Asks until the answer can be a client id, `left` times at most. `None`: nobody can be asked; `Some(undefined)`: no id. */
const answerTo = (
  env: Environment,
  question: ClientIdQuestion.ClientIdQuestion,
  left: number
): Effect.Effect<Option.Option<string | undefined>> =>
  Effect.flatMap(askOnce(env, question), (given) => {
    if (Option.isNone(given)) return Effect.succeed(Option.none())
    const answer = ClientIdQuestion.readAnswer(given.value)
    if (answer._tag === "ClientId") return Effect.succeed(Option.some(answer.clientId))
    return answer._tag === "Nothing" || left <= 1
      ? Effect.succeed(Option.some(undefined))
      : answerTo(env, { ...question, problem: "NotAClientId" }, left - 1)
  })

/**
 * Asks for a client id, in the time that a sign-in may take. A person who gives none, also by not answering in
 * time, is not asked again by a request: `onAsked` is called before it fails with reason `NotSupported`.
 */
export const ask = (
  env: Environment,
  { issuer, redirectUri }: { readonly issuer: string; readonly redirectUri: string },
  { last, onAsked }: { readonly last: ClientRegistration | undefined; readonly onAsked: () => void }
): Effect.Effect<ClientRegistration, RegistrationError> => {
  const question: ClientIdQuestion.ClientIdQuestion = {
    serverName: env.serverName,
    issuer,
    redirectUri,
    paste: env.callback.paste !== false,
    ...(last?.isUnknown === true && { problem: "UnknownClient" as const })
  }
  // Disconnected: a presenter that cannot be interrupted is not waited for.
  const answered = endAfter(
    Effect.disconnect(answerTo(env, question, ClientIdQuestion.maxQuestions)),
    env.callback.timeout ?? "5 minutes",
    Effect.succeed(Option.some(undefined))
  )
  return Effect.flatMap(Effect.interruptible(answered), (given) => {
    if (Option.isSome(given) && given.value !== undefined) {
      const clientId = given.value
      // The redirect URIs that were registered for this client before still are.
      const before = last?.clientId === clientId ? last.redirectUris ?? [] : []
      return Effect.succeed({ clientId, redirectUris: [redirectUri, ...before.filter((uri) => uri !== redirectUri)] })
    }
    if (Option.isSome(given)) onAsked()
    return new RegistrationError({ reason: "NotSupported", issuer })
  }).pipe(Effect.withSpan("McpOAuth.askClientId", { attributes: { issuer }, captureStackTrace: false }))
}
