/**
 * The address of a flow that listens: its redirect URI, and what a request may name to reach it.
 */
import * as Either from "effect/Either"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"
import type { Bound } from "../services/CallbackServer.ts"
import type { FlowChannels } from "./FlowChannels.ts"
import type { OpenOptions } from "./OpenOptions.ts"

/** What there is to know of a redirect URI. */
export type Parts = Pick<URL, "protocol" | "hostname" | "port" | "pathname">

/** The redirect URI, and its parts. Never throws, whatever the caller's function does. */
export const redirectUriOf = (
  options: OpenOptions,
  callback: RedirectUri.Callback,
  bound: Bound
): Either.Either<readonly [string, Parts], string> => {
  try {
    // Of ours the parts are known.
    if (bound.redirectUri === undefined && options.redirectUri === undefined) {
      const { host: hostname, path: pathname } = callback
      const parts = { protocol: "http:", hostname, port: String(bound.port), pathname }
      return Either.right([RedirectUri.make(callback, bound.port), parts] as const)
    }
    const text = bound.redirectUri ?? options.redirectUri?.(bound.port)
    return Either.map(RedirectUri.parse(text), (url) => [String(text), url] as const)
  } catch {
    return Either.left("redirectUri threw an error")
  }
}

/** What a request may name. A server with an address of its own is asked for that one alone. */
export const accepted = (
  callback: RedirectUri.Callback,
  bound: Bound,
  redirectUri: Parts
): Pick<Parameters<FlowChannels["route"]>[0], "paths" | "hosts" | "beside"> => {
  const ours = bound.redirectUri === undefined
  const usual = redirectUri.port === "" ? undefined : `${redirectUri.hostname}:${redirectUri.port}`
  // Made for the first request that names another one.
  let hosts: ReadonlySet<string> | undefined
  return {
    paths: { has: (path: string) => path === redirectUri.pathname || (ours && path === callback.path) },
    hosts: {
      has: (host: string) =>
        host === usual || (hosts ??= RedirectUri.allowedHosts(ours ? bound.port : undefined, redirectUri)).has(host)
    },
    beside: !ours || !RedirectUri.isLoopback(redirectUri) || redirectUri.port !== String(bound.port)
  }
}
