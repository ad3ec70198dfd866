/**
 * Which client this program is to an authorization server, and on which ports it listens: a registration is valid for the
 * ports of its redirect URIs.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { InvalidOptions } from "../InvalidOptions.ts"
import {
  authMethods,
  authMethodWords,
  clientIdWords,
  type ClientOptions as ClientOptionsOf,
  isClientId,
  type PreRegisteredClient
} from "./ClientOptions.ts"
import type { ClientRegistration, Credentials } from "./Credentials.ts"
import * as Metadata from "./Metadata.ts"
import type { Document } from "./ResponseDocument.ts"
import { isThisMachine, parseUrl } from "./SecureUrl.ts"
import { RegistrationError, UntrustedMetadata } from "./SignInError.ts"

/** How the program is known to authorization servers; a client secret is redacted. */
export type ClientOptions = ClientOptionsOf<Redacted.Redacted<string>>

/**
 * Which client to be. `Fixed`: one that the options name, whose redirect URIs cannot be changed from here. `Stored`: one
 * that this program registered before. `Register`: one that is yet to be registered, for the port that is bound. `Ask`: one
 * that a person is yet to register by hand, for the port that is bound; that of `last` where there was one before, so that
 * the redirect URI stays the same.
 */
export type ClientChoice =
  | { readonly _tag: "Fixed"; readonly client: ClientRegistration }
  | { readonly _tag: "Stored"; readonly client: ClientRegistration }
  | { readonly _tag: "Register" }
  | { readonly _tag: "Ask"; readonly last?: ClientRegistration | undefined }

const fieldOf = (client: ClientRegistration, name: string): unknown =>
  client.extra === undefined ? undefined : Redacted.value(client.extra)[name]

/** Whether a secret has expired: `client_secret_expires_at` is in seconds, and 0 means never (RFC 7591 section 3.2.1). */
const hasExpired = (client: ClientRegistration, now: number): boolean => {
  const seconds = fieldOf(client, "client_secret_expires_at")
  return typeof seconds === "number" && seconds > 0 && seconds * 1000 <= now
}

/**
 * Checks the client that the options name. JavaScript hosts, and environment variables that are not set, may give anything.
 *
 * @returns `Left` with `InvalidOptions`, which names the option.
 */
export const check = ({ client }: { readonly client?: unknown }): Either.Either<void, InvalidOptions> => {
  const invalid = (option: string, detail: string) => Either.left(new InvalidOptions({ option, detail }))
  if (client === undefined) return Either.void
  if (typeof client !== "object" || client === null) return invalid("client", "it must be an object with clientId")
  const { authMethod, clientId, clientSecret, issuer }: {
    readonly [Name in keyof PreRegisteredClient<unknown>]?: unknown
  } = client
  if (!isClientId(clientId)) return invalid("client.clientId", `it must be ${clientIdWords}`)
  if (
    clientSecret !== undefined &&
    !(Redacted.isRedacted(clientSecret) && typeof Redacted.value(clientSecret) === "string")
  ) {
    return invalid("client.clientSecret", "it must be a string in Redacted.make")
  }
  if (authMethod !== undefined && !authMethods.includes(authMethod)) {
    return invalid("client.authMethod", `it must be ${authMethodWords}`)
  }
  return issuer === undefined || typeof issuer === "string"
    ? Either.void
    : invalid("client.issuer", "it must be a string")
}

const isClientMetadataUrl = (text: string): boolean => {
  const url = parseUrl(text)
  return url !== undefined && url.protocol === "https:" && url.pathname !== "/" && url.hash === "" &&
    url.username === "" && url.password === ""
}

/**
 * Chooses the client in the order of the MCP specification: registered by hand, client ID metadata document, registered
 * before, dynamic registration, one that the person is asked for.
 *
 * @param server The MCP server, for errors.
 * @param now Milliseconds since 1970-01-01 UTC.
 * @param canAsk Whether a person can be asked for a client id.
 * @returns `Left` with
 *   - `UntrustedMetadata` of reason `IssuerChanged`: the client registered by hand belongs to another issuer;
 *   - `RegistrationError` of reason `InvalidClientMetadataUrl`, or `NotSupported` when there is no way to be known there.
 */
