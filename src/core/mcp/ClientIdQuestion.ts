/**
 * What a person is asked where an authorization server lets no program register itself, and what counts as an answer.
 */
import { isClientId } from "./ClientOptions.ts"

/**
 * Why a client id is asked for although there was one. `NotAClientId`: the last answer cannot be one. `UnknownClient`: the
 * authorization server does not know the last one, or shows an error in place of an answer.
 *
 * @since 0.1.0
 * @category models
 */
export type ClientIdProblem = "NotAClientId" | "UnknownClient"

/**
 * A question for a client id (RFC 6749 section 2.2): the person registers this program at the authorization server by hand,
 * as a public client.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientIdQuestion {
  /** What the person signs in to: a name, or the host of the URL. */
  readonly serverName: string
  /** Issuer identifier of the authorization server, where the program is to be registered. */
  readonly issuer: string
  /** The redirect URI to register. It is listened on already, and used again by the next runs. */
  readonly redirectUri: string
  /** Whether typed text may be read: not where `callback.paste` is `false`. */
  readonly paste: boolean
  /** What is wrong with the client id that there was. @default there was none */
  readonly problem?: ClientIdProblem | undefined
}

/** How often at most one question is asked until there is an answer to it that may be a client id. */
export const maxQuestions = 3

/**
 * What an answer says. `Nothing`: the person gives up. The space around it comes from copying, and is no part of it.
 */
export type ClientIdAnswer =
  | { readonly _tag: "ClientId"; readonly clientId: string }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "NotAClientId" }

/** Reads an answer. JavaScript hosts may give anything. */
export const readAnswer = (answer: unknown): ClientIdAnswer => {
  if (typeof answer !== "string") return { _tag: answer === undefined || answer === null ? "Nothing" : "NotAClientId" }
  const clientId = answer.trim()
  if (clientId === "") return { _tag: "Nothing" }
  return isClientId(clientId) ? { _tag: "ClientId", clientId } : { _tag: "NotAClientId" }
}
