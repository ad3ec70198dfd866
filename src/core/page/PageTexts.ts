/**
 * Every sentence of the page that the browser shows at the end of a sign-in: to be translated, or replaced.
 */
import type { PageReason } from "../oauth/RefusalReason.ts"

/**
 * Headline and paragraph of a page. Plain text: it is escaped when the page is made.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageWords {
  /** The headline, which is the title of the tab too. */
  readonly title: string
  /** The paragraph below it: what happened, and what to do next. */
  readonly text: string
}

/**
 * What the sentences may name.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageAbout {
  /** What the person signs in to; absent before the program has said so. One printable line. */
  readonly serverName?: string | undefined
}

/**
 * The sentences of the page.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageTexts {
  /** The sign-in has succeeded. */
  readonly signedIn: (about: PageAbout) => PageWords
  /** The response passed the checks; what the program makes of it is not known. */
  readonly received: (about: PageAbout) => PageWords
  /** The server answered with an error, which the page shows below. `error` is its code, such as `access_denied`. */
  readonly denied: (about: PageAbout & { readonly error: string }) => PageWords
  /** The response did not pass the checks; `reason` is that of `InvalidResponse`. */
  readonly invalid: (
    // Written out, and not imported from FlowError.ts: the declarations of `./promise` lead here, and must not need Effect.
    about: PageAbout & { readonly reason: "RepeatedParameter" | "IssuerMismatch" | "IssuerMissing" | "CodeMissing" }
  ) => PageWords
  /** The response arrived, but its exchange failed; the page shows the program's own reason below, if it gave one. */
  readonly failed: (about: PageAbout) => PageWords
  /** The program has stopped waiting. */
  readonly closed: (about: PageAbout) => PageWords
  /** The request does not answer the sign-in that waits here, or not in a way that is taken. */
  readonly refused: (
    about: PageAbout & { readonly reason: PageReason }
  ) => PageWords
  /** Shown above what the server said itself. */
  readonly serverSaid: string
  /** Shown above what the program said itself. */
  readonly programSaid: string
}

const to = ({ serverName }: PageAbout): string => serverName === undefined ? "" : ` to ${serverName}`

const pasteIt = "copy the whole address from the address bar, and paste it into the program that sent you here."

const goBack = "Go back to the program that sent you here"

const english: PageTexts = {
  signedIn: (about) => ({
    title: `Signed in${to(about)}`,
    text: "You can close this tab and go back to the program that sent you here."
  }),
  received: () => ({
    title: "Answer received",
    text: `${goBack}: it tells you how the sign-in went. You can close this tab.`
  }),
  denied: (about) => ({
    title: `Not signed in${to(about)}`,
    text: about.error === "access_denied"
      ? "The sign-in was declined. If that was not your intention, start it again in the program that sent you here."
      : "The server reported a problem instead of signing you in. Start again in the program that sent you here."
  }),
  invalid: (about) => ({
    title: `Not signed in${to(about)}`,
    text: about.reason === "IssuerMismatch" || about.reason === "IssuerMissing"
      ? "It is not certain that this answer came from the server that was asked, so it was not used. Do not try again " +
        "before somebody who knows the server has had a look."
      : `The server's answer was damaged or not complete, so it was not used. ${goBack} to try again.`
  }),
  failed: (about) => ({
    title: `Not signed in${to(about)}`,
    text: `Your answer arrived, but the last step failed. ${goBack}: it says why.`
  }),
  closed: () => ({
    title: "Nobody is waiting",
    text: "The program that sent you here has stopped waiting. Start the sign-in there again."
  }),
  refused: ({ reason }) => {
    switch (reason) {
      case "StateMissing":
        return {
          title: "Not an answer to this sign-in",
          text:
            "The program cannot tell whose answer this is: no `state` came with it. If the address above holds more, " +
            `perhaps after a #, ${pasteIt} Otherwise start the sign-in again there.`
        }
      case "DenialWithoutState":
        return {
          title: "An error of an unknown sign-in",
          text:
            "The server reported an error, and did not say of which sign-in: no `state` came with it. If you declined, " +
            `or cannot go on there, end the sign-in in the program that sent you here, and start it again.`
        }
      case "WrongPath":
        return {
          title: "Not quite the right address",
          text: "The answer came to another address than the program asked for, so it was not taken. To finish the " +
            `sign-in, ${pasteIt}`
        }
      case "UninvitedForm":
        return {
          title: "The answer came as a form",
          text:
            "The server posted its answer, which this program did not ask for (response_mode=form_post), so it was not " +
            `read, and this address does not hold it. ${goBack}, and start the sign-in again. If it ends here each time, the ` +
            'program has to ask for such an answer, by its option `responseMode: "form_post"`, before it can be taken.'
        }
      case "StateRepeated":
        return { title: "Damaged address", text: `${goBack}, and start the sign-in again.` }
      case "StateMismatch":
        return {
          title: "Not the current sign-in",
          text:
            "This tab belongs to another sign-in, perhaps an older one. Finish in the newest tab, or start again in " +
            "the program that sent you here."
        }
    }
  },
  serverSaid: "The server said:",
  programSaid: "The program said:"
}

/**
 * The English sentences of the page, to base others on.
 *
 * @since 0.1.0
 * @category models
 */
export const PageTexts: {
  /** Used when the browser accepts no other language that is given. */
  readonly english: PageTexts
} = { english }

/** A language and its sentences. */
export interface Language {
  /** As in `lang`: a BCP 47 tag, such as `en` or `pt-BR`. */
  readonly tag: string
  readonly texts: PageTexts
}

interface LanguageRange {
  readonly tag: string
  readonly quality: number
}

/** The ranges of `Accept-Language` (RFC 9110 section 12.5.4), best first, without those of quality 0. */
const ranges = (header: string): ReadonlyArray<LanguageRange> =>
  header.slice(0, 1024).split(",").flatMap((part): ReadonlyArray<LanguageRange> => {
    const [tag = "", ...parameters] = part.toLowerCase().split(";").map((text) => text.trim())
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
    const quality = weight === undefined ? 1 : Number(weight)
    return /^[a-z0-9-]+$/.test(tag) && quality > 0 && quality <= 1 ? [{ tag, quality }] : []
  }).sort((one, other) => other.quality - one.quality)

/**
 * The language for a browser: the best one that it accepts among `languages` and English, matched by the whole tag or by
 * its beginning (RFC 4647 section 3.4); else English.
 *
 * @param otherwise The English sentences, where `languages` has none.
 */
export const languageFor = (
  header: string | undefined,
  languages?: Readonly<Record<string, PageTexts>>,
  otherwise: PageTexts = english
): Language => {
  const known = new Map(
    Object.entries({ en: otherwise, ...languages }).map(([tag, texts]) => [tag.toLowerCase(), { tag, texts }])
  )
  for (const { tag } of ranges(header ?? "")) {
    // "pt-br" is also looked up as "pt".
    for (let prefix = tag; prefix !== ""; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf("-"), 0))) {
      const language = known.get(prefix)
      if (language !== undefined) return language
    }
  }
  return known.get("en") ?? { tag: "en", texts: otherwise }
}
