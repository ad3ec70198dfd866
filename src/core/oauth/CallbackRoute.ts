/**
 * What an HTTP request means to a flow, decided by pure functions. Every listener, of this package or of a user, is a thin
 * shell around them.
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import { type Answer, text } from "./Answer.ts"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import * as CrossOrigin from "./CrossOrigin.ts"
import { isLoopbackHost } from "./RedirectUri.ts"
import { callbackReasons, type HttpRefusalReason, type PageReason } from "./RefusalReason.ts"
import { isOrAbsent, type RequestHead } from "./RequestHead.ts"

/** What a flow accepts. */
export interface RouteConfig {
  readonly state: Redacted.Redacted<string>
  /** Paths of the callback, compared without decoding. */
  readonly paths: ReadonlySet<string>
  /** `Host` headers that are accepted, in lower case. */
  readonly hosts: ReadonlySet<string>
  /** Whether the loopback names are accepted too, with any port. */
  readonly loopback: boolean
  /** Origins whose pages may deliver the answer by `fetch`. */
  readonly origins: ReadonlySet<string>
  /** Whether `response_mode=form_post` was asked for. */
  readonly formPost: boolean
  /** Random name of the last page, which is at `/done/{name}`, and at a path of the callback with `?done={name}`. */
  readonly done: string
}

/** What to do with a request. */
export type Decision =
  /**
   * It carries the flow's `state`, which ends the flow. The browser is redirected to the last page; a page that delivered
   * it by `fetch`, from such an `origin`, is told that the answer has arrived.
   */
  | { readonly _tag: "Matched"; readonly response: AuthorizationResponse.Matched; readonly origin?: string | undefined }
  /** It requests the last page, which is sent when the outcome is known. */
  | { readonly _tag: "Done" }
  /** It posts a form, and forms are accepted: call `decide` again with its body, of at most `limit` bytes. */
  | { readonly _tag: "ReadBody"; readonly limit: number }
  /** A page of an allowed origin asks whether it may deliver the answer by `fetch`. */
  | { readonly _tag: "Preflight"; readonly answer: Answer }
  | Refused

/** A request that is not for this flow. The sender gets a page or a short text, and the reason is recorded. */
export interface Refused {
  readonly _tag: "Refused"
  readonly reason: HttpRefusalReason
  /** The short text. */
  readonly answer: Answer
  /** Set where the sender gets a page with the status and headers of `answer`. */
  readonly page?: PageReason | undefined
}

/** Largest form that is read, in bytes. Codes have at most a few kilobytes. */
export const bodyLimit: number = 64 * 1024

const statuses: Readonly<Record<HttpRefusalReason, number>> = {
  Malformed: 400,
  HttpsRequest: 400,
  HeadersTooLarge: 431,
  BodyTooLarge: 413,
  WrongHost: 421,
  WrongPath: 404,
  WrongMethod: 405,
  UninvitedForm: 405,
  WrongContentType: 415,
  NotANavigation: 403,
  Prefetch: 403,
  StateMissing: 400,
  DenialWithoutState: 400,
  StateRepeated: 400,
  StateMismatch: 400
}

/** A short plain text on why a request was refused. */
export const refusal = (reason: HttpRefusalReason, allow = "GET"): Answer =>
  text(statuses[reason], `${callbackReasons[reason]}.`, statuses[reason] === 405 ? { allow } : undefined)

const refuse = (reason: HttpRefusalReason, allow = "GET"): Refused => ({
  _tag: "Refused",
  reason,
  answer: refusal(reason, allow)
})

const refuseWithPage = (reason: PageReason): Refused => ({ ...refuse(reason), page: reason })

/**
 * Redirects the browser to the last page, so that the code leaves the address bar and does not enter the history.
 *
 * @param asQuery - Whether the last page is at `?done=…` on the callback's own path, since a proxy may forward no other.
 */
export const redirectToDone = (done: string, asQuery: boolean): Answer =>
  text(303, "The answer has arrived.", { location: asQuery ? `?done=${done}` : `/done/${done}` })

interface Target {
  readonly authority: string | undefined
  readonly path: string
  readonly query: string
}

