/**
 * The page that a person's browser shows at the end of a sign-in: static HTML, which has no script and loads nothing.
 */
import { type Answer, guardHeaders } from "../oauth/Answer.ts"
import type { AuthorizationDenied, InvalidResponse } from "../oauth/FlowError.ts"
import type { PageReason } from "../oauth/RefusalReason.ts"
import { printable } from "../text/SafeText.ts"
import type { PageOptions, PageOutcome, PageView } from "./PageOptions.ts"
import { style as ownStyle, styleHash } from "./PageStyle.ts"
import { type Language, languageFor, type PageTexts, type PageWords } from "./PageTexts.ts"

/** How a flow came out, as far as its last page may tell, with what the page shows of it. */
export type Outcome =
  | { readonly _tag: Exclude<PageOutcome, "Denied" | "Invalid" | "Failed" | "Refused"> }
  | { readonly _tag: "Denied"; readonly error: AuthorizationDenied }
  | { readonly _tag: "Invalid"; readonly error: InvalidResponse }
  /** `reason` is the caller's own sentence for the person. */
  | { readonly _tag: "Failed"; readonly reason?: string | undefined }
  | { readonly _tag: "Refused"; readonly reason: PageReason }

/** What a page depends on, besides the outcome. */
export interface PageRequest {
  /** What the person signs in to; absent before the program has said so. */
  readonly serverName: string | undefined
  /** The browser's `Accept-Language`. */
  readonly acceptLanguage: string | undefined
}

/** Makes the page of an outcome. */
export type Render = (outcome: Outcome, request: PageRequest) => Answer

const statuses: Readonly<Record<PageOutcome, number>> = {
  SignedIn: 200,
  Received: 200,
  Denied: 200,
  Invalid: 400,
  Failed: 500,
  Closed: 503,
  Refused: 400
}

const wordsOf = (outcome: Outcome, { texts }: Language, serverName: string | undefined): PageWords => {
  const about = { serverName }
  switch (outcome._tag) {
    case "SignedIn":
      return texts.signedIn(about)
    case "Received":
      return texts.received(about)
    case "Denied":
      return texts.denied({ ...about, error: outcome.error.error })
    case "Invalid":
      return texts.invalid({ ...about, reason: outcome.error.reason })
    case "Failed":
      return texts.failed(about)
    case "Closed":
      return texts.closed(about)
    case "Refused":
      return texts.refused({ ...about, reason: outcome.reason })
  }
}

/** What the server or the program said itself: one printable line. */
const detailOf = (outcome: Outcome): string | undefined => {
  switch (outcome._tag) {
    case "Denied": {
      const { description, error } = outcome.error
      return description === undefined ? error : `${error}: ${description}`
    }
    case "Failed":
      return printable(outcome.reason ?? "", 500) || undefined
    default:
      return undefined
  }
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Text as HTML text, safe in an element and in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char] ?? char)

const marks: Readonly<Record<"good" | "bad" | "calm", string>> = {
  good: '<path d="m7.5 12.5 3 3 6-6.5"/>',
  bad: '<path d="m9 9 6 6m0-6-6 6"/>',
  calm: '<path d="M12 11.5V16m0-8v.01"/>'
}

const tones: Readonly<Record<PageOutcome, keyof typeof marks>> = {
  SignedIn: "good",
  Received: "calm",
  Denied: "bad",
  Invalid: "bad",
  Failed: "bad",
  Closed: "calm",
  Refused: "calm"
}

/** The page of this package. */
export const document = (view: PageView, style: string): string => {
  const { detail, detailTitle, lang, outcome, text, title } = view
  const tone = tones[outcome]
  const quoted = detail === undefined ? "" : `<p>${escapeHtml(detailTitle)}<code>${escapeHtml(detail)}</code></p>`
  // An empty icon, so that the browser does not request one.
  return `<!doctype html><html lang="${escapeHtml(lang)}"><head><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">' +
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main class="${tone}">` +
    `<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>${marks[tone]}</svg>` +
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${quoted}</main></body></html>`
}

const headersFor = (styleHash: string | undefined): Readonly<Record<string, string>> => ({
  ...guardHeaders,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    `default-src 'none'; style-src ${styleHash === undefined ? "'none'" : `'sha256-${styleHash}'`}; img-src data:; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

/** The headers of a page in the style of this package. */
export const ownHeaders: Readonly<Record<string, string>> = headersFor(styleHash)

const renderBy = (
  { html, style = ownStyle, texts }: PageOptions,
  headers: Answer["headers"],
  english: PageTexts | undefined
): Render =>
(outcome, { acceptLanguage, serverName }) => {
  const status = statuses[outcome._tag]
  const name = serverName === undefined ? undefined : printable(serverName, 80)
  const view = (language: Language): PageView => ({
    ...wordsOf(outcome, language, name),
    outcome: outcome._tag,
    lang: language.tag,
    detail: detailOf(outcome),
    detailTitle: outcome._tag === "Failed" ? language.texts.programSaid : language.texts.serverSaid,
    serverName: name
  })
  try {
    const shown = view(languageFor(acceptLanguage, texts, english))
    // A text may be of before this outcome was told apart from others.
    const isWhole = [shown.title, shown.text].every((text: unknown) => typeof text === "string")
    const body: unknown = html === undefined || !isWhole ? document(shown, style) : html(shown)
    if (typeof body === "string") return { status, headers, body }
  } catch {
    // A text or the caller's `html` threw, or gave no text: the English page of this package follows.
  }
  return { status, headers: ownHeaders, body: document(view(languageFor(undefined, undefined, english)), ownStyle) }
}

/**
 * Makes pages by these options. Text that came from outside (a server's error, the caller's reason) is made printable and
 * escaped; no code, state or token is ever part of a page. When `html` or a text throws, the English page of this package
 * is sent.
 *
 * @param options - Default: the English page of this package.
 * @param hash - Base64 SHA-256 of `options.style`, when that is set.
 * @param english - The English sentences. Default: those of a program on a person's machine.
 */
export const make = (options: PageOptions = {}, hash?: string, english?: PageTexts): Render => {
  const { html, style } = options
  const isOwn = style === undefined && html === undefined
  return renderBy(options, isOwn ? ownHeaders : headersFor(hash), english)
}