export const choose = (
  server: string,
  { issuer, ...offered }: Metadata.AuthorizationServer,
  stored: Credentials | undefined,
  { client, clientMetadataUrl }: ClientOptions,
  now: number,
  canAsk = false
): Either.Either<ClientChoice, UntrustedMetadata | RegistrationError> => {
  if (client !== undefined) {
    // Where the options do not say, it belongs to the issuer that it was first used with.
    const expected = client.issuer ?? (stored?.client?.clientId === client.clientId ? stored.issuer : issuer)
    // Where that is waived, the server's own name may differ from the one that it is found under.
    const found = offered.waived.includes("allowIssuerMismatch") ? offered.asked : undefined
    const isSame = Metadata.sameIssuer(expected, issuer) || Metadata.sameIssuer(expected, found)
    return isSame ? Either.right({ _tag: "Fixed", client: preRegistered(client) }) : Either.left(
      new UntrustedMetadata({ reason: "IssuerChanged", server, field: "issuer", found: issuer, expected })
    )
  }
  if (clientMetadataUrl !== undefined && !isClientMetadataUrl(clientMetadataUrl)) {
    return Either.left(new RegistrationError({ reason: "InvalidClientMetadataUrl", issuer }))
  }
  if (clientMetadataUrl !== undefined && offered.fetchesClientMetadata) {
    return Either.right({ _tag: "Fixed", client: { clientId: clientMetadataUrl } })
  }
  const isSameIssuer = stored !== undefined && Metadata.sameIssuer(issuer, stored.issuer)
  const known = isSameIssuer ? stored.nextClient ?? stored.client : undefined
  // One that the server may have forgotten is replaced where that is possible; by a person only where it is quite sure.
  const isDoubtful = offered.registrationEndpoint !== undefined
    ? known?.isInDoubt === true
    : canAsk && known?.isUnknown === true
  if (known?.redirectUris !== undefined && isClientId(known.clientId) && !hasExpired(known, now) && !isDoubtful) {
    return Either.right({ _tag: "Stored", client: known })
  }
  if (offered.registrationEndpoint !== undefined) return Either.right({ _tag: "Register" })
  return canAsk
    ? Either.right({ _tag: "Ask", ...(known?.redirectUris !== undefined && { last: known }) })
    : Either.left(new RegistrationError({ reason: "NotSupported", issuer }))
}

const preRegistered = (
  { authMethod, clientId, clientSecret }: PreRegisteredClient<Redacted.Redacted<string>>
): ClientRegistration => ({
  clientId,
  clientSecret,
  ...(authMethod !== undefined && { extra: Redacted.make({ token_endpoint_auth_method: authMethod }) })
})

/** The stored client with what the options add to it: the secret of a client registered by hand is not stored. */
export const withOptions = (stored: ClientRegistration, { client }: ClientOptions): ClientRegistration =>
  client !== undefined && client.clientId === stored.clientId ? preRegistered(client) : stored

/** The client as it is stored: without what the options bring each time. */
export const toStored = (choice: ClientRegistration, { client }: ClientOptions): ClientRegistration =>
  client !== undefined && client.clientId === choice.clientId ? { clientId: choice.clientId } : choice

/** The options that say where to listen. */
export interface ListenOptions {
  readonly host?: string | undefined
  readonly port?: number | ReadonlyArray<number> | undefined
  readonly onPortBusy?: "fail" | "paste" | undefined
  readonly paste?: boolean | undefined
}

