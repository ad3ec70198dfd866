/**
 * The screens of a sign-in: which server, the address to open, where the browser comes back to, and what else to do.
 */
import { printable, withoutStop } from "../text/SafeText.ts"
import type { ClientIdQuestion } from "../mcp/ClientIdQuestion.ts"
import type { UrlRequest } from "../mcp/UrlRequest.ts"
import type { Texts } from "./Texts.ts"
import type { Instruction } from "./Advice.ts"
import type { Block } from "./Layout.ts"

/** What a screen needs to know of a sign-in. */
export interface SignIn {
  /** Tells the links of several sign-ins apart. */
  readonly id: string
  readonly serverName: string
  readonly url: URL
  readonly redirectUri: string
  readonly listening: boolean
}

/** The name to show: one printable line, never empty, and without a full stop, since a sentence may end with it. */
export const nameOf = (texts: Texts, serverName: string): string =>
  printable(serverName, 80).replace(/\.$/, "") || texts.namelessServer

/** The redirect URI to show: one of the caller's own may hold unprintable characters that the URL parser accepts. */
export const addressText = (redirectUri: string): string => printable(redirectUri, 2048)

const text = (text: string): Block => ({ _tag: "Text", text })

const addressOf = ({ id, url }: SignIn): Block => ({ _tag: "Link", url: url.href, id: id.replace(/[^\w-]/g, "") })

/** Shown when a sign-in begins. The address stands alone on its line, to be clicked or copied as a whole. */
export const current = (
  texts: Texts,
  signIn: SignIn,
  about: {
    /** Whether the browser is being opened. */
    readonly opening: boolean
    /** When the wait ends, as a time of day; `undefined` when it never does. */
    readonly until: string | undefined
    readonly instructions: ReadonlyArray<Instruction>
    /** A line about the other sign-ins that wait. */
    readonly others?: string | undefined
  }
): ReadonlyArray<Block> => [
  { _tag: "Heading", text: texts.signIn({ serverName: nameOf(texts, signIn.serverName), opening: about.opening }) },
  addressOf(signIn),
  text(
    texts.returnsTo({ redirectUri: addressText(signIn.redirectUri), listening: signIn.listening, until: about.until })
  ),
  ...about.instructions.map((instruction): Block =>
    instruction._tag === "Command"
      ? { _tag: "Command", text: instruction.command }
      : text(texts.advice[instruction.advice])
  ),
  text(about.others ?? "")
]

/** Shown when a server asks the person to open a page: its whole address, and what to know before it is opened. */
export const requested = (
  texts: Texts,
  { elicitationId, host, message, serverName, url, warnings }: UrlRequest
): ReadonlyArray<
  Block
> => [
  { _tag: "Heading", text: texts.urlRequested({ serverName: nameOf(texts, serverName), host }) },
  { _tag: "Link", url: url.href, id: (elicitationId ?? "").replace(/[^\w-]/g, "").slice(0, 64) },
  ...message === undefined
    ? []
    : [text(texts.urlMessage({ serverName: nameOf(texts, serverName), message: withoutStop(message) }))],
  ...warnings.map((warning) => text(texts.urlWarnings[warning]))
]

/**
 * Shown when a client id is asked for. The redirect URI stands alone on its line, to be copied as a whole; whoever typed
 * something else has it above still.
 */
export const clientId = (
  texts: Texts,
  { issuer, problem, redirectUri, serverName }: Omit<ClientIdQuestion, "paste">
): ReadonlyArray<Block> =>
  problem === "NotAClientId" ? [text(`${texts.clientIdProblems[problem]} ${texts.clientIdQuestion}`.trim())] : [
    text(problem === undefined ? "" : texts.clientIdProblems[problem]),
    {
      _tag: "Heading",
      text: texts.clientIdNeeded({ serverName: nameOf(texts, serverName), issuer: printable(issuer, 2048) })
    },
    { _tag: "Command", text: addressText(redirectUri) },
    text(texts.clientIdQuestion)
  ]

/** Shown when another process signs in to the same server, and its sign-in is waited for. */
export const elsewhere = (
  texts: Texts,
  { pid, serverName, url }: { readonly pid?: number; readonly serverName: string; readonly url?: URL }
): ReadonlyArray<Block> => [
  {
    _tag: url === undefined ? "Text" : "Heading",
    text: texts.signInElsewhere({ serverName: nameOf(texts, serverName), pid, hasAddress: url !== undefined })
  },
  ...url === undefined ? [] : [{ _tag: "Link", url: url.href, id: `process-${pid ?? ""}` } as const]
]

/** Shown when a sign-in waits until another one has ended. */
export const queued = (texts: Texts, signIn: SignIn): ReadonlyArray<Block> => [
  text(texts.signInLater({ serverName: nameOf(texts, signIn.serverName) })),
  addressOf(signIn)
]
