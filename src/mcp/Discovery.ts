/**
 * Finds out where to sign in: reads and checks the metadata of the MCP server, then that of its authorization server.
 */
import * as Effect from "effect/Effect"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as Fault from "../core/mcp/Fault.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import type { Document } from "../core/mcp/ResponseDocument.ts"
import { parseUrl } from "../core/mcp/SecureUrl.ts"
import { DiscoveryError, type UntrustedMetadata } from "../core/mcp/SignInError.ts"
import * as TokenResponse from "../core/mcp/TokenResponse.ts"
import * as WellKnown from "../core/mcp/WellKnown.ts"
import type { ServerEnvironment } from "./Environment.ts"
import * as Pauses from "./Pauses.ts"
import * as ServerRequest from "./ServerRequest.ts"

/** Where to sign in, and to which resource. */
export interface Discovered {
  readonly server: Metadata.AuthorizationServer
  readonly resource: Metadata.ProtectedResource
  /** The resource that requests name (RFC 8707); `undefined` where that is waived. */
  readonly resourceIndicator: string | undefined
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, "")

/** What is published. */
interface Published {
  /** Absent where nothing is. */
  readonly document?: Document
  /** Whether a web page was there instead. */
  readonly isWebPage?: true
  /** How the first place refused, where that says more than "nothing is here". */
  readonly status?: number
}

/**
 * The first document that is published at one of these URLs.
 *
 * A place where the server has an internal error says nothing about the others of the same server: proxies answer so for
 * what they do not route. A server that does not answer, or wants to be asked later, is not asked further.
 */
const published = (
  env: ServerEnvironment,
  urls: ReadonlyArray<string>
): Effect.Effect<Published, DiscoveryError | UntrustedMetadata> =>
  Effect.gen(function* () {
    let failed: DiscoveryError | undefined
    let none: Published = {}
    for (const url of urls) {
      const outcome = yield* ServerRequest.get(env, url)
      const document = Fault.documentOf(outcome)
      if (document !== undefined && !TokenResponse.isError(document)) return { document }
      if (outcome._tag === "Answered" && outcome.isTooDeep === true && outcome.status < 300) {
        return yield* Metadata.nestedTooDeep(env.server, withoutQuery(url))
      }
      const { isWebPage, reason, retryAfter, status, ...why } = Fault.of(outcome)
      if (isWebPage === true) none = { ...none, isWebPage }
      if (status !== undefined && status >= 400 && status !== 404) none = { status, ...none }
      // A page, or "no", means that there is no document here.
      if (reason === "InvalidResponse" || reason === "Rejected") continue
      const { cause, code } = why
      const fields = { reason, status, retryAfter, code, cause }
      failed ??= new DiscoveryError({ server: env.label, url: withoutQuery(url), ...fields })
      if (status === undefined || status < 500) break
    }
    return failed === undefined ? none : yield* failed
  })

/** Whether a server that a proxy serves by https calls itself by http: it is asked where it is, never there. */
const isOwnWithoutTls = (server: URL, named: URL): boolean =>
  server.protocol === "https:" && named.protocol === "http:" && named.hostname === server.hostname

const noMetadata = ({ label }: ServerEnvironment, url: string, { isWebPage, status }: Published): DiscoveryError =>
  new DiscoveryError({ reason: "NoMetadata", server: label, url: withoutQuery(url), isWebPage, status })

/** The metadata of the MCP server: where its challenge says, else at the well-known places. */
const protectedResource = (
  env: ServerEnvironment,
  resourceMetadata: string | undefined
): Effect.Effect<Published, DiscoveryError | UntrustedMetadata> =>
  Effect.gen(function* () {
    // Text that is not an absolute URL (RFC 9728 section 5.1) is ignored.
    const named = resourceMetadata === undefined ? undefined : parseUrl(resourceMetadata)
    if (named === undefined || isOwnWithoutTls(env.server, named)) {
      return yield* published(env, WellKnown.ofResource(env.server))
    }
    const insecure = Metadata.secureEndpoint(env.server, "resource_metadata", resourceMetadata)
    if (insecure !== undefined) return yield* insecure
    const found = yield* published(env, [...new Set([named.href, ...WellKnown.ofResource(env.server)])])
    // Where the caller names the authorization server, nothing depends on the document.
    if (found.document !== undefined || env.authorizationServerMetadataUrl !== undefined) return found
    return yield* noMetadata(env, named.href, found)
  })

