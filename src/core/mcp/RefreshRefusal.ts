/**
 * When a refresh token does not help any more, whatever the server calls it, and what remains of the credentials then.
 */
import type { Credentials, Tokens } from "./Credentials.ts"
import type { Fault, Outcome } from "./Fault.ts"
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
 * this kind where the server is busy (408, 425, 429, 5xx, `temporarily_unavailable`), where a proxy answers for it (407, a
 * web page; see `faultOf`), where nothing was understood, or where it is the client that is wrong and the options of the
 * program name that client: then those are to be corrected.
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
 * What the answer to a refresh is taken for. One without a token and without an error is a refusal without a name. A web
 * page is what firewalls, proxies and servers under repair send: it says nothing about the refresh token. Only with 400 and
 * 401 it is a refusal, because token endpoints refuse with these, and some write pages.
 */
export const faultOf = (outcome: Outcome, fault: Fault): Fault => {
  if (fault.reason === "InvalidResponse" && isWithoutToken(outcome)) return { ...fault, reason: "Rejected" }
  const isOfOthers = fault.isWebPage === true && fault.status !== 400 && fault.status !== 401
  return fault.reason === "Rejected" && isOfOthers ? { ...fault, reason: "InvalidResponse" } : fault
}

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
