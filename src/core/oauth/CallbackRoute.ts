/**
 * What an HTTP request means to a flow, decided by pure functions. Every listener, of this package or of a user, is a thin
 * shell around them.
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import { type Answer, text } from "./Answer.ts"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import { callbackReasons, type HttpRefusalReason, type StateProblem } from "./RefusalReason.ts"

/**
 * The head of a request as it was sent: nothing is decoded or resolved.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestHead {
  readonly method: string
  /** The request target: `/path?query`, or an absolute URL as proxies receive it (RFC 9112 section 3.2). */
  readonly target: string
  /** The values of all `Host` headers. */
  readonly hosts: ReadonlyArray<string>
  /** The value of a header, by its lower-case name; the values of a repeated header are joined by `, `. */
  readonly header: (name: string) => string | undefined
}

/** What a flow accepts. */
export interface RouteConfig {
  readonly state: Redacted.Redacted<string>
  /** Paths of the callback, compared without decoding. */
  readonly paths: ReadonlySet<string>
  /** `Host` headers that are accepted, in lower case. */
  readonly hosts: ReadonlySet<string>
  /** Whether `response_mode=form_post` was asked for. */
  readonly formPost: boolean
  /** Random name of the last page, which is at `/done/{name}`, and at a path of the callback with `?done={name}`. */
  readonly done: string
}

/** What to do with a request. */
export type Decision =
  /** It carries the flow's `state`: it ends the flow, and the browser is redirected to the last page. */
  | { readonly _tag: "Matched"; readonly response: AuthorizationResponse.Matched }
  /** It requests the last page, which is sent when the outcome is known. */
  | { readonly _tag: "Done" }
  /** It posts a form, and forms are accepted: call `decide` again with its body, of at most `limit` bytes. */
  | { readonly _tag: "ReadBody"; readonly limit: number }
  | Refused

/** A request that is not for this flow. The sender gets a page or a short text, and the reason is recorded. */
export interface Refused {
  readonly _tag: "Refused"
  readonly reason: HttpRefusalReason
  /** The methods that are accepted, for the header `Allow`. */
  readonly allow: string
}

/** Largest form that is read, in bytes. Codes have at most a few kilobytes. */
export const bodyLimit: number = 64 * 1024

const statuses: Readonly<Record<HttpRefusalReason, number>> = {
  Malformed: 400,
  HeadersTooLarge: 431,
  BodyTooLarge: 413,
  WrongHost: 421,
  WrongPath: 404,
  WrongMethod: 405,
  WrongContentType: 415,
  NotANavigation: 403,
  Prefetch: 403,
  StateMissing: 400,
  StateRepeated: 400,
  StateMismatch: 400
}

const refuse = (reason: HttpRefusalReason, allow = "GET"): Refused => ({ _tag: "Refused", reason, allow })

/** Whether the refused request may come from a person's browser after a sign-in: then it gets a page and not a text. */
export const getsPage = (reason: HttpRefusalReason): reason is StateProblem =>
  reason === "StateMissing" || reason === "StateRepeated" || reason === "StateMismatch"

/** A short plain text on why a request was refused. */
export const refusal = (reason: HttpRefusalReason, allow = "GET"): Answer =>
  text(statuses[reason], `${callbackReasons[reason]}.`, reason === "WrongMethod" ? { allow } : undefined)

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

const allow = ({ formPost }: RouteConfig): string => formPost ? "GET, POST" : "GET"

/**
 * Decides what a request means. The checks, in this order: target, `Host`, path, method, Fetch Metadata, the posted form,
 * `state`. The first failure is the reason of the refusal, and nothing after it is read.
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
  if (!config.hosts.has((hosts[0] ?? "").trim().toLowerCase())) return refuse("WrongHost")
  const isCallback = config.paths.has(target.path)
  const isDone = target.path === `/done/${config.done}` || (isCallback && target.query === `done=${config.done}`)
  if (!isCallback && !isDone) return refuse("WrongPath")
  const posted = config.formPost && head.method === "POST" && !isDone
  if (head.method !== "GET" && !posted) return refuse("WrongMethod", isDone ? "GET" : allow(config))
  if (isPrefetch(head)) return refuse("Prefetch")
  const mode = head.header("sec-fetch-mode")
  if (mode !== undefined && mode.trim().toLowerCase() !== "navigate") return refuse("NotANavigation")
  // The handshake of a WebSocket is a GET too, and not every browser sends a mode with it.
  if (head.header("sec-websocket-key") !== undefined) return refuse("NotANavigation")
  // A frame in another page has the mode "navigate" too.
  const destination = head.header("sec-fetch-dest")
  if (destination !== undefined && destination.trim().toLowerCase() !== "document") return refuse("NotANavigation")
  if (isDone) return { _tag: "Done" }
  if (posted) {
    const type = (head.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase()
    if (type !== "application/x-www-form-urlencoded") return refuse("WrongContentType")
    if (Number(head.header("content-length") ?? 0) > bodyLimit) return refuse("BodyTooLarge")
    if (body === undefined) return { _tag: "ReadBody", limit: bodyLimit }
  }
  const matched = AuthorizationResponse.matchState(
    AuthorizationResponse.parse(posted ? body ?? "" : target.query),
    config.state
  )
  return Either.isRight(matched) ? { _tag: "Matched", response: matched.right } : refuse(matched.left)
}

/** The `state` of a request, to look up its flow among several. It proves nothing. */
export const claimedState = (head: RequestHead, body?: string): string | undefined =>
  AuthorizationResponse.claimedState(AuthorizationResponse.parse(body ?? parseTarget(head.target)?.query ?? ""))

/** The name of the last page that a request asks for, to look up its flow among several. */
export const claimedDone = (head: RequestHead): string | undefined => {
  const target = parseTarget(head.target)
  return /^\/done\/([\w-]+)$/.exec(target?.path ?? "")?.[1] ?? /^done=([\w-]+)$/.exec(target?.query ?? "")?.[1]
}
