/**
 * For an MCP server that asks the person to open a page of its own (URL mode elicitation): a payment, a key of another service. The
 * whole address and its host are shown, and nothing is opened without consent.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx elicitation.ts --local    with a request as a server sends it, and a person who agrees
 *
 * It prints:
 *
 *     Open pay.example.com? (Your order needs a payment)
 *     accept, and the browser was sent to https://pay.example.com/order/17
 *     The server is answered with error -32602: InvalidElicitation
 */
import { presentUrl, type UrlRequest } from "effect-oauth-callback/promise"

const opened: Array<string> = []
const ask = ({ host, message }: UrlRequest): "accept" | "decline" => {
  console.log(`Open ${host}? (${message})`) // show `url` whole, and `warnings`; then wait for the person
  return "accept"
}

/** For `client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params))`. */
const answer = async (params: unknown) => ({
  action: await presentUrl(params, {
    serverName: "shop", // as your program calls it, never as the server calls itself
    consent: ask,
    present: false, // this program has shown it
    openBrowser: ({ href }) => opened.push(href) // `true`: the system's browser
  })
})

const page = { mode: "url", elicitationId: "17", message: "Your order needs a payment" }
const { action } = await answer({ ...page, url: "https://pay.example.com/order/17" })
console.log(`${action}, and the browser was sent to ${opened.join()}`)
await answer({ ...page, url: "javascript:alert(1)" }).catch((error) => {
  console.log(`The server is answered with error -32602: ${error._tag}`)
})
