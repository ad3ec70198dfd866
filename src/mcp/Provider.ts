/**
 * An `OAuthClientProvider` for code that must hand one to a transport. It fits the interface of both MCP SDKs, and
 * that of Vercel's AI SDK.
 *
 * It does not take part in the SDK's own sign-in, which neither checks `state` nor waits for a sign-in that is already
 * under way. It gives the SDK valid tokens, and where the SDK would send the person to the authorization server, it
 * begins a sign-in of this package.
 */
import * as Redacted from "effect/Redacted"
import * as ClientMetadata from "../core/mcp/ClientMetadata.ts"
import type { Tokens } from "../core/mcp/Credentials.ts"
import * as ScopeSet from "../core/mcp/ScopeSet.ts"
import type { Probed, TokenNeed } from "../core/mcp/TokenPlan.ts"
import type { Environment } from "./Environment.ts"
import type { OAuthClientProvider, ProviderTokens } from "./OAuthClientProvider.ts"
import type { Session, TokenResult } from "./Session.ts"

/** What a provider needs of its `McpOAuth`. */
export interface Source {
  readonly env: Environment
  readonly session: Session
  readonly ensure: () => Promise<void>
  readonly obtain: (need: TokenNeed) => Promise<TokenResult>
  /** Asks the server whether it accepts a token. */
  readonly probe: (token: string) => Promise<Probed>
  /** Throws `Closed` when the scope is closed. */
  readonly assertOpen: () => void
}

const toProviderTokens = (issuer: string, { accessToken, scope }: Tokens): ProviderTokens => ({
  access_token: Redacted.value(accessToken),
  token_type: "Bearer",
  issuer,
  ...(scope !== undefined && { scope })
})

/** A provider for one transport. Each has its own, because the SDK stores values of one connection in it. */
export const make = (
  { assertOpen, ensure, env, obtain, probe, session }: Source
): OAuthClientProvider => {
  let verifier: string | undefined
  /** The token that was last given to the SDK for a request. */
  let given: string | undefined
  // A stand-in without a port: the SDKs take a provider without a redirect URL for one that signs in no person.
  const redirectUrl = `http://127.0.0.1${env.callback.path ?? "/callback"}`
  /** Reads something in members that return a promise: these reject where the others throw. */
  const whenOpen = <A>(read: () => A): Promise<A> =>
    new Promise((resolve) => {
      assertOpen()
      resolve(read())
    })
  return {
    redirectUrl,
    clientMetadata: ClientMetadata.make({ clientName: env.clientName, redirectUri: redirectUrl, scope: env.scope }),
    state: () => {
      assertOpen()
      return crypto.randomUUID()
    },
    // Never absent: the SDK would register a client that is never used.
    clientInformation: (context) =>
      whenOpen(() => {
        const clientId = session.knownCredentials()?.client?.clientId ?? env.client?.clientId ??
          env.clientMetadataUrl ?? "unregistered"
        return { client_id: clientId, ...(context?.issuer !== undefined && { issuer: context.issuer }) }
      }),
    tokens: async (context) => {
      assertOpen()
      // SDK v2 names an issuer when it looks for a refresh token, which it is not given.
      const isForRequest = context?.issuer === undefined
      if (isForRequest) await ensure()
      const known = session.knownCredentials()
      if (known?.tokens === undefined) return undefined
      if (!isForRequest) return toProviderTokens(known.issuer, known.tokens)
      given = Redacted.value(known.tokens.accessToken)
      // The response to the SDK's request is not seen here, and an unconfirmed token that is refused is not refreshed.
      if (session.isUnconfirmed(given) && !(await probe(given)).isRefused) session.tokenAccepted(given)
      return toProviderTokens(known.issuer, known.tokens)
    },
    // What the SDK got is no better than what is here: it has no refresh token.
    saveTokens: () => whenOpen(() => undefined),
    redirectToAuthorization: (url) =>
      whenOpen(() => {
        // The SDK does not say what the server refused, nor why. If this fails, `ensure` or the next request says so.
        const scope = ScopeSet.ofServer(url.searchParams.get("scope") ?? undefined)
        obtain({ _tag: "Unclear", used: given, scope }).catch(() => {})
      }),
    saveAuthorizationServerInformation: () => whenOpen(() => undefined),
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
