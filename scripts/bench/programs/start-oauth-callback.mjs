// One sign-in from process start to exit: oauth-callback. It cannot report a port it chose, so it is given one.
import { getAuthCode, getRedirectUrl } from "oauth-callback"
import process from "node:process"

const port = Number(process.argv[2])
const state = "lVUvcD6rlTRZ3m6rSt6U0-4u6Fq8vXWwEo0bfT5Hn6w"
const redirectUri = getRedirectUrl({ hostname: "127.0.0.1", port })
const result = await getAuthCode({
  authorizationUrl: `https://auth.example.com/authorize?state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`,
  hostname: "127.0.0.1",
  port,
  launch: () => {
    process.stdout.write(`${redirectUri} ${state}\n`)
  }
})
if (result.state !== state) throw new Error("another state")
