/**
 * Begins a hosted sign-in.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as PendingSignIn from "../core/hosted/PendingSignIn.ts"
import type { TargetRefused } from "../core/hosted/TargetRefused.ts"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import * as AuthorizationChoice from "../core/mcp/AuthorizationChoice.ts"
import * as AuthorizationRequest from "../core/mcp/AuthorizationRequest.ts"
import * as AuthorizationScope from "../core/mcp/AuthorizationScope.ts"
import { type BearerChallenge, stepUpParameters } from "../core/mcp/Challenge.ts"
import * as ClientChoice from "../core/mcp/ClientChoice.ts"
import type { CredentialKey } from "../core/mcp/Credentials.ts"
import * as Metadata from "../core/mcp/Metadata.ts"
import * as ServerUrl from "../core/mcp/ServerUrl.ts"
import { Pkce } from "../flow/Pkce.ts"
import { randomHex } from "../flow/randomHex.ts"
import * as Discovery from "../mcp/Discovery.ts"
import type { ServerEnvironment } from "../mcp/Environment.ts"
import { isUnknown, probe } from "../mcp/Probe.ts"
import * as Stored from "../mcp/Stored.ts"
import { PendingStoreError } from "../services/PendingStore.ts"
import * as BrowserCookie from "./BrowserCookie.ts"
import * as GuardedFetch from "./GuardedFetch.ts"
import type { BeginError, BeginOptions, BegunSignIn } from "./HostedOptions.ts"
import * as Sealed from "./Sealed.ts"
import { limitOf, type Settings } from "./Settings.ts"
import * as SharedClient from "./SharedClient.ts"

/** What the options say about the server, and where the credentials will be. */
interface Begun {
  readonly env: ServerEnvironment
  readonly key: CredentialKey
  readonly timeout: Duration.Duration
}

const check = (
  settings: Settings,
  options: BeginOptions,
  onRefused: (refused: TargetRefused) => void
): Effect.Effect<Begun, InvalidOptions | ServerUrl.InvalidServerUrl> =>
  Effect.gen(function* () {
    const server = yield* ServerUrl.parse(options.serverUrl)
    const choice = yield* AuthorizationChoice.check(options)
    yield* ClientChoice.check(options)
    const { account, name, unsafe = {} } = options
    if (name !== undefined && typeof name !== "string") {
      // Such a sign-in could be written, and not be read again.
      return yield* new InvalidOptions({ option: "name", detail: "it has to be a text" })
    }
    if (typeof account !== "string" || account === "") {
      return yield* new InvalidOptions({ option: "account", detail: "it has to name the person, as your service does" })
    }
    const variant = AuthorizationChoice.variantOf(choice, unsafe)
    return {
      timeout: yield* limitOf("timeout", options.timeout ?? "10 minutes"),
      key: { serverUrl: server.href, account, ...(variant !== undefined && { variant }) },
      env: {
        ...choice,
        client: options.client,
        clientMetadataUrl: options.clientMetadataUrl,
        clientName: options.clientName,
        applicationType: settings.redirectUri.protocol === "https:" ? "web" : "native",
        server,
        label: ServerUrl.display(server),
        key: SharedClient.keyOf(server, settings.redirectText),
        fetch: GuardedFetch.make(settings, onRefused),
        unsafe,
        requestTimeout: settings.requestTimeout,
        store: settings.credentials
      }
    }
  })

/** What the server says that it wants; nothing where it does not say it to a request like this. */
const challengeOf = (env: ServerEnvironment) =>
  Effect.map(probe(env), ({ challenge }) => challenge).pipe(
    Effect.catchIf((error) => isUnknown(env, error), () => Effect.succeed<BearerChallenge>({}))
  )

const beginChecked = (
  settings: Settings,
  options: BeginOptions,
  { env, key, timeout }: Begun
): Effect.Effect<BegunSignIn, Exclude<BeginError, TargetRefused>> =>
  Effect.gen(function* () {
    const challenge = yield* challengeOf(env)
    const stored = yield* Stored.load(env)
    const discovered = yield* Discovery.discover(env, challenge, Option.getOrUndefined(stored)?.issuer)
    const { server } = discovered
    const scope = AuthorizationScope.toAsk(env, challenge.scope, discovered)
    const chosen = yield* SharedClient.choose(env, discovered, settings.redirectText, scope, stored)
    const pkce = yield* Pkce.make
    const state = yield* randomHex(32)
    const url = AuthorizationRequest.url(server.authorizationEndpoint, {
      clientId: chosen.client.clientId,
      redirectUri: settings.redirectText,
      state,
      codeChallenge: pkce.challenge,
      scope,
      resource: discovered.resourceIndicator,
      responseMode: settings.responseMode,
      parameters: env.authorizationParameters,
      stepUp: stepUpParameters(challenge)
    })
    const problem = Metadata.tooLong(env.server, url)
    if (problem !== undefined) return yield* problem
    yield* SharedClient.tryOut(env, chosen, stored)
    const cookie = options.bindToBrowser === true ? yield* randomHex(32) : ""
    const secret = BrowserCookie.together(Redacted.make(state), cookie)
    const expiresAt = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout)
    const text = PendingSignIn.encode({
      key,
      serverName: options.name ?? env.server.host,
      expiresAt,
      issuer: server.issuer,
      issuerRequired: server.issuerRequired,
      tokenEndpoint: server.tokenEndpoint,
      authMethods: server.authMethods,
      resource: discovered.resourceIndicator,
      scope,
      client: ClientChoice.withOptions(chosen.client, env),
      isFixed: chosen.isFixed,
      codeVerifier: pkce.verifier
    })
    const sealed = yield* Sealed.seal("pending", secret, text)
    const isKept = yield* settings.pending.putIfAbsent(yield* Sealed.nameOf("pending", secret), sealed, timeout)
    if (!isKept) {
      const detail = "the store says that it has another one of the same random name. Check its putIfAbsent"
      return yield* new PendingStoreError({ reason: "Unwritable", detail })
    }
    return cookie === "" ? { url, expiresAt } : {
      url,
      expiresAt,
      cookie: yield* BrowserCookie.setCookie(settings, Redacted.make(state), cookie, Duration.toSeconds(timeout))
    }
  })

/** See `HostedSignIn.begin`. */
export const begin = (settings: Settings, options: BeginOptions): Effect.Effect<BegunSignIn, BeginError> =>
  Effect.suspend(() => {
    // The requests of a sign-in make "not reached" of each error of `fetch`. A refusal of the guard is to be the error itself.
    let refused: TargetRefused | undefined
    const begun = check(settings, options, (error) => (refused ??= error))
    return Effect.flatMap(begun, (checked) =>
      // A span has the result of its effect, and the URL holds `state`.
      Effect.map(beginChecked(settings, options, checked), Redacted.make).pipe(
        Effect.withSpan("HostedSignIn.begin", {
          attributes: { server: checked.env.label },
          captureStackTrace: false
        })
      )).pipe(
        Effect.map(Redacted.value),
        Effect.mapError((error): BeginError => refused ?? error)
      )
  })
