/**
 * Showing a person where to sign in, and what happens until the sign-in ends.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { BindError } from "../core/oauth/BindError.ts"
import type { Refusal } from "../core/oauth/Refusal.ts"
import type { ClientIdQuestion } from "../core/mcp/ClientIdQuestion.ts"
import type { UrlRequest } from "../core/mcp/UrlRequest.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"

/**
 * A sign-in that waits for its answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingAuthorization {
  /** Tells flows of one process apart; it is no secret. */
  readonly id: string
  /** What the person signs in to: a name, or the host of the URL. */
  readonly serverName: string
  /** Where the person signs in. It holds `state`: show it to the person, write it into no log. */
  readonly url: URL
  /** Where the browser comes back to. */
  readonly redirectUri: string
  /** Whether a server waits there; otherwise the person has to paste. */
  readonly listening: boolean
  /** Whether the redirect URI is the caller's own, so that something else brings the browser back here. @default false */
  readonly forwarded?: boolean
  /**
   * Whether text is read from stdin, or from the host's own stream. Text of an input box goes to `submit`, which takes it whatever
   * stands here.
   */
  readonly paste: boolean
  /** When the wait ends, in milliseconds since 1970-01-01 UTC. */
  readonly deadline: number
}

/**
 * Something the person should know while a sign-in waits.
 *
 * @since 0.1.0
 * @category models
 */
export type Notice =
  /** A pasted text of so many characters answers this sign-in. */
  | { readonly _tag: "PasteAccepted"; readonly id: string; readonly serverName: string; readonly characters: number }
  /** A pasted text of so many characters answers none; `message` is the sentence of `Refusal.describe`. */
  | {
    readonly _tag: "PasteRefused"
    /** The MCP server; absent where the sign-in is to none. */
    readonly serverName?: string
    readonly refusal: Refusal & { readonly via: "paste" }
    readonly message: string
    readonly characters: number
  }
  /** A request to the callback was refused. Each reason is told once for each sign-in; `refusals` has them all. */
  | {
    readonly _tag: "CallbackRefused"
    readonly id: string
    readonly serverName: string
    readonly refusal: Refusal & { readonly via: "http" }
    readonly message: string
  }
  /** A sign-in that was shown, or told of as queued, has ended. The scope of its `show` closes after this. */
  | { readonly _tag: "SignInEnded"; readonly id: string; readonly serverName: string; readonly outcome: SignInOutcome }
  /** No port could be had, so that only a paste can finish the sign-in. */
  | {
    readonly _tag: "PasteOnly"
    /** The MCP server; absent where the sign-in is to none. */
    readonly serverName?: string
    readonly error: BindError
    readonly redirectUri: string
  }
  /** A sign-in waits for its turn. Its URL works already; `show` comes when the turn does. */
  | { readonly _tag: "SignInQueued"; readonly pending: Omit<PendingAuthorization, "deadline"> }
  /** The authorization server may not know the redirect URI, and would then show a page about it that ends nothing. */
  | { readonly _tag: "MaybeUnregistered"; readonly serverName: string; readonly redirectUri: string }
  /**
   * A registration of an earlier run is used, and no answer has come for a while: the authorization server may have
   * forgotten it, and shows an error instead. The next sign-in registers anew.
   */
  | { readonly _tag: "MaybeForgotten"; readonly serverName: string }
  /**
   * Another process, which shares the credentials, signs in to the same server: its sign-in is waited for, and its tokens are
   * used. Told again when the URL is known. It holds `state`: show it to the person, write it into no log.
   */
  | { readonly _tag: "SignInElsewhere"; readonly serverName: string; readonly pid?: number; readonly url?: URL }
  /**
   * New tokens could not be stored; `message` is that of the `CredentialStoreError`. They are used as long as the program
   * runs, and written as soon as that is possible.
   */
  | { readonly _tag: "TokensNotStored"; readonly serverName: string; readonly message: string }
  /**
   * Stored credentials could not be read, and why (`problem`); they were moved to another file, and a new sign-in is needed.
   * `message` says all that in a sentence.
   */
  | {
    readonly _tag: "CredentialsDamaged"
    /** The MCP server; absent where the store is used without a sign-in. */
    readonly serverName?: string
    readonly problem: string
    readonly movedTo: string
    readonly message: string
  }
  /** A check failed that was waived for this server. */
  | {
    readonly _tag: "Unsafe"
    readonly serverName: string
    readonly option: "allowMissingS256" | "allowIssuerMismatch" | "omitResource" | "allowResourceMismatch"
  }
  /** A server asks the person to open a page that is no sign-in of this package (MCP, URL mode elicitation). */
  | { readonly _tag: "UrlRequested" } & UrlRequest

