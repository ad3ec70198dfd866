/**
 * The address of a flow: its redirect URI, and what a request may name to reach it.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { BindError } from "../core/oauth/BindError.ts"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"
import type { Bound } from "../services/CallbackServer.ts"
import type { Served } from "./Inbox.ts"
import type { OpenOptions } from "./OpenOptions.ts"

/** The address of a flow that is bound. */
export interface FlowAddress extends Pick<Served, "paths" | "hosts" | "loopback" | "beside"> {
  readonly redirectUri: string
  /** Whether the redirect URI is the caller's or the server's own. */
  readonly forwarded: boolean
}

/** A redirect URI, or an effect of the caller that gives it. */
export type RedirectUriOf<R> = string | Effect.Effect<string, BindError, R>

/**
 * The redirect URI as the caller, the server or this package writes it: never throws, whatever the caller's function does.
 *
 * @returns `Left` with one sentence when the caller's function threw.
 */
export const redirectUri = <R>(
  options: OpenOptions<R>,
  callback: RedirectUri.Callback,
  bound: Bound
): Either.Either<RedirectUriOf<R>, string> => {
  const own = options.redirectUri
  if (bound.redirectUri !== undefined) return Either.right(bound.redirectUri)
  if (own === undefined) return Either.right(RedirectUri.make(callback, bound.port))
  return Either.try({ try: () => own(bound.port), catch: () => "redirectUri threw an error" })
}

/**
 * The address of a flow on a bound port. A server that has an address of its own is asked for that one alone; else the
 * loopback names are accepted beside the host of the redirect URI, and the callback's path beside the redirect URI's.
 *
 * @param written The redirect URI. While the effect that gives it has not been run, the address is the loopback one: the
 * `state` was given to no one yet, so that no request is taken.
 * @returns `Left` with one sentence when the redirect URI cannot be used.
 */
export const make = <R>(
  options: OpenOptions<R>,
  callback: RedirectUri.Callback,
  bound: Bound,
  written: Either.Either<RedirectUriOf<R>, string> = redirectUri(options, callback, bound)
): Either.Either<FlowAddress, string> =>
  Either.flatMap(written, (given) => {
    const text = Effect.isEffect(given) ? RedirectUri.make(callback, bound.port) : given
    return Either.map(RedirectUri.parse(text), (url) => {
      const isServersOwn = bound.redirectUri !== undefined
      return {
        redirectUri: String(text),
        forwarded: isServersOwn || options.redirectUri !== undefined,
        paths: new Set(isServersOwn ? [url.pathname] : [url.pathname, callback.path]),
        hosts: RedirectUri.hostsOf(url),
        loopback: !isServersOwn || RedirectUri.isLoopback(url),
        beside: isServersOwn || !RedirectUri.isLoopbackRedirect(url) || url.port !== String(bound.port)
      }
    })
  })

/** What the route of a flow answers to; nothing where it has no usable address. */
export const served = (options: OpenOptions<unknown>, address: Either.Either<FlowAddress, string>): Served => {
  const { beside, hosts, loopback, paths } = Either.getOrElse(address, () => ({
    beside: false,
    hosts: new Set<string>(),
    loopback: false,
    paths: new Set<string>()
  }))
  return {
    beside,
    hosts,
    loopback,
    paths,
    formPost: options.responseMode === "form_post",
    origins: new Set(options.allowOrigins)
  }
}
