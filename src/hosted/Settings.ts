/**
 * The options of `HostedSignIn.make`, checked, and what every step of a hosted sign-in needs.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { hostedEnglish } from "../core/hosted/RefusalWords.ts"
import { InvalidOptions } from "../core/InvalidOptions.ts"
import type { RouteConfig } from "../core/oauth/CallbackRoute.ts"
import * as CrossOrigin from "../core/oauth/CrossOrigin.ts"
import * as RedirectUri from "../core/oauth/RedirectUri.ts"
import * as CallbackPage from "../core/page/CallbackPage.ts"
import { randomHex } from "../flow/randomHex.ts"
import { styleHash } from "../flow/styleHash.ts"
import type { FetchLike } from "../mcp/FetchLike.ts"
import { CredentialStore } from "../services/CredentialStore.ts"
import type { PendingStore } from "../services/PendingStore.ts"
import type { HostedOptions, HostedOutcome } from "./HostedOptions.ts"
import { guarded } from "./PendingStore.ts"

/** What every step needs. */
export interface Settings {
  readonly redirectUri: URL
  /** To the letter, as it is sent. */
  readonly redirectText: string
  readonly responseMode: "query" | "form_post"
  /** What requests are accepted, whatever their sign-in; its `state` is a random one that no sign-in has. */
  readonly route: Omit<RouteConfig, "done">
  readonly render: CallbackPage.Render
  readonly fetch: FetchLike
  readonly guard: HostedOptions["guard"]
  readonly resolve: HostedOptions["resolve"]
  readonly requestTimeout: Duration.Duration
  readonly onOutcome: (outcome: HostedOutcome) => Effect.Effect<void>
  readonly pending: PendingStore
  readonly credentials: CredentialStore
}

const invalid = (option: string, detail: string) => Either.left(new InvalidOptions({ option, detail }))

const redirectOf = (redirectUri: unknown): Either.Either<URL, InvalidOptions> =>
  Either.match(RedirectUri.parse(redirectUri), {
    onLeft: (detail) => invalid("redirectUri", detail.replace(/^redirectUri returned (?=a |the )/, "it is ")),
    onRight: (url) =>
      url.username !== "" || url.password !== ""
        ? invalid("redirectUri", "it holds a name or a password, which everybody would see")
        : url.protocol === "https:" || RedirectUri.isLoopback(url)
        ? Either.right(url)
        : invalid("redirectUri", "it is http: and not on this machine, so everybody on the way could read the code")
  })

/** A time-limit that an option names. */
export const limitOf = (
  option: string,
  input: Duration.DurationInput
): Either.Either<Duration.Duration, InvalidOptions> => {
  const limit = Duration.decodeUnknown(input)
  return limit._tag === "Some" && Duration.isFinite(limit.value) && Duration.toMillis(limit.value) > 0
    ? Either.right(limit.value)
    : invalid(option, "it has to be a time, longer than none")
}

const isStore = ({ putIfAbsent, take }: Partial<PendingStore>): boolean =>
  typeof putIfAbsent === "function" && typeof take === "function"

const defaultFetch: FetchLike = (url, init) => fetch(url, init)

/** Checks the options. Fails with `InvalidOptions`, which names the option. */
export const make = (options: HostedOptions): Effect.Effect<Settings, InvalidOptions, CredentialStore> =>
  Effect.gen(function* () {
    const { guard, onOutcome = () => Effect.void, page = {}, resolve, responseMode = "query" } = options
    const redirectUri = yield* redirectOf(options.redirectUri)
    if (!["query", "form_post"].includes(responseMode)) {
      return yield* invalid("responseMode", 'it is neither "query" nor "form_post"')
    }
    if (!isStore(options.store ?? {})) {
      return yield* invalid(
        "store",
        "it is no store. Make one with PendingStore.make, or yield* PendingStore.memory(), which is an effect"
      )
    }
    const { hosts = [], path = redirectUri.pathname } = options
    if (typeof path !== "string" || !path.startsWith("/") || /[?#]/.test(path)) {
      return yield* invalid("path", "it has to begin with / and to have no query")
    }
    if (!Array.isArray(hosts) || !hosts.every((host: unknown) => typeof host === "string")) {
      return yield* invalid("hosts", "it has to be a list of texts")
    }
    const origins = yield* Either.mapLeft(
      CrossOrigin.origins(options.allowOrigins),
      (detail) => new InvalidOptions({ option: "allowOrigins", detail })
    )
    const requestTimeout = yield* limitOf("requestTimeout", options.requestTimeout ?? "30 seconds")
    return {
      redirectUri,
      redirectText: options.redirectUri,
      responseMode,
      route: {
        state: Redacted.make(yield* randomHex(32)),
        paths: new Set([path]),
        hosts: new Set([
          ...RedirectUri.hostsOf(redirectUri),
          ...hosts.map((host: string) => host.toLowerCase())
        ]),
        loopback: RedirectUri.isLoopback(redirectUri),
        origins,
        formPost: responseMode === "form_post"
      },
      render: CallbackPage.make(
        page,
        page.style === undefined ? undefined : yield* styleHash(page.style),
        hostedEnglish
      ),
      fetch: options.fetch ?? defaultFetch,
      guard,
      resolve,
      requestTimeout,
      onOutcome,
      pending: guarded(options.store),
      credentials: yield* CredentialStore
    }
  })
