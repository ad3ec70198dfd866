/**
 * Finds out where to sign in: reads and checks the metadata of the MCP server, then that of its authorization server.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { BearerChallenge } from "../core/mcp/Challenge.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import { parseUrl } from "../core/mcp/SecureUrl.ts"
import { DiscoveryError, type SdkMissing, type UntrustedMetadata } from "../core/mcp/SignInError.ts"
import type { Environment } from "./Environment.ts"
import { faultOf, step, type StepResult } from "./Step.ts"
import type { SdkMetadata } from "./Sdk.ts"

/** Where to sign in, and to which resource. */
export interface Discovered {
  readonly server: Metadata.AuthorizationServer
  readonly resource: Metadata.ProtectedResource
  /** The authorization server's metadata as the SDK takes it. */
  readonly metadata: SdkMetadata
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, "")

/** A document that was published. */
interface Published {
  readonly document: Metadata.Document
  /** Fails where the SDK cannot read the document. Run after the checks of `Metadata`, whose errors say more. */
  readonly check: Effect.Effect<void, DiscoveryError>
}

/** Reads the response of a step. `Right(undefined)`: the server publishes nothing there. `Left`: it could not be read. */
const readPublished = (
  { label: server, server: serverUrl }: Environment,
  asked: string,
  { outcome, result, timedOut }: StepResult<unknown>
): Either.Either<Published | undefined, DiscoveryError | UntrustedMetadata> => {
  const failed = (fields: Pick<DiscoveryError, "reason" | "status">, url: string) =>
    Either.left(new DiscoveryError({ server, url: withoutQuery(url), ...fields }))
  const { reason, status } = faultOf({ outcome, timedOut })
  const url = outcome._tag === "NotSent" ? asked : outcome.url
  if (timedOut || outcome._tag !== "Answered") {
    return failed({ reason: timedOut ? "TimedOut" : "Unreachable", status: undefined }, url)
  }
  const { document } = outcome
  if (outcome.isTooDeep === true) return Either.left(Metadata.nestedTooDeep(serverUrl, withoutQuery(url)))
  if (document !== undefined && outcome.status < 300) {
    // The SDK fails when a field is of the wrong type.
    const isUnderstood = Either.getOrUndefined(result) !== undefined
    const notUnderstood = () =>
      new DiscoveryError({ reason: "InvalidResponse", server, url: withoutQuery(url), status })
    return Either.right({ document, check: isUnderstood ? Effect.void : Effect.suspend(notUnderstood) })
  }
  return reason === "ServerError" ? failed({ reason, status }, url) : Either.right(undefined)
}

const protectedResource = (
  env: Environment,
  resourceMetadata: string | undefined
): Effect.Effect<Published | undefined, DiscoveryError | UntrustedMetadata | SdkMissing> =>
  Effect.gen(function* () {
    // Text that is not an absolute URL (RFC 9728 section 5.1) is ignored.
    const named = resourceMetadata === undefined ? undefined : parseUrl(resourceMetadata)
    if (named !== undefined) {
      const insecure = Metadata.secureEndpoint(env.server, "resource_metadata", resourceMetadata)
      if (insecure !== undefined) return yield* insecure
    }
    const ask = (resourceMetadataUrl: URL | undefined) =>
      Effect.flatMap(
        step(env, (sdk, fetch) =>
          sdk.discoverOAuthProtectedResourceMetadata(
            env.server,
            resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl },
            fetch
          )),
        (result) => readPublished(env, (resourceMetadataUrl ?? env.server).href, result)
      )
    const found = yield* ask(named)
    if (found !== undefined || named === undefined) return found
    // There is no document at the URL in the challenge; there may be one at the well-known URLs.
    const elsewhere = yield* ask(undefined)
    if (elsewhere !== undefined) return elsewhere
    return yield* new DiscoveryError({ reason: "NoMetadata", server: env.label, url: withoutQuery(named.href) })
  })

/** Nothing is cached: a server that moved to another authorization server would be found too late. */
const once = (
  env: Environment,
  challenge: BearerChallenge,
  knownIssuer: string | undefined
): Effect.Effect<Discovered, DiscoveryError | UntrustedMetadata | SdkMissing> =>
  Effect.gen(function* () {
    const published = yield* protectedResource(env, challenge.resourceMetadata)
    const resource = yield* Metadata.protectedResource(env.server, published?.document)
    if (published !== undefined) yield* published.check
    const asked = Metadata.chooseIssuer(env.server, resource, [env.client?.issuer, knownIssuer])
    const insecure = Metadata.secureIssuer(env.server, asked)
    if (insecure !== undefined) return yield* insecure
    const found = yield* Effect.flatMap(
      step(env, (sdk, fetch) => sdk.discoverAuthorizationServerMetadata(asked, { fetchFn: fetch })),
      (result) => readPublished(env, asked, result)
    )
    if (found === undefined && (published !== undefined || env.unsafe.allowMissingS256 !== true)) {
      return yield* new DiscoveryError({ reason: "NoMetadata", server: env.label, url: asked })
    }
    const raw = found?.document ?? Metadata.fallbackDocument(asked)
    const server = yield* Metadata.authorizationServer(env.server, asked, raw, env.unsafe)
    if (found !== undefined) yield* found.check
    const metadata = Metadata.documentForSdk(raw, server)
    return { server, resource, metadata }
  })

/**
 * Finds out where to sign in. It is tried a second time when a server could not be reached or has an internal error.
 *
 * @param knownIssuer The issuer of the stored credentials: preferred where the MCP server names several.
 */
export const discover = (
  env: Environment,
  challenge: BearerChallenge,
  knownIssuer: string | undefined
): Effect.Effect<Discovered, DiscoveryError | UntrustedMetadata | SdkMissing> =>
  Effect.retry(once(env, challenge, knownIssuer), {
    times: 1,
    while: (error) =>
      error._tag === "DiscoveryError" && (error.reason === "Unreachable" || error.reason === "ServerError")
  })
