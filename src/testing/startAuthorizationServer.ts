/**
 * An authorization server for tests, in which everything can go wrong, one thing at a time.
 */
import { type Answer, notFound, oauthError } from "./Answer.ts"
import {
  type AuthorizationServerEndpoint,
  authorizationServerEndpoints,
  type AuthorizationServerKnobs,
  defaultKnobs,
  knobKinds
} from "./AuthorizationServerKnobs.ts"
import { makeAuthorizeEndpoint } from "./AuthorizeEndpoint.ts"
import { checkedKnobs } from "./checkedKnobs.ts"
import { checkName, checkNames, checkPath } from "./checkNames.ts"
import { type Client, type ClientToAdd, makeClients } from "./Clients.ts"
import { type FaultControl, makeFaults, respond } from "./Fault.ts"
import { type Family, makeGrants, type RefreshToken, type Verified } from "./Grants.ts"
import { listen } from "./Listener.ts"
import { metadataDocument, metadataLocations } from "./Metadata.ts"
import { pause } from "./pause.ts"
import { read, type RecordedRequest } from "./RecordedRequest.ts"
import { makeTokenEndpoint } from "./TokenEndpoint.ts"

/**
 * Options of {@link startAuthorizationServer}: where its knobs are at the beginning, and what cannot change.
 *
 * @since 0.1.0
 * @category options
 */
export interface AuthorizationServerOptions extends Partial<AuthorizationServerKnobs> {
  /** The path of the issuer, such as `/tenant1`. @default "" */
  readonly issuerPath?: string
  /** The port it listens on. @default 0, any free one */
  readonly port?: number
  /** The time, in milliseconds since 1970-01-01 UTC, that decides when tokens expire. @default Date.now, also when faked */
  readonly now?: () => number
}