/** Where to listen. */
export interface ListenChoice {
  /** Tried in order. A port that another flow of this user holds is shared with it, so only a stranger's program takes one. */
  readonly port: number | ReadonlyArray<number>
  readonly onPortBusy: "fail" | "paste"
  /** Whether the redirect URI may be one that is not registered, so that the authorization server may refuse it. */
  readonly maybeUnregistered: boolean
  /** The name of this machine that is registered, where the options name none. */
  readonly host?: "localhost" | "[::1]"
}

const isList = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value)

/** Whether each one is a port at all is checked where the flow is opened. */
const portsOf = (port: number | ReadonlyArray<number> | undefined): ReadonlyArray<number> =>
  port === undefined ? [] : isList(port) ? port : [port]

/** The port on this machine that a redirect URI names; 0 for the URI of a proxy, whose port says nothing about it. */
const portOf = (redirectUri: string): number => {
  const url = parseUrl(redirectUri)
  return url !== undefined && url.protocol === "http:" && isThisMachine(url) ? Number(url.port || 80) : 0
}

/** The redirect URIs that are registered, or were. */
const registeredUris = (choice: ClientChoice): ReadonlyArray<string> =>
  (choice._tag === "Stored" ? choice.client : choice._tag === "Ask" ? choice.last : undefined)?.redirectUris ?? []

/** The name of this machine in the registered redirect URI, where it is not that of the default. */
const registeredHost = (choice: ClientChoice): ListenChoice["host"] => {
  const [first] = registeredUris(choice)
  const hostname = first === undefined || portOf(first) === 0 ? undefined : parseUrl(first)?.hostname
  return hostname === "localhost" || hostname === "[::1]" ? hostname : undefined
}

/**
 * Where to listen.
 *
 * A stored registration is used on its own port, together with whichever flow of this user is there already. When a
 * stranger's program has that port, another one is bound: it is registered, or the person is asked to register it.
 *
 * A fixed client uses the ports that the options name, and no other: a server that knows these would refuse any other one
 * on a page of its own, which ends nothing. When strangers have them all, the person pastes the answer; with `paste: false`
 * the flow fails. Without a port, as with port 0, it is any free one (RFC 8252 section 7.3), which not every server accepts.
 */
export const listen = (choice: ClientChoice, options: ListenOptions): ListenChoice => {
  const named = portsOf(options.port)
  const onPortBusy = options.onPortBusy ?? "fail"
  if (choice._tag !== "Fixed") {
    const registered = registeredUris(choice).map(portOf).filter((port) => port > 0)
    const any = named.length === 0 || named.includes(0)
    const first = any ? registered : registered.filter((each) => named.includes(each))
    const port = [...first, ...(named.length === 0 ? [0] : named.filter((each) => !first.includes(each)))]
    const host = options.host === undefined ? registeredHost(choice) : undefined
    return { port, onPortBusy, maybeUnregistered: false, ...(host !== undefined && { host }) }
  }
  // Port 0 never fails, so what comes after it is never tried.
  if (named.length === 0 || named[0] === 0) return { port: 0, onPortBusy, maybeUnregistered: true }
  const otherwise = options.paste === false ? "fail" : "paste"
  return { port: named, onPortBusy: options.onPortBusy ?? otherwise, maybeUnregistered: false }
}

/** Whether a redirect URI is registered. */
export const isRegistered = ({ redirectUris }: ClientRegistration, redirectUri: string): boolean =>
  redirectUris?.includes(redirectUri) === true

/**
 * The registration in a response (RFC 7591 section 3.2.1), with the redirect URI as it was sent: a server may spell it
 * another way. @returns `undefined` when the response has no client identifier that can be used.
 */
export const fromResponse = (document: Document, redirectUri: string): ClientRegistration | undefined => {
  const { client_id: clientId, client_secret: secret, redirect_uris: _, ...extra } = document
  if (!isClientId(clientId)) return undefined
  return {
    clientId,
    ...(typeof secret === "string" && secret !== "" && { clientSecret: Redacted.make(secret) }),
    redirectUris: [redirectUri],
    extra: Redacted.make(extra)
  }
}