const isInternal = (error: DiscoveryError | UntrustedMetadata): boolean =>
  error._tag === "DiscoveryError" && error.reason === "ServerError" && (error.status ?? 0) >= 500 &&
  error.retryAfter === undefined

/**
 * The same where the caller names the authorization server: a server that has nothing but internal errors at these places,
 * also when it is asked a second time, publishes nothing.
 */
const ifPublished = (
  published: Effect.Effect<Published, DiscoveryError | UntrustedMetadata>
): Effect.Effect<Published, DiscoveryError | UntrustedMetadata> =>
  Effect.catchIf(Effect.retry(published, { times: 1, while: isInternal }), isInternal, () => Effect.succeed({}))

/** The metadata of the authorization server that the MCP server names, or that the caller does. */
const authorizationServer = (
  env: ServerEnvironment,
  { isPublished, resource }: { readonly isPublished: boolean; readonly resource: Metadata.ProtectedResource },
  knownIssuer: string | undefined
): Effect.Effect<Metadata.AuthorizationServer, DiscoveryError | UntrustedMetadata> =>
  Effect.gen(function* () {
    const { authorizationServerMetadataUrl: metadataUrl, server, unsafe } = env
    if (metadataUrl !== undefined) {
      const found = yield* published(env, [metadataUrl])
      if (found.document === undefined) return yield* noMetadata(env, metadataUrl, found)
      return yield* Metadata.authorizationServer(server, undefined, found.document, unsafe)
    }
    const asked = Metadata.chooseIssuer(server, resource, [env.client?.issuer, knownIssuer])
    const insecure = Metadata.secureIssuer(server, asked)
    if (insecure !== undefined) return yield* insecure
    const found = yield* published(env, WellKnown.ofIssuer(new URL(asked)))
    const { document } = found
    if (document === undefined && (isPublished || unsafe.allowMissingS256 !== true)) {
      return yield* noMetadata(env, asked, found)
    }
    return yield* Metadata.authorizationServer(server, asked, document ?? Metadata.fallbackDocument(asked), unsafe)
  })

/** Nothing is cached: a server that moved to another authorization server would be found too late. */
const once = (
  env: ServerEnvironment,
  challenge: BearerChallenge,
  knownIssuer: string | undefined
): Effect.Effect<Discovered, DiscoveryError | UntrustedMetadata> =>
  Effect.gen(function* () {
    const ofResource = protectedResource(env, challenge.resourceMetadata)
    const { document } = yield* env.authorizationServerMetadataUrl === undefined ? ofResource : ifPublished(ofResource)
    const resource = yield* Metadata.protectedResource(env.server, document, env.unsafe)
    const server = yield* authorizationServer(env, { isPublished: document !== undefined, resource }, knownIssuer)
    return { server, resource, resourceIndicator: env.unsafe.omitResource === true ? undefined : resource.resource }
  })

/**
 * Finds out where to sign in. It is tried a second time when a server could not be reached or has an internal error.
 *
 * @param knownIssuer The issuer of the stored credentials: preferred where the MCP server names several.
 */
export const discover = (
  env: ServerEnvironment,
  challenge: BearerChallenge,
  knownIssuer: string | undefined
): Effect.Effect<Discovered, DiscoveryError | UntrustedMetadata> =>
  Effect.zipRight(
    Pauses.metadata(env),
    Effect.retry(once(env, challenge, knownIssuer), {
      times: 1,
      while: (error) =>
        error._tag === "DiscoveryError" && (error.reason === "Unreachable" || error.reason === "ServerError") &&
        error.retryAfter === undefined
    })
  ).pipe(
    Effect.tapError((error) => Pauses.note(env, error)),
    Effect.withSpan("McpOAuth.discover", { attributes: { server: env.label }, captureStackTrace: false })
  )
