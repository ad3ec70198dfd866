/**
 * What a host with a screen of its own is told, in types that name neither Effect nor an SDK.
 */
import type { ClientIdQuestion as EffectQuestion } from "../core/mcp/ClientIdQuestion.ts"
import type { SignInOutcome } from "../core/terminal/Texts.ts"

/**
 * A sign-in that waits for its answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface PendingSignIn {
  /** Tells the sign-ins of one process apart; it is no secret. */
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
   * Whether text is read from stdin or `prompt`. Text of an input box of yours goes to `submit`, which takes it whatever stands
   * here.
   */
  readonly paste: boolean
  /** When the wait ends, in milliseconds since 1970-01-01 UTC. */
  readonly deadline: number
  /** Aborts when this sign-in has ended, however it did: take away what you show. */
  readonly signal: AbortSignal
}

/**
 * Something the person should know while a sign-in waits. Each that is about one server has its name in `serverName`.
 *
 * @since 0.1.0
 * @category models
 */
export type Notice =
  /** A pasted text of so many characters answers this sign-in. */
  | { readonly _tag: "PasteAccepted"; readonly id: string; readonly serverName: string; readonly characters: number }
  /** A pasted text of so many characters answers none; `message` says why, and what to paste. */
  | {
    readonly _tag: "PasteRefused"
    /** Absent where the sign-in is to no MCP server. */
    readonly serverName?: string
    readonly refusal: { readonly via: "paste"; readonly reason: string }
    readonly message: string
    readonly characters: number
  }
  /** A request to the callback was refused. Each reason is told once for each sign-in. */
  | {
    readonly _tag: "CallbackRefused"
    readonly id: string
    readonly serverName: string
    readonly refusal: { readonly via: "http"; readonly reason: string }
    readonly message: string
  }
  /** A sign-in that was shown, or told of as queued, has ended. */
  | { readonly _tag: "SignInEnded"; readonly id: string; readonly serverName: string; readonly outcome: SignInOutcome }
  /** No port could be had, so that only a paste can finish the sign-in. */
  | {
    readonly _tag: "PasteOnly"
    /** Absent where the sign-in is to no MCP server. */
    readonly serverName?: string
    readonly error: Error & {
      readonly _tag: "BindError"
      readonly reason: string
      readonly ports: ReadonlyArray<number>
    }
    readonly redirectUri: string
  }
  /** A sign-in waits for its turn. Its URL works already; `present` is called when the turn comes. */
  | {
    readonly _tag: "SignInQueued"
    readonly serverName: string
    readonly pending: Omit<PendingSignIn, "deadline" | "signal">
  }
  /** The authorization server may not know the redirect URI, and would then show a page about it that ends nothing. */
  | { readonly _tag: "MaybeUnregistered"; readonly serverName: string; readonly redirectUri: string }
  /** No answer has come for a while, and the authorization server may have forgotten this program. */
  | { readonly _tag: "MaybeForgotten"; readonly serverName: string }
  /**
   * Another process, which shares the store, signs in to the same server: its sign-in is waited for, and its tokens are used.
   * Told again when the URL is known: show it to the person, write it into no log.
   */
  | { readonly _tag: "SignInElsewhere"; readonly serverName: string; readonly pid?: number; readonly url?: URL }
  /** New tokens could not be stored, and why. They are used, and written as soon as that is possible. */
  | { readonly _tag: "TokensNotStored"; readonly serverName: string; readonly message: string }
  /** Stored credentials could not be read, and why; they were moved to another file, and a new sign-in is needed. */
  | {
    readonly _tag: "CredentialsDamaged"
    /** Absent where the store is used without a sign-in. */
    readonly serverName?: string
    readonly problem: string
    readonly movedTo: string
    /** All that in a sentence. */
    readonly message: string
  }
  /** A check failed that was waived for this server. */
  | { readonly _tag: "Unsafe"; readonly serverName: string; readonly option: string }
  /** A server asks the person to open a page: what `presentUrl` was called with. */
  | {
    readonly _tag: "UrlRequested"
    readonly serverName: string
    readonly url: URL
    readonly host: string
    readonly message?: string | undefined
    readonly elicitationId?: string | undefined
    readonly warnings: ReadonlyArray<string>
  }

/**
 * A question for a client id: the person registers this program at the authorization server by hand, as a public client
 * with this redirect URI.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientIdQuestion extends Omit<EffectQuestion, "paste"> {
  /** Aborts when the question is over without an answer, as its time is, or the sign-in is closed: take away what you show. */
  readonly signal: AbortSignal
}

/**
 * For hosts that sign in to servers, and ask the person themselves.
 *
 * @since 0.1.0
 * @category options
 */
export interface AskOptions {
  /**
   * Asks the person for a client id, where an authorization server lets no program register itself. The id is stored, so that
   * the next run asks nothing. What cannot be a client id is asked for again, up to three times in all.
   *
   * `undefined`, an empty text, an error, and no answer until `callback.timeout` is over: the person gives none. Then it
   * rejects with `RegistrationError` of reason `NotSupported`, and no request asks again for ten minutes.
   *
   * @default the terminal, where stdin and stderr are one; nobody where `present` or `prompt` is given
   */
  readonly askClientId?: ((question: ClientIdQuestion) => string | undefined | Promise<string | undefined>) | undefined
}

/**
 * For hosts with a screen of their own.
 *
 * @since 0.1.0
 * @category options
 */
export interface ScreenOptions {
  /**
   * Shows a sign-in; then nothing is written to stderr, and no browser is opened unless `openBrowser` says so. It may
   * return before the sign-in ends, or never: what it throws is ignored, and the sign-in goes on, also by a paste.
   * `pending.signal` aborts when that sign-in has ended. `false`: nothing is shown.
   *
   * @default stderr, and the browser
   */
  readonly present?: false | ((pending: PendingSignIn) => void | Promise<void>) | undefined
  /**
   * Told of what happens meanwhile, one notice after the other. It is not waited for, and what it throws is ignored.
   * Without `present` the terminal says the same on stderr.
   *
   * @default none
   */
  readonly onNotice?: ((notice: Notice) => void) | undefined
}
