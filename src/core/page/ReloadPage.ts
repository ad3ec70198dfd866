/**
 * The page for a browser that comes while the port of its sign-in changes hands.
 */
import type { Answer } from "../oauth/Answer.ts"
import { document, ownHeaders } from "./CallbackPage.ts"
import { style } from "./PageStyle.ts"

const body = document({
  outcome: "Closed",
  lang: "en",
  title: "One moment",
  text:
    "The program that waits for this sign-in is just coming back. This page reloads by itself; if it does not, reload it.",
  detailTitle: ""
}, style)

/** Has the browser come back after a second. Nothing is lost by that: the answer is in the address. */
export const reloadPage: Answer = {
  status: 503,
  headers: { ...ownHeaders, refresh: "1", "retry-after": "1" },
  body
}
