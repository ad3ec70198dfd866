/**
 * The credentials that are stored between runs, and the text they are stored as.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { isJsonObject, type JsonObject } from "../text/JsonObject.ts"

/**
 * What credentials are stored under: a server, and an identity on it.
 *
 * @since 0.1.0
 * @category models
 */
export interface CredentialKey {
  /** URL of the server that the credentials are for. */
  readonly serverUrl: string
  /** Tells two identities on one server apart. @default "" */
  readonly account?: string | undefined
  /**
   * What else tells tokens of one server and account apart: the audience that was asked for, exact scopes.
   *
   * @default ""
   */
  readonly variant?: string | undefined
}

/**
 * The tokens of one authorization server (RFC 6749 section 5.1).
 *
 * @since 0.1.0
 * @category models
 */
export interface Tokens {
  /** The access token. */
  readonly accessToken: Redacted.Redacted<string>
  /** The refresh token; absent when the server gave none. */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** When the access token expires, in milliseconds since 1970-01-01 UTC; absent when the server did not say. */
  readonly expiresAt?: number | undefined
  /** The scopes that were granted, separated by spaces. */
  readonly scope?: string | undefined
  /**
   * When the authorization server last refused this refresh token, in milliseconds since 1970-01-01 UTC; absent where it
   * did not. The tokens stay until a person has signed in again: a server may have refused it by mistake.
   */
  readonly refreshRefusedAt?: number | undefined
  /** Fields of the token response that this version does not know (`id_token` …), as JSON. They may be secret. */
  readonly extra?: Redacted.Redacted<Readonly<Record<string, unknown>>> | undefined
}

/**
 * This program's registration with one authorization server (RFC 7591 section 3.2.1).
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientRegistration {
  /** The `client_id` that the authorization server gave. */
  readonly clientId: string
  /** The `client_secret`; absent for a public client. */
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  /** The redirect URIs that are registered: the next sign-in has to use one of them. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /**
   * Whether the authorization server may have forgotten it: a sign-in with it was begun, and no answer has come. The next
   * sign-in registers anew; tokens that were obtained with it still need it to be refreshed.
   */
  readonly isInDoubt?: boolean | undefined
  /**
   * Whether the authorization server said that it does not know it, or two sign-ins with it brought no answer. A person is
   * asked for another one where the server lets no program register itself.
   */
  readonly isUnknown?: boolean | undefined
  /** Fields of the registration that this version does not know (`registration_access_token` …), as JSON. */
  readonly extra?: Redacted.Redacted<Readonly<Record<string, unknown>>> | undefined
}

/**
 * What is stored under one key. The client and the tokens are valid at `issuer` only.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  /** Issuer identifier of the authorization server (RFC 8414 section 2). */
  readonly issuer: string
  /** The registration that the tokens were obtained with. */
  readonly client?: ClientRegistration | undefined
  /** A newer registration, for the next sign-in: `client` is the one that the tokens need to be refreshed. */
  readonly nextClient?: ClientRegistration | undefined
  /** The tokens; absent when nobody is signed in, and only the registration is kept. */
  readonly tokens?: Tokens | undefined
  /** Fields that this version does not know, as they were read. They may be secret. */
  readonly extra?: Redacted.Redacted<Readonly<Record<string, unknown>>> | undefined
}

/**
 * The text that a key is stored under: the same for two spellings of one server, and different for two servers or
 * accounts, or for two variants. It is well-formed Unicode, whatever the key holds.
 */
export const keyText = ({ account = "", serverUrl, variant = "" }: CredentialKey): string => {
  // JSON escapes half a surrogate pair, which neither `encodeURIComponent` nor UTF-8 can hold. A URL begins with no quote.
  const server = URL.canParse(serverUrl) ? new URL(serverUrl).href : JSON.stringify(serverUrl)
  const part = (text: string) => encodeURIComponent(JSON.stringify(text).slice(1, -1))
  return `${server}#${part(account)}${variant === "" ? "" : `#${part(variant)}`}`
}

/** The most milliseconds since 1970-01-01 UTC that a `Date` takes. */
const maxDate = 8.64e15

