/**
 * How the authorization server behaves, which a test may change at any time.
 */
import * as Crypto from "node:crypto"
import type { JsonDocument } from "./Answer.ts"
import { action, amount, flag, type KindsOf, oneOf, orObject, orUndefined, someOf, text } from "./checkedKnobs.ts"
import type { AuthMethod, ClientKnobs } from "./Clients.ts"
import type { RecordedRequest } from "./RecordedRequest.ts"
import type { TokenKnobs } from "./TokenEndpoint.ts"

/**
 * Where a request to the authorization server went. `"consent"` is the form of its sign-in page.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthorizationServerEndpoint = "metadata" | "register" | "authorize" | "consent" | "token" | "revoke"

/** The names of the endpoints. */
export const authorizationServerEndpoints: Readonly<Record<AuthorizationServerEndpoint, true>> = {
  metadata: true,
  register: true,
  authorize: true,
  consent: true,
  token: true,
  revoke: true
}

/**
 * Where metadata is: at the location of RFC 8414, or at one of OpenID Connect with the issuer's path after or before
 * `/.well-known/openid-configuration`.
 *
 * @since 0.1.0
 * @category models
 */
export type MetadataLocation = "oauth" | "openid-insert" | "openid-append"

/**
 * How the authorization server behaves; `server.knobs` of a running one. What is not given is as a well-behaved server has it. To
 * set a knob that there is none of, or one to what it cannot be, throws a `TypeError`.
 *
 * @since 0.1.0
 * @category knobs
 */
export interface AuthorizationServerKnobs extends ClientKnobs, TokenKnobs {
  /** Where there is metadata; other locations answer 404. @default ["oauth"] */
  metadataAt: ReadonlyArray<MetadataLocation>
  /** The metadata, from what it is by default; `undefined` is a 404. @default unchanged */
  metadata: (document: JsonDocument, location: MetadataLocation) => JsonDocument | undefined
  /** Whether metadata says that client ID metadata documents are taken; publish one with `addClient`. @default true */
  clientIdMetadata: boolean
  /** Whether clients may register themselves; `"absent"`: there is no such endpoint. @default "accept" */
  registration: "accept" | "absent" | { readonly status: number; readonly error: string; readonly description?: string }
  /**
   * What becomes of an authorization request: a page asks the person; it is approved at once, without a page; there is a
   * page on which nobody can press anything; or it is answered with an error.
   *
   * @default "ask"
   */
  authorize: "ask" | "approve" | "page" | { readonly error: string; readonly description?: string }
  /** The `iss` of authorization responses (RFC 9207); `"slash"`: with a slash too many. @default "right" */
  issSent: "right" | "wrong" | "slash" | "none" | { readonly value: string }
  /** The `state` of authorization responses. @default "right" */
  stateSent: "right" | "wrong" | "none"
  /** What of the scopes asked for is granted. @default all */
  grantScopes: (asked: ReadonlyArray<string>) => ReadonlyArray<string>
  /** Who signs in where no page asks for a name. @default "person" */
  subject: string
  /** Milliseconds until an answer is sent; what was asked is done before that. @default 0 */
  latency: (request: RecordedRequest<AuthorizationServerEndpoint>) => number
  /**
   * Runs when a request has come (`"received"`, nothing was done yet), and when its answer stands but was not sent
   * (`"decided"`: a code is used, a refresh token rotated); what comes next waits for it.
   *
   * @default nothing
   */
  meanwhile: (
    request: RecordedRequest<AuthorizationServerEndpoint>,
    moment: "received" | "decided"
  ) => Promise<void> | void
}

/** A server that does nothing wrong. */
export const defaultKnobs: Readonly<AuthorizationServerKnobs> = {
  metadataAt: ["oauth"],
  metadata: (document) => document,
  clientIdMetadata: true,
  authMethods: ["none", "client_secret_basic", "client_secret_post"],
  secret: () => `secret.${Crypto.randomBytes(24).toString("base64url")}`,
  strictRedirect: false,
  registration: "accept",
  authorize: "ask",
  issSent: "right",
  stateSent: "right",
  grantScopes: (asked) => asked,
  subject: "person",
  expiresIn: 3600,
  refreshTokens: "always",
  rotate: true,
  reuseLeeway: 0,
  latency: () => 0,
  meanwhile: () => {},
  scopeSent: true
}

/** What each knob may be. */
export const knobKinds: KindsOf<AuthorizationServerKnobs> = {
  metadataAt: someOf<MetadataLocation>({ oauth: true, "openid-insert": true, "openid-append": true }),
  metadata: action,
  clientIdMetadata: flag,
  authMethods: someOf<AuthMethod>({ none: true, client_secret_basic: true, client_secret_post: true }),
  secret: action,
  strictRedirect: flag,
  registration: orObject(oneOf({ accept: true, absent: true }), "error"),
  authorize: orObject(oneOf({ ask: true, approve: true, page: true }), "error"),
  issSent: orObject(oneOf({ right: true, wrong: true, slash: true, none: true }), "value"),
  stateSent: oneOf<AuthorizationServerKnobs["stateSent"]>({ right: true, wrong: true, none: true }),
  grantScopes: action,
  subject: text,
  expiresIn: orUndefined(amount),
  refreshTokens: oneOf<AuthorizationServerKnobs["refreshTokens"]>({ always: true, never: true, offline_access: true }),
  rotate: flag,
  reuseLeeway: amount,
  latency: action,
  meanwhile: action,
  scopeSent: flag
}
