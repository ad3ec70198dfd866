// One sign-in from process start to exit: `./promise` with its defaults (text on stderr, stdin is read for a paste),
// except that it opens no browser.
import { openCallback } from "effect-oauth-callback/promise"
import process from "node:process"

const callback = await openCallback({ openBrowser: false })
const { redirectUri, state } = callback
const url = `https://auth.example.com/authorize?state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`
const granted = callback.authorize({ url })
process.stdout.write(`${redirectUri} ${state}\n`)
await granted
await callback.close()
