/**
 * What a caller may change of the browser's last page.
 */
import type { PageTexts, PageWords } from "./PageTexts.ts"

/**
 * How a flow came out.
 *
 * - `SignedIn`: the caller's exchange of the code succeeded
 * - `Received`: the response passed the checks; what the program makes of it is not known
 * - `Denied`: the server answered with an error
 * - `Invalid`: the response carried the right `state` and did not pass the other checks
 * - `Failed`: the caller's exchange failed
 * - `Closed`: the program stopped waiting before the outcome was known
 * - `Refused`: the request was not an answer to this flow
 *
 * @since 0.1.0
 * @category models
 */
export type PageOutcome = "SignedIn" | "Received" | "Denied" | "Invalid" | "Failed" | "Closed" | "Refused"

/** What a page of your own is made of. Everything in it is plain text: escape it. */
export interface PageView extends PageWords {
  readonly outcome: PageOutcome
  /** For `<html lang>`. */
  readonly lang: string
  /** What the server, or the program, said itself, below `detailTitle`. One printable line. */
  readonly detail?: string | undefined
  readonly detailTitle: string
  /** What the person signs in to; absent before the program has said so. */
  readonly serverName?: string | undefined
}

/** How the page is made. */
export interface PageOptions {
  /** Sentences by language, beside English: `{ de: … }`. The browser's `Accept-Language` chooses. */
  readonly texts?: Readonly<Record<string, PageTexts>> | undefined
  /** Style sheet, instead of ours; the only one that the page's policy lets in. It may load nothing. */
  readonly style?: string | undefined
  /** A whole document, instead of ours. Its only style may be `<style>` with exactly `style`; images may be `data:`. */
  readonly html?: ((view: PageView) => string) | undefined
}