/** A time that a `Date` takes, as near as can be to one in milliseconds since 1970-01-01 UTC. */
export const dateMillis = (millis: number | undefined): number | undefined =>
  millis === undefined ? undefined : Math.max(-maxDate, Math.min(maxDate, millis))

const version = 1

/** Adds the unknown fields. Known fields override them, even when `undefined`. */
const withExtra = (known: JsonObject, extra: Redacted.Redacted<JsonObject> | undefined): JsonObject => ({
  ...known,
  ...(extra === undefined
    ? {}
    : Object.fromEntries(Object.entries(Redacted.value(extra)).filter(([name]) => !Object.hasOwn(known, name))))
})

const secret = (value: Redacted.Redacted<string> | undefined): string | undefined =>
  value === undefined ? undefined : Redacted.value(value)

const textsIn = (value: unknown, depth = 0): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null && depth < 10
    ? Object.values(value).flatMap((each) => textsIn(each, depth + 1))
    : []

/** What must not be shown of credentials, to be cut out of what a store says; of unknown fields every text. */
export const secretsOf = ({ client, extra, nextClient, tokens }: Credentials): ReadonlyArray<string> => [
  ...[client?.clientSecret, nextClient?.clientSecret, tokens?.accessToken, tokens?.refreshToken].flatMap((each) =>
    each ? [Redacted.value(each)] : []
  ),
  ...[client?.extra, nextClient?.extra, tokens?.extra, extra].flatMap((each) =>
    each ? textsIn(Redacted.value(each)) : []
  )
]

const clientFields = (client: ClientRegistration): JsonObject =>
  withExtra({
    clientId: client.clientId,
    clientSecret: secret(client.clientSecret),
    redirectUris: client.redirectUris,
    isInDoubt: client.isInDoubt,
    isUnknown: client.isUnknown
  }, client.extra)

/**
 * Writes credentials as text: JSON with the secrets in the clear, and with the server and account that they are for.
 *
 * @throws {TypeError} when an `extra` holds a value that JSON cannot.
 */
export const encode = (
  key: CredentialKey,
  { client, extra, issuer, nextClient, tokens }: Credentials
): string => {
  const fields = withExtra({
    version,
    server: key.serverUrl,
    account: key.account,
    variant: key.variant,
    issuer,
    client: client && clientFields(client),
    nextClient: nextClient && clientFields(nextClient),
    tokens: tokens && withExtra({
      accessToken: secret(tokens.accessToken),
      refreshToken: secret(tokens.refreshToken),
      expiresAt: tokens.expiresAt,
      scope: tokens.scope,
      refreshRefusedAt: tokens.refreshRefusedAt
    }, tokens.extra)
  }, extra)
  return `${JSON.stringify(fields, null, 2)}\n`
}

/** What {@link decode} says of text that is not damaged, but written by a newer version of this package. */
export const writtenByNewer =
  "they were written by a newer version of effect-oauth-callback, which this one cannot read" as const

type Decoded<A> = Either.Either<A, string>

const isText = (value: unknown): value is string => typeof value === "string"
const isTexts = (value: unknown): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText)
// JSON has numbers beyond those of JavaScript: 1e999 is read as Infinity.
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isFlag = (value: unknown): value is boolean => typeof value === "boolean"

const required = <A>(value: unknown, name: string, is: (value: unknown) => value is A): Decoded<A> =>
  is(value) ? Either.right(value) : Either.left(`the field ${name} is missing or of the wrong type`)

/** `null` is the same as an absent field: some servers write it so. */
const optional = <A>(value: unknown, name: string, is: (value: unknown) => value is A): Decoded<A | undefined> =>
  value === undefined || value === null ? Either.right(undefined) : required(value, name, is)

const redacted = <A>(value: A | undefined): Redacted.Redacted<A> | undefined =>
  value === undefined ? undefined : Redacted.make(value)

const extraOf = (unknown: JsonObject): Redacted.Redacted<JsonObject> | undefined =>
  Object.keys(unknown).length === 0 ? undefined : Redacted.make(unknown)

