/**
 * A resource server that wants a token: its metadata (RFC 9728), its challenge, and the check of each request.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { type Answer, type JsonDocument, notFound } from "./Answer.ts"
import { action, checkedKnobs, flag, type Kind, type KindsOf, someOf, texts } from "./checkedKnobs.ts"
import { checkName } from "./checkNames.ts"
import { type FaultControl, makeFaults, respond } from "./Fault.ts"
import type { Verified } from "./Grants.ts"
import type { Listener } from "./Listener.ts"
import { pause } from "./pause.ts"
import { read, type RecordedRequest } from "./RecordedRequest.ts"
import type { AuthorizationServer } from "./startAuthorizationServer.ts"

/**
 * Where a request went: to the metadata at the location of the path, to that of the origin, or to the resource.
 *
 * @since 0.1.0
 * @category models
 */
export type ResourceEndpoint = "metadata" | "root-metadata" | "resource"

const endpoints: Readonly<Record<ResourceEndpoint, true>> = { metadata: true, "root-metadata": true, resource: true }

/**
 * A request that is about to be refused.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefusedRequest {
  /** The request. */
  readonly request: RecordedRequest<ResourceEndpoint>
  /** Where the metadata is, for `resource_metadata`. */
  readonly metadataUrl: string
  /** Absent when there was no token. */
  readonly error: "invalid_token" | "insufficient_scope" | undefined
  /** What the challenge asks for: what was missing a scope needs, or else the `scope` that the server was started with. */
  readonly scopes: ReadonlyArray<string>
}

/**
 * How the resource server behaves; a test may change it at any time.
 *
 * @since 0.1.0
 * @category knobs
 */
export interface ResourceKnobs {
  /** The issuers that its metadata names. @default that of the authorization server */
  authorizationServers: ReadonlyArray<string>
  /** Who a token speaks for. @default asks the authorization server */
  verify: (token: string, resource: string) => Promise<Verified | undefined>
  /** The lines of the header `WWW-Authenticate` of a refusal; none leaves the header out. @default `Bearer …` */
  challenge: (refused: RefusedRequest) => ReadonlyArray<string>
  /** Scopes that a request needs beside `scope`; a token without one of them gets a 403. @default none */
  requiredScopes: (request: RecordedRequest<ResourceEndpoint>) => ReadonlyArray<string>
  /** Every request is refused with 401, whatever its token. @default false */
  refuseAll: boolean
  /** Where there is metadata; elsewhere is a 404. @default ["metadata"] */
  metadataAt: ReadonlyArray<"metadata" | "root-metadata">
  /** The metadata, from what it is by default; `undefined` is a 404. @default unchanged */
  metadata: (document: JsonDocument, endpoint: "metadata" | "root-metadata") => JsonDocument | undefined
  /** Milliseconds until an answer is sent; the token has been looked at before that. @default 0 */
  latency: (request: RecordedRequest<ResourceEndpoint>) => number
  /** What a request with a good token gets; `undefined` leaves it to the server. @default always `undefined` */
  answer: (request: RecordedRequest<ResourceEndpoint>, verified: Verified) => Answer | undefined
}

const kinds: KindsOf<ResourceKnobs> = {
  authorizationServers: texts,
  verify: action,
  challenge: action,
  requiredScopes: action,
  refuseAll: flag,
  metadataAt: someOf<ResourceKnobs["metadataAt"][number]>({ metadata: true, "root-metadata": true }),
  metadata: action,
  latency: action,
  answer: action
}

/**
 * A running resource server.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtectedResource<Knobs extends ResourceKnobs = ResourceKnobs> extends FaultControl<ResourceEndpoint> {
  /** Where clients connect; also its resource identifier, the audience of its tokens (RFC 8707). */
  readonly url: string
  /** The URL without its path. */
  readonly origin: string
  /** The port that it listens on. */
  readonly port: number
  /** Where the metadata of its path is: `/.well-known/oauth-protected-resource/mcp` for `/mcp` (RFC 9728 section 3.1). */
  readonly metadataUrl: string
  /** Where that of the origin is: `/.well-known/oauth-protected-resource`. */
  readonly rootMetadataUrl: string
  /** How it behaves; a test may change them at any time. */
  readonly knobs: Knobs
  /** All requests, those for metadata too, in the order they came in. They hold what clients sent, tokens too. */
  readonly requests: ReadonlyArray<RecordedRequest<ResourceEndpoint>>
  /** How many requests came to an endpoint, and how many of them were answered with this status. */
  readonly count: (endpoint: ResourceEndpoint, status?: number) => number
}

/** A request and its response, as `node:http` has them. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** What a resource server is made of. */
export interface ResourceOptions<Knobs extends ResourceKnobs> {
  readonly authorizationServer: Pick<AuthorizationServer, "issuer" | "verify">
  readonly path: string
  /** Scopes that each request needs and that the metadata and every challenge name. */
  readonly scopes: ReadonlyArray<string>
  /** Where the knobs are at the beginning, beside those that are as in {@link ResourceKnobs}. */
  readonly knobs: (origin: string) => Omit<Knobs, keyof ResourceKnobs> & Partial<ResourceKnobs>
  /** Of which kind the knobs are that `ResourceKnobs` has not. @default any */
  readonly kinds?: Readonly<Record<string, Kind>>
  /** Whether `serve` reads the body of the request and answers by itself. */
  readonly leaveBody?: boolean
  /** Serves a request with a good token; `undefined` where it has answered, or will, by itself. */
  readonly serve: (
    request: RecordedRequest<ResourceEndpoint>,
    verified: Verified,
    knobs: Knobs,
    exchange: Exchange
  ) => Answer | undefined | Promise<Answer | undefined>
  /** Scopes that a request needs beside those of the knobs. */
  readonly scopesFor?: (request: RecordedRequest<ResourceEndpoint>, knobs: Knobs) => ReadonlyArray<string>
}

