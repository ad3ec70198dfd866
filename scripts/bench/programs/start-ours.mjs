// One sign-in from process start to exit: `./promise`, without paste.
import { openCallback } from "effect-oauth-callback/promise"
import process from "node:process"

const callback = await openCallback({ paste: false })
const { redirectUri, state } = callback
const url = `https://auth.example.com/authorize?state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`
await callback.authorize({
  url,
  present: () => {
    process.stdout.write(`${redirectUri} ${state}\n`)
  }
})
await callback.close()
