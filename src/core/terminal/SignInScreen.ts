/**
 * What is shown of a sign-in: which server, the address, where it comes back to, and what to do from where the person is.
 */
import { printable } from "../text/SafeText.ts"
import type { Texts } from "./Texts.ts"
import type { Step } from "./Advice.ts"
import type { Block } from "./Layout.ts"

/** A sign-in, as far as words go. */
export interface SignIn {
  readonly id: string
  readonly serverName: string
  readonly url: URL
  readonly redirectUri: string
  readonly listening: boolean
}

/** A name as it may be shown: one printable line, never nothing, and without a full stop, for one may follow. */
export const nameOf = (texts: Texts, serverName: string): string =>
  printable(serverName, 80).replace(/\.$/, "") || texts.namelessServer

/** A redirect URI as it may be shown: the caller's own may hold anything that the URL parser repairs. */
export const addressText = (redirectUri: string): string => printable(redirectUri, 2048)

const text = (text: string): Block => ({ _tag: "Text", text })

const addressOf = ({ id, url }: SignIn): Block => ({ _tag: "Link", url: url.href, id: id.replace(/[^\w-]/g, "") })

/** Shown when a sign-in begins. The address stands alone on its line, to be clicked, or copied whole. */
export const begun = (
  texts: Texts,
  signIn: SignIn,
  about: {
    readonly opening: boolean
    readonly until: string | undefined
    readonly steps: ReadonlyArray<Step>
    /** What is said of the others that wait. */
    readonly others?: string | undefined
  }
): ReadonlyArray<Block> => [
  { _tag: "Heading", text: texts.signIn({ serverName: nameOf(texts, signIn.serverName), opening: about.opening }) },
  addressOf(signIn),
  text(
    texts.returnsTo({ redirectUri: addressText(signIn.redirectUri), listening: signIn.listening, until: about.until })
  ),
  ...about.steps.map((step): Block =>
    step._tag === "Command" ? { _tag: "Command", text: step.command } : text(texts.advice[step.advice])
  ),
  text(about.others ?? "")
]

/** Shown when a sign-in waits until another one is done. */
export const queued = (texts: Texts, signIn: SignIn): ReadonlyArray<Block> => [
  text(texts.signInLater({ serverName: nameOf(texts, signIn.serverName) })),
  addressOf(signIn)
]
