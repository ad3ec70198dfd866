/**
 * Every sentence that a person reads in the terminal, in one table: to be translated, or replaced. The sentences on
 * refused requests and pastes stand beside their reasons.
 */
import type { ClientIdProblem } from "../mcp/ClientIdQuestion.ts"
import type { Unsafe } from "../mcp/Unsafe.ts"
import {
  callbackReasons,
  type HttpRefusalReason,
  pasteReasons,
  type PasteRefusalReason
} from "../oauth/RefusalReason.ts"
import type { UrlWarning } from "../mcp/UrlRequest.ts"
import { maxPasteLength } from "../paste/PasteLength.ts"
import type { Advice } from "./Advice.ts"

/**
 * How a sign-in ended.
 *
 * - `SignedIn`: the caller's exchange of the code succeeded
 * - `Received`: the response passed the checks, and the caller gave no exchange
 * - `Denied`: the server answered with an error
 * - `Invalid`: the response did not pass the checks
 * - `TimedOut`: no response arrived in time
 * - `Failed`: the caller's exchange failed or took too long
 * - `Cancelled`: the caller interrupted the sign-in
 *
 * @since 0.1.0
 * @category models
 */
export type SignInOutcome = "SignedIn" | "Received" | "Denied" | "Invalid" | "TimedOut" | "Failed" | "Cancelled"

/**
 * The sentences of the terminal. The values they are given are printable: no control characters, and of bounded length.
 *
 * @since 0.1.0
 * @category models
 */
export interface Texts {
  /** Stands for a server name without a printable character. */
  readonly namelessServer: string
  /** Above the address. */
  readonly signIn: (about: { readonly serverName: string; readonly opening: boolean }) => string
  /** Above the address of a sign-in whose turn has not come. */
  readonly signInLater: (about: { readonly serverName: string }) => string
  /** Where the browser comes back to, and until when; `until` is a time of day, absent when the wait has no end. */
  readonly returnsTo: (
    about: { readonly redirectUri: string; readonly listening: boolean; readonly until?: string | undefined }
  ) => string
  /** What to do when the browser is on another machine. */
  readonly advice: Readonly<Record<Advice, string>>
  /** The names of the sign-ins that wait, when there are several, and of those that succeeded in the meantime. */
  readonly waitingFor: (
    about: { readonly waiting: ReadonlyArray<string>; readonly done: ReadonlyArray<string>; readonly paste: boolean }
  ) => string
  /** How a sign-in ended. */
  readonly ended: Readonly<Record<SignInOutcome, (serverName: string) => string>>
  /** Shown in place of text that is typed or pasted, until Enter is pressed. Keep it short: it must fit on one line. */
  readonly typed: (characters: number) => string
  /** A paste answered this sign-in. */
  readonly pasteAccepted: (about: { readonly serverName: string; readonly characters: number }) => string
  /** A paste answered no sign-in; `reason` is a sentence of `pasteReasons`. */
  readonly pasteRefused: (about: { readonly characters: number; readonly reason: string }) => string
  /** Why a paste was refused, and what to paste instead. Without a full stop. */
  readonly pasteReasons: Readonly<Record<PasteRefusalReason, string>>
  /** Stdin ended, so nothing can be pasted any more; the sign-in goes on. */
  readonly pasteClosed: string
  /** The terminal is not read, because it cannot be known whether the program is in its foreground. */
  readonly terminalNotRead: string
  /** A request to the callback was refused; `reason` is a sentence of `callbackReasons`. */
  readonly callbackRefused: (about: { readonly serverName: string; readonly reason: string }) => string
  /** Why a request was refused. Without a full stop. */
  readonly callbackReasons: Readonly<Record<HttpRefusalReason, string>>
  /** The browser could not be opened. */
  readonly browserFailed: string
  /** Deno may not start a browser; `permission` is the flags that it wants. */
  readonly browserNotAllowed: (about: { readonly permission: string }) => string
  /** A port was taken, and only a paste can finish the sign-in. */
  readonly portTaken: (about: { readonly redirectUri: string }) => string
  /** The authorization server may not have this redirect URI registered. */
  readonly maybeUnregistered: (about: { readonly serverName: string; readonly redirectUri: string }) => string
  /** The authorization server may have forgotten this program, and shows an error instead of going on. */
  readonly maybeForgotten: (about: { readonly serverName: string }) => string
  /**
   * Another process signs in to the same server, and its sign-in is waited for. `pid`: its number, where it is known.
   * `hasAddress`: the address of that sign-in follows.
   */
  readonly signInElsewhere: (
    about: { readonly serverName: string; readonly pid: number | undefined; readonly hasAddress: boolean }
  ) => string
  /** New tokens could not be stored. `message` says why, and what to do. */
  readonly tokensNotStored: (about: { readonly serverName: string; readonly message: string }) => string
  /** A client id is asked for; above the redirect URI to register. `issuer` is the authorization server. */
  readonly clientIdNeeded: (about: { readonly serverName: string; readonly issuer: string }) => string
  /** What to type; below the redirect URI. */
  readonly clientIdQuestion: string
  /** Why a client id is asked for although there was one. */
  readonly clientIdProblems: Readonly<Record<ClientIdProblem, string>>
  /** A file of stored credentials could not be read, and was renamed. */
  readonly credentialsDamaged: (about: { readonly problem: string; readonly movedTo: string }) => string
  /** A server asks the person to open a page; above its address. `host` is the part of it to look at. */
  readonly urlRequested: (about: { readonly serverName: string; readonly host: string }) => string
  /** What the server says about that page. */
  readonly urlMessage: (about: { readonly serverName: string; readonly message: string }) => string
  /** What is unusual about the address of that page. */
  readonly urlWarnings: Readonly<Record<UrlWarning, string>>
  /** A check failed, and an option `unsafe` allowed it. */
  readonly unsafe: (
    about: { readonly serverName: string; readonly option: keyof Unsafe }
  ) => string
}

