// The base of the ratios: one sign-in on plain `node:http`, written by hand, with the same checks, answers and pages as
// the package. `bench:answers` are the package's answers, captured when the bench starts (programs/capture.mjs).
import answers from "bench:answers"
import { Buffer } from "node:buffer"
import { createServer, STATUS_CODES } from "node:http"

const randomText = (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url")

/** A captured answer with its body as bytes. */
const prepare = ({ body, headers, status }) => ({ status, headers, body: Buffer.from(body) })
const ready = Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, prepare(answer)]))

const write = (response, { body, headers, status }) => {
  response.writeHead(status, headers)
  response.end(body)
}

/** For a connection whose bytes the parser of `node:http` refuses. */
const writeRaw = (socket, { body, headers, status }) => {
  const lines = headers.map((text, index) => index % 2 === 0 ? `${text}: ` : `${text}\r\n`).join("")
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`)
}

const equalInConstantTime = (left, right) => {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index)
  return difference === 0
}

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }
const shown = (text) =>
  text.replace(/[\s\p{C}\p{Z}]+/gu, " ").trim().slice(0, 500).replace(/[&<>"']/g, (c) => escapes[c])

/** The page after the authorization server's error: a captured one with the text of this error. */
const deniedPage = (error, description) => {
  const { body, headers, status } = error === "access_denied" ? answers.declined : answers.denied
  const said = shown(description === null ? error : `${error}: ${description}`)
  const text = Buffer.from(body.replace(/(captured|access_denied): words/, () => said))
  return { status, headers: headers.with(headers.indexOf("content-length") + 1, String(text.byteLength)), body: text }
}

const prefetches = ["sec-purpose", "purpose", "x-purpose", "x-moz"]

const isNavigation = (headers) => {
  const mode = headers["sec-fetch-mode"]
  if (mode !== undefined && mode.trim().toLowerCase() !== "navigate") return false
  if (headers["sec-websocket-key"] !== undefined) return false
  const destination = headers["sec-fetch-dest"]
  return destination === undefined || destination.trim().toLowerCase() === "document"
}

const single = ["iss", "error", "error_description", "error_uri", "code"]

/** The outcome of a response with the right state: a page, and an error or a code. */
const outcomeOf = (parameters, { issuer, issuerRequired }) => {
  const fail = (page, reason) => ({ page, error: new Error(reason) })
  for (const name of single) if (parameters.getAll(name).length > 1) return fail(ready.RepeatedParameter, "repeated")
  const iss = parameters.get("iss")
  if (iss === null || (iss === "" && issuer === undefined)) {
    if (issuerRequired) return fail(ready.IssuerMissing, "iss is missing")
  } else if (issuer !== undefined && iss !== issuer) return fail(ready.IssuerMismatch, "another iss")
  const error = parameters.get("error")
  if (error !== null && error !== "") return fail(deniedPage(error, parameters.get("error_description")), error)
  const code = parameters.get("code")
  if (code === null || code === "") return fail(ready.CodeMissing, "code is missing")
  return { page: ready.received, granted: { code, iss: iss ?? undefined } }
}

const codeTimeout = 300_000
const pageTimeout = 450

/** Listens; `code` settles with the first response that has the right state; `close` waits for its page first. */
export const receive = (options = {}) =>
  new Promise((resolve, reject) => {
    const state = randomText(32)
    const nonce = randomText(16)
    const donePath = `/done/${nonce}`
    const besideQuery = `done=${nonce}`
    let hosts
    let outcome
    let fetched = false
    let onFetched
    let settle
    const code = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no response came")), codeTimeout)
      settle = ({ error, granted }) => {
        clearTimeout(timer)
        if (error === undefined) resolve(granted)
        else reject(error)
      }
    })
    code.catch(() => {})

    const writePage = (response) => {
      response.once("finish", () => {
        fetched = true
        onFetched?.()
      })
      write(response, outcome.page)
    }

    const respond = (request, response) => {
      let target = request.url
      let host
      for (let index = 0; index < request.rawHeaders.length; index += 2) {
        if (request.rawHeaders[index].toLowerCase() !== "host") continue
        if (host !== undefined) return write(response, ready.Malformed)
        host = request.rawHeaders[index + 1]
      }
      if (target.charCodeAt(0) !== 47) {
        const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target)
        if (absolute === null) return write(response, ready.Malformed)
        host = absolute[1]
        target = absolute[2].startsWith("/") ? absolute[2] : `/${absolute[2]}`
      }
      if (host === undefined) return write(response, ready.Malformed)
      if (!hosts.has(host.trim().toLowerCase())) return write(response, ready.WrongHost)
      const fragment = target.indexOf("#")
      if (fragment >= 0) target = target.slice(0, fragment)
      const mark = target.indexOf("?")
      const path = mark < 0 ? target : target.slice(0, mark)
      const query = mark < 0 ? "" : target.slice(mark + 1)
      const isCallback = path === "/callback"
      const isDone = path === donePath || (isCallback && query === besideQuery)
      if (!isCallback && !isDone) return write(response, ready.WrongPath)
      if (request.method !== "GET") return write(response, ready.WrongMethod)
      const { headers } = request
      for (const name of prefetches) {
        const value = headers[name]
        if (value !== undefined && /\b(prefetch|prerender|preview)\b/i.test(value)) {
          return write(response, ready.Prefetch)
        }
      }
      if (!isNavigation(headers)) return write(response, ready.NotANavigation)
      if (isDone) {
        // There is a page only once a response came.
        if (outcome === undefined) return write(response, ready.WrongPath)
        return writePage(response)
      }
      const parameters = new URLSearchParams(query)
      const states = parameters.getAll("state")
      if (states.length > 1) return write(response, ready.StateRepeated)
      if (states.length === 0 || states[0] === "") return write(response, ready.StateMissing)
      if (!equalInConstantTime(states[0], state)) return write(response, ready.StateMismatch)
      const isFirst = outcome === undefined
      outcome ??= outcomeOf(parameters, options)
      const { body, headers: sent, status } = ready.found
      write(response, { body, headers: sent.with(sent.indexOf("location") + 1, donePath), status })
      if (isFirst) settle(outcome)
    }

    const server = createServer({
      maxHeaderSize: 64 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      requireHostHeader: false
    }, respond)
    server.httpAllowHalfOpen = true
    server.on("connect", (_, socket) => writeRaw(socket, ready.WrongMethod))
    server.on("clientError", (error, socket) => {
      if (!error.code?.startsWith("HPE_")) return socket.destroy()
      writeRaw(socket, error.code === "HPE_HEADER_OVERFLOW" ? ready.HeadersTooLarge : ready.Malformed)
    })
    const pageIsFetched = () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, pageTimeout)
        onFetched = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    server.once("error", reject)
    server.listen({ host: "127.0.0.1", port: 0, exclusive: true }, () => {
      server.off("error", reject)
      server.on("error", () => {})
      const { port } = server.address()
      hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
      resolve({
        redirectUri: `http://127.0.0.1:${port}/callback`,
        state,
        code,
        close: async () => {
          if (outcome !== undefined && !fetched) await pageIsFetched()
          settle({ error: new Error("closed") })
          await new Promise((done) => {
            server.close(done)
            server.closeAllConnections()
          })
        }
      })
    })
  })
