/**
 * The browser of `--local`: goes to an address and wherever that leads, as a browser does. `localServers.ts` names it in the
 * variable BROWSER.
 */
import * as Http from "node:http"
import * as Https from "node:https"
import process from "node:process"

const headers = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" }

/** @param {string} url */
const visit = (url) => {
  const { get } = url.startsWith("https:") ? Https : Http
  // It is no browser of a person, and believes every server.
  const place = url.startsWith("https://as.test/") && { hostname: "127.0.0.1", port: process.env.LOCAL_AS_PORT }
  const options = {
    agent: false,
    headers: { host: new URL(url).host, ...headers },
    rejectUnauthorized: false,
    ...place
  }
  get(url, options, (response) => {
    response.resume()
    if (response.headers.location !== undefined) visit(new URL(response.headers.location, url).href)
  })
}

visit(process.argv.at(-1) ?? "")
