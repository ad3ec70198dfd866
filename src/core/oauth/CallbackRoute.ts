/**
 * What one HTTP request means to one flow, decided from data alone. Every listener, ours or a user's, is a shell around
 * this function.
 */
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import { type Answer, text } from "./Answer.ts"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import { callbackReasons, type HttpRefusalReason, type StateProblem } from "./RefusalReason.ts"

/** The head of a request, as it was sent: nothing decoded, nothing resolved. */
export interface RequestHead {
  readonly method: string
  /** The request target: `/path?query`, or absolute as a proxy sends it. */
  readonly target: string
  /** Every `Host` header. */
  readonly hosts: ReadonlyArray<string>
  /** A header by its lower-case name; a repeated one joined by `, `. */
  readonly header: (name: string) => string | undefined
}

/** What a flow listens for. */
export interface RouteConfig {
  readonly state: Redacted.Redacted<string>
  /** Paths of the callback, exactly as requested. */
  readonly paths: Pick<ReadonlySet<string>, "has">
  /** Hosts a request may name, lower case, with port. */
  readonly hosts: Pick<ReadonlySet<string>, "has">
  /** Whether `response_mode=form_post` was asked for. */
  readonly formPost: boolean
  /** Nonce of the last page, which is at `/done/{nonce}`, and at a path of the callback with `?done={nonce}`. */
  readonly done: string
}

/** What to do with a request. */
export type Decision =
  /** It carries our `state`: it ends the flow, and the browser is sent on to the last page. */
  | { readonly _tag: "Matched"; readonly response: AuthorizationResponse.Matched }
  /** It asks for the last page, which waits for the outcome. */
  | { readonly _tag: "Done" }
  /** A form was posted where forms are expected: decide again with its body, of at most `limit` bytes. */
  | { readonly _tag: "ReadBody"; readonly limit: number }
  /** It is none of the flow's: the reason is recorded, and its sender gets a page or a short text. */
  | Refused

/** A request that was refused. */
export interface Refused {
  readonly _tag: "Refused"
  readonly reason: HttpRefusalReason
  /** The methods that are served, for `Allow`. */
  readonly allow: string
}

/** Largest form read, in bytes; codes of 8 kB leave it far from full. */
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

/** Whether a person's browser, on its way back from a sign-in, may have been refused: then it gets a page. */
export const isForPeople = (reason: HttpRefusalReason): reason is StateProblem =>
  reason === "StateMissing" || reason === "StateRepeated" || reason === "StateMismatch"

/** A short plain text on why a request was refused. */
export const refusal = (reason: HttpRefusalReason, allow = "GET"): Answer =>
  text(statuses[reason], `${callbackReasons[reason]}.`, reason === "WrongMethod" ? { allow } : undefined)

/**
 * Sends the browser on to the last page, so that the code leaves its address bar and never enters its history. Beside
 * the callback where only the callback's path is known to lead here.
 */
export const seeDone = (done: string, beside: boolean): Answer => ({
  ...seeOther,
  headers: { ...seeOther.headers, location: beside ? `?done=${done}` : `/done/${done}` }
})

const seeOther = text(303, "The answer has arrived.")

interface Target {
  readonly authority: string | undefined
  readonly path: string
  readonly query: string
}

/** Splits a request target by hand: `new URL` would take the host of `//evil/callback` from its path. */
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
 * Decides on a request. The checks come in this order, the first failure winning: target, `Host`, path, method, Fetch
 * Metadata, the posted form, `state`. Only what passes them all is looked into.
 *
 * @param body - The body of a posted form, once `ReadBody` was answered.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252#section-7.3 | RFC 8252 section 7.3}
 * @see {@link https://www.w3.org/TR/fetch-metadata/ | Fetch Metadata Request Headers}
 */
export const decide = (config: RouteConfig, head: RequestHead, body?: string): Decision => {
  const target = parseTarget(head.target)
  if (target === undefined) {
    // Only a proxy is asked for an authority (RFC 9112 section 3.2.3).
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
  // A WebSocket's handshake is a GET as well, and says nothing of a mode.
  if (head.header("sec-websocket-key") !== undefined) return refuse("NotANavigation")
  // A frame of another page navigates too.
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

/** The `state` a request claims, to find its flow among several; it proves nothing. */
export const claimedState = (head: RequestHead, body?: string): string | undefined =>
  AuthorizationResponse.claimedState(AuthorizationResponse.parse(body ?? parseTarget(head.target)?.query ?? ""))

/** The last page that a request asks for, to find its flow among several. */
export const claimedDone = (head: RequestHead): string | undefined => {
  const target = parseTarget(head.target)
  return /^\/done\/([\w-]+)$/.exec(target?.path ?? "")?.[1] ?? /^done=([\w-]+)$/.exec(target?.query ?? "")?.[1]
}