const decodeClient = (fields: JsonObject): Decoded<ClientRegistration> =>
  Either.gen(function* () {
    const { clientId, clientSecret, isInDoubt, isUnknown, redirectUris, ...unknown } = fields
    const doubt = yield* optional(isInDoubt, "client.isInDoubt", isFlag)
    const unheardOf = yield* optional(isUnknown, "client.isUnknown", isFlag)
    return {
      clientId: yield* required(clientId, "client.clientId", isText),
      clientSecret: redacted(yield* optional(clientSecret, "client.clientSecret", isText)),
      redirectUris: yield* optional(redirectUris, "client.redirectUris", isTexts),
      ...(doubt !== undefined && { isInDoubt: doubt }),
      ...(unheardOf !== undefined && { isUnknown: unheardOf }),
      extra: extraOf(unknown)
    }
  })

const decodeTokens = (fields: JsonObject): Decoded<Tokens> =>
  Either.gen(function* () {
    const { accessToken, expiresAt, refreshRefusedAt, refreshToken, scope, ...unknown } = fields
    const refusedAt = yield* optional(refreshRefusedAt, "tokens.refreshRefusedAt", isNumber)
    return {
      accessToken: Redacted.make(yield* required(accessToken, "tokens.accessToken", isText)),
      refreshToken: redacted(yield* optional(refreshToken, "tokens.refreshToken", isText)),
      expiresAt: dateMillis(yield* optional(expiresAt, "tokens.expiresAt", isNumber)),
      scope: yield* optional(scope, "tokens.scope", isText),
      ...(refusedAt !== undefined && { refreshRefusedAt: refusedAt }),
      extra: extraOf(unknown)
    }
  })

const parse = (text: string): Decoded<JsonObject> => {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? Either.right(value) : Either.left("the text is no JSON object")
  } catch {
    // The message of the error quotes the text, which may hold a token.
    return Either.left("the text is not JSON")
  }
}

/**
 * Reads what {@link encode} wrote. Never throws.
 *
 * The checks run in this order, and the first failure wins: JSON, `version`, `client`, `nextClient` and `tokens` are
 * objects, `issuer`, the fields of `client`, of `nextClient`, of `tokens`. Unknown fields are kept in `extra`, at every level.
 *
 * @returns `Left` with one clause that says what is wrong and quotes nothing of the text. It is {@link writtenByNewer}
 * when a newer version wrote the text.
 */
export const decode = (text: string): Either.Either<Credentials, string> =>
  Either.gen(function* () {
    const fields = yield* parse(text)
    const {
      account: _account,
      client,
      issuer,
      nextClient,
      server: _server,
      tokens,
      variant: _variant,
      version: written,
      ...unknown
    } = fields
    if ((yield* required(written, "version", isNumber)) > version) return yield* Either.left(writtenByNewer)
    if (written !== version) return yield* Either.left("the field version is no version")
    const clientFields = yield* optional(client, "client", isJsonObject)
    const nextFields = yield* optional(nextClient, "nextClient", isJsonObject)
    const tokenFields = yield* optional(tokens, "tokens", isJsonObject)
    return {
      issuer: yield* required(issuer, "issuer", isText),
      client: clientFields && (yield* decodeClient(clientFields)),
      ...(nextFields !== undefined && { nextClient: yield* decodeClient(nextFields) }),
      tokens: tokenFields && (yield* decodeTokens(tokenFields)),
      extra: extraOf(unknown)
    }
  })

/** The key that a text of {@link encode} was written for; `undefined` when it is none of ours, or of a newer version. */
export const keyOf = (text: string): CredentialKey | undefined =>
  Either.match(Either.all([parse(text), decode(text)]), {
    onLeft: () => undefined,
    onRight: ([{ account, server, variant }]) =>
      isText(server)
        ? { serverUrl: server, ...optionalText("account", account), ...optionalText("variant", variant) }
        : undefined
  })

const optionalText = <Name extends string>(name: Name, value: unknown): { readonly [_ in Name]?: string } =>
  isText(value) && value !== "" ? { [name]: value } as { readonly [_ in Name]: string } : {}
