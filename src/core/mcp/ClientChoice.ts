/**
 * Who this program is to an authorization server, and where it listens: a registration and its port belong together.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { ClientRegistration, Credentials } from "./Credentials.ts"
import type { AuthorizationServer, Document } from "./Metadata.ts"
import { isLoopback, parseUrl } from "./SecureUrl.ts"
import { RegistrationError, UntrustedMetadata } from "./SignInError.ts"

/** A registration made by hand. */
export interface PreRegistered {
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  /** How it proves itself, for servers that offer several ways and take one. @default what the server prefers */
  readonly authMethod?: "client_secret_basic" | "client_secret_post" | "none" | undefined
  /** The only issuer that may see it. @default the first one it is used with */
  readonly issuer?: string | undefined
}

/** What the caller says of this program. */
export interface ClientOptions {
  /** Shown to the person by the authorization server. @default "effect-oauth-callback" */
  readonly clientName?: string | undefined
  /** Where the document about this program is published (Client ID Metadata Documents): https, with a path. */
  readonly clientMetadataUrl?: string | undefined
  /** A registration made by hand; it goes before every other way. */
  readonly client?: PreRegistered | undefined
}

/** Who the program is. `Fixed` clients cannot change what they registered; the others are made for the port. */
export type ClientChoice =
  | { readonly _tag: "Fixed"; readonly client: ClientRegistration }
  | { readonly _tag: "Stored"; readonly client: ClientRegistration }
  | { readonly _tag: "Register" }

const fieldOf = (client: ClientRegistration, name: string): unknown =>
  client.extra === undefined ? undefined : Redacted.value(client.extra)[name]

/** Whether a registration has ended: `client_secret_expires_at` is in seconds, and 0 is never (RFC 7591 section 3.2.1). */
const hasEnded = (client: ClientRegistration, now: number): boolean => {
  const seconds = fieldOf(client, "client_secret_expires_at")
  return typeof seconds === "number" && seconds > 0 && seconds * 1000 <= now
}

const isClientMetadataUrl = (text: string): boolean => {
  const url = parseUrl(text)
  return url !== undefined && url.protocol === "https:" && url.pathname !== "/" && url.hash === "" &&
    url.username === "" && url.password === ""
}

/**
 * In the order of the MCP specification: registered by hand, client ID metadata document, registered before, register.
 *
 * @returns `Left` with
 *   - `UntrustedMetadata` of reason `IssuerChanged`: the client by hand is another issuer's;
 *   - `RegistrationError` of reason `InvalidClientMetadataUrl`, or `NotSupported` when no way is left.
 */
export const choose = (
  server: string,
  { issuer, ...offered }: AuthorizationServer,
  stored: Credentials | undefined,
  { client, clientMetadataUrl }: ClientOptions,
  now: number
): Either.Either<ClientChoice, UntrustedMetadata | RegistrationError> => {
  if (client !== undefined) {
    // Without an issuer of its own it belongs to the one it was used with.
    const own = client.issuer ?? (stored?.client?.clientId === client.clientId ? stored.issuer : issuer)
    return own === issuer ? Either.right({ _tag: "Fixed", client: byHand(client) }) : Either.left(
      new UntrustedMetadata({ reason: "IssuerChanged", server, field: "issuer", found: issuer, expected: own })
    )
  }
  if (clientMetadataUrl !== undefined && !isClientMetadataUrl(clientMetadataUrl)) {
    return Either.left(new RegistrationError({ reason: "InvalidClientMetadataUrl", issuer }))
  }
  if (clientMetadataUrl !== undefined && offered.fetchesClientMetadata) {
    return Either.right({ _tag: "Fixed", client: { clientId: clientMetadataUrl } })
  }
  const known = stored?.issuer === issuer ? stored.client : undefined
  if (known?.redirectUris !== undefined && !hasEnded(known, now)) {
    return Either.right({ _tag: "Stored", client: known })
  }
  return offered.canRegister
    ? Either.right({ _tag: "Register" })
    : Either.left(new RegistrationError({ reason: "NotSupported", issuer }))
}

const byHand = ({ authMethod, clientId, clientSecret }: PreRegistered): ClientRegistration => ({
  clientId,
  clientSecret,
  ...(authMethod !== undefined && { extra: Redacted.make({ token_endpoint_auth_method: authMethod }) })
})

/** The stored client as the token endpoint has to see it: a secret of the options is not stored. */
export const withOptions = (stored: ClientRegistration, { client }: ClientOptions): ClientRegistration =>
  client !== undefined && client.clientId === stored.clientId ? byHand(client) : stored

/** The client as it is kept: without the secret that the options bring each time. */
export const toStored = (choice: ClientRegistration, { client }: ClientOptions): ClientRegistration =>
  client !== undefined && client.clientId === choice.clientId ? { clientId: choice.clientId } : choice

