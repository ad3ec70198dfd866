/**
 * Receives an OAuth redirect on a person's own machine, as an Effect program. Nothing here knows a runtime: provide the
 * `layer` of `effect-oauth-callback/node`, `/deno` or `/bun`.
 *
 * @module
 */
export type { ClientIdProblem, ClientIdQuestion } from "./core/mcp/ClientIdQuestion.ts"
export type { Checked, Parameters as ResponseParameters } from "./core/oauth/AuthorizationResponse.ts"
export type { Answer } from "./core/oauth/Answer.ts"
export type { TaggedErrorClass } from "./core/TaggedError.ts"
export { BindError, type BindErrorBase, type BindErrorReason } from "./core/oauth/BindError.ts"
export {
  AuthorizationDenied,
  type AuthorizationDeniedBase,
  AuthorizationTimeout,
  type AuthorizationTimeoutBase,
  type FlowError,
  InvalidAuthorizationUrl,
  type InvalidAuthorizationUrlBase,
  type InvalidAuthorizationUrlReason,
  InvalidResponse,
  type InvalidResponseBase,
  type InvalidResponseReason
} from "./core/oauth/FlowError.ts"
export type { PageOptions, PageOutcome, PageView } from "./core/page/PageOptions.ts"
export { type PageAbout, PageTexts, type PageWords } from "./core/page/PageTexts.ts"
export type { LoopbackHost } from "./core/oauth/RedirectUri.ts"
export {
  type HttpRefusalReason,
  type PasteRefusalReason,
  PasteRefused,
  type PasteRefusedBase,
  Refusal,
  type RefusalCounts,
  type RefusalReason
} from "./core/oauth/Refusal.ts"
export type { RequestHead } from "./core/oauth/RequestHead.ts"
export type { Advice } from "./core/terminal/Advice.ts"
export { type SignInOutcome, type SomeTexts, Texts } from "./core/terminal/Texts.ts"
export type { Authorize, AuthorizeRequest, ExchangeRequest, Granted } from "./flow/AuthorizeRequest.ts"
export { CallbackFlow } from "./flow/CallbackFlow.ts"
export type { OpenOptions } from "./flow/OpenOptions.ts"
export { Pkce } from "./flow/Pkce.ts"
export {
  type BindOptions,
  type Bound,
  type CallbackRoute,
  type CallbackServer as CallbackServerInterface,
  type Hold,
  type Listen,
  type LoopbackAddress,
  type ReadBody,
  type Reply,
  type RequestHandler
} from "./services/CallbackServer.ts"
export { CallbackServer } from "./server/CallbackServer.ts"
export {
  type ClientRegistration,
  type CredentialKey,
  type Credentials,
  type CredentialStore as CredentialStoreInterface,
  CredentialStoreError,
  type ModifyOptions,
  type Tokens,
  type Turn,
  type TurnHolder,
  type TurnOptions
} from "./services/CredentialStore.ts"
export { CredentialStore } from "./store/CredentialStore.ts"
export type { CredentialStoreErrorBase } from "./services/CredentialStoreError.ts"
export type { CredentialBackend } from "./store/CredentialBackend.ts"
export { PasteInput } from "./paste/PasteInput.ts"
export type { PasteInput as PasteInputInterface } from "./paste/PasteInputTag.ts"
export type { PasteReader } from "./paste/PasteReader.ts"
export type { WaitingFlow } from "./paste/PasteRouter.ts"

export { type Notice, type PendingAuthorization, Presenter } from "./services/Presenter.ts"
