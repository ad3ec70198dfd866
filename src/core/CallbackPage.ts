/**
 * The page a person's browser shows at the end of a sign-in: static HTML, no script, nothing fetched.
 */
import { type Answer, guardHeaders } from "./Answer.ts"
import type { AuthorizationDenied, InvalidResponse } from "./FlowError.ts"
import { printable } from "./SafeText.ts"

/** How a flow came out, as far as the page may tell. */
export type Outcome =
  /** The caller's exchange succeeded. */
  | { readonly _tag: "SignedIn" }
  /** The response is good; whether the program can use it is not known here. */
  | { readonly _tag: "Received" }
  | { readonly _tag: "Denied"; readonly error: AuthorizationDenied }
  | { readonly _tag: "Invalid"; readonly error: InvalidResponse }
  /** The caller's exchange failed; `reason` is its own sentence for the person. */
  | { readonly _tag: "Failed"; readonly reason?: string | undefined }
  /** The program stopped waiting before the outcome was known. */
  | { readonly _tag: "Closed" }
  /** The request was no answer to this flow. */
  | { readonly _tag: "Refused"; readonly reason: string }

interface Words {
  readonly status: number
  readonly title: string
  readonly text: string
  readonly detail?: string | undefined
}

const backToTheProgram = "You can close this tab and go back to the program that sent you here."

const words = (outcome: Outcome): Words => {
  switch (outcome._tag) {
    case "SignedIn":
      return { status: 200, title: "Signed in", text: `You are signed in. ${backToTheProgram}` }
    case "Received":
      return {
        status: 200,
        title: "Answer received",
        text: "Your answer has arrived. Go back to the program that sent you here: it tells you how the sign-in went."
      }
    case "Denied":
      return {
        status: 200,
        title: "Not signed in",
        text: "The server did not sign you in. Go back to the program that sent you here to try again.",
        detail: outcome.error.description === undefined
          ? outcome.error.error
          : `${outcome.error.error}: ${outcome.error.description}`
      }
    case "Invalid":
      return {
        status: 400,
        title: "Not signed in",
        text: "The server's answer cannot be used. Go back to the program that sent you here: it says why.",
        detail: outcome.error.reason
      }
    case "Failed":
      return {
        status: 500,
        title: "Not signed in",
        text: "Your answer arrived, but the sign-in could not be finished. Go back to the program that sent you here.",
        detail: outcome.reason === undefined ? undefined : printable(outcome.reason, 500)
      }
    case "Closed":
      return {
        status: 503,
        title: "Nobody is waiting",
        text: "The program that sent you here has stopped waiting. Start the sign-in there again."
      }
    case "Refused":
      return { status: 400, title: "Not the current sign-in", text: outcome.reason }
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

/** The only style there is; its hash is in the policy below, and a test keeps the two together. */
export const style: string = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}" +
  "body{margin:0;min-height:100vh;display:grid;place-items:center}" +
  "main{max-width:28rem;padding:2rem;overflow-wrap:anywhere}" +
  "h1{font-size:1.5rem;margin:0 0 .5rem}" +
  "p{margin:0 0 1rem}" +
  "code{display:block;padding:.75rem;border:1px solid;border-radius:.5rem}"

const styleHash = "sha256-8GgSr8LKr480wtkiYPMQB2hkfAxsUm098CPidMoIQvc="

const pageHeaders: Readonly<Record<string, string>> = {
  ...guardHeaders,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

/**
 * The page for an outcome. Text that an outsider wrote (a server's error, a caller's reason) is made printable and
 * escaped; no code, state or token is ever part of it.
 */
export const make = (outcome: Outcome): Answer => {
  const { status, title, text, detail } = words(outcome)
  return {
    status,
    headers: pageHeaders,
    body: '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
      '<meta name="viewport" content="width=device-width,initial-scale=1">' +
      `<title>${title}</title><style>${style}</style></head><body><main><h1>${title}</h1>` +
      `<p>${escapeHtml(text)}</p>${detail === undefined ? "" : `<code>${escapeHtml(detail)}</code>`}` +
      "</main></body></html>"
  }
}