/** Where to listen, as the caller may set it. */
export interface ListenOptions {
  readonly host?: string | undefined
  readonly port?: number | ReadonlyArray<number> | undefined
  readonly onPortBusy?: "fail" | "paste" | undefined
  readonly paste?: boolean | undefined
  readonly redirectUri?: ((port: number) => string) | undefined
}

/** One try of the listener; the next is made when every port of it is taken. */
export interface ListenAttempt {
  readonly port: number | ReadonlyArray<number>
  readonly onPortBusy: "fail" | "paste"
  /** Whether the server may not know the redirect URI that comes of it, so that its page may complain. */
  readonly maybeUnregistered: boolean
}

const portsOf = (port: number | ReadonlyArray<number> | undefined): ReadonlyArray<number> =>
  port === undefined ? [] : typeof port === "number" ? [port] : port

/** The port on this machine, 0 where the URI names none: that of a proxy says nothing about it. */
const portOf = (redirectUri: string): number => {
  const url = parseUrl(redirectUri)
  return url !== undefined && url.protocol === "http:" && isLoopback(url) ? Number(url.port || 80) : 0
}

/**
 * The tries in order. A stored registration is used on its own port; without that port another registration is made. A
 * fixed client uses the ports that the options name; when they are taken, any port (RFC 8252 section 7.3 has servers
 * accept every port of a loopback address), or, where the redirect URI is no loopback address, a paste on the fixed one.
 */
export const listen = (choice: ClientChoice, options: ListenOptions): ReadonlyArray<ListenAttempt> => {
  const named = portsOf(options.port)
  const onPortBusy = options.onPortBusy ?? "fail"
  if (choice._tag !== "Fixed") {
    const registered = choice._tag === "Stored"
      ? (choice.client.redirectUris ?? []).map(portOf).filter((port) => port > 0)
      : []
    const any = named.length === 0 || named.includes(0)
    const first = any ? registered : registered.filter((each) => named.includes(each))
    const port = [...first, ...(named.length === 0 ? [0] : named.filter((each) => !first.includes(each)))]
    return [{ port, onPortBusy, maybeUnregistered: false }]
  }
  // Where 0 comes first the others are never tried.
  if (named.length === 0 || named[0] === 0) return [{ port: 0, onPortBusy, maybeUnregistered: true }]
  if (options.onPortBusy !== undefined) return [{ port: named, onPortBusy, maybeUnregistered: false }]
  const first: ListenAttempt = { port: named, onPortBusy: "fail", maybeUnregistered: false }
  const anyPort = options.redirectUri === undefined && options.host !== "localhost"
  if (!anyPort && options.paste === false) return [first]
  return [
    first,
    anyPort
      ? { port: 0, onPortBusy: "fail", maybeUnregistered: true }
      : { port: named, onPortBusy: "paste", maybeUnregistered: false }
  ]
}

/** Whether a registration is good for the address that was bound. */
export const isRegistered = ({ redirectUris }: ClientRegistration, redirectUri: string): boolean =>
  redirectUris?.includes(redirectUri) === true

/** What a program says of itself. */
export interface ClientMetadata extends Document {
  redirect_uris: Array<string>
}

/** What this program says of itself when it registers (RFC 7591 section 2). */
export const metadata = (
  { authMethods }: AuthorizationServer,
  { clientName = "effect-oauth-callback" }: ClientOptions,
  redirectUri: string,
  scope: string | undefined
): ClientMetadata => {
  // A program on a person's machine keeps no secret (RFC 8252 section 8.4): none, where the server can do without.
  const method = authMethods === undefined || authMethods.includes("none")
    ? "none"
    : ["client_secret_basic", "client_secret_post"].find((each) => authMethods.includes(each)) ?? "none"
  return {
    // Without it servers take the redirect URI for a web site's, and accept no other port than the registered one.
    application_type: "native",
    client_name: clientName,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
    ...(scope !== undefined && { scope })
  }
}

/** A registration as the server confirmed it. The redirect URI is ours: a server may repeat it in other words. */
export const fromResponse = (document: Document, redirectUri: string): ClientRegistration | undefined => {
  const { client_id: clientId, client_secret: secret, redirect_uris: _, ...extra } = document
  if (typeof clientId !== "string" || clientId === "") return undefined
  return {
    clientId,
    ...(typeof secret === "string" && secret !== "" && { clientSecret: Redacted.make(secret) }),
    redirectUris: [redirectUri],
    extra: Redacted.make(extra)
  }
}

/** The client as the SDK takes it: its secret is readable. */
export interface SdkClient {
  readonly client_id: string
  readonly client_secret?: string
  readonly token_endpoint_auth_method?: string
}

/** The client as the SDK takes it. */
export const forSdk = (client: ClientRegistration): SdkClient => {
  const method = fieldOf(client, "token_endpoint_auth_method")
  return {
    client_id: client.clientId,
    ...(client.clientSecret !== undefined && { client_secret: Redacted.value(client.clientSecret) }),
    ...(typeof method === "string" && { token_endpoint_auth_method: method })
  }
}
