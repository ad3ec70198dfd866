/**
 * The pages for a browser that comes while the port of its sign-in changes hands, or after that.
 */
import type { Answer } from "../oauth/Answer.ts"
import { document, ownHeaders } from "./CallbackPage.ts"
import { style } from "./PageStyle.ts"
import { PageTexts } from "./PageTexts.ts"

const body = document({
  outcome: "Closed",
  lang: "en",
  title: "One moment",
  text:
    "The program that waits for this sign-in is just coming back. This page reloads by itself; if it does not, reload it.",
  detailTitle: ""
}, style)

/** Has the browser come back after a second. Nothing is lost by that: the answer is in the address. */
const byItself: Answer = {
  status: 503,
  headers: { ...ownHeaders, refresh: "1", "retry-after": "1" },
  body
}

/** A page that went on by itself would lose the form; a person who reloads sends it again. */
const byHand: Answer = { ...byItself, headers: { ...ownHeaders, "retry-after": "1" } }

/**
 * For a browser that was sent on to the last page of another process, which cannot be asked for it any more: to come back
 * would lead to nobody, when that process has ended by then.
 */
export const receivedPage: Answer = {
  status: 200,
  headers: ownHeaders,
  body: document({
    outcome: "Received",
    lang: "en",
    ...PageTexts.english.received({ serverName: undefined }),
    detailTitle: ""
  }, style)
}

/** The page for a request of this method. */
export const reloadPage = (method: string): Answer => method === "POST" ? byHand : byItself