/**
 * Shows things to a person. It never writes to stdout, which belongs to the host program.
 *
 * What is to go on while a sign-in waits is forked into the scope of `show`, by `Effect.forkScoped`: it is interrupted when the
 * sign-in ends. `Effect.fork` is not enough, for its fiber ends with that of `show`, as soon as `show` returns.
 *
 * @example
 * ```ts
 * import { Clock, Console, Effect, Layer, Schedule } from "effect"
 * import { Presenter } from "effect-oauth-callback"
 * import { layer } from "effect-oauth-callback/node"
 *
 * const own = Layer.succeed(Presenter, {
 *   show: ({ deadline, serverName, url }) =>
 *     Effect.gen(function* () {
 *       yield* Console.error(`Sign in to ${serverName}: ${url}`)
 *       yield* Effect.addFinalizer(() => Console.error(`Done with ${serverName}`))
 *       const countDown = Effect.flatMap(Clock.currentTimeMillis, (now) =>
 *         Console.error(`${Math.round((deadline - now) / 1000)} s left`))
 *       yield* Effect.forkScoped(Effect.repeat(countDown, Schedule.spaced("30 seconds")))
 *     }),
 *   notice: (notice) => "message" in notice ? Console.error(notice.message) : Effect.void
 * })
 *
 * const services = Layer.merge(layer, own)
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export interface Presenter {
  /** Shows where to sign in, and returns. The scope closes when that sign-in ends, with what was forked into it. */
  readonly show: (pending: PendingAuthorization) => Effect.Effect<void, never, Scope.Scope>
  /** Says something while a sign-in waits. Notices come one after another: return soon, for what follows waits. */
  readonly notice: (notice: Notice) => Effect.Effect<void>
  /**
   * Opens a page in the person's browser, where there is one, and says whether it did. Only a page that the person has agreed
   * to. @default none is opened
   */
  readonly open?: (url: URL) => Effect.Effect<boolean>
  /**
   * Asks the person for a client id, where an authorization server lets no program register itself. The scope closes when the
   * question is over: answered, or as late as the sign-in would time out. An answer that cannot be a client id is asked for
   * again, up to three times in all.
   *
   * `None`: nobody can be asked here, and the sign-in fails as if this member was missing. An empty text: the person gives
   * none, and is not asked again by a request.
   *
   * @default nobody is asked
   */
  readonly askClientId?: (question: ClientIdQuestion) => Effect.Effect<Option.Option<string>, never, Scope.Scope>
}

/** A presenter whose notices all name the server that they are about. */
export const naming = (presenter: Presenter, serverName: string): Presenter => ({
  ...presenter,
  notice: (notice) =>
    presenter.notice(
      notice._tag !== "SignInQueued" && notice.serverName === undefined ? { ...notice, serverName } : notice
    )
})

/**
 * Tag of the {@link Presenter} service.
 *
 * @since 0.1.0
 * @category services
 */
export const Presenter: Context.Tag<Presenter, Presenter> & {
  /** Shows nothing, for hosts that pass `present` to every flow. */
  readonly none: Presenter
} = Object.assign(Context.GenericTag<Presenter>("effect-oauth-callback/Presenter"), {
  none: { show: () => Effect.void, notice: () => Effect.void }
})
