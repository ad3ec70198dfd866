/**
 * When a refresh token does not help any more, whatever the server calls it, and what remains of the credentials then.
 */
import type { Credentials, Tokens } from "./Credentials.ts"
import type { Outcome } from "./Fault.ts"
import { isUnknownClient, type TokenError } from "./SignInError.ts"

/**
 * For how many milliseconds a refresh token that was refused is not sent again: ten minutes. After that it is, once: a
 * server may have been wrong, and a program that runs without a person has no other way back.
 */
const pauseMillis = 600_000

/** Whether a refresh token was just refused, so that only a person helps. */
export const isRecent = (tokens: Pick<Tokens, "refreshRefusedAt"> | undefined, now: number): boolean =>
  // A clock that was set back must not make the pause longer.
  tokens?.refreshRefusedAt !== undefined && Math.abs(now - tokens.refreshRefusedAt) < pauseMillis

/**
 * Whether an answer says that a refresh token does not help. Names do not decide: servers say `invalid_grant`,
 * `invalid_request`, `invalid_token`, `bad_refresh_token` (GitHub, with status 200), or nothing at all. It is no answer of
 * this kind where the server is busy (408, 425, 429, 5xx), where a proxy answers for it (407), where nothing was understood,
 * or where it is the client that is wrong and the options of the program name that client: then those are to be corrected.
 *
 * @param isClientOfOptions Whether the options name the client.
 */
export const isRefusal = ({ error, reason, status }: TokenError, isClientOfOptions: boolean): boolean =>
  reason === "Rejected" && status !== 407 && !(isClientOfOptions && error === "invalid_client")

/**
 * Whether a refusal may be over in a moment, so that the same request is worth a second try: servers with several
 * machines do not know a client for a moment that one of them has just registered.
 */
export const mayPass = ({ error, reason }: TokenError): boolean => reason === "Rejected" && error === "invalid_client"

/** Whether a token endpoint answered with a document that has no access token in it: that is a refusal without a name. */
export const isWithoutToken = (outcome: Outcome): boolean =>
  outcome._tag === "Answered" && outcome.status < 300 && outcome.document !== undefined &&
  [undefined, null, ""].some((none) => outcome.document?.["access_token"] === none)

/**
 * The credentials with a mark that their refresh token was refused. Nothing is removed. A registration that the server
 * does not know is in doubt, so that the next sign-in registers anew.
 */
export const marked = (
  { client, tokens, ...rest }: Credentials,
  { error }: Pick<TokenError, "error">,
  isClientOfOptions: boolean,
  now: number
): Credentials => ({
  ...rest,
  ...(client !== undefined && {
    client: isUnknownClient(error) && !isClientOfOptions ? { ...client, isInDoubt: true } : client
  }),
  ...(tokens !== undefined && { tokens: { ...tokens, refreshRefusedAt: now } })
})