/** The token of a request, whatever the case of the scheme. */
export const bearerOf = ({ headers }: Pick<RecordedRequest, "headers">): string | undefined =>
  headers.authorization?.match(/^Bearer ([\w.~+/-]+=*)$/i)?.[1]

/** What most servers say: `Bearer resource_metadata="..."`, and the error and its scopes when there is one. */
export const defaultChallenge = ({ error, metadataUrl, scopes }: RefusedRequest): ReadonlyArray<string> => {
  const parameters = [
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scopes.length === 0 ? [] : [`scope="${scopes.join(" ")}"`]),
    `resource_metadata="${metadataUrl}"`
  ]
  return [`Bearer ${parameters.join(", ")}`]
}

const refusal = (refused: RefusedRequest, challenge: ResourceKnobs["challenge"]): Answer => {
  const lines = challenge(refused)
  return {
    status: refused.error === "insufficient_scope" ? 403 : 401,
    headers: lines.length === 0 ? {} : { "www-authenticate": [...lines] },
    body: { error: refused.error ?? "unauthorized" }
  }
}

/** Serves a resource on a listener. */
export const serveResource = <Knobs extends ResourceKnobs>(
  { origin, port, serve }: Pick<Listener, "origin" | "port" | "serve">,
  options: ResourceOptions<Knobs>
): ProtectedResource<Knobs> => {
  const { authorizationServer, leaveBody = false, path, scopes } = options
  const url = `${origin}${path}`
  const rootMetadataUrl = `${origin}/.well-known/oauth-protected-resource`
  const metadataUrl = `${rootMetadataUrl}${path === "/" ? "" : path}`
  const requests: Array<RecordedRequest<ResourceEndpoint>> = []
  const faults = makeFaults<ResourceEndpoint>(endpoints)
  const defaults: ResourceKnobs = {
    authorizationServers: [authorizationServer.issuer],
    verify: authorizationServer.verify,
    challenge: defaultChallenge,
    requiredScopes: () => [],
    refuseAll: false,
    metadataAt: ["metadata"],
    metadata: (document) => document,
    latency: () => 0,
    answer: () => undefined
  }
  // Every key of Knobs is one of these two.
  const knobs = checkedKnobs({ ...defaults, ...options.knobs(origin) } as Knobs, { ...kinds, ...options.kinds })

  const serveMetadata = (endpoint: "metadata" | "root-metadata"): Answer => {
    if (!knobs.metadataAt.includes(endpoint)) return notFound
    const document = knobs.metadata({
      resource: url,
      authorization_servers: knobs.authorizationServers,
      bearer_methods_supported: ["header"],
      scopes_supported: scopes.length === 0 ? ["mcp"] : scopes
    }, endpoint)
    return document === undefined ? notFound : { status: 200, body: document }
  }

  const check = async (request: RecordedRequest<ResourceEndpoint>): Promise<Verified | Answer> => {
    const refuse = (error?: RefusedRequest["error"], wanted = scopes) =>
      refusal({ request, metadataUrl, error, scopes: wanted }, knobs.challenge)
    const token = bearerOf(request)
    if (token === undefined) return refuse()
    const verified = await knobs.verify(token, url)
    if (verified === undefined || knobs.refuseAll) return refuse("invalid_token")
    const more = options.scopesFor?.(request, knobs) ?? []
    const required = [...new Set([...scopes, ...knobs.requiredScopes(request), ...more])]
    return required.some((scope) => !verified.scopes.includes(scope))
      ? refuse("insufficient_scope", required)
      : verified
  }

  /** What a request gets; `undefined` where the handler of a test answers. */
  const handle = async (
    request: RecordedRequest<ResourceEndpoint>,
    exchange: Exchange
  ): Promise<Answer | undefined> => {
    if (request.endpoint !== "resource") return serveMetadata(request.endpoint)
    const checked = await check(request)
    const answer = "status" in checked
      ? checked
      : knobs.answer(request, checked) ?? await options.serve(request, checked, knobs, exchange)
    await pause(knobs.latency(request), exchange.response)
    return answer
  }

  serve((request, response) => {
    const locations: Record<string, ResourceEndpoint> = {
      [new URL(rootMetadataUrl).pathname]: "root-metadata",
      [new URL(metadataUrl).pathname]: "metadata"
    }
    const endpoint = locations[new URL(request.url ?? "/", origin).pathname] ?? "resource"
    const answer = async () => {
      const recorded = await read(endpoint, request, { leaveBody: leaveBody && endpoint === "resource" })
      requests.push(recorded)
      response.once("finish", () => {
        recorded.status = response.statusCode
      })
      await respond(recorded, response, faults.take(recorded), (sent) => handle(sent, { request, response }))
    }
    answer().catch(() => response.destroy())
  })

  return {
    url,
    origin,
    port,
    metadataUrl,
    rootMetadataUrl,
    knobs,
    requests,
    count: (endpoint, status) => {
      checkName("endpoint", endpoint, Object.keys(endpoints))
      return requests.filter((one) => one.endpoint === endpoint && (status === undefined || one.status === status))
        .length
    },
    fail: (endpoint, fault, when) => {
      const own = leaveBody && endpoint === "resource"
      if (
        own &&
        (fault === "lost" ||
          (typeof fault === "object" && ("edit" in fault || "until" in fault || "delayMillis" in fault)))
      ) {
        throw new Error(
          "The handler of this server answers by itself: its answers cannot be lost, edited or held up here"
        )
      }
      faults.fail(endpoint, fault, when)
    },
    heal: faults.heal
  }
}
