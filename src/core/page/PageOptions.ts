/**
 * Options for the page that the browser shows at the end of a sign-in.
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

/**
 * What a page of your own shows. Every field is plain text: escape it.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageView extends PageWords {
  /** How the sign-in went. */
  readonly outcome: PageOutcome
  /** Language of the texts, for `<html lang>`: a BCP 47 tag. */
  readonly lang: string
  /** What the server or the program said itself: one printable line, shown below `detailTitle`. */
  readonly detail?: string | undefined
  /** Says who said it. */
  readonly detailTitle: string
  /** What the person signs in to; absent before the program has said so. */
  readonly serverName?: string | undefined
}

/**
 * How the page is made.
 *
 * @since 0.1.0
 * @category options
 */
export interface PageOptions {
  /** Sentences by language tag: `{ de: … }`. The browser's `Accept-Language` chooses. @default English only */
  readonly texts?: Readonly<Record<string, PageTexts>> | undefined
  /**
   * Style sheet. It is the only one that the page's Content-Security-Policy allows, and cannot load anything.
   *
   * @default that of this package, light and dark
   */
  readonly style?: string | undefined
  /**
   * Makes the whole document. The Content-Security-Policy allows no script, one `<style>` element with exactly the text of
   * `style`, and images from `data:` URLs.
   *
   * @default the document of this package
   */
  readonly html?: ((view: PageView) => string) | undefined
}
