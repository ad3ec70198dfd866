// A minimal browser on `node:net`, so that mostly the receiver is measured. Each request has its own connection, which is
// reset once the answer is complete: otherwise the ports of thousands of flows would stay in TIME_WAIT, and each later
// bind would take longer to find a free one.
import { connect } from "node:net"

/** Length of the whole answer in bytes, once its head has arrived. */
const lengthOf = (text) => {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end))
  return length === null ? undefined : end + 4 + Number(length[1])
}

/** Sends one request and resolves with the answer, head and body, as Latin-1. */
export const request = (port, target) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    let length
    const finish = () => {
      socket.resetAndDestroy()
      resolve(text)
    }
    socket.setEncoding("latin1")
    socket.on("data", (chunk) => {
      text += chunk
      length ??= lengthOf(text)
      if (length !== undefined && text.length >= length) finish()
    })
    socket.on("end", finish)
    socket.on("error", reject)
    socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
  })

const statusOf = (answer) => Number(answer.slice(9, 12))

/** The query of a successful callback. */
export const answerTo = (state) => `?code=SplxlOBeZQQYbYS6WxSbIA&state=${state}`

/** How many last pages were requested too late: a release waits for that only for a bounded time. */
export const lost = { pages: 0 }

/** Sends the callback with a code, follows the redirect to the last page and reads it. */
export const finishSignIn = async (redirectUri, state) => {
  const { pathname, port } = new URL(redirectUri)
  let answer = await request(port, pathname + answerTo(state))
  if (statusOf(answer) === 303) {
    const location = /^location: (.*)$/im.exec(answer)[1].trim()
    answer = await request(port, location).catch(() => {
      lost.pages++
      return undefined
    })
  }
  if (answer !== undefined && statusOf(answer) !== 200) throw new Error(`the last page is ${answer.slice(0, 12)}`)
}

/** The authorization URL. */
export const signInUrl = (redirectUri, state) =>
  `https://auth.example.com/authorize?response_type=code&client_id=bench&state=${state}&redirect_uri=${
    encodeURIComponent(redirectUri)
  }`