/**
 * A running authorization server.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationServer extends FaultControl<AuthorizationServerEndpoint> {
  /** Its identifier, which `iss` and the metadata name. */
  readonly issuer: string
  /** The issuer without its path. */
  readonly origin: string
  /** How it behaves; a test may change them at any time. */
  readonly knobs: AuthorizationServerKnobs
  /** All requests, in the order they came in. They hold what clients sent, secrets too. */
  readonly requests: ReadonlyArray<RecordedRequest<AuthorizationServerEndpoint>>
  /** How many requests an endpoint got, those that a fault spoilt too. */
  readonly count: (endpoint: AuthorizationServerEndpoint, grantType?: string) => number
  /** How many browser windows it took: the number of authorization requests. */
  readonly windows: () => number
  /** How many refreshes succeeded. */
  readonly refreshes: () => number
  /** How often a refresh token came that had been used. */
  readonly reuses: () => number
  /** The families of tokens, one for each sign-in that got any, also those that are revoked. */
  readonly families: () => ReadonlyArray<Family>
  /** What is known of a refresh token. */
  readonly findRefreshToken: (token: string) => RefreshToken | undefined
  /** Registers a client by hand, or publishes a client ID metadata document: a client whose `client_id` is its URL. */
  readonly addClient: (client: ClientToAdd) => void
  /** The clients that it knows. */
  readonly clients: () => ReadonlyArray<Client>
  /** Forgets a client, or all: `invalid_client` at the token endpoint, and an error page for the person. */
  readonly forgetClient: (clientId?: string) => void
  /** All access tokens become invalid; refresh tokens stay good. */
  readonly expireTokens: () => void
  /** All access and refresh tokens become invalid. */
  readonly revokeTokens: () => void
  /** For a resource server: who the token speaks for, or `undefined` when it is not valid for this resource. */
  readonly verify: (token: string, resource: string) => Promise<Verified | undefined>
  /** Stops it; no socket is left then. */
  readonly close: () => Promise<void>
  /** The same as `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const names: Readonly<Record<keyof AuthorizationServerOptions, unknown>> = {
  ...defaultKnobs,
  issuerPath: true,
  now: true,
  port: true
}

/**
 * Starts an authorization server on 127.0.0.1: metadata (RFC 8414), dynamic registration (RFC 7591), client ID metadata
 * documents, PKCE with S256, `iss` (RFC 9207), resource indicators (RFC 8707), rotation of refresh tokens (one that is
 * used twice ends all tokens of its sign-in), revocation (RFC 7009).
 *
 * It checks what real ones check, and waits for no time to pass unless it is told to. Rejects with `ListenError` when the port
 * cannot be had, and with a `TypeError` for an option that does not exist or has a value that it cannot have.
 *
 * @example
 * ```ts
 * import { startAuthorizationServer } from "effect-oauth-callback/testing"
 *
 * const server = await startAuthorizationServer({ expiresIn: 60 })
 * server.fail("token", { status: 503 }, { times: 2 })
 * console.log(server.issuer, server.windows())
 * await server.close()
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const startAuthorizationServer = async (
  { issuerPath = "", now = () => Date.now(), port = 0, ...given }: AuthorizationServerOptions = {}
): Promise<AuthorizationServer> => {
  checkNames("startAuthorizationServer", given, names)
  if (issuerPath !== "") checkPath("issuerPath", issuerPath)
  if (issuerPath.endsWith("/")) throw new TypeError("issuerPath must not end with a slash")
  const knobs = checkedKnobs<AuthorizationServerKnobs>({ ...defaultKnobs, ...given }, knobKinds)
  const { close, origin, serve } = await listen(port)
  const issuer = `${origin}${issuerPath}`
  const locations = metadataLocations(issuerPath)
  const clients = makeClients(knobs, now)
  const grants = makeGrants(now)
  const faults = makeFaults<AuthorizationServerEndpoint>(authorizationServerEndpoints)
  const { authorize, consent } = makeAuthorizeEndpoint(issuer, knobs, clients, grants)
  const { refreshes, reuses, revoke, token } = makeTokenEndpoint(knobs, clients, grants, now)
  const requests: Array<RecordedRequest<AuthorizationServerEndpoint>> = []

  const metadata = ({ path }: RecordedRequest): Answer => {
    const location = locations[path]?.find((one) => knobs.metadataAt.includes(one))
    if (location === undefined) return notFound
    const document = knobs.metadata(metadataDocument(issuer, knobs, location), location)
    return document === undefined ? notFound : { status: 200, body: document }
  }

  const register = (request: RecordedRequest): Answer => {
    if (knobs.registration === "absent") return notFound
    if (knobs.registration === "accept") return clients.register(request)
    const { error, status, description = "registration is not for you" } = knobs.registration
    return oauthError(error, description, status)
  }

  const handlers = { metadata, register, authorize, consent, token, revoke }
  const endpointOf = (path: string): AuthorizationServerEndpoint | undefined => {
    if (path.includes("/.well-known/")) return "metadata"
    return (["register", "authorize", "consent", "token", "revoke"] as const)
      .find((endpoint) => path === `${issuerPath}/${endpoint}`)
  }

  serve((request, response) => {
    const endpoint = endpointOf(new URL(request.url ?? "/", origin).pathname)
    if (endpoint === undefined) {
      response.writeHead(404).end()
      return
    }
    const answer = async () => {
      const recorded = await read(endpoint, request)
      requests.push(recorded)
      await respond(recorded, response, faults.take(recorded), async (sent) => {
        await knobs.meanwhile(recorded, "received")
        const said = handlers[endpoint](sent)
        await knobs.meanwhile(recorded, "decided")
        await pause(knobs.latency(recorded), response)
        return said
      })
    }
    answer().catch(() => response.destroy())
  })

  const count = (endpoint: AuthorizationServerEndpoint, grantType?: string): number => {
    checkName("endpoint", endpoint, Object.keys(authorizationServerEndpoints))
    return requests.filter((one) =>
      one.endpoint === endpoint && (grantType === undefined || one.params.get("grant_type") === grantType)
    ).length
  }

  return {
    issuer,
    origin,
    knobs,
    requests,
    count,
    windows: () => count("authorize"),
    refreshes,
    reuses,
    families: grants.families,
    findRefreshToken: grants.findRefreshToken,
    fail: faults.fail,
    heal: faults.heal,
    addClient: clients.add,
    clients: () => [...clients.all.values()],
    forgetClient: (clientId) => clientId === undefined ? clients.all.clear() : void clients.all.delete(clientId),
    expireTokens: grants.expireAll,
    revokeTokens: grants.revokeAll,
    verify: grants.verify,
    close,
    [Symbol.asyncDispose]: close
  }
}