const count = (characters: number): string =>
  characters === 1
    ? "1 character"
    : characters > maxPasteLength
    ? `more than ${maxPasteLength.toLocaleString("en-US")} characters`
    : `${characters.toLocaleString("en-US")} characters`

/** What the option `unsafe` lets pass, said of a server. */
const waived: Readonly<Record<keyof Unsafe, string>> = {
  allowMissingS256: "does not say that it checks PKCE, which ties the answer to this program",
  allowIssuerMismatch: "calls itself by another name (issuer) than the one it was found under",
  omitResource: "is not told which server the token is for, so the token may be of use at others too",
  allowResourceMismatch: "says that its tokens are for another server"
}

const mostNames = 8

/** Names in a row, the first ones where there are many. */
export const listed = (names: ReadonlyArray<string>): string =>
  names.length <= mostNames
    ? names.join(", ")
    : `${names.slice(0, mostNames - 1).join(", ")} and ${names.length - mostNames + 1} more`

const pasteIt = "copy its address from the address bar, paste it here, and press Enter."

const english: Texts = {
  namelessServer: "a server without a name",
  signIn: ({ opening, serverName }) =>
    opening
      ? `Sign in to ${serverName}. Your browser should open; if it does not, open this address:`
      : `Sign in to ${serverName}. Open this address in a browser:`,
  signInLater: ({ serverName }) => `The sign-in to ${serverName} waits for its turn. To do it now, open this address:`,
  returnsTo: ({ listening, redirectUri, until }) => {
    const end = until === undefined ? "" : ` until ${until}`
    return listening
      ? `After you sign in, the browser goes to ${redirectUri}, where this program waits${end}.`
      : `After you sign in, the browser goes to ${redirectUri}, where another program answers. This one waits${end}.`
  },
  advice: {
    PasteIfElsewhere: `If that page does not open (the browser may be on another machine), ${pasteIt}`,
    PasteFromWindows: `If that page does not open in the browser of Windows, ${pasteIt}`,
    ForwardPort:
      "You are connected over SSH, so your browser cannot reach that page yet. Before you sign in, run this " +
      "in a terminal on your own machine:",
    ForwardPortAlso: "Before you sign in, run this on your own machine, too:",
    ForwardPortNote: "(It prints nothing while it works. End it with Ctrl-C when you are signed in. If it cannot " +
      "connect, put the name that you connected to in place of the address at its end.)",
    OrPaste: `Or paste the address you end on. That page will not open then, and need not: ${pasteIt}`,
    PasteFromContainer: `This program runs in a container, so that page may not open. If it does not, ${pasteIt}`,
    ReachContainer:
      "This program runs in a container, so that page may not open. To let it open, run the container on " +
      "its host's network (docker run --network host), or for a pod use kubectl port-forward.",
    PasteFromCodespace: `This is a codespace, so that page may not open. If it does not, ${pasteIt}`,
    NobodyInCi:
      "This looks like a CI job, where usually nobody can sign in. Sign in on a machine of your own instead, " +
      "and give the job the credentials that were stored there, or a token made for it.",
    NoScreen: "There is no screen here, so open the address on another machine. That page will not open there, and " +
      `need not: ${pasteIt}`,
    PasteOnly: `Whatever that page shows, and also if it does not open, ${pasteIt}`,
    NoWay:
      "Whatever that page shows, and also if it does not open, copy its address from the address bar, and give it " +
      "to the program that asked you to sign in.",
    HandOver: "If that page does not open, copy its address from the address bar. Then, in another terminal on the " +
      "machine where this program runs, run this with it in place of ADDRESS: curl -L 'ADDRESS'"
  },
  waitingFor: ({ done, paste, waiting }) =>
    `${waiting.length === 1 ? "Still waiting for" : `${waiting.length} sign-ins are waiting:`} ${listed(waiting)}.` +
    (done.length === 0 ? "" : ` Done: ${listed(done)}.`) +
    (paste && waiting.length > 1 ? " You can paste here the address that any of them ends on." : ""),
  ended: {
    SignedIn: (serverName) => `Signed in to ${serverName}.`,
    Received: (serverName) => `The answer of ${serverName} has arrived.`,
    Denied: (serverName) => `Not signed in to ${serverName}: it answered with an error.`,
    Invalid: (serverName) => `Not signed in to ${serverName}: its answer did not pass the checks.`,
    TimedOut: (serverName) => `Not signed in to ${serverName}: no answer came in time.`,
    Failed: (serverName) => `Not signed in to ${serverName}: the answer came, but the last step failed.`,
    Cancelled: (serverName) => `The sign-in to ${serverName} was cancelled.`
  },
  typed: (characters) => characters > maxPasteLength ? "Too long. Press Enter" : `${count(characters)}. Press Enter`,
  pasteAccepted: ({ characters, serverName }) => `Received, ${count(characters)}: the answer of ${serverName}.`,
  pasteRefused: ({ characters, reason }) => `Received, ${count(characters)}. ${reason}.`,
  pasteReasons,
  pasteClosed: "Nothing more is read here. The sign-in still goes on in the browser.",
  terminalNotRead:
    "Nothing can be pasted here, because it cannot be found out whether this program is in the foreground. " +
    "On Deno, grant --allow-run=ps to paste.",
  callbackRefused: ({ reason, serverName }) => `${reason}. It was refused; the sign-in to ${serverName} goes on.`,
  callbackReasons,
  browserFailed: "No browser could be opened from here. Open the address above yourself.",
  browserNotAllowed: ({ permission }) => `No browser opens, because Deno may not start one. That needs ${permission}.`,
  portTaken: ({ redirectUri }) =>
    `The port of ${redirectUri} is taken by another program. The sign-in goes on without it.`,
  maybeUnregistered: ({ redirectUri, serverName }) =>
    `If ${serverName} shows an error about the redirect URI, it accepts only the one that this program was registered ` +
    `with, and not ${redirectUri}: set callback.port to its port.`,
  maybeForgotten: ({ serverName }) =>
    `If ${serverName} shows an error about an unknown client (or client_id), press Ctrl-C and try again: this program ` +
    "then registers there anew, or asks you for another client id.",
  signInElsewhere: ({ hasAddress, pid, serverName }) =>
    `Waiting for the sign-in in another process${
      pid === undefined ? "" : ` (pid ${pid})`
    }: it signs in to ${serverName}. ` +
    (hasAddress
      ? "Where its page is not open, open this address:"
      : "Press Ctrl-C to wait no longer; that sign-in goes on."),
  tokensNotStored: ({ message, serverName }) =>
    `The new tokens of ${serverName} are not stored yet. ${message}. Until they are, only this program can use them; it ` +
    "tries again, and once more when it ends.",
  clientIdNeeded: ({ issuer, serverName }) =>
    `To sign in to ${serverName}, this program has to be known at ${issuer}, which lets no program register itself. ` +
    "Register it there by hand, as a native application (a public client), whose redirect URI is this one:",
  clientIdQuestion: "Then type the client id that you are given there, and press Enter. An empty line gives up.",
  clientIdProblems: {
    NotAClientId: "That is no client id: it is one line of letters, digits and signs, without accents.",
    UnknownClient: "The client id that was used last is not known there, or its sign-in page did not answer."
  },
  credentialsDamaged: ({ movedTo, problem }) =>
    `Stored credentials were damaged (${problem}): they were moved to ${movedTo}, and a new sign-in is needed.`,
  urlRequested: ({ host, serverName }) =>
    `The server ${serverName} asks you to open a page at ${host}. Open it only if you know that site and expected this:`,
  urlMessage: ({ message, serverName }) => `What ${serverName} says about that page: ${message}.`,
  urlWarnings: {
    Punycode:
      'Warning: the name of that site holds letters of another alphabet (written as "xn--"), and may look like ' +
      "the name of a site that you know.",
    ThisMachine: "Warning: that page is on this machine, and may give an order to a program that runs here."
  },
  unsafe: ({ option, serverName }) =>
    `Warning: ${serverName} ${waived[option]}. The sign-in goes on because unsafe.${option} is set.`
}

