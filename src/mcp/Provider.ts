/**
 * An `OAuthClientProvider` for code that must hand one to a transport. It fits the interface of both MCP SDKs.
 *
 * The SDK's own way through it is not walked: it neither checks `state`, nor waits for whoever signs in already. What
 * the provider gives are tokens that are good, and where the SDK wants to send the person away, the sign-in of this
 * package begins.
 */
import * as Redacted from "effect/Redacted"
import type { Tokens } from "../core/mcp/Credentials.ts"
import type { Environment } from "./Environment.ts"
import type { OAuthClientProvider, ProviderTokens } from "./OAuthClientProvider.ts"
import type { Probed } from "./Probe.ts"
import type { Attained, Need, Session } from "./Session.ts"

/** What a provider needs of its `McpOAuth`. */
export interface Source {
  readonly env: Environment
  readonly session: Session
  readonly ensure: () => Promise<void>
  readonly attain: (need: Need) => Promise<Attained>
  /** Asks the server how it likes a token. */
  readonly probe: (token: string) => Promise<Probed>
  readonly randomText: () => string
  /** Throws when the scope is closed. */
  readonly assertOpen: () => void
}

const toTokens = (issuer: string, { accessToken, scope }: Tokens): ProviderTokens => ({
  access_token: Redacted.value(accessToken),
  token_type: "Bearer",
  issuer,
  ...(scope !== undefined && { scope })
})

/** A provider of its own for each transport: what the SDK stores in one is seen by no other. */
export const make = ({ assertOpen, attain, ensure, env, probe, randomText, session }: Source): OAuthClientProvider => {
  let verifier: string | undefined
  let given: string | undefined
  // The address is a stand-in: without one the SDKs take the program for one that signs in no person.
  const redirectUrl = `http://127.0.0.1${env.callback.path ?? "/callback"}`
  /** Rejects where the other members throw. */
  const opened = <A>(read: () => A): Promise<A> =>
    new Promise((resolve) => {
      assertOpen()
      resolve(read())
    })
  return {
    redirectUrl,
    clientMetadata: {
      application_type: "native",
      client_name: env.clientName ?? "effect-oauth-callback",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...(env.scope !== undefined && { scope: env.scope })
    },
    state: () => {
      assertOpen()
      return randomText()
    },
    // Never absent, for then the SDK would register a program that is never used.
    clientInformation: (context) =>
      opened(() => {
        const client = session.held()?.client?.clientId ?? env.client?.clientId ?? env.clientMetadataUrl ??
          "unregistered"
        return { client_id: client, ...(context?.issuer !== undefined && { issuer: context.issuer }) }
      }),
    tokens: async (context) => {
      assertOpen()
      // SDK v2 asks on behalf of an issuer when it looks for a refresh token, which it does not get.
      const isForRequest = context?.issuer === undefined
      if (isForRequest) await ensure()
      const held = session.held()
      if (held?.tokens === undefined) return undefined
      if (!isForRequest) return toTokens(held.issuer, held.tokens)
      given = Redacted.value(held.tokens.accessToken)
      // Nobody here sees what the server answers to it; a token that nobody took yet would not be renewed.
      if (session.isUntried(given) && !(await probe(given)).isRefused) session.accepted(given)
      return toTokens(held.issuer, held.tokens)
    },
    // Nothing that the SDK got is better than what is here: it has no refresh token to get anything with.
    saveTokens: () => opened(() => undefined),
    redirectToAuthorization: (url) =>
      opened(() => {
        // The SDK does not say what the server refused, and why. A failure is told to whoever waits: `ensure`, or the next
        // request.
        attain({ _tag: "Ask", used: given, scope: url.searchParams.get("scope") ?? undefined }).catch(() => {})
      }),
    saveCodeVerifier: (codeVerifier) => {
      assertOpen()
      verifier = codeVerifier
    },
    codeVerifier: () => {
      assertOpen()
      return verifier ?? ""
    }
  }
}
