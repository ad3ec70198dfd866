// Prints the package's answers (status, headers and body), so that the raw receiver answers the same.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CallbackFlow } from "effect-oauth-callback"
import { connect } from "node:net"
import process from "node:process"
import { signInUrl } from "./client.mjs"
import { layer } from "./services.mjs"

const exchange = (port, text) =>
  new Promise((resolve, reject) => {
    let answer = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    socket.setEncoding("utf8").on("data", (chunk) => {
      answer += chunk
    })
    socket.on("close", () => resolve(answer))
    socket.on("error", reject)
  })

const parse = (answer) => {
  const end = answer.indexOf("\r\n\r\n")
  const [start, ...lines] = answer.slice(0, end).split("\r\n")
  const headers = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()])
  return {
    status: Number(start.slice(9, 12)),
    // The runtime adds the date itself.
    headers: headers.filter(([name]) => name.toLowerCase() !== "date").flat(),
    body: answer.slice(end + 4)
  }
}

const ask = async (port, target, { headers = [], method = "GET" } = {}) => {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, "Connection: close", ...headers, "", ""]
  return parse(await exchange(port, lines.join("\r\n")))
}

const answers = {}

/** Ends a flow with a query, and records the 303 and the page after it. */
const end = async (name, port, query) => {
  const found = await ask(port, `/callback?${query}`)
  answers.found = found
  answers[name] = await ask(port, found.headers[found.headers.indexOf("location") + 1])
}

const refusals = async (port, state) => {
  const query = `/callback?code=c&state=${state}`
  answers.WrongPath = await ask(port, "/favicon.ico")
  answers.WrongMethod = await ask(port, query, { method: "DELETE" })
  answers.Prefetch = await ask(port, query, { headers: ["Sec-Purpose: prefetch"] })
  answers.NotANavigation = await ask(port, query, { headers: ["Sec-Fetch-Mode: no-cors"] })
  answers.StateMissing = await ask(port, "/callback?code=c")
  answers.StateRepeated = await ask(port, `${query}&state=${state}`)
  answers.StateMismatch = await ask(port, "/callback?code=c&state=another")
  answers.WrongHost = parse(await exchange(port, `GET ${query} HTTP/1.1\r\nHost: evil.example\r\n\r\n`))
  answers.Malformed = parse(await exchange(port, `GET ${query} HTTP/1.1\r\n\r\n`))
  answers.HeadersTooLarge = parse(await exchange(port, `GET /${"a".repeat(80_000)} HTTP/1.1\r\n\r\n`))
}

const flow = (name, query, options, before = async () => {}) =>
  CallbackFlow.run({ paste: false }, (flow) => {
    const state = Redacted.value(flow.state)
    const { port } = new URL(flow.redirectUri)
    let page
    const present = () =>
      Effect.sync(() => {
        page = before(port, state).then(() => end(name, port, `state=${state}&${query}`))
      })
    return Effect.zipRight(
      Effect.either(flow.authorize({ url: signInUrl(flow.redirectUri, state), present, ...options })),
      Effect.promise(() => page)
    )
  })

const all = Effect.all([
  flow("received", "code=c", {}, refusals),
  flow("denied", "error=captured&error_description=words", {}),
  flow("declined", "error=access_denied&error_description=words", {}),
  flow("RepeatedParameter", "code=c&code=c", {}),
  flow("IssuerMissing", "code=c", { issuer: "https://auth.example.com", issuerRequired: true }),
  flow("IssuerMismatch", "code=c&iss=a", { issuer: "https://auth.example.com" }),
  flow("CodeMissing", "", {})
], { discard: true })
await Effect.runPromise(Effect.provide(all, layer))
process.stdout.write(`${JSON.stringify(answers)}\n`)