/**
 * Sentences that replace some of {@link Texts}. A text set to the empty string is not shown.
 *
 * @since 0.1.0
 * @category models
 */
export type SomeTexts = {
  readonly [Name in keyof Texts]?: Texts[Name] extends (about: never) => string ? Texts[Name] : Partial<Texts[Name]>
}

/** What was given. The failure of a promise, which is no text, would end the program of its host. */
const heard = (given: unknown): unknown => {
  // Not by `instanceof`: it may be a promise of another realm.
  if (typeof given === "object" && given !== null && "then" in given) Promise.resolve(given).catch(() => {})
  return given
}

const textOf = (given: unknown): string | undefined => typeof given === "string" ? given : undefined

/** A property that may be a getter of somebody else's. */
const read = (from: unknown, name: string): unknown => {
  try {
    return heard((from as Readonly<Record<string, unknown>> | null | undefined)?.[name])
  } catch {
    return undefined
  }
}

/**
 * A table with the sentences that were given, each replaced by the English one where it turns out to be no text or to
 * throw: the person must see the address in any case. Text in place of a function is said whatever it is about.
 */
const replaceIn = <A extends object>(table: A, some: unknown): A =>
  Object.fromEntries(
    Object.entries(table).map(([name, instead]) => {
      const given = read(some, name)
      if (given === undefined) return [name, instead]
      if (typeof instead === "string") return [name, textOf(given) ?? instead]
      if (typeof instead !== "function") return [name, replaceIn(instead, given)]
      const say = (about: never): string => {
        try {
          return textOf(typeof given === "function" ? heard(given.call(some, about)) : given) ?? instead(about)
        } catch {
          return instead(about)
        }
      }
      return [name, say]
    })
  ) as A

/**
 * The English sentences, and a way to replace some of them.
 *
 * @since 0.1.0
 * @category models
 */
export const Texts: {
  /** Used unless others are given. */
  readonly english: Texts
  /** The English sentences with these instead. One that throws, or gives no string, falls back to English. */
  readonly replace: (some: SomeTexts) => Texts
} = {
  english,
  replace: (some) => replaceIn(english, some)
}
