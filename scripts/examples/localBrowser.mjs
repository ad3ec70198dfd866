/**
 * The browser of `--local`: goes to an address and wherever that leads, as a browser does. `localServers.ts` names it in the
 * variable BROWSER.
 */
import { get } from "node:http"
import process from "node:process"

const headers = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }

/** @param {string} url */
const visit = (url) => {
  get(url, { agent: false, headers }, (response) => {
    response.resume()
    if (response.headers.location !== undefined) visit(new URL(response.headers.location, url).href)
  })
}

visit(process.argv.at(-1) ?? "")
