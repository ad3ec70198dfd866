/**
 * How a client proves who it is at the token endpoint (RFC 6749 section 2.3).
 */
import * as Redacted from "effect/Redacted"
import type { ClientRegistration } from "./Credentials.ts"

/** The methods that a program on a person's machine can use. */
export type ClientAuthMethod = "client_secret_basic" | "client_secret_post" | "none"

const methods: ReadonlyArray<string> = ["client_secret_basic", "client_secret_post", "none"]
const isMethod = (value: unknown): value is ClientAuthMethod => typeof value === "string" && methods.includes(value)

/** What is added to a request. It holds the client secret in the clear. */
export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

const secretOf = ({ clientSecret }: ClientRegistration): string | undefined =>
  clientSecret === undefined ? undefined : Redacted.value(clientSecret)

/**
 * Which method a client uses: the one that its registration or the caller names, whatever the metadata says, because the
 * server checks what it registered; else the first that the server offers and the client can use.
 *
 * @param offered What the server's metadata lists; `undefined` when it does not say: then it takes Basic (RFC 8414
 * section 2).
 */
export const methodOf = (
  client: ClientRegistration,
  offered: ReadonlyArray<string> | undefined
): ClientAuthMethod => {
  if (secretOf(client) === undefined) return "none"
  const named = client.extra === undefined ? undefined : Redacted.value(client.extra)["token_endpoint_auth_method"]
  if (isMethod(named)) return named
  if (offered === undefined || offered.length === 0 || offered.includes("client_secret_basic")) {
    return "client_secret_basic"
  }
  return offered.includes("client_secret_post") || !offered.includes("none") ? "client_secret_post" : "none"
}

const formEncoded = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)

// RFC 6749 section 2.3.1 and appendix B: both parts are form-encoded before they are joined.
const basicPair = (clientId: string, secret: string): string => `${formEncoded(clientId)}:${formEncoded(secret)}`

/** What is added to a request, by {@link methodOf}. */
export const make = (
  client: ClientRegistration,
  offered: ReadonlyArray<string> | undefined
): ClientAuthentication => {
  const { clientId } = client
  const secret = secretOf(client)
  const method = methodOf(client, offered)
  if (secret === undefined || method === "none") return { headers: {}, parameters: { client_id: clientId } }
  return method === "client_secret_basic"
    ? { headers: { authorization: `Basic ${btoa(basicPair(clientId, secret))}` }, parameters: {} }
    : { headers: {}, parameters: { client_id: clientId, client_secret: secret } }
}

/**
 * What is to be cut out of what a server writes: the secret, also as a pair, encoded as it was sent and as the server
 * reads it.
 */
export const secrets = (client: ClientRegistration): ReadonlyArray<string> => {
  const secret = secretOf(client)
  if (secret === undefined || secret === "") return []
  return [secret, basicPair(client.clientId, secret), `${client.clientId}:${secret}`]
}