/** Splits a request target. Not by `new URL`, which would read `evil` in `//evil/callback` as a host. */
const parseTarget = (target: string): Target | undefined => {
  // RFC 9112 section 3.2.2: an absolute target names the host, and the Host header is ignored.
  const absolute = target.startsWith("/") ? null : /^https?:\/\/([^/?#]+)/i.exec(target)
  const rest = absolute === null ? target : target.slice(absolute[0].length) || "/"
  if (!rest.startsWith("/") && !(absolute !== null && rest.startsWith("?"))) return undefined
  const [beforeFragment = ""] = rest.split("#", 1)
  const mark = beforeFragment.indexOf("?")
  return {
    authority: absolute?.[1],
    path: mark < 0 ? beforeFragment : beforeFragment.slice(0, mark),
    query: mark < 0 ? "" : beforeFragment.slice(mark + 1)
  }
}

const isPrefetch = (head: RequestHead): boolean =>
  ["sec-purpose", "purpose", "x-purpose", "x-moz"].some((name) => {
    const purpose = head.header(name)
    return purpose !== undefined && /\b(prefetch|prerender|preview)\b/i.test(purpose)
  })

/** Whether a request is what a person's browser sends when it goes to an address, as far as it says. */
const isNavigation = (head: RequestHead): boolean => {
  // A frame in another page has the mode "navigate" too. The handshake of a WebSocket is a GET, and not every browser sends
  // a mode with it.
  return isOrAbsent(head, "sec-fetch-mode", "navigate") && isOrAbsent(head, "sec-fetch-dest", "document") &&
    head.header("sec-websocket-key") === undefined
}

const contentType = (head: RequestHead): string =>
  (head.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? ""

const isForm = (head: RequestHead): boolean => contentType(head) === "application/x-www-form-urlencoded"

/** What a form of HTML may be sent as. */
const formTypes: ReadonlyArray<string> = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]

const allow = ({ formPost }: RouteConfig): string => formPost ? "GET, POST" : "GET"

/**
 * A path that is not the callback's. Where the right answer came there, or any answer with only a slash more, the server
 * has altered the redirect URI, and a person may wait for it.
 */
const refusePath = (config: RouteConfig, head: RequestHead, { path, query }: Target): Refused => {
  const parameters = AuthorizationResponse.parse(query)
  const hasSlashMore = path.endsWith("/") && config.paths.has(path.slice(0, -1))
  const isAnswer = hasSlashMore
    ? ["code", "error"].some((name) => AuthorizationResponse.has(parameters, name))
    : Either.isRight(AuthorizationResponse.matchState(parameters, config.state))
  return isAnswer && head.method === "GET" && isNavigation(head) && !isPrefetch(head)
    ? refuseWithPage("WrongPath")
    : refuse("WrongPath")
}

/**
 * Decides what a request means. The checks, in this order: target, `Host`, path, preflight, method, Fetch Metadata and
 * `Origin`, the posted form, `state`. The first failure is the reason of the refusal, and nothing after it is read.
 *
 * @param body - The body of a posted form, after the decision `ReadBody`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.3 | RFC 8252 section 7.3}
 * @see {@link https://www.w3.org/TR/fetch-metadata/ | Fetch Metadata Request Headers}
 */
export const decide = (config: RouteConfig, head: RequestHead, body?: string): Decision => {
  const target = parseTarget(head.target)
  if (target === undefined) {
    // CONNECT names only a host and a port (RFC 9112 section 3.2.3).
    return head.method === "CONNECT" ? refuse("WrongMethod", allow(config)) : refuse("Malformed")
  }
  const hosts = target.authority === undefined ? head.hosts : [target.authority]
  if (hosts.length !== 1) return refuse("Malformed")
  const host = (hosts[0] ?? "").trim().toLowerCase()
  if (!config.hosts.has(host) && !(config.loopback && isLoopbackHost(host))) return refuse("WrongHost")
  const isCallback = config.paths.has(target.path)
  const isDone = target.path === `/done/${config.done}` || (isCallback && target.query === `done=${config.done}`)
  if (!isCallback && !isDone) return refusePath(config, head, target)
  const origin = isDone ? undefined : CrossOrigin.allowedOrigin(config.origins, head)
  if (CrossOrigin.isPreflight(head)) {
    if (origin !== undefined) {
      return { _tag: "Preflight", answer: CrossOrigin.preflightAnswer(origin, allow(config), head) }
    }
    // Other preflights are what a page in the background sends first, which is the reason; the answer is that of a method.
    const answer = refusal("WrongMethod", isDone ? "GET" : allow(config))
    return { _tag: "Refused", reason: "NotANavigation", answer: { ...answer, body: refusal("NotANavigation").body } }
  }
  const decision = decideAddressed(config, head, { target, isDone, origin }, body)
  // The page may read why.
  return origin === undefined || decision._tag !== "Refused"
    ? decision
    : { ...decision, page: undefined, answer: CrossOrigin.readableBy(origin, decision.answer) }
}

/** What a request means that is addressed to the callback or to the last page. */
const decideAddressed = (
  config: RouteConfig,
  head: RequestHead,
  { isDone, origin, target }: {
    readonly target: Target
    readonly isDone: boolean
    readonly origin: string | undefined
  },
  body: string | undefined
): Decision => {
  const posted = config.formPost && head.method === "POST" && !isDone
  if (head.method !== "GET" && !posted) {
    const isUninvited = head.method === "POST" && !isDone && formTypes.includes(contentType(head)) && isNavigation(head)
    return isUninvited ? refuseWithPage("UninvitedForm") : refuse("WrongMethod", isDone ? "GET" : allow(config))
  }
  if (isPrefetch(head)) return refuse("Prefetch")
  if (origin === undefined && !isNavigation(head)) return refuse("NotANavigation")
  if (isDone) return { _tag: "Done" }
  if (posted) {
    if (!isForm(head)) return refuse("WrongContentType")
    if (Number(head.header("content-length") ?? 0) > bodyLimit) return refuse("BodyTooLarge")
    if (body === undefined) return { _tag: "ReadBody", limit: bodyLimit }
  }
  const matched = AuthorizationResponse.matchState(
    AuthorizationResponse.parse(posted ? body ?? "" : target.query),
    config.state
  )
  return Either.isRight(matched) ? { _tag: "Matched", response: matched.right, origin } : refuseWithPage(matched.left)
}

/** The path that a request asks for; `undefined` where its target cannot be read. */
export const pathOf = (head: RequestHead): string | undefined => parseTarget(head.target)?.path

/** Whether a request may carry a posted answer, whose `state` is in its body. */
export const mayBeForm = (head: RequestHead): boolean =>
  head.method === "POST" && isForm(head) && !(Number(head.header("content-length") ?? 0) > bodyLimit)

/** The `state` of a request, to look up its flow among several. It proves nothing. */
export const claimedState = (head: RequestHead, body?: string): string | undefined =>
  AuthorizationResponse.claimedState(AuthorizationResponse.parse(body ?? parseTarget(head.target)?.query ?? ""))

/** The name of the last page that a request asks for, to look up its flow among several. */
export const claimedDone = (head: RequestHead): string | undefined => {
  const target = parseTarget(head.target)
  return /^\/done\/([\w-]+)$/.exec(target?.path ?? "")?.[1] ?? /^done=([\w-]+)$/.exec(target?.query ?? "")?.[1]
}
